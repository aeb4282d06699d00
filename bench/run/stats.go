package main

import (
	"fmt"
	"math"
	"slices"
)

// spread is what several runs gave.
type spread struct{ median, min, max float64 }

func spreadOf[T any](all []T, of func(T) float64) spread {
	if len(all) == 0 {
		return spread{}
	}
	v := make([]float64, 0, len(all))
	for _, x := range all {
		v = append(v, of(x))
	}
	slices.Sort(v)
	mid := v[len(v)/2]
	if len(v)%2 == 0 {
		mid = (mid + v[len(v)/2-1]) / 2
	}
	return spread{mid, v[0], v[len(v)-1]}
}

// text writes the median and, where runs differ, the range.
func (s spread) text(digits int) string {
	m, low, high := fixed(s.median, digits), fixed(s.min, digits), fixed(s.max, digits)
	if low == high {
		return m
	}
	return fmt.Sprintf("%s (%s–%s)", m, low, high)
}

func fixed(v float64, digits int) string {
	if v = math.Round(v*math.Pow10(digits)) / math.Pow10(digits); v == 0 {
		v = 0 // not -0
	}
	return fmt.Sprintf("%.*f", digits, v)
}

// ratio writes how ours compares with the peer's, less being better.
func ratio(ours, peer float64) string {
	switch {
	case ours <= 0 || peer <= 0:
		return "–"
	case peer >= ours:
		return fmt.Sprintf("1 : %.1f", peer/ours)
	}
	return fmt.Sprintf("%.1f : 1", ours/peer)
}
