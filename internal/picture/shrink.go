package picture

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// shrink returns m at the given size. Far too large pictures are halved first: that reads each pixel once,
// while the fine scaler reads each of them many times.
func shrink(m image.Image, w, h int) *image.RGBA {
	for m.Bounds().Dx() >= 2*w && m.Bounds().Dy() >= 2*h && (m.Bounds().Dx() > w || m.Bounds().Dy() > h) {
		m = halve(m)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if b := m.Bounds(); b.Dx() == w && b.Dy() == h {
		draw.Draw(out, out.Rect, m, b.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(out, out.Rect, m, b, draw.Src, nil)
	}
	return out
}

// halve returns m with each two by two pixels made one.
func halve(m image.Image) image.Image {
	b := m.Bounds()
	w, h := (b.Dx()+1)/2, (b.Dy()+1)/2
	switch m := m.(type) {
	case *image.YCbCr:
		out := image.NewYCbCr(image.Rect(0, 0, w, h), m.SubsampleRatio)
		sw, sh := chroma(m.SubsampleRatio, b.Dx(), b.Dy())
		dw, dh := chroma(m.SubsampleRatio, w, h)
		halvePlane(out.Y, out.YStride, w, h, m.Y, m.YStride, b.Dx(), b.Dy(), 1)
		halvePlane(out.Cb, out.CStride, dw, dh, m.Cb, m.CStride, sw, sh, 1)
		halvePlane(out.Cr, out.CStride, dw, dh, m.Cr, m.CStride, sw, sh, 1)
		return out
	case *image.Gray:
		out := image.NewGray(image.Rect(0, 0, w, h))
		halvePlane(out.Pix, out.Stride, w, h, m.Pix, m.Stride, b.Dx(), b.Dy(), 1)
		return out
	case *image.RGBA:
		out := image.NewRGBA(image.Rect(0, 0, w, h))
		halvePlane(out.Pix, out.Stride, w, h, m.Pix, m.Stride, b.Dx(), b.Dy(), 4)
		return out
	}
	at := sampler(m)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y0 := b.Min.Y + 2*y
		y1 := min(y0+1, b.Max.Y-1)
		for x := range w {
			x0 := b.Min.X + 2*x
			x1 := min(x0+1, b.Max.X-1)
			p, q, r, s := at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1)
			o := out.Pix[y*out.Stride+4*x:]
			for k := range 4 {
				o[k] = uint8((uint(p[k]) + uint(q[k]) + uint(r[k]) + uint(s[k]) + 2) / 4)
			}
		}
	}
	return out
}

// sampler returns how to read a pixel of m, alpha multiplied in.
func sampler(m image.Image) func(x, y int) [4]uint8 {
	of := func(c color.Color) [4]uint8 {
		r, g, b, a := c.RGBA()
		return [4]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}
	}
	switch m := m.(type) {
	case *image.Paletted:
		var table [256][4]uint8
		for i, c := range m.Palette {
			table[i&255] = of(c)
		}
		return func(x, y int) [4]uint8 { return table[m.ColorIndexAt(x, y)] }
	case *image.NRGBA:
		return func(x, y int) [4]uint8 {
			p := m.Pix[m.PixOffset(x, y):]
			a := uint(p[3])
			return [4]uint8{uint8(uint(p[0]) * a / 255), uint8(uint(p[1]) * a / 255), uint8(uint(p[2]) * a / 255), p[3]}
		}
	}
	return func(x, y int) [4]uint8 { return of(m.At(x, y)) }
}

// chroma is the size of the colour planes.
func chroma(r image.YCbCrSubsampleRatio, w, h int) (cw, ch int) {
	dx, dy := 1, 1
	switch r {
	case image.YCbCrSubsampleRatio422:
		dx = 2
	case image.YCbCrSubsampleRatio420:
		dx, dy = 2, 2
	case image.YCbCrSubsampleRatio440:
		dy = 2
	case image.YCbCrSubsampleRatio411:
		dx = 4
	case image.YCbCrSubsampleRatio410:
		dx, dy = 4, 2
	}
	return (w + dx - 1) / dx, (h + dy - 1) / dy
}

// halvePlane halves n bytes wide samples.
func halvePlane(dst []byte, dstStride, dw, dh int, src []byte, srcStride, sw, sh, n int) {
	for y := range dh {
		above := src[min(2*y, sh-1)*srcStride:]
		below := src[min(2*y+1, sh-1)*srcStride:]
		line := dst[y*dstStride:]
		for x := range dw {
			l, r := min(2*x, sw-1)*n, min(2*x+1, sw-1)*n
			for k := range n {
				line[x*n+k] = uint8((uint(above[l+k]) + uint(above[r+k]) + uint(below[l+k]) + uint(below[r+k]) + 2) / 4)
			}
		}
	}
}

// upright turns and mirrors m as EXIF's orientation says.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			var u, v int // where the pixel goes
			switch orientation {
			case 2:
				u, v = w-1-x, y
			case 3:
				u, v = w-1-x, h-1-y
			case 4:
				u, v = x, h-1-y
			case 5:
				u, v = y, x
			case 6:
				u, v = h-1-y, x
			case 7:
				u, v = h-1-y, w-1-x
			case 8:
				u, v = y, w-1-x
			}
			copy(out.Pix[v*out.Stride+4*u:][:4], m.Pix[y*m.Stride+4*x:][:4])
		}
	}
	return out
}
