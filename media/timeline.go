package media

import (
	"sync"
	"time"
)

const (
	timelineWindow = 2 * time.Second
	timelineNear   = 20 * time.Millisecond
	slewNear       = 500e-6 // inaudible, and more than any clock drifts
	slewFar        = 10e-3
)

// Timeline maps the time of one stream to programme time, the wall clock of what is shown. All tracks
// and every egress use the same mapping. It never steps: between two points its slope stays within
// 1 ± 1 %, and within 1 ± 500 ppm once it is within 20 ms of the source.
type Timeline struct {
	mu     sync.Mutex // guards all below
	set    bool
	offset time.Duration // programme time (since the Unix epoch) minus stream time, at pos
	pos    time.Duration // how far the mapping has been given out
	slew   float64       // change of offset per unit of stream time, from pos on

	from time.Duration // start of the present window, stream time
	low  time.Duration // smallest (wall - stream) - offset seen in it
	seen bool
}

// Observe tells that stream time pts was captured, or else arrived, at the wall clock at.
// What arrives is late by jitter and never early, so only the earliest of each window counts.
func (t *Timeline) Observe(pts time.Duration, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	wall := time.Duration(at.UnixNano())
	if !t.set {
		t.set, t.offset, t.pos, t.from = true, wall-pts, pts, pts
		return
	}
	t.advanceLocked(pts)
	if late := wall - pts - t.offset; !t.seen || late < t.low {
		t.low, t.seen = late, true
	}
	if pts-t.from >= timelineWindow || pts < t.from {
		t.slew = slewFor(t.low)
		t.from, t.seen = pts, false
	}
}

// slewFor spreads err over ten seconds, within the limits.
func slewFor(err time.Duration) float64 {
	limit := slewNear
	if err > timelineNear || err < -timelineNear {
		limit = slewFar
	}
	return max(-limit, min(limit, err.Seconds()/10))
}

func (t *Timeline) advanceLocked(pts time.Duration) {
	if pts > t.pos {
		t.offset += time.Duration(t.slew * float64(pts-t.pos))
		t.pos = pts
	}
}

// At returns the programme time of pts; the zero time before the first Observe.
func (t *Timeline) At(pts time.Duration) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.set {
		return time.Time{}
	}
	offset := t.offset
	if pts > t.pos {
		offset += time.Duration(t.slew * float64(pts-t.pos))
	}
	return time.Unix(0, int64(pts+offset))
}

// position returns the stream time that the wall clock at falls on, and false before the first Observe.
func (t *Timeline) position(at time.Time) (time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Duration(at.UnixNano()) - t.offset, t.set
}
