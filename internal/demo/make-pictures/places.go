package main

import "math"

func bambooGrove(c *canvas) {
	c.fill(0, 0, width, height, func(x, y float64) (rgb, float64) {
		d := math.Hypot(x-700, y-260)
		return hex(0x5d8f55).mix(hex(0xf0f6d0), math.Exp(-d/330)).lit(0.95 + 0.1*rough(x/200, y/200, 3, 2)), 1
	})
	for layer := range 4 {
		t := float64(layer) / 3
		for range 26 - layer*5 {
			x := c.rand.between(-10, width+10)
			if layer == 3 && math.Abs(x-660) < 250 {
				continue
			}
			c.bamboo(x, 640+90*t, 720, 6+12*t, hex(0xb4cf92).mix(hex(0x4f8a3a), t))
		}
		c.mist(560, 60, hex(0xeaf4d4), 0.35*(1-t), uint64(layer))
	}
	c.fill(0, 560, width, height, func(x, y float64) (rgb, float64) {
		return hex(0x6d8a48).lit(0.72 + 0.46*rough(x/14, y/7, 3, 8)), smooth(556, 590, y)
	})
	c.poly(func(u, v float64) (rgb, float64) {
		return hex(0xcfc29c).lit(0.74 + 0.34*rough((u-665)/(v-520)*9, 700/(v-500)*3, 4, 4) - 0.12*smooth(0.75, 1, math.Abs(u-665)/(25+205*(v-560)/160))), 1
	}, point{640, 560}, point{690, 560}, point{900, height}, point{420, height})
}

func school(c *canvas) {
	c.sky(hex(0x6ea8d6), hex(0xeaf2ea), 380, 1000, 120, 0, hex(0xffffff))
	c.clouds(40, 260, hex(0xffffff), 0.7, 6)
	c.ranges(3, 290, 380, hex(0x9fbac6), hex(0x62906a), hex(0xe6efe6), 91)
	c.meadow(440, hex(0x9cc27a), hex(0x7fae5c), 4)
	c.hall(250, 560, 700, hex(0xfbf3e2), hex(0xa8483a), hex(0xb3121b), 3, true)
	c.oval(600, 690, 620, 78, 0.03, flat(hex(0xb9573f)))
	c.oval(600, 690, 520, 52, 0.03, func(u, v float64) (rgb, float64) { return hex(0x6fa552).lit(0.9 + 0.2*rough(u/20, v/8, 2, 3)), 1 })
	for i := range 3 {
		r := 1 + 0.06*float64(i)
		c.ring(600, 690, 535*r, 55*r, 2, hex(0xf6e8dc))
	}
	for _, x := range []float64{60, 130, 1180, 1240} {
		c.tree(x, 570, 58, hex(0x4d8a42))
	}
}

// ring is the outline of an ellipse.
func (c *canvas) ring(x, y, rx, ry, w float64, col rgb) {
	c.fill(x-rx-w, y-ry-w, x+rx+w, y+ry+w, func(u, v float64) (rgb, float64) {
		d := math.Abs(math.Hypot((u-x)/rx, (v-y)/ry)-1) * ry
		return col, 0.8 * smooth(w, w*0.4, d)
	})
}

