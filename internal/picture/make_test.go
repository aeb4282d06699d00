package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/webp"

	"xianfeng/internal/errs"
)

// shared is the Maker of all tests: each of its own would compile the encoder anew.
var shared = sync.OnceValues(func() (*Maker, error) { return NewMaker(context.Background()) })

func theMaker(t testing.TB) *Maker {
	t.Helper()
	m, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// quarters is red, green, blue and white, so that it shows how it is turned.
func quarters(w, h int) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	fill := func(plane []byte, stride, w, h int, part func(color.YCbCr) uint8) {
		for y := range h {
			line := plane[y*stride:][:w]
			for i, v := range [2]uint8{part(corner(true, y < h/2)), part(corner(false, y < h/2))} {
				half := line[i*(w/2) : w/2+i*(w-w/2)]
				copy(half, bytes.Repeat([]byte{v}, len(half)))
			}
		}
	}
	cw, ch := (w+1)/2, (h+1)/2
	fill(m.Y, m.YStride, w, h, func(c color.YCbCr) uint8 { return c.Y })
	fill(m.Cb, m.CStride, cw, ch, func(c color.YCbCr) uint8 { return c.Cb })
	fill(m.Cr, m.CStride, cw, ch, func(c color.YCbCr) uint8 { return c.Cr })
	return m
}

func corner(left, top bool) color.YCbCr {
	var y, cb, cr uint8
	switch {
	case left && top:
		y, cb, cr = color.RGBToYCbCr(230, 20, 20)
	case top:
		y, cb, cr = color.RGBToYCbCr(20, 230, 20)
	case left:
		y, cb, cr = color.RGBToYCbCr(20, 20, 230)
	default:
		y, cb, cr = color.RGBToYCbCr(240, 240, 240)
	}
	return color.YCbCr{Y: y, Cb: cb, Cr: cr}
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif makes EXIF with an orientation and a place on Earth.
func exif(orientation int) []byte {
	le := binary.LittleEndian
	b := []byte("II*\x00\x08\x00\x00\x00")
	b = le.AppendUint16(b, 2)
	b = append(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, 0x0112), 3), 1), byte(orientation), 0, 0, 0)
	b = le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, 0x8825), 4), 1), 38)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, 2), 5), 3), 56)
	b = le.AppendUint32(b, 0)
	return append(b, "GPS-30.6586-104.0648"...)
}

// withEXIF puts EXIF where cameras put it.
func withEXIF(data, exif []byte) []byte {
	seg := append([]byte("\xff\xe1\x00\x00Exif\x00\x00"), exif...)
	binary.BigEndian.PutUint16(seg[2:], uint16(len(seg)-2))
	return append(append(bytes.Clone(data[:2]), seg...), data[2:]...)
}

func decodeVariant(t *testing.T, v Variant) image.Image {
	t.Helper()
	var m image.Image
	var err error
	switch v.Type {
	case "image/webp":
		m, err = webp.Decode(bytes.NewReader(v.Data))
	case "image/jpeg":
		m, err = jpeg.Decode(bytes.NewReader(v.Data))
	default:
		m, err = png.Decode(bytes.NewReader(v.Data))
	}
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	if b := m.Bounds(); b.Dx() != v.Width || b.Dy() != v.Height {
		t.Errorf("%s: got %v, want %d × %d", v.Name, b, v.Width, v.Height)
	}
	return m
}

func near(t *testing.T, name string, m image.Image, x, y int, want color.YCbCr) {
	t.Helper()
	r, g, b, _ := m.At(x, y).RGBA()
	wr, wg, wb, _ := want.RGBA()
	for _, d := range []int{int(r>>8) - int(wr>>8), int(g>>8) - int(wg>>8), int(b>>8) - int(wb>>8)} {
		if d < -40 || d > 40 {
			t.Errorf("%s at %d,%d: got %d %d %d, want %d %d %d", name, x, y, r>>8, g>>8, b>>8, wr>>8, wg>>8, wb>>8)
			return
		}
	}
}

