package main

import "math"

// source is a small generator of numbers: the same seed draws the same picture.
type source struct{ state uint64 }

// next returns a number between 0 and 1.
func (s *source) next() float64 {
	s.state += 0x9e3779b97f4a7c15
	return float64(scramble(s.state)>>11) / (1 << 53)
}

// between returns a number between a and b.
func (s *source) between(a, b float64) float64 { return a + (b-a)*s.next() }

func scramble(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func lattice(i, j int64, seed uint64) float64 {
	return float64(scramble(uint64(i)*0x8da6b343^uint64(j)*0xd8163841^seed*0x9e3779b97f4a7c15)>>11) / (1 << 53)
}

// noise is smooth between the corners of a grid, between 0 and 1.
func noise(x, y float64, seed uint64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	u, v := smooth(0, 1, x-i), smooth(0, 1, y-j)
	a, b := int64(i), int64(j)
	top := lattice(a, b, seed)*(1-u) + lattice(a+1, b, seed)*u
	low := lattice(a, b+1, seed)*(1-u) + lattice(a+1, b+1, seed)*u
	return top*(1-v) + low*v
}

// rough is noise upon noise (fractal), between 0 and 1.
func rough(x, y float64, octaves int, seed uint64) float64 {
	sum, amp, all := 0.0, 1.0, 0.0
	for o := range octaves {
		sum += amp * noise(x, y, seed+uint64(o)*101)
		all += amp
		amp *= 0.5
		x, y = x*2.03+17, y*2.03+5
	}
	return sum / all
}
