package channel

import (
	"fmt"
	"sync"
	"time"
)

// keptSlots bounds the slots that are kept filled; full: all go.
const keptSlots = 64

// version is a Version, ready to be asked. Nothing of what it notes for itself changes what it answers.
type version struct {
	Version

	from  time.Time
	until time.Time // when the next one is in force; zero: this is the last
	zone  *time.Location
	slots []slot
	what  []*content // by slot

	mu    sync.Mutex // guards kept, weeks
	kept  map[slotAt]*filled
	weeks []tally // before the i-th week since From; one is added after the other
	usual *tally  // of a week that is as long as a week
}

// slotAt is a slot in a week; weeks are counted from that of 5 January 1970, a Monday.
type slotAt struct{ week, i int }

// tally is a number of segments and of discontinuities.
type tally struct{ n, discs int64 }

func (a tally) plus(b tally) tally { return tally{a.n + b.n, a.discs + b.discs} }

// filled is a slot with what is in it.
type filled struct {
	at     time.Time
	length time.Duration
	spans  []span
	sum    tally
}

func newVersion(v Version, layouts map[string]*layout) (*version, error) {
	if err := v.Plan.check(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone %q: %w", v.Zone, err)
	}
	x := &version{Version: v, from: time.Unix(0, v.From), zone: zone, slots: v.Plan.slots(), kept: map[slotAt]*filled{}}
	find := func(ids []string) (out []*layout) {
		for _, id := range ids {
			if l := layouts[id]; l != nil {
				out = append(out, l)
			}
		}
		return out
	}
	filler := find(v.Plan.Filler)
	for _, s := range x.slots {
		c := &content{filler: filler, sums: map[time.Duration]tally{}}
		if s.entry >= 0 {
			e := &v.Plan.Entries[s.entry]
			c.items, c.loop = find(e.Items), e.Loop
		}
		x.what = append(x.what, c)
	}
	return x, nil
}

// begin returns when a slot begins. Where the clocks are put forward over it, it begins later; no slot begins before
// the one before it.
func (v *version) begin(s slotAt) time.Time {
	for s.i >= len(v.slots) {
		s.week, s.i = s.week+1, s.i-len(v.slots)
	}
	x := v.slots[s.i]
	date := func(sec int) time.Time { return time.Date(1970, 1, 5+7*s.week+x.day, 0, 0, sec, 0, v.zone) }
	latest := date(x.sec)
	if latest.Sub(date(0)) == time.Duration(x.sec)*time.Second {
		return latest // the clocks were not changed today so far
	}
	for i := s.i - 1; i >= 0 && v.slots[i].day == x.day; i-- {
		if at := date(v.slots[i].sec); at.After(latest) {
			latest = at
		}
	}
	return latest
}

// slotOf returns the slot that t is in.
func (v *version) slotOf(t time.Time) slotAt {
	y, m, d := t.In(v.zone).Date()
	days := int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secsADay)
	week := (days - 4) / 7 // 5 January is day 4
	if v.begin(slotAt{week, 0}).After(t) {
		week--
	}
	lo, hi := 0, len(v.slots)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; v.begin(slotAt{week, mid}).After(t) {
			hi = mid
		} else {
			lo = mid
		}
	}
	// Slots of no length, where the clocks were changed, begin at the same time: the last of them is it.
	return slotAt{week, lo}
}

func (v *version) after(s slotAt) slotAt {
	if s.i+1 < len(v.slots) {
		return slotAt{s.week, s.i + 1}
	}
	return slotAt{s.week + 1, 0}
}

// open returns a slot with what is in it: all of it, or, of the one in which the version comes into force, the rest.
func (v *version) open(s slotAt) *filled {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.openLocked(s)
}

func (v *version) openLocked(s slotAt) *filled {
	if f := v.kept[s]; f != nil {
		return f
	}
	f := v.make(s)
	if len(v.kept) >= keptSlots {
		clear(v.kept)
	}
	v.kept[s] = f
	return f
}

func (v *version) make(s slotAt) *filled {
	f := &filled{at: v.begin(s)}
	f.length = v.begin(v.after(s)).Sub(f.at)
	f.spans = v.what[s.i].fill(f.length)
	if f.at.Before(v.from) {
		f.join(v.from.Sub(f.at))
	}
	for i := range f.spans {
		f.sum = f.sum.plus(tally{int64(f.spans[i].n), f.spans[i].discontinuities()})
	}
	return f
}

// join leaves out what begins before a time in the slot. Up to the next segment there is a slate.
func (f *filled) join(from time.Duration) {
	var out filling
	out.at, out.length = from, f.length
	for _, s := range f.spans {
		if s.start+s.length <= from {
			continue
		}
		if s.start >= from {
			if out.at < s.start {
				out.add(newSlate(out.at, s.start-out.at))
			}
			out.add(s)
			continue
		}
		// In the middle: from the next whole segment on.
		k := 0
		for k < s.n && s.start+s.end(k) < from {
			k++
		}
		if s.item == nil || k == s.n {
			continue // the slate begins anew
		}
		at := s.start + s.end(k)
		if at > from {
			out.add(newSlate(from, at-from))
		}
		rest := s.item.rest(k, s.n)
		out.add(span{start: at, length: rest.length(), item: rest, n: s.n - k})
	}
	if out.at < f.length {
		out.add(newSlate(out.at, f.length-out.at))
	}
	f.spans = out.spans
}

// rest is the item from segment k to n, as if it began there.
func (l *layout) rest(k, n int) *layout {
	if k == 0 {
		return l
	}
	x := &layout{Layout: l.Layout, id: l.id}
	for _, e := range l.ends[k:n] {
		x.ends = append(x.ends, e-l.ends[k-1])
	}
	init, _ := l.init(k)
	x.Breaks = []Break{{0, init}}
	for _, b := range l.Breaks {
		if b.Segment > k && b.Segment < n {
			x.Breaks = append(x.Breaks, Break{b.Segment - k, b.Init})
		}
	}
	x.skip = l.skip + k
	return x
}

// before returns how much lies before a slot, since the version came into force.
func (v *version) before(s slotAt) tally {
	v.mu.Lock()
	defer v.mu.Unlock()
	first := v.slotOf(v.from)
	if len(v.weeks) == 0 {
		v.weeks = append(v.weeks, tally{})
	}
	for w := first.week + len(v.weeks) - 1; w < s.week; w++ {
		v.weeks = append(v.weeks, v.weeks[len(v.weeks)-1].plus(v.weekLocked(w, first)))
	}
	sum := v.weeks[s.week-first.week]
	i := 0
	if s.week == first.week {
		i = first.i
	}
	for ; i < s.i; i++ {
		sum = sum.plus(v.sumLocked(slotAt{s.week, i}))
	}
	return sum
}

// weekLocked returns how much is in a week.
func (v *version) weekLocked(w int, first slotAt) (sum tally) {
	i, usual := 0, w > first.week && v.begin(slotAt{w + 1, 0}).Sub(v.begin(slotAt{w, 0})) == 7*24*time.Hour
	if usual && v.usual != nil {
		return *v.usual
	}
	if w == first.week {
		i = first.i
	}
	for ; i < len(v.slots); i++ {
		sum = sum.plus(v.sumLocked(slotAt{w, i}))
	}
	if usual {
		v.usual = &sum
	}
	return sum
}

// sumLocked returns how much is in a slot.
func (v *version) sumLocked(s slotAt) tally {
	at := v.begin(s)
	if at.Before(v.from) {
		return v.openLocked(s).sum
	}
	return v.what[s.i].sum(v.begin(v.after(s)).Sub(at))
}
