package media

import "time"

const (
	windows     = 8
	window      = time.Second            // of stream time; all of them span the bursts that playlists come in
	captureAge  = time.Second            // what is older was captured by a wrong clock, or too late to be shown in step
	captureSlop = 250 * time.Millisecond // beyond the age that is believed, before it is believed no more
	clockSet    = 250 * time.Millisecond // a capture clock that leaves stream time by that much at once was set
	captureGone = 10 * time.Second       // without capture times: arrival counts again
)

// source finds out when the units of one source happened, by the server's clock.
//
// What arrives is late by jitter and never early, so of arrivals only the earliest of the last seconds
// counts. Capture times have no jitter; but the clock that they come from may be wrong by an hour, drift,
// or be set. So what is believed of them is how units follow one another, and where they lie only if that
// is plausible: not after the arrival and not long before. Else the smallest delay is taken to be none.
type source struct {
	age     time.Duration // up to which capture times are believed
	track   int           // whose capture times count: the first one's that has any
	seen    time.Duration
	known   bool          // there are capture times
	base    time.Duration // capture time minus stream time, newest
	delay   lowest        // arrival minus capture time
	trusted bool          // capture times are where they should be
	late    lowest        // when it happened minus stream time
}

// observe takes one unit and returns when it happened (since the Unix epoch).
func (s *source) observe(track int, pts time.Duration, arrived, captured time.Time) time.Duration {
	came := time.Duration(arrived.UnixNano())
	if s.known && pts-s.seen > captureGone {
		s.known = false
	}
	if captured.IsZero() || s.known && track != s.track {
		if s.known {
			return s.guess(arrived, captured) // one clock is enough, and two never agree
		}
		s.late.add(pts, came-pts)
		return came
	}
	at := time.Duration(captured.UnixNano())
	if base := at - pts; !s.known || base-s.base > clockSet || base-s.base < -clockSet {
		s.delay = lowest{}
	}
	s.known, s.track, s.seen, s.base = true, track, max(s.seen, pts), at-pts
	s.delay.add(pts, came-at)
	low, _ := s.delay.low()
	s.trusted = low >= 0 && (low <= s.age || s.trusted && low <= s.age+captureSlop)
	at += s.shift()
	s.late.add(pts, at-pts)
	return at
}

// shift is what is added to capture times.
func (s *source) shift() time.Duration {
	if low, ok := s.delay.low(); ok && !s.trusted {
		return low
	}
	return 0
}

// guess returns when a unit happened whose place in the stream is not known yet.
func (s *source) guess(arrived, captured time.Time) time.Duration {
	came := time.Duration(arrived.UnixNano())
	if captured.IsZero() {
		return came
	}
	at := time.Duration(captured.UnixNano()) + s.shift()
	if d := came - at; d < 0 || d > s.age+captureSlop {
		return came
	}
	return at
}

// lowest is the lowest of the values of the last eight seconds of stream time.
type lowest struct {
	slot  [windows]time.Duration
	used  [windows]bool
	now   int           // slot in use
	until time.Duration // end of its window
	min   time.Duration // of all slots
	any   bool
	whole int // windows that are over, up to 8
}

// add takes the value at pts. 0 allocs.
func (l *lowest) add(pts, v time.Duration) {
	if !l.any || pts-l.until > windows*window {
		*l = lowest{until: pts + window} // a beginning, or a gap: nothing of before counts
	}
	for pts >= l.until {
		l.now = (l.now + 1) % windows
		l.used[l.now] = false
		l.until += window
		l.whole = min(l.whole+1, windows)
		l.measure()
	}
	if !l.used[l.now] || v < l.slot[l.now] {
		l.slot[l.now], l.used[l.now] = v, true
		l.measure()
	}
}

func (l *lowest) measure() {
	l.any = false
	for i, v := range l.slot {
		if l.used[i] && (!l.any || v < l.min) {
			l.min, l.any = v, true
		}
	}
}

// low returns the lowest value, and false while there is none.
func (l *lowest) low() (time.Duration, bool) { return l.min, l.any }

// settled is low, but false until several seconds have been seen.
func (l *lowest) settled() (time.Duration, bool) { return l.min, l.any && l.whole >= 3 }
