package hls

import (
	"sync"
	"sync/atomic"
	"time"
)

// waits counts the requests that wait, and lends them timers.
type waits struct {
	limit   int64
	now     atomic.Int64
	refused atomic.Uint64
	timers  sync.Pool
}

// enter counts one more, or reports that there are too many. leave must follow where it does not.
func (w *waits) enter() bool {
	if w.now.Add(1) <= w.limit {
		return true
	}
	w.now.Add(-1)
	w.refused.Add(1)
	return false
}

func (w *waits) timer(d time.Duration) *time.Timer {
	if t, ok := w.timers.Get().(*time.Timer); ok {
		t.Reset(d) // nothing of an earlier use is left in the channel (Go 1.23)
		return t
	}
	return time.NewTimer(d)
}

func (w *waits) leave(t *time.Timer) {
	t.Stop()
	w.timers.Put(t)
	w.now.Add(-1)
}

// Waiting returns how many requests wait for what is not there yet, and how many were refused because there
// were too many.
func (s *Server) Waiting() (now int, refused uint64) {
	return int(s.waits.now.Load()), s.waits.refused.Load()
}
