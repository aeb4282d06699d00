package channel

import (
	"sort"
	"time"
)

const (
	slateSegment = 4 * time.Second
	longSlate    = 9 * time.Second // one segment is made of less
)

// layout is a Layout, ready to be counted in.
type layout struct {
	Layout

	id   string
	skip int             // segments of the item left out at its beginning
	ends []time.Duration // of each segment that is not, from the first one's beginning
}

func newLayout(id string, l Layout) *layout {
	x := &layout{Layout: l, id: id}
	at := time.Duration(0)
	for _, r := range l.Runs {
		for range r[0] {
			at += time.Duration(r[1])
			x.ends = append(x.ends, at)
		}
	}
	return x
}

func (l *layout) length() time.Duration { return l.ends[len(l.ends)-1] }

// breaks returns how many of the first n segments, but for the very first, do not continue the one before.
func (l *layout) breaks(n int) int {
	return sort.Search(len(l.Breaks), func(i int) bool { return l.Breaks[i].Segment >= n }) - l.head()
}

// head is 1 if the first break is the very first segment, which begins a span anyway.
func (l *layout) head() int {
	if len(l.Breaks) > 0 && l.Breaks[0].Segment == 0 {
		return 1
	}
	return 0
}

// init returns the initialization section of a segment, and whether it does not continue the one before.
func (l *layout) init(segment int) (n int, broken bool) {
	i := sort.Search(len(l.Breaks), func(i int) bool { return l.Breaks[i].Segment > segment }) - 1
	if i < 0 {
		return 0, false
	}
	return l.Breaks[i].Init, l.Breaks[i].Segment == segment
}

// span is a piece of a slot: the first segments of an item, or a slate.
type span struct {
	start  time.Duration // in the slot
	length time.Duration
	item   *layout // nil: a slate
	n      int     // segments
	base   int64   // segments of the slot before it
	discs  int64   // discontinuities of the slot before it
}

// end returns where its first k segments end, from its beginning.
func (s *span) end(k int) time.Duration {
	switch {
	case k == 0:
		return 0
	case s.item != nil:
		return s.item.ends[k-1]
	default: // all alike, to the nanosecond
		return time.Duration(int64(s.length)/int64(s.n)*int64(k) + int64(s.length)%int64(s.n)*int64(k)/int64(s.n))
	}
}

// discontinuities is how many there are in it: its beginning, and the item's own.
func (s *span) discontinuities() int64 {
	if s.item == nil {
		return 1
	}
	return 1 + int64(s.item.breaks(s.n))
}

func newSlate(start, length time.Duration) span {
	n := 1
	if length > longSlate {
		n = int((length + slateSegment - 1) / slateSegment)
	}
	return span{start: start, length: length, n: n}
}

// content is what is played in a slot.
type content struct {
	items  []*layout
	loop   bool
	filler []*layout

	sums map[time.Duration]tally // of slots by length, of which there are few; guarded by version.mu
}

// sum counts what is in a slot of a length.
func (c *content) sum(length time.Duration) tally {
	if t, ok := c.sums[length]; ok {
		return t
	}
	var t tally
	for _, s := range c.fill(length) {
		t = t.plus(tally{int64(s.n), s.discontinuities()})
	}
	c.sums[length] = t
	return t
}

// fill fills a slot.
func (c *content) fill(length time.Duration) []span {
	f := filling{length: length}
	for cut := false; !cut; {
		cut = f.play(c.items)
		if !c.loop || !loops(c.items) {
			break
		}
	}
	for !f.cut && loops(c.filler) && f.at < length {
		f.play(c.filler)
	}
	if f.at < length {
		f.add(newSlate(f.at, length-f.at))
	}
	return f.spans
}

// loops reports whether items are long enough to be played over and over: a week of them is to be counted.
func loops(items []*layout) bool {
	return total(items) >= max(leastLoop, time.Duration(len(items))*leastLoop/2)
}

func total(items []*layout) (d time.Duration) {
	for _, l := range items {
		d += l.length()
	}
	return d
}

// filling is a slot that is being filled.
type filling struct {
	length time.Duration
	at     time.Duration
	cut    bool // an item did not fit
	spans  []span
	n      int64
	discs  int64
}

// play adds items, as much of them as there is room, and reports whether there is none left.
func (f *filling) play(items []*layout) (cut bool) {
	for _, l := range items {
		room := f.length - f.at
		n := len(l.ends)
		if l.length() > room {
			n = sort.Search(n, func(i int) bool { return l.ends[i] > room })
			f.cut = true
		}
		if n > 0 {
			f.add(span{start: f.at, length: l.ends[n-1], item: l, n: n})
		}
		if f.cut {
			return true
		}
	}
	return f.at >= f.length
}

func (f *filling) add(s span) {
	s.base, s.discs = f.n, f.discs
	f.n += int64(s.n)
	f.discs += s.discontinuities()
	f.at += s.length
	f.spans = append(f.spans, s)
}
