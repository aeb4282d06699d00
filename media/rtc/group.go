package rtc

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"xianfeng/media"
	"xianfeng/media/packet"
)

const mailLimit = 4096 // reports waiting for the worker; more: dropped, viewers ask again

// Group is one stream on its way to its viewers.
type Group struct {
	t            *Transport
	s            *media.Stream
	once         sync.Once     // open
	failure      error         // of open
	tracks       [2]*track     // by videoLane, audioLane; fixed by open
	releaseSound func()        // gives the derived sound back; may be nil
	wake         chan struct{} // capacity 1: there is mail or a newcomer; full: the worker knows
	quit         chan struct{}

	users int // guarded by Transport.mu

	mu    sync.Mutex // guards fresh, mail
	fresh []*Viewer  // joined since the worker looked
	mail  []letter
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
}

func (t *track) params() *media.Params {
	if t.media.Codec.Video() {
		return t.source.Params()
	}
	return nil
}

// letter is one report of a viewer for the worker.
type letter struct {
	v    *Viewer
	lane int
	key  bool // a key frame is asked for; else packets seq and those of mask (RFC 4585 §6.2.1)
	seq  uint16
	mask uint16
}

func newGroup(t *Transport, s *media.Stream) *Group {
	return &Group{t: t, s: s, wake: make(chan struct{}, 1), quit: make(chan struct{})}
}

// open finds out what of the stream can be sent, and starts the worker, which ends with the stream or
// when the last user has released the group.
func (g *Group) open() {
	if i := g.s.Track(true); i >= 0 {
		g.tracks[videoLane] = g.newTrack(g.s, i)
	}
	g.tracks[audioLane] = g.openSound()
	if g.tracks[videoLane] == nil && g.tracks[audioLane] == nil {
		g.failure = fmt.Errorf("%w: browsers can't play %s", media.ErrCodec, g.codecs())
		return
	}
	g.t.wg.Add(1)
	go func() {
		defer g.t.wg.Done()
		if g.releaseSound != nil {
			defer g.releaseSound()
		}
		w := newWorker(g)
		w.run()
	}()
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
	g.poke()
}

// post hands a report to the worker.
func (g *Group) post(l letter) {
	g.mu.Lock()
	if len(g.mail) < mailLimit {
		g.mail = append(g.mail, l)
	}
	g.mu.Unlock()
	g.poke()
}

func (g *Group) poke() {
	select {
	case g.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// release gives back what Transport.group gave; the last one ends the worker.
func (g *Group) release() {
	g.t.mu.Lock()
	g.users--
	last := g.users == 0
	if last && g.t.groups[g.s] == g {
		delete(g.t.groups, g.s)
	}
	g.t.mu.Unlock()
	if last {
		close(g.quit)
	}
}
