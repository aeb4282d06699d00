package picture

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strconv"
	"sync/atomic"

	"golang.org/x/image/webp"
	"golang.org/x/sync/semaphore"

	"xianfeng/internal/errs"
)

const (
	quality    = 80
	maxSide    = 16_000 // WebP ends at 16,383
	maxWaiting = 32
	atOnce     = 2
)

// Widths are those in which pictures are made, as far as they are as wide.
var Widths = [...]int{480, 960, 1600}

// Variant is a picture as pages show it.
type Variant struct {
	Name          string // w960.webp: the width is the one that was asked for, a small picture is smaller
	Type          string // image/webp, …
	Width, Height int
	Data          []byte
}

// Made is what became of a picture.
type Made struct {
	Info
	Variants []Variant // narrow first; of one width WebP first
}

// Maker makes pictures. It is safe for all goroutines.
type Maker struct {
	waiting atomic.Int32
	slots   *semaphore.Weighted
	memory  *semaphore.Weighted
	webp    *encoder
}

// NewMaker returns a Maker. Close it.
func NewMaker(ctx context.Context) (*Maker, error) {
	e, err := newEncoder(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the encoder of WebP: %w", err)
	}
	return &Maker{slots: semaphore.NewWeighted(atOnce), memory: semaphore.NewWeighted(MaxMemory), webp: e}, nil
}

// Close ends the encoder. Make fails from then on.
func (m *Maker) Close(ctx context.Context) error { return m.webp.close(ctx) }

// Make reads a picture and makes its variants. A picture that is refused is errs.Problems with one of the
// codes of this package, too many at once errs.TooMany.
func (m *Maker) Make(ctx context.Context, r io.ReadSeeker) (*Made, error) {
	info, err := Inspect(r)
	if err != nil {
		return nil, err
	}
	// full: the visitor is told, and what they sent is still with them
	if m.waiting.Add(1) > maxWaiting {
		m.waiting.Add(-1)
		return nil, fmt.Errorf("make a picture: %w", errs.TooMany)
	}
	defer m.waiting.Add(-1)
	if err := m.slots.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("wait to make a picture: %w", err)
	}
	defer m.slots.Release(1)
	if err := m.memory.Acquire(ctx, int64(info.memory)); err != nil {
		return nil, fmt.Errorf("wait to make a picture: %w", err)
	}
	defer m.memory.Release(int64(info.memory))
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read a picture: %w", err)
	}
	src, err := decode(info.Type, r)
	if err != nil {
		return nil, err
	}
	if b := src.Bounds(); b.Dx() < 1 || b.Dy() < 1 || b.Dx()*b.Dy() > info.Width*info.Height {
		return nil, refuse(Broken, "") // it is not what its header said
	} else if info.Type == "gif" { // a frame may be smaller than its screen
		info.Width, info.Height = b.Dx(), b.Dy()
	}
	return m.make(ctx, info, src)
}

func decode(kind string, r io.Reader) (image.Image, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	var m image.Image
	var err error
	switch kind {
	case "jpeg":
		m, err = jpeg.Decode(b)
	case "png":
		m, err = png.Decode(b)
	case "gif":
		m, err = gif.Decode(b)
	case "webp":
		m, err = webp.Decode(b)
	}
	if err != nil || m == nil {
		return nil, refuse(Broken, "")
	}
	return m, nil
}

// fit is the size of a picture of w by h pixels in a width.
func fit(w, h, width int) (int, int) {
	to := min(w, width)
	high := max(1, (h*to+w/2)/w)
	if high > maxSide {
		return max(1, to*maxSide/high), maxSide
	}
	return to, high
}

func (m *Maker) make(ctx context.Context, info Info, src image.Image) (*Made, error) {
	out := &Made{Info: info}
	widths := Widths[:]
	for i, w := range widths {
		if w >= info.Width {
			widths = widths[:i+1]
			break
		}
	}
	w, h := fit(info.Width, info.Height, widths[len(widths)-1])
	if info.orientation >= 5 {
		w, h = h, w
	}
	large := shrink(src, w, h)
	large = upright(large, info.orientation)
	opaque := large.Opaque()
	for _, width := range widths {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("make a picture: %w", err)
		}
		w, h := fit(info.Width, info.Height, width)
		pixels := large
		if large.Rect.Dx() != w {
			pixels = shrink(large, w, h)
		}
		v := Variant{Name: "w" + strconv.Itoa(width), Width: pixels.Rect.Dx(), Height: pixels.Rect.Dy()}
		if err := m.encode(ctx, out, v, pixels, opaque); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (m *Maker) encode(ctx context.Context, out *Made, v Variant, pixels *image.RGBA, opaque bool) error {
	data, err := m.webp.encode(ctx, pixels, opaque)
	if err != nil {
		return fmt.Errorf("make %s.webp of a picture: %w", v.Name, err)
	}
	out.Variants = append(out.Variants, Variant{v.Name + ".webp", "image/webp", v.Width, v.Height, data})
	var b bytes.Buffer
	if opaque {
		if err := jpeg.Encode(&b, pixels, &jpeg.Options{Quality: quality}); err != nil {
			return fmt.Errorf("make %s.jpg of a picture: %w", v.Name, err)
		}
		out.Variants = append(out.Variants, Variant{v.Name + ".jpg", "image/jpeg", v.Width, v.Height, b.Bytes()})
		return nil
	}
	if err := png.Encode(&b, pixels); err != nil {
		return fmt.Errorf("make %s.png of a picture: %w", v.Name, err)
	}
	out.Variants = append(out.Variants, Variant{v.Name + ".png", "image/png", v.Width, v.Height, b.Bytes()})
	return nil
}
