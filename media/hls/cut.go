package hls

import (
	"math"
	"slices"
	"time"

	"xianfeng/media"
	"xianfeng/media/fmp4"
)

// boundary decides what ends before u, a unit of the lane that cuts.
func (m *muxer) boundary(l *lane, u *media.Unit) {
	done := m.overdue(l, u)
	length, whole := u.DTS-m.start, u.DTS-m.openAt
	video := m.lanes[0].Track.Codec.Video()
	key := u.Key && video && l == m.lanes[0]
	full := whole*20 >= m.cfg.segment*19 // a key frame that jitters somewhat ends a segment as well
	switch before := m.init; {
	case key && before.params != u.Params && m.adopt(u.Params) && m.init != before:
		m.endSegment(l, u, false)
		done = true
	case key && full:
		m.endSegment(l, u, true)
		done = true
	case m.target == 0 && u.DTS-m.born >= patience:
		// Groups this long would have the first viewers wait for a whole one: players want one complete
		// segment to begin with. So the first one ends here, once.
		m.target = blindTarget
		m.endSegment(l, u, false)
		done = true
	case m.target > 0 && whole+m.pace >= m.limit():
		// §4.4.3.1: rounded, no segment may last longer than the target duration, and that can't be
		// changed any more. A segment without a key frame is the lesser evil: who plays goes on.
		m.endSegment(l, u, false)
		done = true
	case m.part == 0 && len(l.ready) >= perPart(l, m.cfg.part), m.part > 0 && length+m.pace > m.part && length*20 >= m.part*17:
		if !video && full {
			m.endSegment(l, u, true)
		} else {
			m.cut(l, len(l.ready), u.DTS)
		}
		done = true
	}
	if done {
		m.publish(false)
	}
}

// overdue ends the part, and if need be the segment, one unit earlier than u where the newest ready unit
// turned out to last longer than expected, so that they stay within their bounds.
func (m *muxer) overdue(l *lane, u *media.Unit) bool {
	n := len(l.ready) - 1
	if n < 1 || m.part == 0 {
		return false
	}
	last := l.ready[n].Unit
	switch {
	case m.target > 0 && u.DTS-m.openAt >= m.limit():
		m.cut(l, n, last.DTS)
		m.closeSegment(false)
		m.openSegment(last)
	case u.DTS-m.start > m.part:
		m.cut(l, n, last.DTS)
	default:
		return false
	}
	return true
}

// endSegment ends the part and the segment in the making before u, with which the next ones begin.
func (m *muxer) endSegment(l *lane, u *media.Unit, whole bool) {
	m.cut(l, len(l.ready), u.DTS)
	m.closeSegment(whole)
	m.openSegment(u)
}

// limit is the length that no segment may reach.
func (m *muxer) limit() time.Duration {
	return time.Duration(m.target)*time.Second + 499*time.Millisecond
}

func perPart(l *lane, part time.Duration) int {
	return max(1, int(math.Round(float64(part)/float64(interval(l)))))
}

// interval is the median distance of the lane's units.
func interval(l *lane) time.Duration {
	durs := make([]time.Duration, len(l.ready))
	for i, s := range l.ready {
		durs[i] = media.FromTicks(int64(s.Dur), l.Rate)
	}
	slices.Sort(durs)
	return max(durs[len(durs)/2], time.Millisecond)
}

// aim chooses the part target, once and for all, from the distance of the first units: a whole number of
// them, plus some room for jitter, so that parts fill it between 85 and 100 %.
func (m *muxer) aim(l *lane, length time.Duration) {
	d := interval(l)
	if d > maxInterval {
		d = m.cfg.part // a standstill says nothing about what follows
	}
	aim := d * time.Duration(max(1, int(math.Round(float64(m.cfg.part)/float64(d))))) * (100 + jitterPercent) / 100
	if length < 2*aim {
		aim = max(aim, length)
	}
	m.part = (aim + time.Millisecond - 1).Truncate(time.Millisecond)
}

// cut makes a part of the first n ready units of the lane that cuts and of what the other lanes have
// before end, where the next part begins.
func (m *muxer) cut(l *lane, n int, end time.Duration) {
	if n == 0 {
		return
	}
	if m.part == 0 {
		m.aim(l, end-m.start)
	}
	var runs []fmp4.Run
	for _, x := range m.lanes {
		k := n
		if x != l {
			k = x.before(end)
		}
		if k > 0 {
			runs = append(runs, fmp4.Run{Lane: &x.Lane, Samples: x.ready[:k]})
		}
	}
	first := runs[0]
	p := &part{
		num: m.next, dur: end - m.start,
		independent: first.Lane == &m.lanes[0].Lane && first.Samples[0].Unit.Key,
	}
	p.blob = newBlob(m.cfg.id, 'p', m.next, fmp4.MarshalPart(uint32(m.next+1), runs))
	p.line = appendPart(nil, p)
	for _, x := range m.lanes {
		for _, r := range runs {
			if r.Lane != &x.Lane {
				continue
			}
			// What stays is moved to the front: the slices keep their memory and nothing of what was cut.
			rest := copy(x.ready, x.ready[len(r.Samples):])
			clear(x.ready[rest:])
			x.ready = x.ready[:rest]
		}
	}
	m.openParts = append(m.openParts, p)
	m.next++
	m.start = end
	if m.master == nil {
		m.describe(p.dur, len(p.body), false)
	}
}

// breakOff ends the segment in the making where the stream does not go on, with all that is held.
func (m *muxer) breakOff() {
	end := m.start
	cutter := m.lanes[0]
	for _, l := range m.lanes {
		h := l.held
		if h == nil {
			continue
		}
		d := nominalSound
		switch {
		case !l.Track.Codec.Video():
			d = l.Track.PacketDuration(h.Payload[0])
		case m.pace > 0 && !m.stalled:
			d = min(m.pace, max(m.part, 40*time.Millisecond))
		}
		d = max(d, time.Millisecond)
		l.ready = append(l.ready, fmp4.Sample{Unit: h, DTS: media.Ticks(h.DTS, l.Rate), Dur: uint32(media.Ticks(d, l.Rate))})
		l.held = nil
		if l == m.lanes[0] || m.stalled {
			end, cutter = max(end, h.DTS+d), l
		}
	}
	if n := len(cutter.ready); n > 1 && m.part > 0 && end-m.start > m.part && cutter.ready[n-1].Unit.DTS > m.start {
		m.cut(cutter, n-1, cutter.ready[n-1].Unit.DTS)
	}
	if end > m.start {
		m.cut(cutter, len(cutter.ready), end)
	}
	for _, l := range m.lanes {
		clear(l.ready)
		l.ready = l.ready[:0]
	}
	m.closeSegment(false)
	m.begun, m.stalled, m.disc = false, false, true
}
