package main

import "math"

func market(c *canvas) {
	c.sky(hex(0x8fbcdc), hex(0xf8efde), 360, 300, 150, 0, hex(0xfff8ea))
	c.ranges(2, 250, 320, hex(0xaabfc6), hex(0x7f9f80), hex(0xeef0e4), 22)
	for i := range 9 {
		c.house(float64(i)*150-40, 400, 136, white.lit(c.rand.between(0.92, 1.02)), tile, false)
	}
	c.fill(0, 402, width, height, func(x, y float64) (rgb, float64) {
		t := (y - 402) / 318
		v := noise(math.Floor((x-640)/(14+60*t))+0.5, math.Floor(30/(0.1+t))+0.5, 3)
		return hex(0xc9bfae).lit(0.86 + 0.2*v), 1
	})
	awning := []rgb{hex(0xc0342c), hex(0x3f7f78), hex(0xd9a02e), hex(0x4a6fa0)}
	goods := []rgb{hex(0xf08a24), hex(0xd8332c), hex(0x7fae3e), hex(0xf0d04a), hex(0x8a4a8a), hex(0xf4efe0), hex(0x3f7a38)}
	for row := range 2 {
		s := 0.78 + 0.42*float64(row)
		y := 540 + 150*float64(row)
		for k := range 5 {
			x := -70 + float64(k)*300*s - 60*float64(row)
			w, col := 240*s, awning[(k+row)%len(awning)]
			c.line(x+8, y, x+8, y-170*s, 6*s, flat(hex(0x7a5a3e)))
			c.line(x+w-8, y, x+w-8, y-170*s, 6*s, flat(hex(0x7a5a3e)))
			c.poly(func(u, v float64) (rgb, float64) {
				if math.Mod(u-x+1000, 40*s) < 20*s {
					return hex(0xf7f0e2).lit(1 - 0.12*(v-y+190*s)/(60*s)), 1
				}
				return col.lit(1.05 - 0.2*(v-y+190*s)/(60*s)), 1
			}, point{x + 18*s, y - 190*s}, point{x + w - 18*s, y - 190*s}, point{x + w + 10*s, y - 134*s}, point{x - 10*s, y - 134*s})
			c.box(x, y-58*s, w, 58*s, down(hex(0xa87a4c), hex(0x7d5634), y-58*s, y))
			for b := range 4 {
				bx := x + w*(0.14+0.24*float64(b))
				g := goods[(k*3+b+row*2)%len(goods)]
				for range 24 {
					d := c.rand.between(-1, 1)
					c.oval(bx+d*22*s, y-58*s-c.rand.next()*(1-d*d)*22*s, 8*s, 7.4*s, 0.15, flat(g.lit(c.rand.between(0.8, 1.12))))
				}
				c.box(bx-26*s, y-58*s, 52*s, 16*s, flat(hex(0xc79a5e)))
			}
		}
	}
}

func solarRoofs(c *canvas) {
	c.sky(hex(0x5aa0dc), hex(0xf0f4ea), 360, 960, 110, 46, hex(0xfff6d8))
	c.clouds(40, 240, hex(0xffffff), 0.5, 37)
	c.ranges(2, 310, 370, hex(0xa0bcc8), hex(0x7a9f74), hex(0xeaf0e2), 19)
	c.meadow(400, hex(0xa2c276), hex(0x7fa852), 8)
	for row := range 3 {
		s := 150 + 70*float64(row)
		y := 470 + 100*float64(row)
		for x := -60 + 60*float64(row%2); x < width; x += s * 1.32 {
			c.house(x, y, s, white, tile, false)
			h, rise := s*0.42, s*0.24
			c.poly(func(u, v float64) (rgb, float64) {
				t := (v - (y - h - rise)) / rise
				gu := math.Mod((u-x)/s*16+64, 1)
				gv := math.Mod(t*4+4, 1)
				if gu < 0.08 || gv < 0.1 {
					return hex(0xa9c0d8), 1
				}
				return hex(0x1f3f78).mix(hex(0x6fa0dc), 0.75*smooth(0.5, 1.6, (u-x)/s+1-t)), 1
			}, point{x + s*0.07, y - h - rise + s*0.03}, point{x + s*0.93, y - h - rise + s*0.03}, point{x + s*0.96, y - h - s*0.01}, point{x + s*0.04, y - h - s*0.01})
		}
	}
	for _, x := range []float64{110, 560, 990} {
		c.tree(x, 722, 44, hex(0x559048))
	}
}

