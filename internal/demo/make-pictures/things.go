package main

import "math"

// tree is a round one: a trunk and a crown of leaves that the light falls on from the left.
func (c *canvas) tree(x, y, r float64, leaf rgb) {
	c.box(x-r*0.09, y-r*0.9, r*0.18, r*0.95, flat(hex(0x5b4636)))
	c.oval(x+r*0.2, y+r*0.02, r*0.9, r*0.13, 0.6, veil(hex(0x1c2a1a), 0.4))
	for range 34 {
		a, d := c.rand.between(0, 2*math.Pi), math.Sqrt(c.rand.next())*r*0.72
		px, py := x+math.Cos(a)*d, y-r*1.35+math.Sin(a)*d*0.86
		light := 0.74 + 0.42*clamp(0.5-(px-x)/(2.2*r)-(py-(y-r*1.35))/(2.2*r)) + c.rand.between(-0.06, 0.06)
		s := r * c.rand.between(0.26, 0.42)
		c.oval(px, py, s, s*0.9, 0.35, flat(leaf.lit(light)))
	}
}

// fruit hangs on a tree.
func (c *canvas) fruit(x, y, r float64, col rgb, n int) {
	for range n {
		a, d := c.rand.between(0, 2*math.Pi), math.Sqrt(c.rand.next())*r*0.85
		s := r * c.rand.between(0.075, 0.105)
		px, py := x+math.Cos(a)*d, y-r*1.3+math.Sin(a)*d*0.86
		c.oval(px, py, s, s, 0.25, flat(col.lit(c.rand.between(0.82, 1.05))))
		c.oval(px-s*0.3, py-s*0.35, s*0.35, s*0.3, 0.8, veil(rgb{1, 1, 1}, 0.5))
	}
}

// pine is a tall dark tree of hanging steps.
func (c *canvas) pine(x, y, h float64, col rgb) {
	c.box(x-h*0.018, y-h*0.2, h*0.036, h*0.2, flat(hex(0x4a3a2e)))
	steps := 7
	for i := range steps {
		t := float64(i) / float64(steps)
		top := y - h + h*0.78*t
		w := h * (0.07 + 0.17*t)
		low := top + h*0.24
		c.poly(func(u, v float64) (rgb, float64) {
			return col.lit(1.12 - 0.34*smooth(-w, w, u-x) - 0.16*clamp((v-top)/(low-top)) + 0.2*(noise(u/5, v/4, 5)-0.5)), 1
		}, point{x, top}, point{x + w*0.55, low - h*0.05}, point{x + w, low}, point{x, low - h*0.025}, point{x - w, low}, point{x - w*0.55, low - h*0.05})
	}
}

// bamboo is a stalk with its knots and leaves.
func (c *canvas) bamboo(x, y, h, w float64, col rgb) {
	lean := c.rand.between(-0.06, 0.06)
	joints := int(h / 62)
	for i := range joints {
		t0, t1 := float64(i)/float64(joints), float64(i+1)/float64(joints)
		xa, xb := x+lean*h*t0*t0, x+lean*h*t1*t1
		ya, yb := y-h*t0, y-h*t1
		mid := (xa + xb) / 2
		c.line(xa, ya, xb, yb+1.5, w, func(u, _ float64) (rgb, float64) { return col.lit(1.2 - 0.5*smooth(-w/2, w/2, u-mid)), 1 })
		c.line(xb-w*0.6, yb, xb+w*0.6, yb, 1.8, flat(col.lit(0.6)))
		if i > joints/3 {
			for range 5 {
				a := c.rand.between(-0.5, 0.9)
				if c.rand.next() < 0.5 {
					a = math.Pi - a
				}
				c.leaf(xb, yb, c.rand.between(26, 58), a, col.lit(c.rand.between(0.8, 1.25)))
			}
		}
	}
}

// leaf is a narrow one that points along an angle.
func (c *canvas) leaf(x, y, n, a float64, col rgb) {
	tx, ty := x+math.Cos(a)*n, y+math.Sin(a)*n
	nx, ny := -math.Sin(a)*n*0.075, math.Cos(a)*n*0.075
	mx, my := x+(tx-x)*0.4, y+(ty-y)*0.4
	c.poly(veil(col, 0.92), point{x, y}, point{mx + nx, my + ny}, point{tx, ty}, point{mx - nx, my - ny})
}