func meetingHall(c *canvas) {
	c.sky(hex(0x7fb2da), hex(0xf7efe0), 400, 260, 170, 0, hex(0xfffaf0))
	c.clouds(40, 260, hex(0xffffff), 0.55, 31)
	c.ranges(2, 330, 400, hex(0xa9bfc6), hex(0x7c9c7c), hex(0xeef0e4), 18)
	c.fill(0, 470, width, height, func(x, y float64) (rgb, float64) {
		d := (y - 470) / 250
		u := (x - 640) / (0.35 + d) / 60
		v := 14 / (0.12 + d)
		line := smooth(0.04, 0.0, math.Min(u-math.Floor(u), v-math.Floor(v)))
		return hex(0xd8d0c2).lit(1.02 - 0.12*d - 0.1*line), 1
	})
	c.hall(260, 560, 700, hex(0xf4ead8), hex(0x8d3a30), hex(0xb3121b), 2, true)
	for _, x := range []float64{70, 160, 1170, 1245} {
		c.tree(x, 560, 62, hex(0x457f3e))
	}
	for i := range 12 {
		x := 200 + float64(i)*80
		c.box(x-22, 640, 44, 14, flat(hex(0x9a7a5c)))
		for range 14 {
			c.oval(x+c.rand.between(-20, 20), 640-c.rand.between(0, 15), 6, 6, 0.3, flat([]rgb{hex(0xd9303a), hex(0xf2b134), hex(0x4f8a3e)}[int(c.rand.next()*3)]))
		}
	}
}

func clinic(c *canvas) {
	c.sky(hex(0x86bcd9), hex(0xf1f4ea), 380, 300, 150, 0, hex(0xffffff))
	c.clouds(40, 240, hex(0xffffff), 0.6, 14)
	c.ranges(3, 290, 380, hex(0xa2bcc4), hex(0x6b9670), hex(0xe8f0e6), 27)
	c.meadow(450, hex(0xa8c688), hex(0x86ad62), 7)
	c.hall(330, 570, 560, hex(0xf7f7f2), hex(0x3f7f78), hex(0x2f8f7c), 2, false)
	c.oval(610, 318, 36, 36, 0.04, flat(hex(0xffffff)))
	c.box(602, 294, 16, 48, flat(hex(0x2f9f7c)))
	c.box(586, 310, 48, 16, flat(hex(0x2f9f7c)))
	c.poly(down(hex(0xd7cdb8), hex(0xe4dcca), 580, 720), point{560, 585}, point{665, 585}, point{800, 720}, point{430, 720})
	for _, p := range []point{{80, 580}, {190, 560}, {1050, 560}, {1160, 585}, {1240, 600}} {
		c.tree(p.x, p.y, 56, hex(0x559048))
	}
	for range 110 {
		x, y := c.rand.between(0, width), c.rand.between(600, 715)
		if x < 400 || x > 830 {
			c.oval(x, y, 4.5, 4, 0.3, flat([]rgb{hex(0xf6d24a), hex(0xffffff), hex(0xe87a9a)}[int(c.rand.next()*3)]))
		}
	}
}

func wheat(c *canvas) {
	c.sky(hex(0x5f9fd2), hex(0xfbe9c4), 340, 960, 250, 0, hex(0xfff0cc))
	c.clouds(30, 270, hex(0xffffff), 0.75, 2)
	c.ranges(2, 310, 350, hex(0xa9bcc0), hex(0x86986a), hex(0xf0e8cc), 12)
	c.rows(368, 700, 3.1, hex(0xc79a34), hex(0xf0cd6a), 3)
	for range 5 {
		c.tree(c.rand.between(60, 400), c.rand.between(372, 384), c.rand.between(16, 26), hex(0x6d8a46))
	}
	for range 900 {
		x, y := c.rand.between(-10, width+10), 600+130*math.Sqrt(c.rand.next())
		s := (y - 520) / 200
		lean := 14 * math.Sin(x/130) * s
		c.line(x, y+50*s, x+lean, y-40*s, 1.6*s, flat(hex(0xb88a2c)))
		c.oval(x+lean*1.1, y-50*s, 4.2*s, 15*s, 0.2, flat(hex(0xecc35a).lit(c.rand.between(0.82, 1.08))))
	}
}

