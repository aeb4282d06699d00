package media

import (
	"sync"
	"time"
)

const (
	timelineStep = time.Second // of stream time between two changes of the slope
	timelineNear = 20 * time.Millisecond
	slewNear     = 500e-6 // inaudible, and more than any clock drifts
	slewFar      = 2e-3   // leaves players most of the ±0.5 % by which they may speed up unheard
	slewOver     = 10     // seconds that a difference is spread over
	mapOff       = time.Millisecond
	mapAge       = 10 * time.Minute // RTP timestamps that are related to a map must not wrap meanwhile
	lostAfter    = 2 * time.Second
	pieces       = 16
)

// Timeline maps the time of one stream to programme time: when, by the server's clock, that happened which
// is shown. All tracks and every egress use the same mapping, so that a unit's programme time is the same
// in HLS's PROGRAM-DATE-TIME, in sender reports and in recordings.
//
// It is made of straight pieces and never steps: its slope stays within 1 ± 0.2 %, and within 1 ± 500 ppm
// once it is within 20 ms of the source. What it gave out for a unit it gives out again, as long as it
// remembers the piece (at least 15 s).
type Timeline struct {
	mu     sync.Mutex // guards all below
	set    bool
	epoch  uint32
	pos    time.Duration // how far the mapping has been given out
	next   time.Duration // when the slope is looked at again
	bent   time.Time     // when it was, by arrival
	hurry  bool          // what came since came faster than it plays
	piece  [pieces]piece // the newest, in a ring
	count  int           // pieces made; 0 only before set
	told   Map           // what those who extrapolate go by
	source source
}

// piece is a straight part of the mapping, from pts on.
type piece struct {
	pts    time.Duration
	offset time.Duration // programme time (since the Unix epoch) minus stream time, at pts
	slew   float64       // change of offset per unit of stream time
}

func (p *piece) at(pts time.Duration) time.Duration {
	return p.offset + time.Duration(p.slew*float64(pts-p.pts))
}

// Map is a timeline as others are told of it: the programme time of PTS is At, and it advances 1 + Slope
// times as fast as stream time. Whoever goes by it is right to the millisecond until there is a new one
// (Hub.OnNews). RTP timestamps that viewers get are Ticks(PTS, clock rate) modulo 2^32, without an offset.
type Map struct {
	Epoch uint32
	PTS   time.Duration
	At    time.Time
	Slope float64
}

// Time returns the programme time of pts.
func (m Map) Time(pts time.Duration) time.Time {
	d := pts - m.PTS
	return m.At.Add(d + time.Duration(m.Slope*float64(d)))
}

// observation is what is known of one unit.
type observation struct {
	track    int
	epoch    uint32
	pts      time.Duration
	arrived  time.Time
	captured time.Time     // by the clock of whoever captured it; zero: not known
	trust    time.Duration // up to which age that clock is believed
}

// observe takes what is known of a unit and returns its programme time. news says that what others were
// told (Map) is not true any more, and is replaced.
func (t *Timeline) observe(o observation) (at time.Time, news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.epoch != t.epoch || !t.set {
		t.epoch = o.epoch
		t.source = source{age: o.trust} // another clock, perhaps another way here
	}
	when := t.source.observe(o.track, o.pts, o.arrived, o.captured)
	if !t.set {
		t.set, t.pos, t.next = true, o.pts, o.pts+timelineStep
		t.piece[0], t.count = piece{pts: o.pts, offset: when - o.pts}, 1
	}
	t.pos = max(t.pos, o.pts)
	if t.pos >= t.next {
		t.bendLocked(o.arrived)
	}
	offset := t.offsetLocked(o.pts)
	told := t.told.Time(o.pts).Sub(time.Unix(0, int64(o.pts+offset)))
	if news = t.told.At.IsZero() || t.told.Epoch != t.epoch || told > mapOff || told < -mapOff || o.pts-t.told.PTS > mapAge; news {
		t.told = t.mapLocked()
	}
	return time.Unix(0, int64(o.pts+offset)), news
}

// bendLocked begins a piece that leads to where the source is.
func (t *Timeline) bendLocked(arrived time.Time) {
	t.hurry, t.bent = arrived.Sub(t.bent) < timelineStep/2, arrived
	t.next = t.pos + timelineStep
	p := piece{pts: t.pos, offset: t.offsetLocked(t.pos)}
	if low, ok := t.source.late.low(); ok {
		p.slew = slewFor(low - p.offset)
	}
	t.piece[t.count%pieces] = p
	t.count++
}

// slewFor spreads err over ten seconds, within the limits.
func slewFor(err time.Duration) float64 {
	limit := slewNear
	if err > timelineNear || err < -timelineNear {
		limit = slewFar
	}
	return max(-limit, min(limit, err.Seconds()/slewOver))
}

// offsetLocked returns programme time minus stream time at pts.
func (t *Timeline) offsetLocked(pts time.Duration) time.Duration {
	i := t.count - 1
	for oldest := max(0, t.count-pieces); i > oldest && t.piece[i%pieces].pts > pts; {
		i--
	}
	return t.piece[i%pieces].at(pts)
}

func (t *Timeline) mapLocked() Map {
	offset := t.offsetLocked(t.pos)
	return Map{Epoch: t.epoch, PTS: t.pos, At: time.Unix(0, int64(t.pos+offset)), Slope: t.piece[(t.count-1)%pieces].slew}
}

// At returns the programme time of pts; the zero time before the first unit.
func (t *Timeline) At(pts time.Duration) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.set {
		return time.Time{}
	}
	return time.Unix(0, int64(pts+t.offsetLocked(pts)))
}

// Map returns what others are told of the mapping, and false before the first unit.
func (t *Timeline) Map() (Map, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told, t.set
}

// position returns the stream time that the moment of a unit falls on, and false before the first unit.
func (t *Timeline) position(arrived, captured time.Time) (time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.set {
		return 0, false
	}
	when := t.source.guess(arrived, captured)
	offset := t.piece[(t.count-1)%pieces].at(t.pos)
	return when - offset, true
}

// lost reports whether the source has been so late for a while that bending would take very long: it stood
// still and goes on where it stopped. One that catches up after the line was down is not lost.
func (t *Timeline) lost() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	low, ok := t.source.late.settled()
	return ok && !t.hurry && low-t.offsetLocked(t.pos) > lostAfter
}
