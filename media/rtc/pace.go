package rtc

import (
	"time"

	"xianfeng/media/datagram"
)

const (
	// maxLag is how old the pictures may become that a viewer gets: one that is further behind goes on
	// at the newest key frame, if there is a newer one than what it has.
	maxLag = time.Second
	// firstPicture is how long a newcomer's key frame may take, whatever its line: half of what is
	// left of 200 ms after the handshake. A line of 5 Mbit/s takes that of a 2 Mbit/s stream.
	firstPicture = 130 * time.Millisecond
	minPace      = 500_000
	usualRate    = 2_000_000   // of a stream that was not measured yet
	reportsTime  = time.Second // after a reason for reports
	sampleGap    = 500 * time.Millisecond
	viaPace      = 120_000_000
	catchUpSlice = 64                               // packets that wait without loss if the connection takes nothing
	viaDepth     = (catchUpSlice - 1) * maxDatagram // a token opens the bucket for a whole packet
)

// pacer says how much of a viewer's pictures may go out now: a token bucket, filled with the pace and
// as deep as the line takes at once. What fits goes out in one burst; only what is left waits for the
// worker's next tick. Sound and retransmissions never wait, but take tokens. It belongs to the worker.
type pacer struct {
	tokens int // bytes; may be negative
	filled time.Time
}

// fill brings the bucket up to date. A new one is full.
func (p *pacer) fill(now time.Time, pace int64, depth int) {
	if d := now.Sub(p.filled); d < time.Second {
		p.tokens += int(float64(pace) / 8 * d.Seconds())
	} else {
		p.tokens = depth
	}
	p.tokens = min(p.tokens, depth)
	p.filled = now
}

// take spends n bytes. Debts are bounded: resends that did not wait must not stop the pictures.
func (p *pacer) take(n int) { p.tokens = max(p.tokens-n, -startDepth) }

// open reports whether a packet may go out now.
func (p *pacer) open() bool { return p.tokens > 0 }

// fill says what a viewer may be sent of the pictures in this pass, and notes when that is. It reports
// whether that is anything at all. TCP has a pace of its own.
func (g *Group) fill(w *worker, v *Viewer, to *datagram.Peer) bool {
	x := &v.send
	room := v.ears.line.room()
	if x.log != nil {
		x.at = g.t.elapsed()
		x.numbering = x.wantsReports(g.burst, room)
	}
	if via := to.Via(); via != nil {
		x.pacer.fill(w.now, viaPace, viaDepth)
		return !via.Full()
	}
	x.pacer.fill(w.now, g.pace(v), room)
	return true
}

// wantsReports reports whether what is sent now shall be numbered: the viewer reports on that. It is
// while there is something to be learnt, at the beginning and where bursts are not small for the line,
// and else a picture now and then: each report costs as much as sealing a hundred packets.
func (x *sending) wantsReports(burst, room int) bool {
	if x.late || 2*burst > room {
		x.reportsTill = x.at + reportsTime
	}
	if x.at < x.reportsTill {
		return true
	}
	if burst == 0 || x.at < x.sampled+sampleGap {
		return false
	}
	x.sampled = x.at
	return true
}

// measured is the pace that the viewer's reports gave, or 0.
func (v *Viewer) measured() int64 { return v.ears.line.pace.Load() }

// pace is how fast a viewer may be sent pictures for longer, in bit/s.
func (g *Group) pace(v *Viewer) int64 {
	x := &v.send
	stream := g.tracks[videoLane].rate()
	switch pace := v.ears.line.pace.Load(); {
	case x.lanes[videoLane].cursor < x.firstEnd:
		return max(pace, x.firstPace)
	case pace > 0 && x.log != nil: // so that one who is wrong, or lies, is sent something
		return max(pace, stream/2, minPace)
	case pace > 0: // REMB is never much more than what came lately, and receiver reports are a rough measure
		return max(pace, stream*3/2, minPace)
	default: // reports are under way, or never come
		return max(2*stream, minPace)
	}
}

// beginPace makes the pace of a newcomer such that its first picture comes in time.
func (x *sending) beginPace(l *lane, t *track) {
	r, n := &t.ring, 0
	x.firstEnd = l.cursor
	for pic := r.at(l.cursor).pic; x.firstEnd < r.next && r.at(x.firstEnd).pic == pic; x.firstEnd++ {
		n += len(r.at(x.firstEnd).payload)
	}
	x.firstPace = min(bits(n, firstPicture), max(4*t.rate(), 3*usualRate))
}

// meter measures a track's rate.
type meter struct {
	since time.Duration // decoding time
	bytes int
	bits  int64 // a second; 0: not known yet
}

// add takes a unit of n bytes.
func (m *meter) add(at time.Duration, n int) {
	span := at - m.since
	switch {
	case span < 0 || span > 10*time.Second: // a beginning or a gap
		m.since, m.bytes = at, 0
	case span >= time.Second:
		rate := bits(m.bytes, span)
		if m.bits > 0 {
			rate = (3*m.bits + rate) / 4 // key frames are seconds apart
		}
		m.bits, m.since, m.bytes = rate, at, 0
	}
	m.bytes += n
}

// rate is the track's rate in bit/s; nil has none.
func (t *track) rate() int64 {
	if t == nil {
		return 0
	}
	if t.meter.bits == 0 {
		return usualRate
	}
	return t.meter.bits
}