func paddy(c *canvas) {
	c.sky(hex(0x7db4d8), hex(0xf2f4e6), 300, 800, 120, 0, hex(0xffffff))
	c.clouds(30, 220, hex(0xffffff), 0.65, 41)
	c.ranges(4, 230, 330, hex(0x9cb9c4), hex(0x5a8a62), hex(0xe6f0e6), 52)
	c.water(352, hex(0xa5bfae), 0.22, 7)
	for i := range 2600 {
		t := math.Pow(float64(i)/2600, 1.3)
		y := 358 + 365*t
		row := math.Floor(c.rand.between(0, 34))
		x := 640 + (row-17)*(16+70*t)
		h := 3 + 22*t
		for k := range 3 {
			c.line(x, y, x+(float64(k)-1)*h*0.34, y-h, 0.8+1.4*t, flat(hex(0x6aa83e).lit(c.rand.between(0.8, 1.15))))
		}
	}
	for i := range 3 {
		x := 250 + float64(i)*66
		c.house(x, 352, 58, white, tile, false)
	}
	c.heron(860, 520, 46, false, hex(0xfdfdfa))
	c.heron(950, 500, 38, false, hex(0xfdfdfa))
}

func mountainRoad(c *canvas) {
	c.sky(hex(0x77abd2), hex(0xf1f0e2), 320, 350, 120, 0, hex(0xffffff))
	c.clouds(30, 230, hex(0xffffff), 0.6, 23)
	c.ranges(5, 230, 400, hex(0xa0b8c4), hex(0x4f7f57), hex(0xe4ece2), 63)
	c.meadow(430, hex(0x88ad62), hex(0x5b8642), 6)
	mid := func(t float64) float64 { return 690 - 90*t + 210*math.Sin(t*5.2)*math.Sqrt(t)*(1-0.35*t) }
	c.fill(0, 432, width, height, func(x, y float64) (rgb, float64) {
		t := (y - 432) / (height - 432)
		d := (x - mid(t)) / (4 + 165*math.Pow(t, 1.4))
		switch a := math.Abs(d); {
		case a > 1.1:
			return rgb{}, 0
		case a > 1:
			return hex(0xcfc8b4), 1
		case a > 0.93:
			return hex(0xf4f2ea), 1
		case a < 0.025 && math.Mod(60/(0.15+t), 6) < 3.4:
			return hex(0xf2cf5a), 1
		}
		return hex(0x6b7076).lit(0.92 + 0.14*rough(x/9, y/4, 2, 3)), 1
	})
	for i := range 26 {
		t := math.Pow(float64(i+2)/28, 1.5)
		y := 436 + 284*t
		x := mid(t) + (1-2*float64(i%2))*(40+330*t)
		c.tree(x, y, 9+50*t, hex(0x4a7d3d))
	}
}

func bridge(c *canvas) {
	c.sky(hex(0x88b4d2), hex(0xfbeedb), 360, 300, 240, 0, hex(0xfff4e0))
	c.clouds(20, 240, hex(0xffffff), 0.5, 19)
	c.ranges(4, 260, 390, hex(0xa6b8c2), hex(0x5d8468), hex(0xefe9da), 36)
	for i := range 6 {
		c.house(20+float64(i)*88, 446+6*math.Sin(float64(i)), 80, white, tile, false)
	}
	for i := range 5 {
		c.tree(880+float64(i)*90, 450, 40+8*math.Sin(float64(i)*2), hex(0x548a46))
	}
	c.arches(150, 1130, 470, 92, 5, hex(0xbdb5a6))
	c.water(470, hex(0x4f7f86), 0.24, 9)
	c.boat(880, 610, 150, hex(0x3c2c22), hex(0x8a6a42))
	c.tree(40, 720, 110, hex(0x4a8040))
}

