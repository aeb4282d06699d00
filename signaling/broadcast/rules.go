package broadcast

import (
	"cmp"
	"slices"
	"time"

	"xianfeng/internal/site"
)

// due returns the state that a broadcast is to have at a moment, if that is another one.
func (b *Broadcast) due(now time.Time) (State, bool) {
	over := !b.Ends.IsZero() && !b.Ends.After(now)
	switch {
	case b.State == Planned && over:
		return Cancelled, true // its whole time passed and nobody saw it
	case b.State == Planned && !b.Starts.After(now):
		return OnAir, true
	case b.State == OnAir && over:
		return Ended, true
	}
	return b.State, false
}

// next is the moment of the next change by the clock; zero: there is none.
func (b *Broadcast) next() time.Time {
	switch b.State {
	case Planned:
		return b.Starts
	case OnAir:
		return b.Ends
	default:
		return time.Time{}
	}
}

// turn makes a broadcast be in another state from now on.
func (b *Broadcast) turn(to State, now time.Time) {
	b.State, b.Updated = to, now
	switch to {
	case OnAir:
		b.Began, b.Delay = now, b.Profile.Delay()
	case Ended:
		b.Ended = now
	case Planned, Cancelled:
	}
}

// Announced reports whether the pages tell of it at a moment: from its announcement on until it is over.
func (b *Broadcast) Announced(now time.Time) bool {
	return b.State == OnAir || b.State == Planned && !b.Announce.IsZero() && !b.Announce.After(now)
}

// What makes the delay of a broadcast grow.
const (
	lateShare = 0.05 // more than this share of the viewers is late …
	lateLeast = 2    // … and not one alone, whose line it is
	lateFor   = 30 * time.Second
	raiseBy   = 250 * time.Millisecond
)

// raised returns the delay after half a minute in which so many of all viewers were late. It never shrinks while
// a broadcast is on air: who is in step stays in step.
func raised(p Profile, delay time.Duration, late, all int) time.Duration {
	if late < lateLeast || float64(late) <= lateShare*float64(all) {
		return delay
	}
	return max(delay, min(delay+raiseBy, p.Most()))
}

// Shown is what the pages of a site tell.
type Shown struct {
	On     []Broadcast // urgent ones first, then the highest level first
	Next   []Broadcast // planned, the soonest first
	Urgent *Broadcast  // the first of On where that is urgent; nil: none is
}

// rank sorts what is on air at one site. depth says how many sites stand above the one that a broadcast is of.
func rank(depth map[site.ID]int) func(a, b *Broadcast) int {
	return func(a, b *Broadcast) int {
		return cmp.Or(
			-compareBool(a.Urgent, b.Urgent),
			cmp.Compare(depth[a.Site], depth[b.Site]),
			a.Began.Compare(b.Began),
			cmp.Compare(a.ID, b.ID),
		)
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func soonest(a, b Broadcast) int {
	return cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.ID, b.ID))
}

// shown sorts what is active on a site and above it, whose own is first in path.
func shown(path []*site.Node, active func(site.ID) []*Broadcast) Shown {
	var x Shown
	depth := make(map[site.ID]int, len(path))
	var on []*Broadcast
	for i, n := range path {
		depth[n.ID] = i
		for _, b := range active(n.ID) {
			switch b.State {
			case OnAir:
				on = append(on, b)
			case Planned:
				x.Next = append(x.Next, *b)
			case Ended, Cancelled:
			}
		}
	}
	slices.SortFunc(on, rank(depth))
	for _, b := range on {
		x.On = append(x.On, *b)
	}
	if len(x.On) > 0 && x.On[0].Urgent {
		x.Urgent = &x.On[0]
	}
	slices.SortFunc(x.Next, soonest)
	x.Next = x.Next[:min(len(x.Next), MaxNext)]
	return x
}

// MaxNext is how many planned broadcasts pages are told of ahead: whoever waits with an open page is told of a
// start before it comes, and of the next ones when the first has begun.
const MaxNext = 8