// house is seen from its long side: white walls, dark tiles, wooden door. night lights its windows.
func (c *canvas) house(x, y, w float64, wall, roof rgb, night bool) {
	h := w * 0.42
	rise := w * 0.24
	c.oval(x+w*0.5, y+2, w*0.62, w*0.05, 0.7, veil(hex(0x20261e), 0.4))
	c.box(x, y-h, w, h, func(u, v float64) (rgb, float64) {
		return wall.lit(1.02 - 0.16*(u-x)/w - 0.1*smooth(y-h*0.25, y, v) - 0.18*smooth(y-h*0.8, y-h, v)), 1
	})
	over := w * 0.07
	c.poly(func(u, v float64) (rgb, float64) {
		tile := 0.5 + 0.5*math.Sin((u+(v-y)*0.15)/w*2*math.Pi*26)
		return roof.lit(0.86 + 0.22*tile - 0.2*(v-(y-h-rise))/rise*0.4 + 0.1*noise(u/9, v/5, 3)), 1
	}, point{x - over, y - h + w*0.035}, point{x + w*0.02, y - h - rise}, point{x + w*0.98, y - h - rise}, point{x + w + over, y - h + w*0.035})
	c.line(x, y-h-rise, x+w, y-h-rise, w*0.022, flat(roof.lit(0.62)))
	c.line(x-over, y-h+w*0.035, x+w+over, y-h+w*0.035, w*0.012, flat(roof.lit(0.5)))
	glass, shine := hex(0x46545c), 0.0
	if night {
		glass, shine = hex(0xffcf7a), 0.5
	}
	for _, at := range []float64{0.1, 0.28, 0.66, 0.83} {
		c.box(x+w*at-w*0.008, y-h*0.72, w*0.105+w*0.016, h*0.36, flat(hex(0x6a4a33)))
		c.box(x+w*at, y-h*0.69, w*0.105, h*0.3, flat(glass))
		c.box(x+w*at+w*0.048, y-h*0.69, w*0.01, h*0.3, flat(hex(0x6a4a33)))
		if shine > 0 {
			c.glow(x+w*(at+0.05), y-h*0.55, w*0.3, hex(0xffc668), shine*0.6)
		}
	}
	c.box(x+w*0.445, y-h*0.76, w*0.14, h*0.76, flat(hex(0x7a2c22)))
	c.box(x+w*0.512, y-h*0.76, w*0.007, h*0.76, flat(hex(0x4e1a14)))
	if night {
		for _, at := range []float64{0.415, 0.615} {
			c.glow(x+w*at, y-h*0.72, w*0.16, hex(0xff6a3c), 0.55)
			c.oval(x+w*at, y-h*0.72, w*0.026, w*0.03, 0.2, flat(hex(0xf2432a)))
		}
	}
}

// hall is a public building: steps, columns, a wide roof, a flag in front.
func (c *canvas) hall(x, y, w float64, wall, roof, accent rgb, floors int, flag bool) {
	h := w * (0.16 + 0.1*float64(floors))
	c.oval(x+w/2, y+6, w*0.6, w*0.03, 0.7, veil(hex(0x20261e), 0.45))
	c.box(x, y-h, w, h, func(u, v float64) (rgb, float64) { return wall.lit(1.04 - 0.12*(u-x)/w - 0.1*(v-y+h)/h), 1 })
	c.box(x-w*0.02, y-h-w*0.035, w*1.04, w*0.045, down(roof.lit(1.1), roof.lit(0.8), y-h-w*0.035, y-h))
	c.box(x-w*0.02, y-h+w*0.01, w*1.04, w*0.012, veil(hex(0x000000), 0.22))
	each := (h - w*0.03) / float64(floors)
	n := 9
	for f := range floors {
		fy := y - h + w*0.04 + each*float64(f)
		for i := range n {
			if f == floors-1 && i >= 3 && i <= 5 {
				continue
			}
			wx := x + w*(0.045+0.917*float64(i)/float64(n)) + w*0.006
			c.box(wx, fy, w*0.072, each*0.62, down(hex(0x7f9dac), hex(0xc4d6dc), fy, fy+each*0.62))
			c.box(wx+w*0.034, fy, w*0.004, each*0.62, flat(wall.lit(0.92)))
			c.box(wx, fy+each*0.62, w*0.072, w*0.006, flat(wall.lit(0.8)))
		}
	}
	c.box(x+w*0.37, y-each*0.95, w*0.26, each*0.95, flat(hex(0x5b4a40)))
	c.box(x+w*0.39, y-each*0.8, w*0.22, each*0.8, down(hex(0x5f7886), hex(0xa9bdc4), y-each*0.8, y))
	c.box(x+w*0.345, y-each*1.08, w*0.31, w*0.03, flat(accent))
	for i := range 4 {
		c.box(x+w*(0.36+0.084*float64(i)), y-each*1.02, w*0.018, each*1.02, down(rgb{1, 1, 1}, hex(0xcfc8ba), y-each, y))
	}
	for i := range 3 {
		c.box(x+w*(0.33-0.012*float64(i)), y+float64(i)*w*0.011, w*(0.34+0.024*float64(i)), w*0.012, flat(hex(0xd9d2c4).lit(1-0.08*float64(i))))
	}
	if flag {
		px := x + w*1.13
		c.box(px, y-h*1.55, w*0.008, h*1.58, flat(hex(0xb9bec0)))
		c.fill(px+w*0.008, y-h*1.55, px+w*0.15, y-h*1.2, func(u, v float64) (rgb, float64) {
			wave := w * 0.008 * math.Sin((u-px)/w*40)
			if v+wave < y-h*1.53 || v+wave > y-h*1.24 {
				return rgb{}, 0
			}
			return hex(0xd2232a).lit(0.92 + 0.14*math.Cos((u-px)/w*40)), 1
		})
	}
}