func heronLake(c *canvas) {
	c.sky(hex(0x8e9fc0), hex(0xffd9b0), 400, 720, 330, 34, hex(0xffeccb))
	c.clouds(60, 320, hex(0xffe6d0), 0.5, 26)
	c.ranges(3, 350, 410, hex(0xb4b6c2), hex(0x6b7c7c), hex(0xf4dcc2), 77)
	c.water(430, hex(0x8a8496), 0.16, 5)
	for range 220 {
		side := c.rand.next() < 0.55
		x := c.rand.between(-20, 380)
		if !side {
			x = c.rand.between(1000, 1300)
		}
		h := c.rand.between(90, 250)
		c.line(x, 735, x+c.rand.between(-30, 30), 735-h, 2.6, flat(hex(0x5a5638).lit(c.rand.between(0.7, 1.2))))
		if c.rand.next() < 0.4 {
			c.oval(x+c.rand.between(-20, 20), 735-h, 6, 22, 0.3, flat(hex(0xb08a5c).lit(c.rand.between(0.8, 1.1))))
		}
	}
	for i := range 9 {
		c.heron(420+float64(i)*70+c.rand.between(-20, 20), 190+40*math.Sin(float64(i)*1.7)-float64(i)*6, c.rand.between(17, 30), true, hex(0x4a4654))
	}
	for _, p := range []point{{520, 610}, {600, 640}, {760, 600}, {900, 650}} {
		c.heron(p.x, p.y, 62, false, hex(0xfaf4ec))
	}
}

func pinesInMist(c *canvas) {
	c.sky(hex(0x93aebb), hex(0xe9efec), 360, 640, 160, 0, hex(0xffffff))
	for layer := range 5 {
		t := float64(layer) / 4
		col := hex(0xa3b8ba).mix(hex(0x1f3d36), t)
		ridge{y: 300 + 95*float64(layer), tall: 150, wide: 300, high: col, low: col.mix(hex(0xe4ecea), 0.5), deep: 200, seed: uint64(layer) * 13}.draw(c)
		r := ridge{y: 300 + 95*float64(layer), tall: 150, wide: 300, seed: uint64(layer) * 13}
		for range 70 - layer*9 {
			x := c.rand.between(-20, width+20)
			c.pine(x, r.line(x)+14+20*t, (34+110*t)*c.rand.between(0.7, 1.2), col)
		}
		c.mist(400+95*float64(layer), 36, hex(0xeef3f1), 0.75*(1-t*0.8), uint64(layer)*7+1)
	}
}

func villageNight(c *canvas) {
	c.sky(hex(0x0e1a3a), hex(0x3a4a72), 420, 980, 130, 30, hex(0xf6ecd0))
	c.stars(330, 380)
	c.ranges(4, 300, 430, hex(0x3a4a70), hex(0x141f36), hex(0x46557c), 29)
	c.meadow(470, hex(0x1d2a38), hex(0x121c26), 3)
	for row := range 3 {
		y := 500 + float64(row)*82
		w := 104 + 34*float64(row)
		for x := -20 + 50*float64(row%2); x < width; x += w * c.rand.between(1.2, 1.5) {
			c.house(x, y, w, hex(0x5a6484).lit(c.rand.between(0.8, 0.95)), hex(0x20283c), true)
		}
	}
	for i := range 24 {
		x := float64(i) * 56
		y := 446 + 14*math.Sin(x/90)
		c.glow(x, y, 26, hex(0xff8a4a), 0.5)
		c.oval(x, y, 5, 6, 0.2, flat(hex(0xff5a34)))
	}
}

func greenhouses(c *canvas) {
	c.sky(hex(0x78b0d8), hex(0xf3f3e6), 320, 240, 110, 0, hex(0xffffff))
	c.clouds(30, 230, hex(0xffffff), 0.6, 51)
	c.ranges(2, 290, 340, hex(0xa3bcc4), hex(0x7a9f78), hex(0xeaf0e4), 46)
	c.rows(366, 640, 2.2, hex(0x6b5a3c), hex(0x77a84a), 4)
	for row := range 4 {
		t := float64(row) / 3
		y := 400 + 60*float64(row)*(0.7+0.5*t)
		w := 170 + 130*t
		for k := range 6 {
			x := float64(k)*w*1.12 - 80*t - 30
			h := w * 0.3
			c.fill(x, y-h, x+w, y, func(u, v float64) (rgb, float64) {
				d := (u - x - w/2) / (w / 2)
				e := (y - v) / h
				if math.Pow(d, 6)+e*e > 1 {
					return rgb{}, 0
				}
				rib := math.Abs(math.Mod((d+1)*8, 1) - 0.5)
				return hex(0xdfeaea).mix(hex(0x8fb896), 0.5*(1-e)+0.16*rough(u/18, v/9, 2, 2)).lit(1.04 - 0.14*smooth(0.42, 0.5, rib) - 0.12*d), 0.94
			})
			c.box(x+w*0.86, y-h*0.58, w*0.08, h*0.58, flat(hex(0xa9bab6)))
		}
	}
}

