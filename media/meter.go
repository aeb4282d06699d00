package media

import (
	"sync/atomic"
	"time"
)

// meter measures a bit rate over the last whole second. One goroutine adds, any may read.
type meter struct {
	total atomic.Uint64 // bytes
	bits  atomic.Uint64 // per second
	since time.Time
	bytes uint64 // since then
}

func (m *meter) add(n int, now time.Time) {
	m.total.Add(uint64(n))
	m.bytes += uint64(n)
	if m.since.IsZero() {
		m.since = now
		return
	}
	if d := now.Sub(m.since); d >= time.Second {
		m.bits.Store(uint64(float64(m.bytes*8) / d.Seconds()))
		m.since, m.bytes = now, 0
	}
}
