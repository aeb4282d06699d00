package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// reader counts for one viewer.
type reader struct {
	on       *atomic.Bool // counting
	fps      float64
	bytes    atomic.Int64
	packets  atomic.Int64
	lost     atomic.Int64 // not there when their turn came
	repaired atomic.Int64 // of those, came later

	answered atomic.Int64  // WHEP: when the answer was there, Unix ns
	keyAt    atomic.Int64  // when the first key frame was complete, Unix ns
	key      chan struct{} // closes then

	mu     sync.Mutex // guards the samples below, in ms
	lat    []float64  // from publishing an access unit to having its end
	answer []float64  // from the end of a part to having the playlist that lists it
	stalls int
	stall  time.Duration
}

func newReader(on *atomic.Bool, fps float64) *reader {
	return &reader{on: on, fps: fps, key: make(chan struct{})}
}

// haveKey notes the first key frame.
func (r *reader) haveKey(now time.Time) {
	if r.keyAt.CompareAndSwap(0, now.UnixNano()) {
		close(r.key)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// rtpTrack is one RTP stream of a viewer. One goroutine feeds it.
type rtpTrack struct {
	r      *reader
	video  bool
	gaps   seqGap
	frames frames
}

// packet counts one packet and returns how many were missing before it.
func (t *rtpTrack) packet(payload []byte, seq uint16, ts uint32, marker bool, now time.Time) int {
	lost, late := t.gaps.see(seq)
	on := t.r.on.Load()
	if on {
		t.r.packets.Add(1)
		t.r.bytes.Add(int64(len(payload)))
		t.r.lost.Add(int64(lost))
	}
	if late {
		if on {
			t.r.repaired.Add(1)
		}
		return 0
	}
	if !t.video {
		return lost
	}
	if len(payload) == 0 { // padding, of no access unit
		if lost > 0 {
			t.frames.broken()
		}
		return lost
	}
	u, done := t.frames.packet(payload, ts, marker, lost > 0)
	if !done {
		return lost
	}
	if u.key && u.intact {
		t.r.haveKey(now)
	}
	if on && !u.stamp.IsZero() {
		t.r.mu.Lock()
		t.r.lat = append(t.r.lat, ms(now.Sub(u.stamp)))
		t.r.mu.Unlock()
	}
	return lost
}

// seqGap tracks lost RTP packets of one track.
type seqGap struct {
	have bool
	next uint16
}

// see returns how many packets are missing before this one, or that it is late or comes twice.
func (s *seqGap) see(seq uint16) (lost int, late bool) {
	if !s.have {
		s.have, s.next = true, seq+1
		return 0, false
	}
	d := int16(seq - s.next)
	if d < 0 {
		return 0, true
	}
	s.next = seq + 1
	return int(d), false
}

// blob counts bytes that are not RTP and returns the last stamp in them.
func (r *reader) blob(b []byte, now time.Time, video bool) (last time.Time) {
	on := r.on.Load()
	if on {
		r.packets.Add(1)
		r.bytes.Add(int64(len(b)))
	}
	if !video {
		return last
	}
	findStamps(b, func(t time.Time) {
		last = t
		if on {
			r.mu.Lock()
			r.lat = append(r.lat, ms(now.Sub(t)))
			r.mu.Unlock()
		}
	})
	return last
}

func (r *reader) stalled(d time.Duration) {
	if r.on.Load() {
		r.mu.Lock()
		r.stalls++
		r.stall += d
		r.mu.Unlock()
	}
}

func (r *reader) answeredAfter(d time.Duration) {
	if r.on.Load() {
		r.mu.Lock()
		r.answer = append(r.answer, ms(d))
		r.mu.Unlock()
	}
}
