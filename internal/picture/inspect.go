package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"strconv"

	"golang.org/x/image/webp"

	"xianfeng/internal/errs"
)

// Bounds of pictures that are unpacked.
const (
	MaxPixels = 100_000_000
	MaxRatio  = 40        // of the longer side to the shorter one
	MaxMemory = 512 << 20 // for all that are unpacked at once
)

// Why a picture is refused: the codes of errs.Problem.
const (
	Unknown = "picture.unknown" // no picture, or none of a kind that is known
	SVG     = "picture.svg"     // a drawing that can carry scripts
	HEIC    = "picture.heic"    // as telephones keep them: choose JPEG
	Format  = "picture.format"  // a picture of a kind that pages don't show; Value is its name
	Pixels  = "picture.pixels"  // too many; Value is how many millions may be
	Ratio   = "picture.ratio"   // far too long or wide
	Broken  = "picture.broken"  // it does not unpack: cut off on the way, or never one
	Moving  = "picture.moving"  // a WebP that moves
)

func refuse(code, value string) error {
	return errs.Problems{{Field: "file", Code: code, Value: value}}
}

// Info is what the header of a picture says.
type Info struct {
	Type          string // jpeg, png, gif, webp
	Width, Height int    // as it is shown, turned upright
	Moving        bool   // only the first frame is kept

	orientation int // as EXIF numbers it, 1–8
	memory      int // bytes to unpack it, about
}

// sniff names what the first bytes belong to; "" where nothing is known.
func sniff(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "jpeg"
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return "gif"
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return "webp"
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		switch string(head[8:12]) {
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
			return "heic"
		case "avif", "avis":
			return "avif"
		}
	case bytes.HasPrefix(head, []byte("BM")) && len(head) > 26 && head[14] >= 12 && head[15] == 0:
		return "bmp"
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return "tiff"
	case isSVG(head):
		return "svg"
	}
	return ""
}

// isSVG looks for <svg in a beginning that is text.
func isSVG(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<svg"))
}

// Sniff reports whether the first bytes of a file, 1 KB are plenty, are those of a picture, also of one that
// Inspect refuses.
func Sniff(head []byte) bool { return sniff(head) != "" }

// Inspect reads the header of a picture, and refuses what must not be unpacked. r is left anywhere.
func Inspect(r io.ReadSeeker) (Info, error) {
	head := make([]byte, 1024)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Info{}, fmt.Errorf("read a picture: %w", err)
	}
	info := Info{Type: sniff(head[:n]), orientation: 1}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Info{}, fmt.Errorf("read a picture: %w", err)
	}
	switch info.Type {
	case "jpeg":
		err = info.readJPEG(r)
	case "png":
		err = info.readPNG(r)
	case "gif":
		err = info.readGIF(r)
	case "webp":
		err = info.readWebP(r)
	case "svg":
		return info, refuse(SVG, "")
	case "heic", "avif":
		return info, refuse(HEIC, "")
	case "":
		return info, refuse(Unknown, "")
	default:
		return info, refuse(Format, info.Type)
	}
	if err != nil {
		return info, err
	}
	return info, info.check()
}

// check refuses what is too large. Sides are below 2^24 here, so nothing overflows.
func (i *Info) check() error {
	long, short := max(i.Width, i.Height), min(i.Width, i.Height)
	switch {
	case short < 1:
		return refuse(Broken, "")
	case long > 1<<24 || long*short > MaxPixels || i.memory > MaxMemory:
		return refuse(Pixels, strconv.Itoa(MaxPixels/1_000_000))
	case long > short*MaxRatio && long > 1000:
		return refuse(Ratio, strconv.Itoa(MaxRatio))
	}
	if i.orientation >= 5 {
		i.Width, i.Height = i.Height, i.Width
	}
	return nil
}

func (i *Info) size(c image.Config, perPixel int) {
	i.Width, i.Height = c.Width, c.Height
	if c.Width < 1<<24 && c.Height < 1<<24 {
		i.memory = c.Width * c.Height * perPixel
	}
}

func (i *Info) readPNG(r io.ReadSeeker) error {
	c, err := png.DecodeConfig(r)
	if err != nil {
		return refuse(Broken, "")
	}
	per := 4
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model:
		per = 8
	}
	i.size(c, 2*per) // twice: what is interlaced is unpacked beside where it goes
	i.orientation, err = pngOrientation(r)
	return err
}

func (i *Info) readGIF(r io.ReadSeeker) error {
	c, err := gif.DecodeConfig(r)
	if err != nil {
		return refuse(Broken, "")
	}
	i.size(c, 2)
	i.Moving, err = gifMoves(r)
	return err
}

func (i *Info) readWebP(r io.ReadSeeker) error {
	chunks, err := webpChunks(r)
	if err != nil {
		return err
	}
	if chunks.moving {
		return refuse(Moving, "")
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read a picture: %w", err)
	}
	c, err := webp.DecodeConfig(r)
	if err != nil {
		return refuse(Broken, "")
	}
	i.size(c, 8)
	i.orientation = chunks.orientation
	return nil
}
