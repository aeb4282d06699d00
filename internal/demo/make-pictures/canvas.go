package main

import (
	"image"
	"image/color"
	"math"
)

// Pictures are drawn twice as large and made smaller at the end: that is all the smoothing there is.
const (
	width, height = 1280, 720
	fine          = 2
)

// rgb is a colour; its parts are between 0 and 1.
type rgb struct{ r, g, b float64 }

// hex makes a colour of 0xRRGGBB.
func hex(n int) rgb {
	return rgb{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

// mix goes from c to d.
func (c rgb) mix(d rgb, t float64) rgb {
	t = clamp(t)
	return rgb{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

// lit makes c lighter (k > 1) or darker.
func (c rgb) lit(k float64) rgb { return rgb{clamp(c.r * k), clamp(c.g * k), clamp(c.b * k)} }

func clamp(t float64) float64 { return math.Max(0, math.Min(1, t)) }

// smooth goes from 0 at a to 1 at b without corners.
func smooth(a, b, x float64) float64 {
	t := clamp((x - a) / (b - a))
	return t * t * (3 - 2*t)
}

// paint is the colour at a place and how much it covers.
type paint func(x, y float64) (rgb, float64)

// flat covers everything with one colour.
func flat(c rgb) paint { return func(_, _ float64) (rgb, float64) { return c, 1 } }

// veil covers a little.
func veil(c rgb, a float64) paint { return func(_, _ float64) (rgb, float64) { return c, a } }

// down goes from one colour at y0 to another at y1.
func down(a, b rgb, y0, y1 float64) paint {
	return func(_, y float64) (rgb, float64) { return a.mix(b, (y-y0)/(y1-y0)), 1 }
}

// canvas is a picture that is being drawn; all its measures are those of the finished picture.
type canvas struct {
	pix  []rgb
	rand *source
}

func newCanvas(seed uint64) *canvas {
	return &canvas{pix: make([]rgb, width*fine*height*fine), rand: &source{seed}}
}

func (c *canvas) at(i, j int) *rgb { return &c.pix[j*width*fine+i] }

// fill paints every place where inside says so.
func (c *canvas) fill(x0, y0, x1, y1 float64, p paint) {
	for j := max(0, int(y0*fine)); j < min(height*fine, int(math.Ceil(y1*fine))); j++ {
		for i := max(0, int(x0*fine)); i < min(width*fine, int(math.Ceil(x1*fine))); i++ {
			col, a := p((float64(i)+0.5)/fine, (float64(j)+0.5)/fine)
			if a > 0 {
				q := c.at(i, j)
				*q = q.mix(col, a)
			}
		}
	}
}

// point is a corner.
type point struct{ x, y float64 }

// poly fills a polygon.
func (c *canvas) poly(p paint, corners ...point) {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, q := range corners {
		top, bottom = math.Min(top, q.y), math.Max(bottom, q.y)
	}
	var cuts []float64
	for j := max(0, int(top*fine)); j < min(height*fine, int(math.Ceil(bottom*fine))); j++ {
		y := (float64(j) + 0.5) / fine
		cuts = cuts[:0]
		for k, a := range corners {
			b := corners[(k+1)%len(corners)]
			if (a.y <= y) != (b.y <= y) {
				cuts = append(cuts, a.x+(y-a.y)/(b.y-a.y)*(b.x-a.x))
			}
		}
		for k := range cuts { // few: no better sort is needed
			for m := k; m > 0 && cuts[m] < cuts[m-1]; m-- {
				cuts[m], cuts[m-1] = cuts[m-1], cuts[m]
			}
		}
		for k := 0; k+1 < len(cuts); k += 2 {
			c.fill(math.Round(cuts[k]*fine)/fine, y-0.25, math.Round(cuts[k+1]*fine)/fine, y+0.2, p)
		}
	}
}

// box fills a rectangle.
func (c *canvas) box(x, y, w, h float64, p paint) { c.fill(x, y, x+w, y+h, p) }

// oval fills an ellipse; soft is how much of its edge fades.
func (c *canvas) oval(x, y, rx, ry, soft float64, p paint) {
	c.fill(x-rx, y-ry, x+rx, y+ry, func(u, v float64) (rgb, float64) {
		d := math.Hypot((u-x)/rx, (v-y)/ry)
		if d >= 1 {
			return rgb{}, 0
		}
		col, a := p(u, v)
		return col, a * smooth(1, 1-soft-0.001, d)
	})
}

// glow adds light around a place.
func (c *canvas) glow(x, y, r float64, col rgb, strength float64) {
	c.fill(x-r, y-r, x+r, y+r, func(u, v float64) (rgb, float64) {
		d := math.Hypot(u-x, v-y) / r
		return col, strength * math.Pow(math.Max(0, 1-d), 2.2)
	})
}

// line draws a stroke with a width.
func (c *canvas) line(x0, y0, x1, y1, w float64, p paint) {
	dx, dy := x1-x0, y1-y0
	n := math.Hypot(dx, dy)
	if n == 0 {
		return
	}
	nx, ny := -dy/n*w/2, dx/n*w/2
	c.poly(p, point{x0 + nx, y0 + ny}, point{x1 + nx, y1 + ny}, point{x1 - nx, y1 - ny}, point{x0 - nx, y0 - ny})
}

// image is the finished picture, a little darker towards its corners.
func (c *canvas) image() image.Image {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			var s rgb
			for j := range fine {
				for i := range fine {
					q := c.at(x*fine+i, y*fine+j)
					s.r, s.g, s.b = s.r+q.r, s.g+q.g, s.b+q.b
				}
			}
			d := math.Hypot(float64(x)/width-0.5, float64(y)/height-0.5)
			k := (1 - 0.13*smooth(0.42, 0.75, d)) / (fine * fine) * 255
			out.SetRGBA(x, y, color.RGBA{uint8(s.r*k + 0.5), uint8(s.g*k + 0.5), uint8(s.b*k + 0.5), 255})
		}
	}
	return out
}
