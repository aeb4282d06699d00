package media

import (
	"context"
	"sync/atomic"
)

// Reader is a cursor into a stream's ring. It costs an index; there is nothing to close.
// Its methods are for one goroutine at a time.
type Reader struct {
	s       *Stream
	pos     uint64
	started bool
	skipped atomic.Uint64
}

// NewReader returns a reader whose first unit is the newest key frame in the ring (for a stream
// without video, the newest unit), or the first one to come.
func (s *Stream) NewReader() *Reader { return &Reader{s: s} }

// Skipped returns how many units the reader missed because it fell behind the ring.
func (r *Reader) Skipped() uint64 { return r.skipped.Load() }

// Next returns the next unit, waiting for it if need be. It returns the context's error, or why the
// stream ended.
func (r *Reader) Next(ctx context.Context) (*Unit, error) {
	for {
		u, wait, err := r.poll()
		if u != nil || err != nil {
			return u, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Drain is Take with a channel that is closed at the next change.
func (r *Reader) Drain(buf []*Unit) ([]*Unit, <-chan struct{}, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	buf, err := r.takeLocked(buf)
	if err != nil {
		return buf, nil, err
	}
	return buf, r.s.changedLocked(), nil
}

// Take appends to buf the units that are there now, without waiting, and returns the extended slice
// and, once nothing is left of it, why the stream ended. [Stream.Watch] tells when to come again.
func (r *Reader) Take(buf []*Unit) ([]*Unit, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.takeLocked(buf)
}

func (r *Reader) takeLocked(buf []*Unit) ([]*Unit, error) {
	s := r.s
	had := len(buf)
	if r.seekLocked() {
		for ; r.pos < s.next; r.pos++ {
			buf = append(buf, s.ring[r.pos%ringUnits])
		}
	}
	if len(buf) == had && s.ended != nil {
		return buf, s.ended
	}
	return buf, nil
}

func (r *Reader) poll() (*Unit, <-chan struct{}, error) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.seekLocked() && r.pos < s.next {
		u := s.ring[r.pos%ringUnits]
		r.pos++
		return u, nil, nil
	}
	if s.ended != nil {
		return nil, nil, s.ended
	}
	return nil, s.changedLocked(), nil
}

// seekLocked puts the cursor onto a unit that exists, and reports false while there is none to begin with.
func (r *Reader) seekLocked() bool {
	s := r.s
	if r.started && r.pos >= s.floor {
		return true
	}
	if !s.hasKey {
		return false
	}
	if r.started {
		r.skipped.Add(s.key - r.pos)
	}
	r.started, r.pos = true, s.key
	return true
}
