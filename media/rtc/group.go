package rtc

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"xianfeng/media"
	"xianfeng/media/packet"
)

const (
	mailLimit = 4096 // reports waiting for the worker; more: dropped, viewers ask again
	mailOf    = 64   // of them, those of one viewer, so that a flood leaves room for the others
)

// Group is one stream on its way to those of its viewers that one worker has, and that are shown it with
// the same delay.
type Group struct {
	t     *Transport
	w     *worker
	s     *media.Stream
	delay time.Duration
	once  sync.Once // open

	// Fixed by open.
	failure      error
	tracks       [2]*track // by videoLane, audioLane
	releaseSound func()    // gives the derived sound back; may be nil
	unwatch      []func()

	users int // guarded by Transport.mu

	marked bool        // in worker.marked; guarded by worker.mu
	dry    atomic.Bool // what is delayed has no unit to wait for: the next one that comes matters

	mu    sync.Mutex // guards fresh, mail, empty
	fresh []*Viewer  // joined since the worker looked
	mail  []letter
	empty bool // the last user is gone: the worker lets go of everything

	// All below is the worker's.
	feeds   []*feed
	viewers []*Viewer
	late    []*Viewer  // those of viewers that have not had everything
	news    []position // packets that came and were not looked at yet
	burst   int        // bytes of pictures in news
	letters []letter   // mail of this pass
	ended   error      // why the stream is over
	joined  bool       // there are newcomers in this pass
	held    time.Time  // sound has been waiting since; zero: none waits
	reports time.Time  // when sender reports went out
	asked   time.Time  // when the publisher was last asked for a key frame
	due     time.Time  // when the group wants its next pass; zero: when something is new
	taken   bool       // in worker.groups
	listed  bool       // in worker.timed
}

// track is one track of a group: where its units come from and the ring of its packets. But for its
// description it is the worker's.
type track struct {
	source     *media.Stream
	index      int
	media      *media.Track
	packetizer *packet.Packetizer
	ring       ring
	numbered   bool // pictures carry numbers that must not go back
	pics       uint32
	came       time.Time // when the newest unit came
	time       time.Time // its programme time
	ts         uint32    // and its timestamp
	meter      meter
}

func (t *track) params() *media.Params {
	if t.media.Codec.Video() {
		return t.source.Params()
	}
	return nil
}

// feed is one stream, or if it is delayed one track of it, that the worker reads for a group.
type feed struct {
	s    *media.Stream
	r    *media.Reader  // nil: delayed
	d    *media.Delayed // of the track
	lane int            // that the track is sent on
	over bool
}

// position names a packet in a track's ring.
type position struct {
	lane int
	pos  uint64
}

// letter is one report of a viewer for the worker.
type letter struct {
	v    *Viewer
	lane int
	key  bool // a key frame is asked for; else packets seq and those of mask (RFC 4585 §6.2.1)
	seq  uint16
	mask uint16
}

// open finds out what of the stream can be sent, and has the worker told of its units.
func (g *Group) open() {
	if i := g.s.Track(true); i >= 0 {
		g.tracks[videoLane] = g.newTrack(g.s, i)
	}
	g.tracks[audioLane] = g.openSound()
	if g.tracks[videoLane] == nil && g.tracks[audioLane] == nil {
		g.failure = fmt.Errorf("%w: browsers can't play %s", media.ErrCodec, g.codecs())
		return
	}
	tell := g.mark
	if g.delay > 0 {
		tell = g.markDry
	}
	for i, t := range g.tracks {
		if t == nil {
			continue
		}
		fresh := len(g.feeds) == 0 || g.feeds[0].s != t.source
		switch {
		case g.delay > 0:
			t.source.Keep(g.delay)
			g.feeds = append(g.feeds, &feed{s: t.source, d: t.source.NewDelayed(t.index), lane: i})
		case fresh:
			g.feeds = append(g.feeds, &feed{s: t.source, r: t.source.NewReader()})
		}
		if fresh {
			g.unwatch = append(g.unwatch, t.source.Watch(tell))
		}
	}
	g.mark()
}

func (g *Group) newTrack(s *media.Stream, i int) *track {
	t := &s.Tracks()[i]
	p, err := packet.NewPacketizer(t, maxPayload)
	if err != nil {
		return nil
	}
	return &track{source: s, index: i, media: t, packetizer: p, numbered: t.Codec == media.VP9}
}

// openSound returns the track of sound that browsers can play, or nil.
func (g *Group) openSound() *track {
	i := g.s.Track(false)
	if i < 0 {
		return nil
	}
	t := &g.s.Tracks()[i]
	switch t.Codec {
	case media.Opus:
		return g.newTrack(g.s, i)
	case media.PCMA, media.PCMU:
		if t.SampleRate == 8000 && t.Channels == 1 { // what WebRTC has (RFC 7874 §3)
			return g.newTrack(g.s, i)
		}
	}
	if g.t.cfg.Sound == nil {
		g.s.SetNote("sound", fmt.Sprintf("WebRTC viewers have no sound: browsers can't play %v over it", t.Codec))
		return nil
	}
	derived, release, err := g.t.cfg.Sound.Open(g.s)
	if err != nil {
		g.s.SetNote("sound", fmt.Sprintf("WebRTC viewers have no sound: %v", err))
		g.t.log.Warn("no sound for WebRTC", "stream", g.s.Name(), "error", err)
		return nil
	}
	i = derived.Track(false)
	if i < 0 || derived.Tracks()[i].Codec != media.Opus {
		release()
		g.s.SetNote("sound", "WebRTC viewers have no sound: converting it failed")
		return nil
	}
	g.s.SetNote("sound", "")
	g.releaseSound = release
	return g.newTrack(derived, i)
}

// codecs names what the stream has.
func (g *Group) codecs() string {
	var names []string
	for _, t := range g.s.Tracks() {
		names = append(names, t.Codec.String())
	}
	return strings.Join(names, ", ")
}

// join hands a connected viewer to the worker.
func (g *Group) join(v *Viewer) {
	g.mu.Lock()
	g.fresh = append(g.fresh, v)
	g.mu.Unlock()
	g.mark()
}

// post hands a report to the worker.
func (g *Group) post(l letter) {
	g.mu.Lock()
	if len(g.mail) < mailLimit && l.v.waiting < mailOf {
		l.v.waiting++
		g.mail = append(g.mail, l)
	}
	g.mu.Unlock()
	g.mark()
}

func (g *Group) mark() { g.w.mark(g) }

// markDry is mark for those who mostly know when the next unit is due, and need not be told of each.
func (g *Group) markDry() {
	if g.dry.Load() {
		g.w.mark(g)
	}
}

// leave has the worker let go of everything: the last user is gone.
func (g *Group) leave() {
	g.mu.Lock()
	g.empty = true
	g.mu.Unlock()
	for _, stop := range g.unwatch {
		stop()
	}
	if g.releaseSound != nil {
		g.releaseSound()
	}
	g.mark()
}
