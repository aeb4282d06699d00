package rtsp

import (
	"slices"
	"sync"
	"time"

	"xianfeng/media/datagram"
)

const (
	perSender = 128                  // viewers that one sender serves before another is started
	retry     = 5 * time.Millisecond // until a viewer who could not take all is tried again
)

// sender serves some of the viewers of an egress, one after the other, whenever there are new bursts.
type sender struct {
	e    *egress
	poke chan struct{} // capacity 1: there is something to do; full: that is known already

	// For run's goroutine.
	batch   *datagram.Batch // nil before there was a viewer with UDP
	reports []report        // that go once the batch has

	mu    sync.Mutex // guards views; the slice itself is replaced, never changed
	views []*viewer
}

// attach gives a viewer to a sender that has room, or to a new one.
func (e *egress) attach(v *viewer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var x *sender
	for _, c := range e.senders {
		if c.load() < perSender {
			x = c
			break
		}
	}
	if x == nil {
		x = &sender{e: e, poke: make(chan struct{}, 1)}
		e.senders = append(e.senders, x)
		// run ends with e.ctx; Server.Close waits for it.
		e.s.wg.Add(1)
		go x.run()
	}
	x.mu.Lock()
	x.views = append(slices.Clone(x.views), v)
	x.mu.Unlock()
	v.sender = x
}

// detach takes a viewer from its sender.
func (x *sender) detach(v *viewer) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.views = slices.DeleteFunc(slices.Clone(x.views), func(o *viewer) bool { return o == v })
}

func (x *sender) load() int { return len(x.list()) }

func (x *sender) list() []*viewer {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.views
}

// wake tells every sender that there are new bursts.
func (e *egress) wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.senders {
		x.wake()
	}
}

func (x *sender) wake() {
	select {
	case x.poke <- struct{}{}:
	default: // full: it will look anyway
	}
}

// run serves until the egress ends.
func (x *sender) run() {
	defer x.e.s.wg.Done()
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	for {
		select {
		case <-x.poke:
		case <-again.C:
		case <-x.e.ctx.Done():
			return
		}
		if x.pass(time.Now()) {
			again.Reset(retry)
		}
	}
}

// pass serves every viewer once and reports whether there is more that could not go yet.
func (x *sender) pass(now time.Time) (pending bool) {
	ready := false // the batch is
	for _, v := range x.list() {
		if !v.live.Load() {
			continue
		}
		if v.udp && !ready {
			x.begin(now)
			ready = true
		}
		if v.push(now) {
			pending = true
		}
	}
	if ready {
		x.flush()
	}
	return pending
}
