package ws

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

type chore struct {
	job
	fn func()
}

func TestPoolHelpsItselfWhenAllAreStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, 4, func(c *chore) { c.fn() })
		hold := make(chan struct{})
		for range 3 {
			p.push(&chore{fn: func() { <-hold }})
		}
		done := make(chan struct{})
		began := time.Now()
		p.push(&chore{fn: func() { close(done) }})
		<-done
		if took := time.Since(began); took < p.stuck || took > 10*p.stuck {
			t.Errorf("the fourth was done after %v", took)
		}
		p.push(&chore{fn: func() { <-hold }}, &chore{fn: func() { <-hold }})
		time.Sleep(time.Second)
		if p.mu.Lock(); p.workers != 4 {
			t.Errorf("got %d workers, want 4 at most", p.workers)
		}
		p.mu.Unlock()
		close(hold)
		synctest.Wait()
		if p.mu.Lock(); p.workers != 2 || p.head != len(p.queue) {
			t.Errorf("got %d workers and %d things, want 2 and none", p.workers, len(p.queue)-p.head)
		}
		p.mu.Unlock()
		p.close()
	})
}

// A thing is done by one at a time, and again if it was pushed in the meantime.
func TestPoolDoesEachThingAloneAndAgain(t *testing.T) {
	var inside, times atomic.Int32
	p := newPool(4, 8, func(c *chore) { c.fn() })
	c := &chore{}
	c.fn = func() {
		if inside.Add(1) != 1 {
			t.Error("two are at the same thing")
		}
		times.Add(1)
		inside.Add(-1)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { // ends by itself
			for range 1000 {
				p.push(c)
			}
		})
	}
	wg.Wait()
	before := times.Load()
	p.push(c)
	until(t, "it is done once more", func() bool { return times.Load() > before })
	p.close()
	p.push(c) // does nothing
}

func TestPoolsQueueDoesNotGrow(t *testing.T) {
	p := newPool(1, 1, func(*chore) {})
	p.workers = 1 // none works
	list := make([]*chore, 100)
	for i := range list {
		list[i] = &chore{}
		p.push(list[i])
	}
	for range 10_000 { // never empty
		p.mu.Lock()
		c := p.takeLocked()
		c.queued = false
		p.mu.Unlock()
		p.push(c)
	}
	if len(p.queue) > 300 || len(p.queue)-p.head != 100 {
		t.Errorf("got a queue of %d for %d things", len(p.queue), len(p.queue)-p.head)
	}
	p.close()
}

func TestBucket(t *testing.T) {
	var b bucket
	now := time.Unix(1000, 0)
	n := 0
	for range 100 {
		if b.take(now, 10, 20) {
			n++
		}
	}
	if n != 20 {
		t.Errorf("at once: got %d, want 20", n)
	}
	for n = 0; b.take(now.Add(time.Second), 10, 20); n++ {
	}
	if n != 10 {
		t.Errorf("a second later: got %d, want 10", n)
	}
	if !b.take(now.Add(time.Hour), 10, 20) || b.level > 20 {
		t.Errorf("an hour later: %f", b.level)
	}
	b.take(now, 10, 20) // a clock that goes back
	if b.level < -1000*20 {
		t.Errorf("a clock that went back: %f", b.level)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	x := newSessions(3)
	now := time.Unix(1000, 0)
	var tokens []string
	for i := range 6 {
		k := &socket{visitor: visitorOf(0, false)}
		s, before := x.take("", k)
		if before != nil {
			t.Fatal("a new session had a socket")
		}
		tokens = append(tokens, s.token)
		x.lose(s, k, now.Add(time.Duration(i)*time.Second))
	}
	if len(x.by) != 3 || x.lost.Len() != 3 || x.by[tokens[0]] != nil || x.by[tokens[5]] == nil {
		t.Errorf("got %d sessions, want the newest three", len(x.by))
	}
	k := &socket{visitor: visitorOf(7, false)}
	if s, _ := x.take(tokens[5], k); s.token == tokens[5] {
		t.Error("somebody else's session was resumed by an account")
	}
	if s, _ := x.take(tokens[4], &socket{visitor: visitorOf(0, true)}); s.token == tokens[4] {
		t.Error("a session was resumed by a page of another origin")
	}
	k = &socket{visitor: visitorOf(0, false)}
	s, _ := x.take(tokens[5], k)
	if s.token != tokens[5] || x.lost.Len() != 2 {
		t.Errorf("resuming: got %+v", s)
	}
	x.lose(s, &socket{}, now) // one that was replaced
	if s.socket != k {
		t.Error("the socket before took the session with it")
	}
	x.forget(now.Add(time.Hour))
	if x.lost.Len() != 0 || x.by[tokens[5]] == nil || x.by[tokens[4]] != nil {
		t.Error("the wrong sessions were forgotten")
	}
}