func rapeseed(c *canvas) {
	c.sky(hex(0x6fb0e0), hex(0xf4f4e4), 330, 300, 120, 0, hex(0xffffff))
	c.clouds(30, 240, hex(0xffffff), 0.7, 57)
	c.ranges(4, 240, 350, hex(0x9cbac8), hex(0x4f8a60), hex(0xe6f0e4), 39)
	for i := range 7 {
		c.house(660+float64(i)*84, 398+7*math.Sin(float64(i)*2), 78, white, tile, false)
	}
	for range 8 {
		c.tree(c.rand.between(20, 600), c.rand.between(380, 400), c.rand.between(18, 34), hex(0x5a9048))
	}
	c.rows(396, 420, 2.6, hex(0x86a02e), hex(0xf6d832), 8)
	for range 1500 {
		t := math.Sqrt(c.rand.next())
		y := 520 + 200*t
		c.oval(c.rand.between(0, width), y, 1.5+4*t, 1.3+3.4*t, 0.3, flat(hex(0xffe23e).lit(c.rand.between(0.84, 1.05))))
	}
}

func persimmons(c *canvas) {
	c.sky(hex(0x7fb0dc), hex(0xf8f0e0), 420, 300, 200, 0, hex(0xffffff))
	c.ranges(3, 400, 520, hex(0xb0bcc0), hex(0x8a7f56), hex(0xf2e6cf), 66)
	c.meadow(560, hex(0xc2ae6a), hex(0xa08a4a), 4)
	for i := range 4 {
		c.house(760+float64(i)*120, 590, 110, white, tile, false)
	}
	bark := hex(0x4a382c)
	var grow func(x, y, a, n, w float64, depth int)
	grow = func(x, y, a, n, w float64, depth int) {
		tx, ty := x+math.Cos(a)*n, y+math.Sin(a)*n
		nx, ny := -math.Sin(a)*w/2, math.Cos(a)*w/2
		c.poly(func(u, v float64) (rgb, float64) { // lit from the left, thinner towards its end
			side := ((u-x)*nx + (v-y)*ny) / (w * w / 2)
			return bark.lit(1 + 0.5*side + 0.24*(noise(u/5, v/16, 9)-0.5)), 1
		}, point{x + nx, y + ny}, point{tx + nx*0.72, ty + ny*0.72}, point{tx - nx*0.72, ty - ny*0.72}, point{x - nx, y - ny})
		c.oval(tx, ty, w*0.36, w*0.36, 0.05, flat(bark))
		if depth == 0 {
			if c.rand.next() < 0.34 {
				s := c.rand.between(11, 16)
				c.oval(tx, ty+s, s, s*0.9, 0.12, func(u, v float64) (rgb, float64) {
					return hex(0xf27a1c).lit(1.14 - 0.4*math.Hypot(u-tx+s*0.35, v-ty-s*0.6)/s), 1
				})
				c.oval(tx, ty+s*0.2, s*0.4, s*0.2, 0.2, flat(hex(0x6a7a3a)))
			}
			return
		}
		kids := 2
		if depth > 3 {
			kids = 3
		}
		for k := range kids {
			grow(tx, ty, a+(float64(k)-float64(kids-1)/2)*0.62+c.rand.between(-0.24, 0.24), n*c.rand.between(0.68, 0.86), w*0.7, depth-1)
		}
	}
	grow(330, 740, -1.5, 170, 44, 6)
}

