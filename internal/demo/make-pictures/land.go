package main

import "math"

// sky paints the whole canvas from the top to the horizon, with a sun or moon and its light.
func (c *canvas) sky(top, low rgb, horizon, sunX, sunY, sunR float64, sun rgb) {
	c.fill(0, 0, width, height, func(x, y float64) (rgb, float64) {
		col := top.mix(low, math.Pow(clamp(y/horizon), 1.15))
		d := math.Hypot(x-sunX, (y-sunY)*1.25)
		return col.mix(sun, 0.75*math.Exp(-d/190)+0.25*math.Exp(-d/520)), 1
	})
	if sunR > 0 {
		c.oval(sunX, sunY, sunR, sunR, 0.08, flat(sun.mix(rgb{1, 1, 1}, 0.6)))
	}
}

// clouds lie in streaks between two heights.
func (c *canvas) clouds(y0, y1 float64, col rgb, much float64, seed uint64) {
	c.fill(0, y0, width, y1, func(x, y float64) (rgb, float64) {
		n := rough(x/330, y/62, 5, seed)
		edge := smooth(y0, y0+60, y) * smooth(y1, y1-60, y)
		return col.mix(col.lit(0.86), smooth(0.62, 0.8, n)*0.4), edge * smooth(0.66-much*0.25, 0.86-much*0.2, n)
	})
}

// ridge is a range of hills: its line, its colour at the top and where it goes down into the mist.
type ridge struct {
	y, tall, wide float64
	high, low     rgb
	deep          float64 // how far below its line it has become the low colour
	trees         float64 // how much its line is one of tree tops
	seed          uint64
}

// line is the height of the ridge at x.
func (r ridge) line(x float64) float64 {
	n := rough(x/r.wide, 0.5, 5, r.seed)
	y := r.y - (n-0.35)*r.tall
	if r.trees > 0 {
		y -= r.trees * (math.Abs(math.Sin(x/9+6*noise(x/23, 1, r.seed)))*0.6 + noise(x/4, 3, r.seed)*0.7)
	}
	return y
}

// draw paints it; light falls on it from the left.
func (r ridge) draw(c *canvas) {
	lines := make([]float64, width*fine+2)
	for i := range lines {
		lines[i] = r.line(float64(i) / fine)
	}
	c.fill(0, 0, width, height, func(x, y float64) (rgb, float64) {
		top := lines[int(x*fine)]
		if y < top {
			return rgb{}, 0
		}
		t := (y - top) / r.deep
		shade := rough(x/70+y/160, y/46, 3, r.seed+7) - rough((x+14)/70+y/160, (y+10)/46, 3, r.seed+7)
		return r.high.mix(r.low, math.Pow(clamp(t), 0.8)).lit(1 + 0.55*shade*(1-clamp(t)*0.6)), 1
	})
}

// ranges draws several ridges behind one another, from pale to near.
func (c *canvas) ranges(n int, y0, y1 float64, far, near, mist rgb, seed uint64) {
	for i := range n {
		t := float64(i) / math.Max(1, float64(n-1))
		col := far.mix(near, t)
		ridge{
			y: y0 + (y1-y0)*t, tall: 190 - 50*t, wide: 330 - 60*t,
			high: col, low: col.mix(mist, 0.62), deep: 150 + 40*t, trees: 5 * t, seed: seed + uint64(i)*31,
		}.draw(c)
	}
}

// mist lies around a height.
func (c *canvas) mist(y, thick float64, col rgb, much float64, seed uint64) {
	c.fill(0, y-thick*2, width, y+thick*2, func(u, v float64) (rgb, float64) {
		d := (v - y + 50*(rough(u/300, 2, 3, seed)-0.5)) / thick
		return col, much * math.Exp(-d*d) * (0.45 + 0.55*rough(u/240, v/60, 4, seed+3))
	})
}

// meadow is the ground in front, from y down.
func (c *canvas) meadow(y float64, far, near rgb, seed uint64) {
	ridge := func(x float64) float64 { return y + 26*(rough(x/420, 0, 3, seed)-0.5) }
	c.fill(0, y-30, width, height, func(u, v float64) (rgb, float64) {
		if v < ridge(u) {
			return rgb{}, 0
		}
		t := (v - y) / (height - y)
		n := rough(u/(26+90*t), v/(5+18*t), 4, seed+1)
		return far.mix(near, t).lit(0.86 + 0.28*n), 1
	})
}

