package main

import (
	"sync"
	"time"
)

// Churn is one round of viewers that came, watched for a moment and left.
type Churn struct {
	Proto   string  `json:"proto"`
	Readers int     `json:"readers"`
	Came    int     `json:"came"` // got media
	Seconds float64 `json:"seconds"`
}

// churn opens all readers, holds them all at once for a time, and lets them go: one half says so over
// HTTP, the other just closes, and silent ones of all, a share between 0 and 1, say nothing.
func (c *crowd) churn(hold time.Duration, silent float64) (*Churn, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	begin := time.Now()
	readers, err := c.fill(0)
	if len(readers) == 0 {
		return nil, err
	}
	time.Sleep(hold)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i, r := range readers {
		how := farewell(i % 2)
		if float64(i) < silent*float64(len(readers)) {
			how = bySilence
		}
		slots <- struct{}{}
		wg.Add(1)
		go func() { // ends when the reader is closed; waited for below
			defer wg.Done()
			r.close(how)
			<-slots
		}()
	}
	wg.Wait()
	return &Churn{c.proto, c.n, len(readers), time.Since(begin).Seconds()}, nil
}
