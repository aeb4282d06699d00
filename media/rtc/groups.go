package rtc

import (
	"fmt"
	"slices"

	"xianfeng/media"
)

// crowd is how many viewers of a stream one worker has before others get some as well. Each of them
// makes packets for itself: that costs little beside the sending to so many.
const crowd = 256

// group returns the group that the next viewer of s belongs to, with one more user; release gives it
// back.
func (t *Transport) group(s *media.Stream) (*Group, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, fmt.Errorf("%w: the server stops", media.ErrEnded)
	}
	g := t.placeLocked(s)
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
// none of s where all are crowded.
func (t *Transport) placeLocked(s *media.Stream) *Group {
	groups := t.groups[s]
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
	g := &Group{t: t, w: idle, s: s}
	t.groups[s] = append(groups, g)
	return g
}

// release gives back what Transport.group gave; with the last one the group goes.
func (t *Transport) release(g *Group) {
	t.mu.Lock()
	g.users--
	g.w.users--
	last := g.users == 0
	if last {
		rest := slices.DeleteFunc(t.groups[g.s], func(x *Group) bool { return x == g })
		if len(rest) == 0 {
			delete(t.groups, g.s)
		} else {
			t.groups[g.s] = rest
		}
	}
	t.mu.Unlock()
	if last {
		g.leave()
	}
}