func ferry(c *canvas) {
	c.sky(hex(0x7f9cb8), hex(0xf4e6cc), 380, 300, 280, 0, hex(0xfff0d4))
	c.clouds(40, 260, hex(0xfff2e0), 0.5, 61)
	c.ranges(5, 240, 400, hex(0xa9b6c2), hex(0x486a62), hex(0xece2d0), 84)
	c.mist(390, 22, hex(0xf8eedc), 0.8, 3)
	c.water(410, hex(0x5f7f88), 0.2, 11)
	c.boat(500, 560, 300, hex(0x3a2a20), hex(0x8f6f48))
	c.boat(980, 470, 110, hex(0x453428), hex(0x7c6244))
	for i := range 7 {
		x := 1060 + float64(i)*34
		c.line(x, 720-float64(i)*4, x, 610-float64(i)*9, 9, flat(hex(0x5a4434)))
	}
	c.poly(flat(hex(0x8a6c4c)), point{1030, 640}, point{1280, 574}, point{1280, 600}, point{1030, 664})
}

func beehives(c *canvas) {
	c.sky(hex(0x7ab6de), hex(0xf4f4e0), 330, 900, 120, 0, hex(0xffffff))
	c.clouds(30, 220, hex(0xffffff), 0.6, 71)
	c.ranges(3, 260, 350, hex(0x9fbcc4), hex(0x5f9062), hex(0xe8f0e0), 58)
	c.meadow(390, hex(0x9cc070), hex(0x6f9c48), 5)
	for range 900 {
		t := math.Sqrt(c.rand.next())
		x, y := c.rand.between(0, width), 400+320*t
		c.oval(x, y, 1.2+4*t, 1+3.4*t, 0.3, flat([]rgb{hex(0xffffff), hex(0xc98ad0), hex(0xf6d64a), hex(0xf2a0b4)}[int(c.rand.next()*4)]))
	}
	colours := []rgb{hex(0xe9c46a), hex(0x5f9ea0), hex(0xe6e0cc), hex(0xc9704a)}
	for row := range 3 {
		s := 44 + 34*float64(row)
		y := 480 + 98*float64(row)
		for k := range 8 {
			x := 60 + float64(k)*s*2.1 + 30*float64(row%2)
			if x > width-160 {
				break
			}
			col := colours[(k+row)%4]
			c.oval(x+s/2, y, s*0.8, s*0.12, 0.7, veil(hex(0x1c2a1a), 0.4))
			c.box(x, y-s*0.95, s, s*0.9, func(u, v float64) (rgb, float64) {
				plank := smooth(0.06, 0, math.Mod((v-y+s*2)/s*2.1, 1))
				return col.lit(1.05 - 0.22*(u-x)/s - 0.2*plank), 1
			})
			c.poly(flat(hex(0x6d5a48)), point{x - s*0.1, y - s*0.93}, point{x + s*0.02, y - s*1.1}, point{x + s*0.98, y - s*1.1}, point{x + s*1.1, y - s*0.93})
			c.box(x+s*0.28, y-s*0.24, s*0.44, s*0.07, flat(hex(0x3a2c20)))
		}
	}
	for range 46 {
		x, y := c.rand.between(100, 1200), c.rand.between(380, 660)
		c.oval(x, y, 3.4, 2.4, 0.2, flat(hex(0x6a4a14)))
		c.oval(x-1, y-3, 2.8, 2, 0.5, veil(rgb{1, 1, 1}, 0.7))
	}
	c.tree(1180, 640, 92, hex(0x4f8a40))
}

