package recordings

import (
	"time"

	"xianfeng/media"
	"xianfeng/media/fmp4"
)

const (
	longest   = TargetDuration*time.Second + 400*time.Millisecond // no segment lasts longer, whatever its key frames
	largest   = 24 << 20                                          // bytes; then a segment ends, key frame or not
	lastShown = 40 * time.Millisecond                             // what the last picture lasts if nothing tells
)

// piece is a finished segment. If init is not nil, it is the first that goes with this initialization section.
type piece struct {
	Segment
	init []byte
	body []byte
}

// track is one track on its way into segments.
type track struct {
	fmp4.Lane

	index int
	held  *media.Unit // the newest: how long it lasts is known when the next comes
	pace  time.Duration
	ready []fmp4.Sample
}

// cutter cuts units into segments. A segment ends with the first key frame after the least duration; where there are
// too few key frames, or too many bytes, in the middle of a group. It holds the units of one segment.
type cutter struct {
	least  time.Duration
	tracks []*track // the first one is what is cut by
	emit   func(piece) error
	turn   func(init []byte) // changes an initialization section before it is used; nil: does not

	begun   bool
	disc    bool // the next segment does not continue the one before
	epoch   uint32
	seq     uint64
	sawUnit bool

	params *media.Params
	init   []byte // the present initialization section
	fresh  bool   // it was not emitted yet
	inits  int    // that there are
	seqNo  uint32

	openAt time.Duration // DTS
	at     time.Time     // programme time
	mid    bool
	bytes  int
}

// newCutter returns a cutter of what can be carried of some tracks; there are none of those without it.
func newCutter(tracks []media.Track, least time.Duration, emit func(piece) error) *cutter {
	c := &cutter{least: least, emit: emit}
	for i := range tracks {
		t := &tracks[i]
		if !fmp4.Carries(t.Codec) {
			continue
		}
		x := &track{index: i, Lane: fmp4.Lane{Track: t, ID: uint32(len(c.tracks) + 1), Rate: t.ClockRate()}}
		if t.Codec.Video() && len(c.tracks) > 0 {
			c.tracks = append([]*track{x}, c.tracks...)
			continue
		}
		c.tracks = append(c.tracks, x)
	}
	return c
}

// push takes the next unit of the stream, of any track.
func (c *cutter) push(u *media.Unit) error {
	missed := c.sawUnit && u.Seq != c.seq
	c.seq, c.sawUnit = u.Seq+1, true
	if c.begun && (missed || u.Epoch != c.epoch) {
		if err := c.finish(); err != nil {
			return err
		}
	}
	t := c.of(u.Track)
	if t == nil || !c.begun && !c.begin(t, u) {
		return nil
	}
	h := t.held
	if h != nil && t == c.tracks[0] && u.DTS-h.DTS > longest { // and no sound that would have gone on without it
		if err := c.finish(); err != nil {
			return err
		}
		if h = nil; !c.begin(t, u) {
			return nil
		}
	}
	if h != nil {
		t.pace = u.DTS - h.DTS
		t.add(h, u.DTS)
	}
	t.held = u
	c.bytes += u.Size
	return c.boundary(t, u)
}

func (c *cutter) of(index int) *track {
	for _, t := range c.tracks {
		if t.index == index {
			return t
		}
	}
	return nil
}

func (t *track) add(u *media.Unit, end time.Duration) {
	dts := media.Ticks(u.DTS, t.Rate)
	t.ready = append(t.ready, fmp4.Sample{Unit: u, DTS: dts, Dur: uint32(max(media.Ticks(end, t.Rate)-dts, 0))})
}

// begin starts after a discontinuity, or at all, if u is something to begin with.
func (c *cutter) begin(t *track, u *media.Unit) bool {
	if t != c.tracks[0] || !u.Key || !c.adopt(u.Params) {
		return false
	}
	c.begun, c.epoch = true, u.Epoch
	c.open(u, false)
	return true
}

func (c *cutter) open(u *media.Unit, mid bool) {
	c.openAt, c.at, c.mid, c.bytes = u.DTS, u.Time, mid, 0
}

// adopt makes the initialization section fit p, and reports whether there is one.
func (c *cutter) adopt(p *media.Params) bool {
	if c.init != nil && c.params == p {
		return true
	}
	lanes := make([]*fmp4.Lane, len(c.tracks))
	for i, t := range c.tracks {
		lanes[i] = &t.Lane
	}
	b, err := fmp4.MarshalInit(lanes, p)
	if err != nil {
		return false // a key frame that can't be used: the stream goes on with the next
	}
	if c.turn != nil {
		c.turn(b)
	}
	if c.init != nil && string(c.init) == string(b) {
		c.params = p
		return true
	}
	c.disc = c.disc || c.init != nil
	c.init, c.params, c.fresh = b, p, true
	return true
}

