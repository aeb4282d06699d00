package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	"xianfeng/media/testcard"
)

// The house's colours.
var (
	ink     = color.RGBA{0x1b, 0x17, 0x15, 0xff}
	shade   = color.RGBA{0x3a, 0x34, 0x30, 0xff}
	paper   = color.RGBA{0xf7, 0xf3, 0xec, 0xff}
	crimson = color.RGBA{0xb3, 0x12, 0x1b, 0xff}
	gold    = color.RGBA{0xc8, 0xa0, 0x4a, 0xff}
	bars    = []color.RGBA{
		paper, gold,
		{0x2f, 0x9c, 0x95, 0xff},
		{0x3f, 0x8a, 0x4d, 0xff},
		{0x8a, 0x3f, 0x7d, 0xff},
		crimson,
		{0x2f, 0x55, 0x9c, 0xff},
		shade,
	}
)

// Where things are.
const (
	barsBottom = 224
	greyBottom = 264
	clockX     = 1000
	clockY     = 430
	clockR     = 138
	swingY     = 604
	swingX     = width / 2
	swing      = 480
	blockY     = 24 // half the height of a block
)

// card draws the pictures.
type card struct {
	still *image.RGBA // what does not move
	frm   *image.RGBA
}

func newCard() *card {
	c := &card{still: image.NewRGBA(image.Rect(0, 0, width, height)), frm: image.NewRGBA(image.Rect(0, 0, width, height))}
	fill(c.still, c.still.Bounds(), ink)
	for i, col := range bars {
		fill(c.still, image.Rect(i*width/len(bars), 0, (i+1)*width/len(bars), barsBottom), col)
	}
	fill(c.still, image.Rect(0, barsBottom, width, barsBottom+4), gold)
	const steps = 16
	for i := range steps {
		v := uint8(i * 255 / (steps - 1))
		fill(c.still, image.Rect(i*width/steps, barsBottom+4, (i+1)*width/steps, greyBottom), color.RGBA{v, v, v, 0xff})
	}
	for i := range 60 {
		col, inner := shade, float64(clockR-14)
		if i%5 == 0 {
			col, inner = paper, clockR-22
		}
		s, k := math.Sincos(2 * math.Pi * float64(i) / 60)
		line(c.still, clockX+inner*s, clockY-inner*k, clockX+clockR*s, clockY-clockR*k, 2, col)
	}
	line(c.still, swingX-swing, swingY, swingX+swing, swingY, 1.5, shade)
	line(c.still, swingX, swingY-16, swingX, swingY+16, 2.5, gold)
	// A plate under the blocks keeps what is around them off their edges.
	first, last := testcard.BlockCentre(0, width, height), testcard.BlockCentre(len(testcard.Blocks(0))-1, width, height)
	fill(c.still, image.Rect(first.X-40, first.Y-blockY-8, last.X+40, first.Y+blockY+8), shade)
	return c
}

// frame returns the pixels of picture n; they are overwritten by the next call.
func (c *card) frame(n int) []byte {
	copy(c.frm.Pix, c.still.Pix)
	t := float64(n) / testcard.Rate
	s, k := math.Sincos(2 * math.Pi * t / 60)
	const near, far = clockR - 44, clockR + 12
	line(c.frm, clockX+near*s, clockY-near*k, clockX+far*s, clockY-far*k, 5, crimson)
	// The pendulum is at its mark on every full second.
	x := swingX + swing*math.Sin(math.Pi*t)
	line(c.frm, x, swingY, x, swingY, 11, crimson)
	line(c.frm, x, swingY, x, swingY, 5, paper)
	for i, one := range testcard.Blocks(n) {
		col := color.RGBA{0, 0, 0, 0xff}
		if one {
			col = color.RGBA{0xff, 0xff, 0xff, 0xff}
		}
		m := testcard.BlockCentre(i, width, height)
		fill(c.frm, image.Rect(m.X-width/40, m.Y-blockY, m.X+width/40, m.Y+blockY), col)
	}
	return c.frm.Pix
}

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// line draws a line with round ends and soft edges; a line without length is a dot.
func line(img *image.RGBA, x0, y0, x1, y1, radius float64, c color.RGBA) {
	dx, dy := x1-x0, y1-y0
	length := dx*dx + dy*dy
	r := image.Rect(int(min(x0, x1)-radius)-1, int(min(y0, y1)-radius)-1, int(max(x0, x1)+radius)+2, int(max(y0, y1)+radius)+2).Intersect(img.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			px, py := float64(x)+0.5-x0, float64(y)+0.5-y0
			along := 0.0
			if length > 0 {
				along = max(0, min(1, (px*dx+py*dy)/length))
			}
			cover := max(0, min(1, radius+0.5-math.Hypot(px-along*dx, py-along*dy)))
			o := img.RGBAAt(x, y)
			mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*cover + 0.5) }
			img.SetRGBA(x, y, color.RGBA{mix(o.R, c.R), mix(o.G, c.G), mix(o.B, c.B), 0xff})
		}
	}
}

// words returns the ffmpeg filters that write on the pictures.
func words() string {
	const (
		fonts = "/usr/share/fonts/opentype/noto/"
		serif = fonts + "NotoSerifCJK-Bold.ttc"
		sans  = fonts + "NotoSansCJK-Regular.ttc"
		bold  = fonts + "NotoSansCJK-Bold.ttc"
	)
	text := func(font, size, color, x, y, what string) string {
		return "drawtext=fontfile=" + font + ":fontsize=" + size + ":fontcolor=" + color + ":x=" + x + ":y=" + y + ":text='" + what + "'"
	}
	return strings.Join([]string{
		text(serif, "148", "0xf7f3ec", "80", "286", "先锋"),
		text(bold, "46", "0xf7f3ec", "404", "360", "X I A N F E N G"),
		text(sans, "26", "0xd8d0c6", "406", "424", "测试信号   Test card"),
		text(sans, "22", "0xb9b0a5", "86", "506", "每秒一声，摆锤过中线   One tick a second, as the pendulum crosses its mark"),
		text(bold, "76", "0xf7f3ec", "1000-tw-2", "400", "%{eif\\:floor(n/25)\\:d\\:2}"),
		text(bold, "34", "0xf7f3ec", "1006", "432", ".%{eif\\:mod(n\\,25)*4\\:d\\:2}"),
	}, ",")
}
