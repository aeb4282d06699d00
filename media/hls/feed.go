package hls

import (
	"net/http"
	"time"

	"xianfeng/media"
)

// sequenceEpoch is where numbers of segments are counted from, one a second: a stream that begins anew, even
// in another run of the server, goes on with higher numbers, which is what players expect of a playlist.
var sequenceEpoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// feed is one stream on its way to its HLS viewers. Its goroutine owns the muxer.
type feed struct {
	server  *Server
	stream  *media.Stream
	mux     *muxer // nil if nothing of the stream can be carried
	sound   bool   // there is no picture
	viewers viewers
}

// newFeed prepares a feed for x; old is the one that had the name before, or nil.
func newFeed(s *Server, x *media.Stream, old *feed) *feed {
	lanes, left := carried(x.Tracks())
	x.SetNote("hls", leftNote(left))
	f := &feed{server: s, stream: x}
	f.viewers.init(s, x)
	if len(lanes) == 0 {
		return f
	}
	f.sound = !lanes[0].Track.Codec.Video()
	msn := uint64(max(0, time.Since(sequenceEpoch)/time.Second))
	if old != nil && old.mux != nil {
		msn = max(msn, old.mux.now.Load().msn+1)
	}
	f.mux = newMuxer(muxerConfig{
		part: s.cfg.PartDuration, segment: s.cfg.SegmentDuration, segments: s.cfg.Segments, id: newID(), msn: msn,
		zip: &s.zip, log: s.hub.Log().With("stream", x.Name(), "protocol", "hls"),
	}, lanes)
	return f
}

// run cuts the stream until it ends, and then stays for a while, so that players see the end.
func (f *feed) run() {
	defer f.server.wg.Done()
	defer f.viewers.clear()
	defer f.server.drop(f)
	if f.mux == nil {
		f.waitEnd()
		return
	}
	r := f.stream.NewReader()
	for {
		u, err := r.Next(f.server.ctx)
		if err != nil {
			break
		}
		f.mux.push(u)
	}
	f.mux.end()
	t := time.NewTimer(f.timeout())
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.server.ctx.Done():
	}
}

// waitEnd waits for the end of a stream that is not cut, so that its feed can be found until then.
func (f *feed) waitEnd() {
	for {
		changed := f.stream.Changed()
		if f.stream.Ended() != nil {
			return
		}
		select {
		case <-changed:
		case <-f.server.ctx.Done():
			return
		}
	}
}

// patience is how long a blocked reload waits before it is answered with what there is. RFC 8216bis §6.2.5.2
// would have it wait for three target durations and then get 503. But no part lets itself be waited for that
// long unless the publisher is gone, who may come back; and hls.js takes an answer after 0.8 target durations,
// like a 503, for a failure, of which it forgives two. This way players stay, asking on.
func (f *feed) patience() time.Duration { return f.timeout() / 4 }

// timeout is three target durations: how long a request for the hinted part waits, how long a viewer
// who does not ask is still one, and how long a playlist outlives its stream.
func (f *feed) timeout() time.Duration {
	target := minTarget
	if f.mux != nil {
		target = max(target, f.mux.now.Load().target)
	}
	return 3 * time.Duration(target) * time.Second
}

// How a wait ended.
type outcome uint8

const (
	came    outcome = iota
	late            // the time is over, or the client gone
	crowded         // too many wait already
)

// await returns the newest snapshot once it satisfies enough, or the present one when gone is closed, the time
// is over, or too many wait already.
func (f *feed) await(gone <-chan struct{}, limit time.Duration, enough func(*snapshot) bool) (*snapshot, outcome) {
	s := f.mux.now.Load()
	if enough(s) {
		return s, came
	}
	if !f.server.waits.enter() {
		return s, crowded
	}
	t := f.server.waits.timer(limit)
	defer f.server.waits.leave(t)
	for {
		select {
		case <-s.next:
		case <-gone:
			return f.mux.now.Load(), late
		case <-t.C:
			return f.mux.now.Load(), late
		}
		if s = f.mux.now.Load(); enough(s) {
			return s, came
		}
	}
}

// contentType is that of everything but playlists.
func (f *feed) contentType() []string {
	if f.sound {
		return typeSound
	}
	return typeVideo
}

// viewerKey returns under which key a request counts: its cookie, if this server issued it, or else
// where it comes from.
func (f *feed) viewerKey(c *client) (key string, cookie bool) {
	if v := cookieValue(c.cookies); len(v) == 4*cookieBytes && (f.viewers.known(v) || f.server.signed(f.stream.Name(), v)) {
		return v, true
	}
	return c.place(), false
}

// issued reports whether the client has a cookie of this server for this stream.
func (f *feed) issued(c *client) bool {
	_, ok := f.viewerKey(c)
	return ok
}

// client is what a request tells of who makes it.
type client struct {
	cookies       []string // Cookie headers
	remote, agent string
}

func clientOf(r *http.Request) client {
	return client{r.Header["Cookie"], r.RemoteAddr, r.UserAgent()}
}

// place is the key of a viewer without a cookie. It can't be taken for a cookie's value, which would
// show that the gate was asked: those hold no such characters and are cut at them.
func (c *client) place() string { return "; " + hostOf(c.remote) + " " + c.agent }

// knownViewer returns the viewer who makes the request, if it is being counted already.
func (f *feed) knownViewer(c *client) *viewer {
	if v := cookieValue(c.cookies); v != "" {
		if x := f.viewers.find(v); x != nil {
			return x
		}
	}
	return f.viewers.find(c.place())
}