// water mirrors what is above its line, with ripples that grow towards the viewer.
func (c *canvas) water(y float64, tint rgb, much float64, seed uint64) {
	line := int(y * fine)
	src := make([]rgb, width*fine*line)
	copy(src, c.pix[:width*fine*line])
	c.fill(0, y, width, height, func(u, v float64) (rgb, float64) {
		d := v - y
		t := d / (height - y)
		wave := rough(u/(90+220*t), v/(1.6+6*t), 3, seed) - 0.5
		i := int((u + wave*(6+60*t)) * fine)
		j := line - 1 - int((d*1.02+wave*(5+46*t))*fine)
		i, j = min(max(i, 0), width*fine-1), min(max(j, 0), line-1)
		return src[j*width*fine+i].mix(tint, much+0.16*t).lit(1 + 0.34*wave), 1
	})
}

// terraces are steps of land that follow the hill, each with an edge in shadow.
func (c *canvas) terraces(y0 float64, step float64, colours []rgb, edge rgb, seed uint64) {
	c.fill(0, y0-60, width, height, func(x, y float64) (rgb, float64) {
		top := y0 + 70*(rough(x/380, 9, 3, seed)-0.5)
		if y < top {
			return rgb{}, 0
		}
		t := (y - y0) / (height - y0)
		h := y + 130*(rough(x/310, y/420, 3, seed+2)-0.5) + 26*math.Sin(x/170+y/130)
		k := step * (0.55 + 0.9*clamp(t))
		n := math.Floor(h / k)
		at := h/k - n
		col := colours[int(lattice(int64(n), int64(math.Floor((x+h*0.6)/330+n*0.37)), seed)*float64(len(colours)))%len(colours)]
		col = col.lit(0.9+0.2*rough(x/60, y/14, 3, seed+5)).mix(col.lit(1.12), at)
		return col.mix(edge, smooth(0.16, 0.02, at)*0.8), 1
	})
}

// rows are furrows that run towards a point on the horizon.
func (c *canvas) rows(y0, vx, spread float64, a, b rgb, seed uint64) {
	c.fill(0, y0-14, width, height, func(x, y float64) (rgb, float64) {
		if y < y0+14*(rough(x/300, 1, 2, seed)-0.5) {
			return rgb{}, 0
		}
		d := y - y0 + 16
		u := (x - vx) / d * spread
		s := 0.5 + 0.5*math.Sin(u*2*math.Pi)
		sharp := smooth(0, 110, y-y0)
		n := rough(u*7, 900/d*3, 3, seed+4)
		return a.mix(b, 0.5+(s-0.5)*sharp).lit(0.84 + 0.32*n), 1
	})
}

// river winds from a place on the horizon to the front.
func (c *canvas) river(y0, x0, x1, near, bend float64, light, dark rgb, seed uint64) {
	c.fill(0, y0, width, height, func(x, y float64) (rgb, float64) {
		t := (y - y0) / (height - y0)
		mid := x0 + (x1-x0)*t*t + bend*math.Sin(t*5.6+0.4)*math.Sqrt(t)*(1-0.3*t)
		half := 5 + near*math.Pow(t, 1.55)
		d := math.Abs(x-mid+8*t*(rough(x/40, y/12, 2, seed)-0.5)) / half
		if d > 1 {
			return rgb{}, 0
		}
		n := rough(x/(50+130*t), y/(2+6*t), 3, seed+1)
		return light.mix(dark, 0.55*t+0.5*d*d*d).lit(0.92 + 0.2*n), smooth(1, 0.97, d)
	})
}

// stars stand above a height.
func (c *canvas) stars(n int, low float64) {
	for range n {
		x, y := c.rand.between(0, width), low*math.Pow(c.rand.next(), 1.3)
		r := c.rand.between(0.5, 1.7)
		c.oval(x, y, r, r, 0.5, veil(hex(0xfff8e0), c.rand.between(0.35, 0.95)))
	}
}
