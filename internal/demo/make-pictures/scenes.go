package main

import "math"

// scene is a picture with its name.
type scene struct {
	name string
	draw func(*canvas)
}

// scenes are all pictures. A new one goes to the end: the place in the list is the seed of what is random.
func scenes() []scene {
	return []scene{
		{"sunrise", sunrise},
		{"terraces", springTerraces},
		{"golden", goldenTerraces},
		{"river", riverBend},
		{"roofs", roofs},
		{"orchard", orchard},
		{"tea", teaHills},
		{"lotus", lotusPond},
		{"bamboo", bambooGrove},
		{"school", school},
		{"hall", meetingHall},
		{"clinic", clinic},
		{"wheat", wheat},
		{"paddy", paddy},
		{"road", mountainRoad},
		{"bridge", bridge},
		{"herons", heronLake},
		{"pines", pinesInMist},
		{"night", villageNight},
		{"greenhouse", greenhouses},
		{"reading", readingRoom},
		{"market", market},
		{"solar", solarRoofs},
		{"rapeseed", rapeseed},
		{"persimmon", persimmons},
		{"ferry", ferry},
		{"bees", beehives},
		{"lake", highLake},
		{"city", cityDusk},
		{"pots", pottery},
	}
}

var (
	tile  = hex(0x4b5358)
	white = hex(0xf3efe6)
)

func sunrise(c *canvas) {
	c.sky(hex(0x5f86a8), hex(0xffdcae), 430, 850, 330, 38, hex(0xfff0c8))
	c.clouds(60, 300, hex(0xffe9d2), 0.5, 4)
	c.ranges(5, 350, 620, hex(0xa9b4c4), hex(0x2f4a4c), hex(0xf6d9b8), 21)
	c.mist(470, 34, hex(0xffe8cc), 0.75, 3)
	c.mist(590, 30, hex(0xf8e2cc), 0.6, 8)
	for range 26 {
		x := c.rand.between(0, width)
		c.pine(x, 725-60*math.Sin(x/400)*0.4, c.rand.between(60, 120), hex(0x24393a))
	}
}

func springTerraces(c *canvas) {
	c.sky(hex(0x86b3d3), hex(0xeaf2ee), 300, 300, 120, 0, hex(0xffffff))
	c.clouds(30, 220, hex(0xffffff), 0.6, 8)
	c.ranges(3, 230, 330, hex(0x9fb9c0), hex(0x5f8a72), hex(0xe6efe8), 5)
	c.mist(300, 26, hex(0xf3f7f3), 0.8, 2)
	c.terraces(350, 27, []rgb{hex(0xb7d6dc), hex(0xa7cbd6), hex(0x8fb56a), hex(0x79a85a), hex(0xc3dfe0), hex(0xa2c26f)}, hex(0x47613a), 6)
	for range 3 {
		c.house(c.rand.between(200, 1000), c.rand.between(470, 560), 74, white, tile, false)
	}
	for range 9 {
		c.tree(c.rand.between(40, 1240), c.rand.between(480, 690), c.rand.between(16, 30), hex(0x4c7a3d))
	}
}

func goldenTerraces(c *canvas) {
	c.sky(hex(0x7d9fc0), hex(0xfbe6c2), 320, 1000, 210, 30, hex(0xfff2d0))
	c.ranges(4, 220, 370, hex(0xb0b6be), hex(0x6d7a58), hex(0xf3e2c0), 44)
	c.mist(345, 26, hex(0xfdf0d8), 0.75, 5)
	c.terraces(390, 31, []rgb{hex(0xe2b84e), hex(0xd7a63c), hex(0xecc86a), hex(0xb8a04a), hex(0xdcb04a)}, hex(0x7b5a24), 16)
	for range 7 {
		c.tree(c.rand.between(40, 1240), c.rand.between(500, 700), c.rand.between(16, 32), hex(0x7a8a3c))
	}
	c.house(300, 560, 92, white, tile, false)
	c.house(392, 574, 76, white.lit(0.95), tile, false)
}

func riverBend(c *canvas) {
	c.sky(hex(0x7fb0d4), hex(0xf0f1e4), 320, 420, 110, 0, hex(0xffffff))
	c.clouds(30, 230, hex(0xffffff), 0.65, 12)
	c.ranges(4, 250, 360, hex(0xa3bac4), hex(0x5c8463), hex(0xe8efe6), 71)
	c.meadow(385, hex(0x9fbc74), hex(0x5d8a43), 5)
	c.river(392, 640, 480, 300, 230, hex(0xe8f2f2), hex(0x6fa3b8), 6)
	for range 20 {
		x, y := c.rand.between(0, width), c.rand.between(410, 520)
		if x < 380 || x > 880 {
			c.tree(x, y, c.rand.between(14, 24), hex(0x5a8a48))
		}
	}
	for i := range 4 {
		c.house(930+float64(i)*72, 470+12*math.Sin(float64(i)*2), 66, white, tile, false)
	}
	for range 5 {
		c.tree(c.rand.between(20, 180), c.rand.between(640, 720), c.rand.between(40, 56), hex(0x4d7f3f))
	}
}

