package main

import (
	"strings"
	"testing"
)

func TestGrown(t *testing.T) {
	steady := func() []calm {
		all := make([]calm, 9)
		for i := range all {
			all[i] = calm{figures: figures{goroutines: 40, files: 25, heap: 6, rss: 50}, came: int64(100 * i), failed: int64(5 * i)}
		}
		return all
	}
	for want, change := range map[string]func(c []calm){
		"":                       func([]calm) {},
		"too few":                nil,
		"round 5: 50 goroutines": func(c []calm) { c[5].goroutines = 50 },
		"round 8: 30 files":      func(c []calm) { c[8].files = 30 },
		"the heap grew from 6.0": func(c []calm) { c[6].heap, c[7].heap, c[8].heap = 9, 9, 9 },
		"resident memory grew":   func(c []calm) { c[6].rss, c[7].rss, c[8].rss = 70, 80, 90 },
		"800 came":               func(c []calm) { c[8].failed = 300 },
	} {
		calms := steady()
		if change == nil {
			calms = calms[:4]
		} else {
			change(calms)
		}
		err := grown(calms)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("grown = %v, want %q", err, want)
		}
	}
}
