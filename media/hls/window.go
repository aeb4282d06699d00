package hls

import (
	"math"
	"slices"
	"time"

	"xianfeng/media"
)

// openSegment begins a segment with u.
func (m *muxer) openSegment(u *media.Unit) {
	m.open = &opening{msn: m.msn, init: m.init, disc: m.disc}
	m.open.head = appendHead(nil, u.Time)
	m.openAt, m.openParts, m.disc = u.DTS, nil, false
	m.start = u.DTS
}

// closeSegment makes the open parts a segment. whole: it ended where segments should end.
func (m *muxer) closeSegment(whole bool) {
	if m.open == nil || len(m.openParts) == 0 {
		m.disc = m.disc || m.open != nil && m.open.disc
		m.open = nil
		return
	}
	g := newSegment(m.cfg.id, m.open, m.openParts)
	m.kept = append(slices.Clip(m.kept), g) // copied: snapshots share the old one
	m.open, m.openParts = nil, nil
	m.msn++
	if m.target == 0 && whole {
		m.target = max(minTarget, int(math.Ceil(1.5*g.dur.Seconds())))
	}
	m.describe(g.dur, g.size, true)
	m.forget()
}

// forget takes segments off the playlist, and later out of memory.
// §6.2.2: what is left lasts at least three target durations.
func (m *muxer) forget() {
	var left time.Duration
	for _, g := range m.kept[m.listed:] {
		left += g.dur
	}
	least := 3 * time.Duration(max(m.target, minTarget)) * time.Second
	for len(m.kept)-m.listed > m.cfg.segments && left-m.kept[m.listed].dur >= least {
		left -= m.kept[m.listed].dur
		if m.kept[m.listed].disc {
			m.passed++
		}
		m.listed++
	}
	if old := m.listed - afterlife; old > 0 {
		m.kept = slices.Clone(m.kept[old:])
		m.listed -= old
	}
}

// describe keeps the bit rates of the multivariant playlist: an estimate by the first part until there is a
// segment, and then those of segments, of which the highest only grows, so that it rarely changes.
func (m *muxer) describe(d time.Duration, size int, segment bool) {
	bits := float64(size) * 8
	average := bits / d.Seconds()
	if segment {
		if m.sumTime == 0 {
			m.peak, m.master = 0, nil
		}
		m.sumBits, m.sumTime = m.sumBits+bits, m.sumTime+d.Seconds()
		average = m.sumBits / m.sumTime
	}
	if rate := bits / d.Seconds(); rate > m.peak {
		m.peak, m.master = 1.1*rate, nil
	}
	if m.master == nil {
		m.masters++
		m.master = newMaster(m.cfg.id, m.masters, m.lanes, m.init.params, m.peak, average, m.cfg.zip)
	}
}