func roofs(c *canvas) {
	c.sky(hex(0x9dbfd6), hex(0xf6ead6), 330, 240, 180, 0, hex(0xfff6e0))
	c.clouds(20, 200, hex(0xffffff), 0.45, 17)
	c.ranges(3, 260, 370, hex(0xaab9bf), hex(0x6a8a70), hex(0xefe8d8), 33)
	c.mist(370, 24, hex(0xf6f0e2), 0.7, 5)
	for row := range 5 {
		y := 440 + float64(row*row)*9 + float64(row)*30
		w := 90 + float64(row)*30
		for x := -60 + 40*math.Sin(float64(row)*3); x < width; x += w * c.rand.between(1.06, 1.3) {
			if c.rand.next() < 0.22 {
				c.tree(x+w*0.5, y+4, w*0.34, hex(0x638d4c).lit(c.rand.between(0.85, 1.1)))
				continue
			}
			c.house(x, y+c.rand.between(-8, 8), w, white.lit(c.rand.between(0.93, 1.02)), tile.lit(c.rand.between(0.88, 1.15)), false)
		}
		c.mist(y-6, 12, hex(0xf6f0e2), 0.24, uint64(row))
	}
}

func orchard(c *canvas) {
	c.sky(hex(0x79add2), hex(0xf3efdc), 320, 900, 120, 0, hex(0xffffff))
	c.clouds(40, 200, hex(0xffffff), 0.5, 3)
	c.ranges(3, 270, 350, hex(0x9db7bd), hex(0x6f9160), hex(0xecefdd), 81)
	c.meadow(385, hex(0xaac27a), hex(0x7fa050), 9)
	for row := range 6 {
		t := float64(row) / 5
		y := 410 + 290*t*t + 30*t
		r := 20 + 62*t
		for x := -40 + 60*float64(row%2); x < width+60; x += r * 2.75 {
			px := x + c.rand.between(-6, 6)
			c.tree(px, y, r, hex(0x3f7a38).lit(c.rand.between(0.9, 1.1)))
			c.fruit(px, y, r, hex(0xf28c1e), 9+row*2)
		}
	}
}

func teaHills(c *canvas) {
	c.sky(hex(0x94bccd), hex(0xf0f4e8), 300, 640, 140, 0, hex(0xffffff))
	c.ranges(3, 220, 320, hex(0xa9c1c4), hex(0x6d9a78), hex(0xeaf3ea), 15)
	c.mist(310, 30, hex(0xf6faf4), 0.85, 4)
	for k := range 3 {
		base := 400 + float64(k)*95
		seed := uint64(50 + k)
		line := func(x float64) float64 {
			return base - 120*(noise(x/(360-40*float64(k))+float64(k)*1.7, 0.5, seed)-0.4)
		}
		c.fill(0, 200, width, height, func(x, y float64) (rgb, float64) {
			top := line(x)
			if y < top {
				return rgb{}, 0
			}
			h := (y - top) * (1 - 0.0006*(y-top)) / (13 + 6*float64(k))
			s := h + 0.25*rough(x/90, y/60, 2, seed)
			at := s - math.Floor(s)
			bush := 0.5 + 0.5*math.Sin(at*2*math.Pi)
			col := hex(0x2f5f2f).mix(hex(0x86b84e), bush).lit(0.86 + 0.3*rough(x/7, y/5, 2, seed+3))
			return col.mix(hex(0xe4efdc), 0.26*(1-float64(k)/2)), 1
		})
		c.mist(base+20, 16, hex(0xf0f6ec), 0.4, seed)
	}
	c.tree(1010, 470, 44, hex(0x4f8240))
	c.tree(1080, 486, 32, hex(0x588c46))
	c.house(880, 486, 84, white, tile, false)
}

func lotusPond(c *canvas) {
	c.sky(hex(0x9cc4d8), hex(0xf8eedf), 260, 300, 150, 0, hex(0xffffff))
	c.ranges(2, 220, 260, hex(0xa8bfc0), hex(0x7a9f80), hex(0xeef2e6), 61)
	c.water(300, hex(0x5f9088), 0.3, 3)
	for i := range 330 {
		t := float64(i) / 330
		y := 312 + 420*math.Pow(t, 1.25)
		r := 9 + 66*t*c.rand.between(0.7, 1.1)
		x := c.rand.between(-40, width+40)
		lift := r * c.rand.between(0, 0.8)
		col := hex(0x3f8a56).mix(hex(0x86bd6a), c.rand.next())
		c.line(x, y, x, y-lift, 2+r*0.03, flat(hex(0x3a6a40)))
		c.oval(x, y-lift, r, r*0.36, 0.03, func(u, v float64) (rgb, float64) {
			a := math.Atan2((v-y+lift)*2.8, u-x)
			return col.lit(1.06 - 0.22*(u-x)/r - 0.1*math.Pow(math.Abs(math.Sin(a*6)), 12)), 1
		})
		if c.rand.next() < 0.13 {
			c.lotus(x+r*0.3, y-lift-r*0.55, 6+r*0.36)
		}
	}
}

// lotus is a flower of pink petals.
func (c *canvas) lotus(x, y, r float64) {
	c.line(x, y, x, y+r*1.8, 1.5+r*0.06, flat(hex(0x4a7a48)))
	for _, a := range []float64{-1.25, 1.25, -0.85, 0.85, -0.42, 0.42, 0} {
		tx, ty := x+math.Sin(a)*r, y-math.Cos(a)*r*1.15
		nx, ny := math.Cos(a)*r*0.3, math.Sin(a)*r*0.3
		c.poly(func(u, v float64) (rgb, float64) {
			return hex(0xfbe6ea).mix(hex(0xe0608a), math.Hypot(u-x, v-y)/r*0.85), 1
		}, point{x, y + r*0.1}, point{(x+tx)/2 + nx, (y+ty)/2 + ny}, point{tx, ty}, point{(x+tx)/2 - nx, (y+ty)/2 - ny})
	}
	c.oval(x, y, r*0.2, r*0.13, 0.3, flat(hex(0xe8c24a)))
}
