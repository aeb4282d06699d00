package media

import "time"

// Delayed is a cursor into a stream's ring for those who are shown one of its tracks later than it comes.
// Stream.Keep has the ring hold what they need. Its methods are for one goroutine at a time.
type Delayed struct {
	s       *Stream
	track   int
	pos     uint64
	started bool
	skipped uint64
}

// NewDelayed returns a cursor whose first unit is the newest key frame of the track that is due at its
// first Take, or else the oldest in the ring, or the first one to come.
func (s *Stream) NewDelayed(track int) *Delayed { return &Delayed{s: s, track: track} }

// Skipped returns how many units of the stream it missed because they left the ring before they were due.
func (d *Delayed) Skipped() uint64 { return d.skipped }

// Take appends to buf the track's units whose programme time is not after until, and returns the extended
// slice with the programme time of the first that is, zero if there is none yet. Once nothing is left at
// all it returns why the stream ended.
func (d *Delayed) Take(buf []*Unit, until time.Time) (out []*Unit, next time.Time, err error) {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	had := len(buf)
	if d.started && d.pos >= s.first || d.seekLocked(until) {
		for ; d.pos < s.next; d.pos++ {
			u := s.ring[d.pos%ringUnits]
			if u.Track != d.track {
				continue
			}
			if u.Time.After(until) {
				return buf, u.Time, nil
			}
			buf = append(buf, u)
		}
	}
	if len(buf) == had {
		err = s.ended
	}
	return buf, time.Time{}, err
}

// seekLocked puts the cursor onto the newest key unit of the track that is due, or else the oldest, and
// reports false while there is none.
func (d *Delayed) seekLocked(until time.Time) bool {
	s, pos := d.s, d.s.next
	for i := s.next; i > s.first; i-- {
		u := s.ring[(i-1)%ringUnits]
		if u.Track != d.track || !u.Key {
			continue
		}
		pos = u.Seq
		if !u.Time.After(until) {
			break
		}
	}
	if pos == s.next {
		return false
	}
	if d.started {
		d.skipped += pos - d.pos
	}
	d.started, d.pos = true, pos
	return true
}
