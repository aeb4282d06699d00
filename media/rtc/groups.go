package rtc

import (
	"fmt"
	"slices"
	"time"

	"xianfeng/media"
)

// crowd is how many viewers of a stream one worker has before others get some as well. Each of them
// makes packets for itself: that costs little beside the sending to so many.
const crowd = 256

// showing is what the viewers of a group are shown: a stream, and how much later than it happened.
type showing struct {
	s     *media.Stream
	delay time.Duration
}

// group returns the group that the next viewer of s belongs to, with one more user; release gives it
// back.
func (t *Transport) group(s *media.Stream, delay time.Duration) (*Group, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, fmt.Errorf("%w: the server stops", media.ErrEnded)
	}
	g := t.placeLocked(showing{s, delay})
	g.users++
	g.w.users++
	t.mu.Unlock()
	g.once.Do(g.open)
	if g.failure != nil {
		t.release(g)
		return nil, g.failure
	}
	return g, nil
}

// placeLocked finds the group with the fewest viewers, or makes one with the least busy worker that has
// none of what is shown where all are crowded.
func (t *Transport) placeLocked(x showing) *Group {
	groups := t.groups[x]
	var least *Group
	for _, g := range groups {
		if least == nil || g.users < least.users {
			least = g
		}
	}
	if least != nil && (least.users < crowd || len(groups) == len(t.workers)) {
		return least
	}
	var idle *worker
	for _, w := range t.workers {
		has := slices.ContainsFunc(groups, func(g *Group) bool { return g.w == w })
		if !has && (idle == nil || w.users < idle.users) {
			idle = w
		}
	}
	g := &Group{t: t, w: idle, s: x.s, delay: x.delay}
	t.groups[x] = append(groups, g)
	return g
}

// release gives back what Transport.group gave; with the last one the group goes.
func (t *Transport) release(g *Group) {
	t.mu.Lock()
	g.users--
	g.w.users--
	last := g.users == 0
	if last {
		what := showing{g.s, g.delay}
		rest := slices.DeleteFunc(t.groups[what], func(x *Group) bool { return x == g })
		if len(rest) == 0 {
			delete(t.groups, what)
		} else {
			t.groups[what] = rest
		}
	}
	t.mu.Unlock()
	if last {
		g.leave()
	}
}