func highLake(c *canvas) {
	c.sky(hex(0x3f86c8), hex(0xdfeef2), 360, 400, 140, 0, hex(0xffffff))
	c.clouds(20, 240, hex(0xffffff), 0.55, 91)
	snow := ridge{y: 330, tall: 420, wide: 260, high: hex(0xf2f6f8), low: hex(0x7f9cb0), deep: 190, seed: 404}
	snow.draw(c)
	c.ranges(3, 340, 410, hex(0x7f9ca4), hex(0x3a6450), hex(0xc6d8d4), 99)
	for range 60 {
		x := c.rand.between(-10, width+10)
		c.pine(x, 424+6*math.Sin(x/60), c.rand.between(28, 62), hex(0x2c5040))
	}
	c.water(428, hex(0x1f6f86), 0.3, 15)
	for range 9 {
		x, y := c.rand.between(0, 460), c.rand.between(670, 720)
		r := c.rand.between(26, 62)
		c.oval(x, y, r, r*0.5, 0.05, func(u, v float64) (rgb, float64) {
			return hex(0x8c8a80).lit(1.16 - 0.5*(v-y+r*0.5)/r - 0.2*(u-x)/r + 0.14*rough(u/8, v/6, 2, 3)), 1
		})
	}
}

func cityDusk(c *canvas) {
	c.sky(hex(0x35507e), hex(0xffc493), 430, 880, 400, 0, hex(0xffd8a8))
	c.clouds(80, 340, hex(0xffc8a8), 0.5, 73)
	c.ranges(2, 350, 400, hex(0x9a8aa0), hex(0x5f6484), hex(0xe8b89c), 87)
	for layer := range 3 {
		t := float64(layer) / 2
		col := hex(0x8f86a0).mix(hex(0x2a3350), t)
		for x := -20.0; x < width; {
			w := c.rand.between(34, 84)
			h := c.rand.between(50, 170) * (0.7 + 0.4*math.Sin(x/230+float64(layer)*2))
			base := 460 + 10*float64(layer)
			c.box(x, base-h, w, h+6, func(u, v float64) (rgb, float64) {
				i, j := math.Floor((u-x)/14), math.Floor((v-base+h)/18)
				if math.Mod(u-x, 14) > 6 && math.Mod(v-base+h, 18) > 8 && lattice(int64(i+x), int64(j), 5) < 0.2+0.3*t {
					return hex(0xffd98e), 0.9
				}
				return col.lit(1.05 - 0.2*(u-x)/w), 1
			})
			x += w + c.rand.between(1, 12)
		}
	}
	c.arches(330, 1010, 490, 34, 7, hex(0x6a6478))
	c.water(490, hex(0x2f3f66), 0.18, 21)
}

func pottery(c *canvas) {
	c.fill(0, 0, width, height, func(x, y float64) (rgb, float64) {
		d := math.Hypot(x-380, y-120)
		return hex(0x5a4636).mix(hex(0xd9b78a), math.Exp(-d/520)).lit(0.92 + 0.14*rough(x/60, y/40, 4, 3)), 1
	})
	clay := []rgb{hex(0xa8663a), hex(0x7a4a30), hex(0x5f7468), hex(0x8f7a4e), hex(0x3f4f56), hex(0xb98a5a)}
	for s := range 3 {
		y := 220 + float64(s)*225
		c.box(0, y, width, 24, down(hex(0x9a7048), hex(0x5f422a), y, y+24))
		c.box(0, y+24, width, 40, func(_, v float64) (rgb, float64) { return hex(0x140c06), 0.45 * (1 - (v-y-24)/40) })
		for x := 60.0; x < width-20; {
			r := c.rand.between(38, 66)
			h := r * c.rand.between(1.6, 2.6)
			if h > 178 {
				h = 178
			}
			c.pot(x+r*0.3, y, r, h, clay[int(c.rand.next()*float64(len(clay)))].lit(c.rand.between(0.9, 1.15)))
			x += r*2 + c.rand.between(4, 30)
		}
	}
	c.glow(330, 100, 620, hex(0xffe2b0), 0.3)
}
