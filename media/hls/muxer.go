package hls

import (
	"log/slog"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"xianfeng/media"
	"xianfeng/media/fmp4"
)

const (
	jitterPercent = 5                // by how much the part target lies over the parts it was chosen for
	maxInterval   = time.Second      // pictures further apart than this don't make the part target
	patience      = 3 * time.Second  // how long the first playlist waits to see a group of pictures whole
	minTarget     = 3                // seconds; room for a group longer than the first
	blindTarget   = 10               // seconds; for groups not seen whole in time
	stallAfter    = 2 * time.Second  // sound this far ahead of the picture goes on without it
	afterlife     = 3                // segments served on after they left the playlist (§6.2.2)
	nominalSound  = time.Second / 50 // what the last unit of a track is taken to last if nothing tells
)

// muxerConfig is what a muxer is told; there are no defaults here.
type muxerConfig struct {
	part     time.Duration // what parts aim at
	segment  time.Duration // what segments last at least
	segments int           // segments listed at least
	id       string        // in every URI; no other muxer ever has it
	msn      uint64        // number of the first segment
	zip      *compressor
	log      *slog.Logger
}

// muxer cuts the units of one stream into parts and segments. push and end are for one goroutine;
// everybody else reads snapshots.
//
// Rules it keeps (RFC 8216bis §4.4.3.7, §4.4.4.9): the part target and the target duration never
// change; no part is longer than the part target, and none but the last of a segment is shorter than
// 85 % of it, unless the distance of two pictures leaves no choice; a segment begins with a key frame,
// unless a group of pictures is longer than the target duration.
type muxer struct {
	cfg   muxerConfig
	lanes []*lane // the first one is what parts are cut by
	now   atomic.Pointer[snapshot]

	begun   bool   // since the last discontinuity
	stalled bool   // the picture does not come any more: the sound cuts
	disc    bool   // the next segment does not continue the one before
	epoch   uint32 // of the units being cut
	seq     uint64 // that the next unit has, if none was missed
	sawUnit bool

	init      *section
	sections  uint64        // initialization sections made
	part      time.Duration // the part target; 0 until the first part
	target    int           // the target duration in seconds; 0 until decided
	born      time.Duration // DTS of the first unit of all
	start     time.Duration // DTS at which the part in the making begins
	pace      time.Duration // from the unit before last to the last, in the lane that cuts
	open      *opening      // the segment in the making; nil after a discontinuity until it begins
	openAt    time.Duration // DTS
	openParts []*part       // append only
	msn       uint64        // of the segment in the making, or the next one
	next      uint64        // number of the next part
	kept      []*segment    // listed ones and those that still live
	listed    int           // index in kept of the first listed
	passed    uint64        // discontinuities that left the playlist
	peak      float64       // bits per second of the dearest segment
	sumBits   float64
	sumTime   float64
	master    *master
	masters   int // made
}

func newMuxer(cfg muxerConfig, lanes []*lane) *muxer {
	m := &muxer{cfg: cfg, lanes: lanes, msn: cfg.msn}
	m.now.Store(&snapshot{next: make(chan struct{}), id: cfg.id, msn: cfg.msn, zip: cfg.zip})
	return m
}

// push takes the next unit of the stream, of any track.
func (m *muxer) push(u *media.Unit) {
	missed := m.sawUnit && u.Seq != m.seq
	m.seq, m.sawUnit = u.Seq+1, true
	if m.begun && (missed || u.Epoch != m.epoch) {
		m.breakOff()
		m.publish(false)
	}
	i := slices.IndexFunc(m.lanes, func(l *lane) bool { return l.index == u.Track })
	if i < 0 {
		return
	}
	l := m.lanes[i]
	if !m.begun && !m.begin(i, u) {
		return
	}
	cuts := i == 0 || m.stalled
	if i == 0 && m.stalled {
		m.resume(u)
	}
	if h := l.held; h != nil {
		dts := media.Ticks(h.DTS, l.Rate)
		l.ready = append(l.ready, fmp4.Sample{Unit: h, DTS: dts, Dur: uint32(media.Ticks(u.DTS, l.Rate) - dts)})
		if cuts {
			m.pace = u.DTS - h.DTS
		}
	}
	l.held = u
	switch lead := m.lanes[0]; {
	case cuts && u.DTS > m.start:
		m.boundary(l, u)
	case lead.held != nil && u.DTS-lead.held.DTS > stallAfter:
		// The picture stands still: what is there goes out, and sound goes on by itself. Without this
		// nobody would hear anything, and sound would pile up here.
		h := lead.held
		dts := media.Ticks(h.DTS, lead.Rate)
		lead.ready = append(lead.ready, fmp4.Sample{Unit: h, DTS: dts, Dur: uint32(media.Ticks(u.DTS, lead.Rate) - dts)})
		lead.held, m.stalled = nil, true
		m.cut(lead, len(lead.ready), u.DTS)
		m.publish(false)
	}
}

// resume lets the picture cut again, from u on.
func (m *muxer) resume(u *media.Unit) {
	m.stalled = false
	for _, l := range m.lanes[1:] {
		if n := l.before(u.DTS); n > 0 && u.DTS > m.start {
			m.cut(l, n, u.DTS)
			m.publish(false)
		}
	}
}

// begin starts cutting after a discontinuity, or at all, if u is something to begin with.
func (m *muxer) begin(lane int, u *media.Unit) bool {
	if lane != 0 || !u.Key || !m.adopt(u.Params) {
		return false
	}
	if m.born == 0 {
		m.born = u.DTS
	}
	m.begun, m.stalled, m.epoch, m.start = true, false, u.Epoch, u.DTS
	m.openSegment(u)
	return true
}

// adopt makes the initialization section fit p. It reports false if there is none for p.
func (m *muxer) adopt(p *media.Params) bool {
	if m.init != nil && m.init.params == p {
		return true
	}
	b, err := fmp4.MarshalInit(outgoing(m.lanes), p)
	if err != nil {
		m.cfg.log.Warn("key frame not usable", "error", err)
		return false
	}
	if m.init != nil && string(m.init.body) == string(b) {
		m.init.params = p
		return true
	}
	if m.init != nil {
		m.disc = true
	}
	m.init = newSection(m.cfg.id, m.sections, b, p)
	m.sections++
	m.master = nil
	return true
}

// end says that no unit will come any more.
func (m *muxer) end() {
	if m.begun {
		m.breakOff()
	}
	if m.target == 0 {
		m.target = blindTarget // too short a stream to tell; any bound that holds will do
	}
	m.publish(true)
}

// publish shows what is there to everybody and wakes who waits.
func (m *muxer) publish(ended bool) {
	old := m.now.Load()
	s := &snapshot{
		next: make(chan struct{}), id: m.cfg.id, zip: m.cfg.zip,
		part: m.part, target: m.target, ended: ended,
		msn: m.msn, open: m.open, parts: m.openParts[:len(m.openParts):len(m.openParts)], hint: m.next,
		kept: m.kept, listed: m.listed, passed: m.passed, master: m.master, init: m.init,
	}
	s.edge = strconv.FormatUint(s.msn, 10) + "." + strconv.Itoa(len(s.parts))
	if ended {
		s.edge += ".e"
	}
	// Pages that were asked for are ready before anybody is woken: a thousand viewers then don't wait for
	// each other. The others are made by whoever asks first, so a stream without viewers costs no gzip.
	for i := range old.pages {
		if old.pages[i].asked.Load() && s.ready() {
			s.page(i)
		}
	}
	m.now.Store(s)
	close(old.next)
}
