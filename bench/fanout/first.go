package main

import (
	"fmt"
	"sync"
	"time"
)

// First is how long viewers waited for their first picture. For WHEP the clock starts with the answer,
// for HLS with the first request; it stops when the first key frame is there to its last byte.
type First struct {
	Proto  string  `json:"proto"`
	Tries  int     `json:"tries"`
	Failed int     `json:"failed"`
	P50ms  float64 `json:"p50_ms"`
	P95ms  float64 `json:"p95_ms"`
	MaxMs  float64 `json:"max_ms"`
}

// firsts opens one viewer every so often, so that they come at points spread over the stream's groups
// of pictures, and lets each leave after its first picture. One more watches from before, uncounted:
// what a server does for the first viewer of all is another matter.
func (c *crowd) firsts(every time.Duration) (*First, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	standing, err := c.open(c.n)
	if err != nil {
		return nil, fmt.Errorf("nobody saw a picture: %w", err)
	}
	defer standing.close(byDelete)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var waits []float64
	var lastErr error
	begin := time.Now()
	for i := range c.n {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * every)))
		wg.Add(1)
		go func() { // ends after the first picture; waited for below
			defer wg.Done()
			wait, err := c.first(i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				lastErr = err
				return
			}
			waits = append(waits, ms(wait))
		}()
	}
	wg.Wait()
	if len(waits) == 0 {
		return nil, fmt.Errorf("nobody saw a picture: %w", lastErr)
	}
	return &First{c.proto, c.n, c.n - len(waits), pct(waits, 50), pct(waits, 95), pct(waits, 100)}, nil
}

// first is how long viewer i waited.
func (c *crowd) first(i int) (time.Duration, error) {
	begin := time.Now()
	o, err := c.open(i)
	if err != nil {
		return 0, err
	}
	defer o.close(byDelete)
	select {
	case <-o.key:
	case <-time.After(30 * time.Second):
		return 0, fmt.Errorf("no key frame within 30 s")
	}
	if answered := o.answered.Load(); answered != 0 {
		begin = time.Unix(0, answered)
	}
	return time.Unix(0, o.keyAt.Load()).Sub(begin), nil
}
