package rtc

import (
	"sync"
	"time"

	"xianfeng/media"
	"xianfeng/media/datagram"
	"xianfeng/media/packet"
)

// maxWorkers bounds the workers of a transport; there is one for each core up to that.
const maxWorkers = 16

// worker sends for its groups, of as many streams as there are: what is new in all of them goes out in
// one batch. One goroutine runs it from Transport.Start to Transport.Close.
type worker struct {
	batch   *datagram.Batch
	nonce   [12]byte
	scratch []byte // for RTCP and RTX
	left    bool   // a group's last viewer has left in this pass
	units   []*media.Unit
	packets []packet.Packet
	groups  []*Group  // of this pass
	timed   []*Group  // those that want a pass at a time
	now     time.Time // of this pass

	users int // of its groups; guarded by Transport.mu

	wake chan struct{} // capacity 1: some group is marked; full: the worker knows

	mu     sync.Mutex // guards marked, Group.marked
	marked []*Group   // have something new; each once
}

func newWorker(s *datagram.Socket) *worker {
	return &worker{batch: s.NewBatch(), scratch: make([]byte, 0, maxDatagram+256), wake: make(chan struct{}, 1)}
}

// run makes passes until stop is closed.
func (w *worker) run(stop <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-w.wake:
		case <-timer.C:
		case <-stop:
			return
		}
		if next := w.pass(); next > 0 {
			timer.Reset(next)
		}
	}
}

// mark gives g a pass soon. It is for any goroutine and does not block.
func (w *worker) mark(g *Group) {
	w.mu.Lock()
	known := g.marked
	if !known {
		g.marked = true
		w.marked = append(w.marked, g)
	}
	w.mu.Unlock()
	if known {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// pass sends what is due for all groups that have something new or whose time has come. It returns how
// long until the next one's time comes, or 0.
func (w *worker) pass() time.Duration {
	w.now = time.Now()
	w.takeMarked()
	for _, g := range w.timed {
		if !g.taken && !g.due.IsZero() && !w.now.Before(g.due) {
			g.taken = true
			w.groups = append(w.groups, g)
		}
	}
	for _, g := range w.groups {
		g.taken, g.due = false, time.Time{}
		g.pass(w)
		if !g.due.IsZero() && !g.listed {
			g.listed = true
			w.timed = append(w.timed, g)
		}
	}
	clear(w.groups)
	w.groups = w.groups[:0]
	if w.left { // perhaps it was the last of all; if not, the memory comes back
		w.left = false
		w.batch.Free()
	} else {
		w.batch.Flush()
	}
	return w.untilDue()
}

func (w *worker) takeMarked() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.marked {
		g.marked, g.taken = false, true
	}
	w.groups, w.marked = w.marked, w.groups
}

// untilDue returns how long it is until a group's time comes, at least 1 ns, or 0 where none has one.
func (w *worker) untilDue() time.Duration {
	var first time.Time
	kept := w.timed[:0]
	for _, g := range w.timed {
		if g.due.IsZero() {
			g.listed = false
			continue
		}
		kept = append(kept, g)
		if first.IsZero() || g.due.Before(first) {
			first = g.due
		}
	}
	clear(w.timed[len(kept):])
	w.timed = kept
	if first.IsZero() {
		return 0
	}
	return max(1, time.Until(first))
}
