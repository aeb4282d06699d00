package rtsp

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"

	"xianfeng/media"
	"xianfeng/media/packet"
)

const (
	keepBursts = 4096 // as much as the ring of a stream
	keepBytes  = 48 << 20
	keepSpan   = 2 * time.Second
)

// egress is the way out of one stream while anybody has set it up for playing: the list of bursts, the
// pump that appends to it, and the senders that serve the viewers from it.
//
// The list holds everything from the last key frame on, and at least the last two seconds, within 4096
// bursts and 48 MiB. Full: the oldest go, and viewers that still wanted them skip to the newest key frame.
type egress struct {
	s      *Server
	stream *media.Stream
	desc   *description.Session
	shared *shell          // of all TCP sessions
	lanes  []*lane         // by index of the media in the SDP
	byUnit []*lane         // by Unit.Track; nil: not carried
	ctx    context.Context // ends with the last session
	cancel context.CancelFunc
	refs   int // sessions; guarded by Server.mu

	key    atomic.Pointer[burst] // newest burst to begin with, or nil
	oldest atomic.Uint64         // number of the oldest burst kept

	mu      sync.Mutex // guards senders
	senders []*sender
}

// describe returns the SDP of a stream, and the index of the track of each of its medias.
func describe(stream *media.Stream) (desc *description.Session, tracks []int, err error) {
	desc = &description.Session{Title: stream.Name()}
	for i, t := range stream.Tracks() {
		f, err := packet.Format(&t, stream.Params(), uint8(96+i)) //nolint:gosec // two at the most
		if err != nil {
			continue // a format that RTP has no payload for
		}
		m := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{f}, Control: fmt.Sprintf("trackID=%d", len(desc.Medias))}
		if t.Codec.Video() {
			m.Type = description.MediaTypeVideo
		}
		desc.Medias, tracks = append(desc.Medias, m), append(tracks, i)
	}
	if len(desc.Medias) == 0 {
		return nil, nil, fmt.Errorf("describe %q: %w", stream.Name(), media.ErrCodec)
	}
	return desc, tracks, nil
}

// egressOf returns the egress of a stream for one more session; release gives it back.
func (s *Server) egressOf(stream *media.Stream) (*egress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.egresses[stream]
	if e == nil {
		var err error
		if e, err = s.newEgress(stream); err != nil {
			return nil, err
		}
		s.egresses[stream] = e
	}
	e.refs++
	return e, nil
}

func (s *Server) newEgress(stream *media.Stream) (*egress, error) {
	desc, tracks, err := describe(stream)
	if err != nil {
		return nil, err
	}
	e := &egress{s: s, stream: stream, desc: desc, byUnit: make([]*lane, len(stream.Tracks()))}
	for i, track := range tracks {
		t := &stream.Tracks()[track]
		p, err := packet.NewPacketizer(t, maxPayload)
		if err != nil {
			return nil, fmt.Errorf("egress of %q: %w", stream.Name(), err)
		}
		l := &lane{index: i, pt: desc.Medias[i].Formats[0].PayloadType(), clock: t.ClockRate(), packets: p}
		e.lanes = append(e.lanes, l)
		e.byUnit[track] = l
	}
	if e.shared, err = e.newShell(); err != nil {
		return nil, err
	}
	for i, l := range e.lanes {
		l.ssrc = e.shared.ssrc[i]
	}
	e.ctx, e.cancel = context.WithCancel(s.ctx)
	p := &pump{e: e, cursor: stream.NewReader(), list: history{e: e}}
	p.drain() //nolint:errcheck // so that the first viewer finds where to begin; run meets the end again
	// run ends with e.ctx or the stream; Server.Close waits for it.
	s.wg.Add(1)
	go p.run()
	return e, nil
}

// release gives back what egressOf gave. The last one ends the egress.
func (e *egress) release() {
	e.s.mu.Lock()
	e.refs--
	last := e.refs == 0
	if last {
		delete(e.s.egresses, e.stream)
	}
	e.s.mu.Unlock()
	if last {
		e.cancel()
		e.shared.gs.Close()
	}
}

// shell is what gortsplib sets sessions up with. Nothing is ever written to it.
type shell struct {
	gs   *gortsplib.ServerStream
	ssrc []uint32 // by index of the media in the SDP
}

func (e *egress) newShell() (*shell, error) {
	f := &shell{gs: &gortsplib.ServerStream{Server: e.s.g, Desc: e.desc}}
	if err := f.gs.Initialize(); err != nil {
		return nil, fmt.Errorf("egress of %q: %w", e.stream.Name(), err)
	}
	stats := f.gs.Stats()
	for _, m := range e.desc.Medias {
		f.ssrc = append(f.ssrc, stats.Medias[m].Formats[m.Formats[0]].LocalSSRC)
	}
	return f, nil
}

// pump turns the units of a stream into bursts.
type pump struct {
	e      *egress
	cursor *media.Reader
	list   history
	units  []*media.Unit
}

// run pumps until nobody is there any more or the stream ends; then its viewers' sessions are closed by
// the stream.
func (p *pump) run() {
	defer p.e.s.wg.Done()
	for {
		changed, err := p.drain()
		if err != nil {
			return
		}
		select {
		case <-changed:
		case <-p.e.ctx.Done():
			return
		}
	}
}

// drain takes the units that are there now.
func (p *pump) drain() (<-chan struct{}, error) {
	units, changed, err := p.cursor.Drain(p.units[:0])
	for _, u := range units {
		p.list.add(u)
	}
	if len(units) > 0 {
		p.e.wake()
	}
	clear(units)
	p.units = units
	return changed, err //nolint:wrapcheck // only asked for nil
}

// history is the pump's end of the list of bursts.
type history struct {
	e       *egress
	oldest  *burst
	newest  *burst
	count   int
	bytes   int
	packets uint64
}

// add makes a burst of u and appends it.
func (h *history) add(u *media.Unit) {
	l := h.e.byUnit[u.Track]
	if l == nil {
		return
	}
	// Viewers begin at key frames; where there is no picture, at any sound.
	start := u.Key && (len(h.e.lanes) == 1 || h.e.stream.Tracks()[u.Track].Codec.Video())
	if start && h.e.stream.Tracks()[u.Track].Codec.Video() {
		for _, x := range h.e.lanes {
			x.due = true // a viewer who begins here knows at once how its tracks belong together
		}
	}
	b := l.make(u)
	if b == nil {
		return
	}
	b.key, b.before = start, h.packets
	h.packets += uint64(b.rtp)
	h.count++
	h.bytes += len(b.bytes) // UDP viewers double them
	if h.newest == nil {
		h.oldest, b.seq = b, 1
	} else {
		b.seq = h.newest.seq + 1
		h.newest.next.Store(b)
	}
	h.newest = b
	if start {
		h.e.key.Store(b)
	}
	h.trim()
}

func (h *history) trim() {
	key := h.e.key.Load()
	for h.oldest != h.newest {
		stale := key != nil && h.oldest.seq < key.seq && h.newest.dts-h.oldest.dts > keepSpan
		if h.count <= keepBursts && h.bytes <= keepBytes && !stale {
			return
		}
		h.count--
		h.bytes -= len(h.oldest.bytes)
		h.oldest = h.oldest.next.Load()
		h.e.oldest.Store(h.oldest.seq)
		if key != nil && key.seq < h.oldest.seq {
			key = nil
			h.e.key.Store(nil)
		}
	}
}