func TestPictureOfATelephone(t *testing.T) {
	data := withEXIF(jpegOf(t, quarters(2400, 1800)), exif(6)) // held upright
	made, err := theMaker(t).Make(t.Context(), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if made.Width != 1800 || made.Height != 2400 || len(made.Variants) != 6 {
		t.Fatalf("got %d × %d, %d variants", made.Width, made.Height, len(made.Variants))
	}
	for i, want := range []string{"w480.webp", "w480.jpg", "w960.webp", "w960.jpg", "w1600.webp", "w1600.jpg"} {
		v := made.Variants[i]
		if v.Name != want || v.Width != Widths[i/2] || v.Height != v.Width*4/3 {
			t.Errorf("variant %d: got %s, %d × %d", i, v.Name, v.Width, v.Height)
		}
		m := decodeVariant(t, v)
		near(t, v.Name, m, v.Width/4, v.Height/4, corner(true, false)) // what was below left is above left
		near(t, v.Name, m, v.Width*3/4, v.Height/4, corner(true, true))
		near(t, v.Name, m, v.Width*3/4, v.Height*3/4, corner(false, true))
		if bytes.Contains(v.Data, []byte("GPS-")) || bytes.Contains(v.Data, []byte("Exif")) || bytes.Contains(v.Data, []byte("EXIF")) {
			t.Errorf("%s tells where it was taken", v.Name)
		}
	}
}

func TestOrientation(t *testing.T) {
	m := theMaker(t)
	// For each orientation, which corner of the stored picture is shown above left, above right, below left.
	for o, want := range map[int][3][2]bool{
		1: {{true, true}, {false, true}, {true, false}},
		2: {{false, true}, {true, true}, {false, false}},
		3: {{false, false}, {true, false}, {false, true}},
		4: {{true, false}, {false, false}, {true, true}},
		5: {{true, true}, {true, false}, {false, true}},
		6: {{true, false}, {true, true}, {false, false}},
		7: {{false, false}, {false, true}, {true, false}},
		8: {{false, true}, {false, false}, {true, true}},
	} {
		made, err := m.Make(t.Context(), bytes.NewReader(withEXIF(jpegOf(t, quarters(120, 80)), exif(o))))
		if err != nil {
			t.Fatal(err)
		}
		v := made.Variants[1]
		if w, h := 120, 80; (o >= 5) != (v.Width == h && v.Height == w) {
			t.Errorf("orientation %d: got %d × %d", o, v.Width, v.Height)
		}
		pic := decodeVariant(t, v)
		near(t, "above left", pic, v.Width/4, v.Height/4, corner(want[0][0], want[0][1]))
		near(t, "above right", pic, v.Width*3/4, v.Height/4, corner(want[1][0], want[1][1]))
		near(t, "below left", pic, v.Width/4, v.Height*3/4, corner(want[2][0], want[2][1]))
	}
}

func TestOrientationOfOtherKinds(t *testing.T) {
	chunk := exif(8)
	var eXIf bytes.Buffer
	body := append([]byte("eXIf"), chunk...)
	eXIf.Write(binary.BigEndian.AppendUint32(nil, uint32(len(chunk))))
	eXIf.Write(body)
	eXIf.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
	data := pngOf(t, quarters(30, 20))
	data = append(append(bytes.Clone(data[:33]), eXIf.Bytes()...), data[33:]...)
	info, err := Inspect(bytes.NewReader(data))
	if err != nil || info.Width != 20 || info.Height != 30 {
		t.Errorf("PNG: got %+v, %v", info, err)
	}
	m := theMaker(t)
	made, err := m.Make(t.Context(), bytes.NewReader(jpegOf(t, quarters(30, 20))))
	if err != nil {
		t.Fatal(err)
	}
	w := bytes.Clone(made.Variants[0].Data)
	w = append(append(binary.LittleEndian.AppendUint32(append(w, "EXIF"...), uint32(len(chunk))), chunk...), make([]byte, len(chunk)&1)...)
	binary.LittleEndian.PutUint32(w[4:], uint32(len(w)-8))
	if info, err := Inspect(bytes.NewReader(w)); err != nil || info.Width != 20 || info.Type != "webp" {
		t.Errorf("WebP: got %+v, %v", info, err)
	}
	if _, err := m.Make(t.Context(), bytes.NewReader(w)); err != nil {
		t.Errorf("WebP: %v", err)
	}
}

func TestSmallAndTransparent(t *testing.T) {
	src := image.NewNRGBA(image.Rect(0, 0, 600, 300))
	for i := range src.Pix {
		src.Pix[i] = 200
		if i%4 == 3 && i%2400 > 1200 {
			src.Pix[i] = 90
		}
	}
	made, err := theMaker(t).Make(t.Context(), bytes.NewReader(pngOf(t, src)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range made.Variants {
		names = append(names, v.Name)
		m := decodeVariant(t, v)
		_, _, _, a := m.At(v.Width*3/4, v.Height/2).RGBA()
		if a>>8 < 80 || a>>8 > 100 {
			t.Errorf("%s: alpha is %d, want 90", v.Name, a>>8)
		}
	}
	if got, want := strings.Join(names, " "), "w480.webp w480.png w960.webp w960.png"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if w := made.Variants[3].Width; w != 600 {
		t.Errorf("a small picture was made %d wide", w)
	}
}

func TestKinds(t *testing.T) {
	m := theMaker(t)
	pal := image.NewPaletted(image.Rect(0, 0, 2000, 60), palette.Plan9)
	anim := &gif.GIF{Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 20, 20), palette.Plan9), image.NewPaletted(image.Rect(5, 5, 9, 9), palette.Plan9)}, Delay: []int{1, 1}}
	var moving, still bytes.Buffer
	if err := errors.Join(gif.EncodeAll(&moving, anim), gif.Encode(&still, pal, nil)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		data   []byte
		moving bool
	}{
		{"GIF", still.Bytes(), false},
		{"GIF that moves", moving.Bytes(), true},
		{"grey JPEG", jpegOf(t, image.NewGray(image.Rect(0, 0, 3300, 101))), false},
		{"16 bit PNG", pngOf(t, image.NewNRGBA64(image.Rect(0, 0, 3500, 99))), false},
		{"PNG with palette", pngOf(t, pal), false},
		{"one pixel", pngOf(t, image.NewRGBA(image.Rect(0, 0, 1, 1))), false},
		{"long JPEG", jpegOf(t, image.NewGray(image.Rect(0, 0, 100, 3900))), false},
	} {
		made, err := m.Make(t.Context(), bytes.NewReader(tt.data))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if made.Moving != tt.moving {
			t.Errorf("%s: moving is %v", tt.name, made.Moving)
		}
		for _, v := range made.Variants {
			decodeVariant(t, v)
			if v.Width > made.Width || v.Height > maxSide {
				t.Errorf("%s: %s is %d × %d, from %d × %d", tt.name, v.Name, v.Width, v.Height, made.Width, made.Height)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	bomb := pngOf(t, image.NewGray(image.Rect(0, 0, 20000, 10)))
	huge := bytes.Clone(bomb) // says 60,000 × 60,000
	binary.BigEndian.PutUint32(huge[16:], 60_000)
	binary.BigEndian.PutUint32(huge[20:], 60_000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	photo := jpegOf(t, quarters(400, 300))
	progressive := withFrame(t, photo, 0xc2, 9900, 9900)
	lie := bytes.Clone(pngOf(t, quarters(40, 40)))
	binary.BigEndian.PutUint32(lie[16:], 41)
	binary.BigEndian.PutUint32(lie[29:], crc32.ChecksumIEEE(lie[12:29]))
	for _, tt := range []struct {
		name, code string
		data       []byte
	}{
		{"a bomb", Pixels, huge},
		{"a JPEG of 4 gigapixels", Pixels, withFrame(t, photo, 0xc0, 65500, 65500)},
		{"a progressive JPEG that takes more memory than it looks", Pixels, progressive},
		{"a line", Ratio, bomb},
		{"cut off", Broken, photo[:len(photo)/2]},
		{"no pixels", Broken, photo[:30]},
		{"a header that lies", Broken, lie},
		{"SVG", SVG, []byte("<?xml version=\"1.0\"?>\n<!-- x --><SVG xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")},
		{"HEIC", HEIC, []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")},
		{"TIFF", Format, []byte("II*\x00\x08\x00\x00\x00")},
		{"a zip", Unknown, []byte("PK\x03\x04 photo.jpg")},
		{"nothing", Unknown, nil},
		{"text", Unknown, []byte("photo")},
		{"WebP without a picture", Broken, []byte("RIFF\x10\x00\x00\x00WEBPVP8 \x04\x00\x00\x00abcd")},
		{"WebP that moves", Moving, []byte("RIFF\x10\x00\x00\x00WEBPANIM\x04\x00\x00\x00abcd")},
	} {
		_, err := theMaker(t).Make(t.Context(), bytes.NewReader(tt.data))
		var p errs.Problems
		if !errors.As(err, &p) || p[0].Code != tt.code || !errors.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.code)
		}
	}
}

// withFrame changes what a JPEG says of itself.
func withFrame(t *testing.T, data []byte, kind byte, w, h uint16) []byte {
	t.Helper()
	out := bytes.Clone(data)
	at := bytes.Index(out, []byte{0xff, 0xc0})
	if at < 0 {
		t.Fatal("no frame header")
	}
	out[at+1] = kind
	binary.BigEndian.PutUint16(out[at+5:], h)
	binary.BigEndian.PutUint16(out[at+7:], w)
	return out
}

func TestTooManyWait(t *testing.T) {
	m := theMaker(t)
	m.waiting.Store(maxWaiting)
	defer m.waiting.Store(0)
	if _, err := m.Make(t.Context(), bytes.NewReader(jpegOf(t, quarters(20, 20)))); !errors.Is(err, errs.TooMany) {
		t.Errorf("got %v, want %v", err, errs.TooMany)
	}
	if n := m.waiting.Load(); n != maxWaiting {
		t.Errorf("%d wait, want %d", n, maxWaiting)
	}
}

func TestAfterClose(t *testing.T) {
	m, err := NewMaker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Make(t.Context(), bytes.NewReader(jpegOf(t, quarters(20, 20)))); err == nil {
		t.Error("a picture was made after the end")
	}
}

func TestGivenUpWhileTheEncoderIsCompiled(t *testing.T) {
	m, err := NewMaker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.webp.ready(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
	<-m.webp.compiled
	if _, err := m.Make(t.Context(), bytes.NewReader(jpegOf(t, quarters(20, 20)))); err == nil {
		t.Error("a picture was made after the end")
	}
}

func TestFailingReader(t *testing.T) {
	data := jpegOf(t, quarters(2000, 2000))
	_, err := Inspect(struct {
		io.Reader
		io.Seeker
	}{io.MultiReader(bytes.NewReader(data[:20]), failing{}), bytes.NewReader(data)})
	if !errors.Is(err, errFailing) || errors.Is(err, errs.Invalid) {
		t.Errorf("got %v, want %v", err, errFailing)
	}
}

var errFailing = errors.New("the disk is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

func FuzzInspect(f *testing.F) {
	photo := jpegOf(f, quarters(16, 16))
	f.Add(photo)
	f.Add(withEXIF(photo, exif(5)))
	f.Add(pngOf(f, quarters(8, 8)))
	var g bytes.Buffer
	if err := gif.Encode(&g, image.NewPaletted(image.Rect(0, 0, 4, 4), palette.Plan9), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(g.Bytes())
	f.Add([]byte("RIFF\x10\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00EXIF\x04\x00\x00\x00MM\x00*"))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := Inspect(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, errs.Invalid) {
				t.Fatalf("bytes alone can't fail otherwise: %v", err)
			}
			return
		}
		if info.Width < 1 || info.Height < 1 || info.Width*info.Height > MaxPixels || info.memory < 1 || info.memory > MaxMemory || info.orientation < 1 || info.orientation > 8 {
			t.Fatalf("got %+v", info)
		}
		if info.Width*info.Height > 1_000_000 {
			return
		}
		m, err := decode(info.Type, bytes.NewReader(data))
		if err != nil {
			return
		}
		if b := m.Bounds(); b.Dx() > 0 && b.Dy() > 0 {
			w, h := fit(b.Dx(), b.Dy(), 8)
			upright(shrink(m, w, h), info.orientation)
		}
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add(exif(3))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientation(data); o < 1 || o > 8 {
			t.Errorf("got %d", o)
		}
	})
}

func BenchmarkPhotoOf12Megapixels(b *testing.B) {
	data := jpegOf(b, quarters(4000, 3000))
	m := theMaker(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Make(b.Context(), bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range [][5]int{{4000, 3000, 960, 960, 720}, {300, 200, 480, 300, 200}, {1000, 40000, 960, 400, 16000}, {40000, 1000, 480, 480, 12}, {1, 1, 480, 1, 1}} {
		if w, h := fit(tt[0], tt[1], tt[2]); w != tt[3] || h != tt[4] {
			t.Errorf("%d × %d in %d: got %d × %d, want %d × %d", tt[0], tt[1], tt[2], w, h, tt[3], tt[4])
		}
	}
}