// boundary ends the segment in the making where it has to.
func (c *cutter) boundary(t *track, u *media.Unit) error {
	lead, length := c.tracks[0], u.DTS-c.openAt
	if length <= 0 {
		return nil
	}
	if t != lead {
		return c.beside(u, length)
	}
	if n := len(t.ready) - 1; length > longest && n > 0 && t.ready[n].Unit.DTS > c.openAt {
		// The newest ready unit lasts longer than was to be expected: it is for the next segment.
		last := t.ready[n].Unit
		if err := c.cut(last, last.DTS, !last.Key); err != nil {
			return err
		}
		length = u.DTS - c.openAt
	}
	video := t.Track.Codec.Video()
	switch {
	case u.Key && video && u.Params != c.params:
		return c.change(u)
	case u.Key && length*20 >= c.least*19, length+t.pace > longest, c.bytes > largest:
		return c.cut(u, u.DTS, !u.Key)
	}
	return nil
}

// beside looks after the length where a unit of another track came than that which is cut by.
func (c *cutter) beside(u *media.Unit, length time.Duration) error {
	switch lead := c.tracks[0]; {
	case lead.held == nil: // the picture stands still, and the sound goes on by itself
		if length >= c.least || c.bytes > largest {
			return c.cut(u, u.DTS, true)
		}
	case u.DTS-lead.held.DTS >= longest/2:
		lead.add(lead.held, u.DTS)
		lead.held = nil
		return c.cut(u, u.DTS, true)
	case (length >= longest || c.bytes > largest) && lead.held.DTS > c.openAt:
		return c.cut(lead.held, lead.held.DTS, !lead.held.Key)
	}
	return nil
}

// change goes on with other parameters.
func (c *cutter) change(u *media.Unit) error {
	before, disc, fresh, params := c.init, c.disc, c.fresh, c.params
	if !c.adopt(u.Params) || &before[0] == &c.init[0] {
		if u.DTS-c.openAt >= c.least {
			return c.cut(u, u.DTS, false)
		}
		return nil
	}
	init, now := c.init, c.params
	c.init, c.disc, c.fresh, c.params = before, disc, fresh, params // those of the segment that ends
	if err := c.cut(u, u.DTS, false); err != nil {
		return err
	}
	c.init, c.disc, c.fresh, c.params = init, true, true, now
	return nil
}

// cut emits what is ready before end, where the next segment begins with u; all that is ready where u is nil.
func (c *cutter) cut(u *media.Unit, end time.Duration, mid bool) error {
	var runs []fmp4.Run
	for _, t := range c.tracks {
		k := 0
		for k < len(t.ready) && (u == nil || t.ready[k].Unit.DTS < end) {
			k++
		}
		if k > 0 {
			runs = append(runs, fmp4.Run{Lane: &t.Lane, Samples: t.ready[:k:k]})
			t.ready = append([]fmp4.Sample(nil), t.ready[k:]...)
		}
	}
	p := piece{Segment: Segment{Duration: end - c.openAt, Break: c.disc, Mid: c.mid}}
	if !c.at.IsZero() {
		p.At = c.at.UnixMilli()
	}
	if u != nil {
		c.open(u, mid)
		for _, t := range c.tracks {
			for i := range t.ready {
				c.bytes += t.ready[i].Unit.Size
			}
		}
	}
	if len(runs) == 0 || p.Duration <= 0 {
		return nil
	}
	if c.fresh {
		p.init, c.fresh = c.init, false
		c.inits++
	}
	p.Init = c.inits - 1
	c.seqNo++
	p.body = fmp4.MarshalPart(c.seqNo, runs)
	p.Size = int64(len(p.body))
	c.disc = false
	return c.emit(p)
}

// finish ends the segment in the making with all that is held. What comes next does not continue it.
func (c *cutter) finish() error {
	if !c.begun {
		return nil
	}
	end := c.openAt
	for i, t := range c.tracks {
		h := t.held
		if h == nil {
			continue
		}
		var d time.Duration
		switch {
		case !t.Track.Codec.Video():
			d = t.Track.PacketDuration(h.Payload[0])
		case t.pace > 0 && t.pace < time.Second:
			d = t.pace
		default:
			d = lastShown
		}
		t.add(h, h.DTS+max(d, time.Millisecond))
		t.held = nil
		if i == 0 || c.tracks[0].Track.Codec.Video() && end == c.openAt {
			end = max(end, h.DTS+d)
		}
	}
	err := c.cut(nil, end, false) // and all sound there is: with B-frames the picture is decoded ahead of it
	for _, t := range c.tracks {
		t.ready, t.pace = nil, 0
	}
	c.begun, c.disc = false, true
	return err
}
