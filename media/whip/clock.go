package whip

import (
	"sync"
	"time"

	"xianfeng/media"
)

const (
	slewStep = time.Millisecond     // a correction is spread over packets in steps of this
	slewFrom = 5 * time.Millisecond // smaller differences are left alone
)

// clocks are a session's: each track's RTP timestamps become times on one clock. Until sender reports
// relate the tracks, their first packets' arrival does; afterwards the tracks are moved, by a
// millisecond a packet, to where the reports say (RFC 3550 §6.4.1). The wall clock of the capture is what the
// packets themselves say (abs-capture-time), or else what the reports do.
type clocks struct {
	mu     sync.Mutex // guards all below and the fields of its clocks
	began  time.Time
	anchor *clock // the first track with a report; the others are moved
}

// clock is one track's.
type clock struct {
	all    *clocks
	rate   int
	begun  bool
	last   uint32        // newest timestamp
	ticks  int64         // the same, unwrapped, from the first packet on
	offset time.Duration // time at ticks 0

	reported bool
	ntp      time.Time // wall clock at
	ntpTicks int64

	told      bool      // by a packet
	captured  time.Time // wall clock of the capture at
	toldTicks int64
}

// time returns the time of a timestamp, and the wall clock of its capture if the sender tells.
func (c *clock) time(ts uint32, now time.Time) (pts time.Duration, capture time.Time) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	c.beginLocked(ts, now)
	c.ticks += int64(int32(ts - c.last)) //nolint:gosec // distance modulo 2^32
	c.last = ts
	c.slewLocked()
	pts = c.offset + media.FromTicks(c.ticks, c.rate)
	switch {
	case c.told:
		capture = c.captured.Add(media.FromTicks(c.ticks-c.toldTicks, c.rate))
	case c.reported:
		capture = c.ntp.Add(media.FromTicks(c.ticks-c.ntpTicks, c.rate))
	}
	return pts, capture
}

func (c *clock) beginLocked(ts uint32, now time.Time) {
	if c.begun {
		return
	}
	if c.all.began.IsZero() {
		c.all.began = now
	}
	c.begun, c.last, c.offset = true, ts, now.Sub(c.all.began)
}

// capture takes what a packet says about when it was captured.
func (c *clock) capture(ts uint32, at, now time.Time) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	c.beginLocked(ts, now)
	c.told, c.captured, c.toldTicks = true, at, c.ticks+int64(int32(ts-c.last)) //nolint:gosec // distance modulo 2^32
}

// zeroLocked is the wall clock of time 0, by the track's own report.
func (c *clock) zeroLocked() time.Time {
	return c.ntp.Add(-media.FromTicks(c.ntpTicks, c.rate) - c.offset)
}

func (c *clock) slewLocked() {
	a := c.all.anchor
	if a == nil || a == c || !c.reported {
		return
	}
	switch d := c.zeroLocked().Sub(a.zeroLocked()); {
	case d > slewFrom:
		c.offset += slewStep
	case d < -slewFrom:
		c.offset -= slewStep
	}
}

// report takes a sender report.
func (c *clock) report(ntp uint64, ts uint32) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if !c.begun || ntp == 0 {
		return
	}
	c.ntp = fromNTP(ntp)
	c.ntpTicks = c.ticks + int64(int32(ts-c.last)) //nolint:gosec // distance modulo 2^32
	c.reported = true
	if c.all.anchor == nil {
		c.all.anchor = c
	}
}