func readingRoom(c *canvas) {
	c.fill(0, 0, width, height, down(hex(0xefe2cc), hex(0xd9c4a2), 0, height))
	colours := []rgb{hex(0xa8322e), hex(0x2f5d6e), hex(0xc79a3e), hex(0x4f7a52), hex(0x7b5a8a), hex(0xe0d2b8), hex(0x34495e), hex(0xb86a3a)}
	for _, x0 := range []float64{40, 860} {
		c.box(x0, 60, 380, 520, down(hex(0x8a603c), hex(0x6d4a2e), 60, 580))
		for s := range 5 {
			y := 78 + float64(s)*100
			c.box(x0+14, y, 352, 86, down(hex(0x4c3220), hex(0x5f4029), y, y+86))
			for x := x0 + 18; x < x0+350; {
				w := c.rand.between(9, 22)
				h := c.rand.between(58, 80)
				col := colours[int(c.rand.next()*float64(len(colours)))].lit(c.rand.between(0.85, 1.1))
				if c.rand.next() < 0.08 {
					x += w * 1.5
					continue
				}
				c.box(x, y+86-h, w-1.2, h, func(u, _ float64) (rgb, float64) { return col.lit(1.1 - 0.3*(u-x)/w), 1 })
				c.box(x+w*0.2, y+86-h*0.82, w*0.55, 3, flat(hex(0xf0dfb0)))
				x += w
			}
		}
	}
	c.box(470, 90, 340, 300, flat(hex(0x6d4a2e)))
	c.fill(482, 102, 798, 378, down(hex(0x9ccbe6), hex(0xf4f4dc), 102, 340))
	c.fill(482, 290, 798, 378, func(x, y float64) (rgb, float64) {
		return hex(0x6a9a5a).lit(0.8 + 0.4*rough(x/30, y/20, 3, 4)), smooth(300, 312, y+20*(noise(x/50, 1, 3)-0.5))
	})
	c.box(636, 102, 8, 276, flat(hex(0x6d4a2e)))
	c.box(482, 236, 316, 7, flat(hex(0x6d4a2e)))
	c.poly(veil(hex(0xfff6d8), 0.22), point{482, 378}, point{798, 378}, point{1010, 720}, point{400, 720})
	c.fill(0, 600, width, height, func(x, y float64) (rgb, float64) {
		return hex(0xb98a58).lit(0.86 + 0.2*rough(x/240, y/5, 3, 6)), 0.75
	})
	c.box(330, 560, 620, 26, down(hex(0xc08c56), hex(0x9a6a3c), 560, 586))
	c.box(360, 586, 20, 134, flat(hex(0x7a5230)))
	c.box(900, 586, 20, 134, flat(hex(0x7a5230)))
	c.poly(flat(hex(0xfbf8ee)), point{520, 552}, point{638, 560}, point{638, 566}, point{506, 562})
	c.poly(flat(hex(0xf2ecdc)), point{640, 560}, point{758, 552}, point{772, 562}, point{640, 566})
	c.box(806, 500, 46, 60, down(hex(0x4f8f86), hex(0x35665f), 500, 560))
	for range 22 {
		c.leaf(829, 502, c.rand.between(34, 78), c.rand.between(-2.9, -0.25), hex(0x4f8a46).lit(c.rand.between(0.8, 1.2)))
	}
	c.glow(640, 230, 420, hex(0xfff4d0), 0.3)
}
