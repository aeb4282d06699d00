package ws

import "time"

// bucket is a token bucket. It belongs to one goroutine.
type bucket struct {
	level float64
	at    time.Time
}

// take takes one token of those that come in at rate a second, up to burst of them.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	if b.at.IsZero() {
		b.level = burst
	} else {
		b.level = min(burst, b.level+max(0, now.Sub(b.at).Seconds())*rate)
	}
	b.at = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}