// boat is a small one with an awning, dark against the water.
func (c *canvas) boat(x, y, w float64, hull, cover rgb) {
	c.oval(x, y+w*0.05, w*0.55, w*0.045, 0.8, veil(hex(0x10202a), 0.4))
	c.poly(flat(hull), point{x - w*0.5, y - w*0.07}, point{x - w*0.36, y + w*0.04}, point{x + w*0.36, y + w*0.04}, point{x + w*0.54, y - w*0.1}, point{x + w*0.3, y - w*0.03}, point{x - w*0.3, y - w*0.03})
	c.oval(x-w*0.02, y-w*0.03, w*0.2, w*0.15, 0.05, func(u, v float64) (rgb, float64) {
		if v > y-w*0.03 {
			return rgb{}, 0
		}
		return cover.lit(1.1 - 0.4*smooth(x-w*0.2, x+w*0.2, u)), 1
	})
	c.line(x+w*0.3, y-w*0.02, x+w*0.46, y-w*0.42, w*0.014, flat(hull.lit(0.8)))
}

// heron stands or, with wings, flies.
func (c *canvas) heron(x, y, s float64, flying bool, col rgb) {
	if flying {
		c.poly(flat(col), point{x - s, y - s*0.34}, point{x - s*0.45, y - s*0.3}, point{x, y}, point{x + s*0.45, y - s*0.34}, point{x + s, y - s*0.46}, point{x + s*0.42, y - s*0.16}, point{x + s*0.08, y + s*0.12}, point{x - s*0.12, y + s*0.1}, point{x - s*0.45, y - s*0.16})
		c.line(x, y+s*0.05, x+s*0.5, y+s*0.02, s*0.07, flat(col))
		return
	}
	c.oval(x, y-s*0.55, s*0.3, s*0.16, 0.1, flat(col))
	c.line(x+s*0.2, y-s*0.6, x+s*0.3, y-s, s*0.07, flat(col))
	c.line(x+s*0.28, y-s, x+s*0.52, y-s*0.97, s*0.035, flat(hex(0xc79a3c)))
	c.oval(x+s*0.3, y-s, s*0.07, s*0.055, 0.1, flat(col))
	c.line(x-s*0.02, y-s*0.45, x-s*0.03, y, s*0.03, flat(hex(0x4d4a40)))
	c.line(x+s*0.07, y-s*0.45, x+s*0.08, y, s*0.03, flat(hex(0x4d4a40)))
}

// arches is a bridge of stone: a deck that rises in the middle and openings below it.
func (c *canvas) arches(x0, x1, y, rise float64, n int, stone rgb) {
	deck := func(x float64) float64 {
		t := (x - x0) / (x1 - x0)
		return y - rise*math.Sin(clamp(t)*math.Pi) - 26
	}
	span := (x1 - x0) / float64(n)
	c.fill(x0, y-rise-60, x1, y, func(u, v float64) (rgb, float64) {
		d := deck(u)
		if v < d-14 {
			return rgb{}, 0
		}
		if v < d { // the rail, with posts
			if math.Mod(u-x0, 34) < 6 || v < d-9 {
				return stone.lit(1.08), 1
			}
			return rgb{}, 0
		}
		k := math.Floor((u - x0) / span)
		mid := x0 + span*(k+0.5)
		hgt := (y - deck(mid)) * 0.74
		if math.Hypot((u-mid)/(span*0.42), (v-y)/hgt) < 1 {
			return rgb{}, 0
		}
		block := noise(math.Floor(u/16), math.Floor(v/9), 3)
		edge := smooth(1.12, 1.0, math.Hypot((u-mid)/(span*0.42), (v-y)/hgt))
		return stone.lit(0.82 + 0.18*block - 0.25*edge), 1
	})
}

// pot is a jar on a shelf: the light runs along its side.
func (c *canvas) pot(x, y, r, h float64, col rgb) {
	shape := func(t float64) float64 { return r * (0.5 + 0.5*math.Sin(math.Pi*(0.14+0.74*t))) }
	c.oval(x+r*0.3, y, r*1.1, r*0.16, 0.7, veil(hex(0x1a120c), 0.5))
	c.fill(x-r, y-h, x+r, y, func(u, v float64) (rgb, float64) {
		t := (y - v) / h
		w := shape(t)
		d := (u - x) / w
		if math.Abs(d) > 1 {
			return rgb{}, 0
		}
		light := 0.5 + 0.75*math.Exp(-(d+0.4)*(d+0.4)*4) - 0.25*smooth(0.3, 1, d)
		base := col
		if t > 0.68+0.06*noise(u/14, 1, 4) { // the glaze ran down this far
			base = col.mix(hex(0x2d2018), 0.45)
		}
		return base.lit(light + 0.08*noise(u/6, v/3, 5)), 1
	})
	top := shape(1)
	c.oval(x, y-h, top, top*0.22, 0.05, flat(col.lit(0.34)))
}
