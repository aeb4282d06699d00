package rtc

import (
	"sync"
	"time"
)

// Receiver reports tell when the newest sender report arrived, and so how long it was on its way (RFC 3550
// §6.4.1). A sender report that follows a key frame waits behind it in front of the narrowest link; one that
// goes before pictures does not. The difference is what the key frame does to the line: that is how viewers
// without transport-wide feedback are paced.

const (
	echoMarks   = 4
	haulGap     = reportEvery / 2      // at least, between a report and one behind a haul
	reportGap   = reportEvery * 9 / 10 // and an ordinary one: the viewer's reports, one a second, name both kinds
	smallQueue  = 60 << 10             // every line has room for that much to wait
	shortQueue  = 50 * time.Millisecond
	largeHaul   = 128 << 10             // if one was so large, or larger, the next one may be, too
	longHaul    = 2 * largeHaul         // the pictures that wait behind a key frame lengthen it
	calmSpan    = 8 * time.Second       // less than how long baseline remembers
	haulTarget  = 20 * time.Millisecond // of that may be sent at once: some routers hold little more
	haulGrowth  = 4
	dlsrSeconds = 1 << 16 // units of the field
)

// haul is pictures that a viewer is sent in a row: one that fits, or one that takes some slices.
type haul struct {
	bytes       int
	began, last time.Time
}

func (h *haul) add(now time.Time, n int) {
	if n <= 0 {
		return
	}
	if h.bytes == 0 {
		h.began = now
	}
	h.bytes += n
	h.last = now
}

// sequence says when a viewer is sent reports: one a second or so, before pictures or behind a large haul.
type sequence struct {
	reported time.Time // when the newest was sent; zero: only one before the first picture
	owes     bool      // one is due
	haul     haul      // this one, or the one before
	ended    haul      // what the report in the making is behind of
	least    int       // bytes of a haul worth one: small ones pass through a token bucket on the way, and prove nothing
}

// before reports whether one has to go before the burst of pictures that is sent next. late: what was before is not
// out yet. The kinds take turns where all bursts are large.
func (s *sequence) before(now time.Time, burst int, late bool) bool {
	since := now.Sub(s.reported)
	large := burst >= max(startDepth, s.least) && s.ended.bytes == 0
	if !s.owes || (late || large) && since < 2*reportEvery {
		return false
	}
	s.owes, s.ended = false, haul{}
	if since < reportGap {
		return false
	}
	s.reported = now
	return true
}

// behind reports whether one has to follow the haul that is at its end.
func (s *sequence) behind(now time.Time) bool {
	gap := haulGap
	if s.ended.bytes > 0 {
		gap = 2 * reportEvery
	}
	switch n := s.haul.bytes; {
	case n < startDepth:
		return false
	case n < s.least:
		s.least -= s.least / 32 // perhaps there are no larger ones any more
		return false
	case now.Sub(s.reported) < gap:
		return false
	}
	s.reported, s.owes, s.ended, s.least = now, false, s.haul, min(s.haul.bytes, largeHaul)/2
	return true
}

// mark is of the report that is being made.
func (s *sequence) mark(lsr uint32, sent time.Duration) mark {
	return mark{lsr: lsr, sent: sent, bytes: s.ended.bytes, took: s.ended.last.Sub(s.ended.began)}
}

// mark is a sender report on its way.
type mark struct {
	lsr   uint32 // what names it; 0: none
	sent  time.Duration
	bytes int           // of the haul before it, if it was a large one
	took  time.Duration // to send that
}

// marks are a viewer's newest sender reports. The worker writes, the receive loop reads.
type marks struct {
	mu   sync.Mutex // guards all below
	list [echoMarks]mark
	next int
}

func (m *marks) note(x mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list[m.next] = x
	m.next = (m.next + 1) % echoMarks
}

// take returns the mark that a report names, once.
func (m *marks) take(lsr uint32) (mark, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, x := range m.list {
		if lsr != 0 && x.lsr == lsr {
			m.list[i] = mark{}
			return x, true
		}
	}
	return mark{}, false
}

// echoes is what the ways of sender reports told.
type echoes struct {
	base    baseline
	calm    bool          // base has one that did not wait behind a haul
	calmed  time.Duration // when the newest such was heard of
	pending mark          // a haul whose echo came before the first calm one
	way     time.Duration // of pending
	highest uint32        // number of a packet in the report before
	largest int           // bytes of a haul
}

// echo takes a receiver report's word on a sender report.
func (e *estimator) echo(now time.Duration, r reception) {
	x := &e.echoes
	packets := r.highest - x.highest
	x.highest = r.highest
	m, ok := e.marks.take(r.lsr)
	if !ok || e.told(now) {
		return
	}
	if packets < 1<<14 && m.bytes > 0 { // what a haul lost did not arrive in its time
		if lost := int(packets) * int(r.fraction) / 256 * maxDatagram; lost > m.bytes/6 { // less may have been of other times
			m.bytes = max(m.bytes-lost, m.bytes/2)
		}
	}
	way := now - m.sent - time.Duration(r.dlsr)*time.Second/dlsrSeconds
	if way < 0 {
		return // a lie
	}
	wait := x.base.delay(now, way)
	switch {
	case m.bytes == 0:
		x.calm, x.calmed = true, now
		e.wants.Store(false)
		if m = x.pending; m.bytes > 0 {
			e.hauled(m, x.base.delay(now, x.way))
			x.pending = mark{}
		}
	case x.calm:
		e.hauled(m, wait)
		e.wants.Store(now-x.calmed > calmSpan)
	default:
		x.pending, x.way = m, way
		e.wants.Store(true)
	}
}

// hauled learns from a haul at whose end packets waited so long. What arrived in its time is what the line
// carries, if anything waited, or less. If nothing did, more is tried, but only so much that the next haul
// would not overflow a small queue, should the line carry no more than was proved.
func (e *estimator) hauled(m mark, wait time.Duration) {
	got := min(max(bits(m.bytes, m.took+wait), minRate), maxRate)
	x := &e.echoes
	x.largest = max(x.largest, m.bytes)
	fits := int(float64(got) / 8 * haulTarget.Seconds())
	depth := min(max(fits, minDepth), 2*e.room(), maxDepth)
	pace := got * 11 / 10
	if wait <= queueNone {
		depth = max(depth, e.room())
		growth := float64(haulGrowth)
		queue := max(smallQueue, int(float64(got)/8*shortQueue.Seconds()))
		if left, room := min(x.largest, longHaul)-depth, max(queue-depth, 0); left > room {
			growth = min(growth, float64(left)/float64(left-room))
		}
		pace = max(e.pace.Load(), int64(growth*float64(got)))
	}
	e.cut, e.hauls = false, true
	e.setRate(got)
	e.depth.Store(int64(depth))
	e.pace.Store(min(max(pace, minRate), maxRate))
}
