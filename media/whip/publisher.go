package whip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"xianfeng/media"
	"xianfeng/media/packet"
)

const (
	tracksTime = 2 * time.Second        // to wait for the second track
	keyEvery   = 2 * time.Second        // without a key frame for that long, one is asked for
	keyApart   = 500 * time.Millisecond // between two requests
	maxHeld    = 1024                   // samples kept until the stream begins; more: all go, and a key frame is asked for
	videoWait  = 250 * time.Millisecond // for a lost packet to be sent again
	audioWait  = 100 * time.Millisecond
)

// publisher is the end of a WHIP session.
type publisher struct {
	s       *Server
	session *session
	pc      *webrtc.PeerConnection
	name    string
	remote  string
	ctx     context.Context // ends with the publisher; its cause says why
	cancel  context.CancelCauseFunc
	since   time.Time
	wanted  int // tracks negotiated
	clocks  clocks
	release func() // of its place among those that have not begun

	keyWanted chan struct{} // capacity 1: a viewer needs a key frame; full: one is being asked for

	mu     sync.Mutex // guards all below
	offer  string
	left   int // candidates that may still come
	tracks []*ingest
	first  time.Time // when the first track came
	held   []held
	pub    *media.Publisher
	index  map[*ingest]int // into the stream's tracks
	keyed  time.Time       // newest key frame
	asked  time.Time       // newest request for one
}

// ingest is one track on its way in. Its goroutine is pion's.
type ingest struct {
	track *webrtc.TrackRemote
	media media.Track
	clock *clock
}

type held struct {
	in     *ingest
	sample media.Sample
}

var (
	errFailed  = errors.New("the connection failed")
	errNoMedia = errors.New("no media came within 10 s")
)

func (p *publisher) close(err error) { p.cancel(err) }

func (p *publisher) onState(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateFailed:
		p.cancel(errFailed)
	case webrtc.PeerConnectionStateClosed: // also by the publisher's DTLS goodbye
		p.cancel(errors.New("the publisher said goodbye"))
	}
}

// run asks for key frames, begins the stream late if a track stays away, and ends the publisher.
func (p *publisher) run() {
	defer p.s.wg.Done()
	tick := time.NewTicker(keyApart)
	defer tick.Stop()
	for done := false; !done; {
		now := time.Now()
		select {
		case <-p.ctx.Done():
			done = true
		case <-p.keyWanted:
			p.askKey(now)
		case <-tick.C:
			p.overdue(now)
			p.mu.Lock()
			p.beginLocked(false)
			stale := len(p.tracks) > 0 && now.Sub(p.keyed) > keyEvery
			p.mu.Unlock()
			if stale {
				p.askKey(now)
			}
		}
	}
	p.s.drop(p.session)
	p.pc.GracefulClose() //nolint:errcheck // waits for the tracks' goroutines
	p.release()
	p.mu.Lock()
	pub := p.pub
	p.held = nil
	p.mu.Unlock()
	err := p.reason()
	if pub != nil {
		pub.Close()
		p.s.log.Info("WHIP session ended", "stream", p.name, "protocol", "whip", "remote", p.remote, "error", err)
	} else {
		p.s.log.Warn("publisher failed", "stream", p.name, "protocol", "whip", "remote", p.remote, "error", err)
	}
}

// overdue ends a publisher of which no media came in time.
func (p *publisher) overdue(now time.Time) {
	p.mu.Lock()
	started := p.pub != nil
	p.mu.Unlock()
	if !started && now.Sub(p.since) > connectTime {
		p.cancel(errNoMedia)
	}
}

// reason is why the publisher ended.
func (p *publisher) reason() error { return context.Cause(p.ctx) }

// askKey sends a PLI for the video track, unless one was sent just now.
func (p *publisher) askKey(now time.Time) {
	p.mu.Lock()
	var ssrc uint32
	for _, in := range p.tracks {
		if in.media.Codec.Video() {
			ssrc = uint32(in.track.SSRC())
		}
	}
	due := ssrc != 0 && now.Sub(p.asked) >= keyApart*9/10
	if due {
		p.asked = now
	}
	p.mu.Unlock()
	if due {
		p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}) //nolint:errcheck // asked again later
	}
}

// onTrack reads one track until the connection ends.
func (p *publisher) onTrack(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	f, err := formatOf(track.Codec())
	if err != nil {
		p.s.log.Warn("track ignored", "stream", p.name, "protocol", "whip", "remote", p.remote, "error", err)
		return
	}
	d, desc, err := packet.NewDepacketizer(f)
	if err != nil {
		p.s.log.Warn("track ignored", "stream", p.name, "protocol", "whip", "remote", p.remote, "error", err)
		return
	}
	in := &ingest{track: track, media: desc, clock: &clock{all: &p.clocks, rate: desc.ClockRate()}}
	if !p.addTrack(in) {
		p.s.log.Warn("track ignored", "stream", p.name, "protocol", "whip", "remote", p.remote, "error", "there is one of its kind already")
		return
	}
	if desc.Codec.Video() {
		p.askKey(time.Now())
	}
	p.s.wg.Add(1)
	// Ends with the PeerConnection, which run closes.
	go func() {
		defer p.s.wg.Done()
		readReports(receiver, in)
	}()
	p.readTrack(in, d, captureID(receiver.GetParameters()))
}

func (p *publisher) addTrack(in *ingest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pub != nil {
		return false // it comes too late: the stream has begun without it
	}
	for _, x := range p.tracks {
		if x.media.Codec.Video() == in.media.Codec.Video() {
			return false
		}
	}
	if len(p.tracks) == 0 {
		p.first = time.Now()
	}
	p.tracks = append(p.tracks, in)
	p.beginLocked(true)
	return true
}

// readReports feeds a track's clock from sender reports.
func readReports(receiver *webrtc.RTPReceiver, in *ingest) {
	for {
		pkts, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		for _, x := range pkts {
			if sr, ok := x.(*rtcp.SenderReport); ok && sr.SSRC == uint32(in.track.SSRC()) {
				in.clock.report(sr.NTPTime, sr.RTPTime)
			}
		}
	}
}

// readTrack takes a track's packets; capture is the identifier of the header extension with their time of
// capture, or 0.
func (p *publisher) readTrack(in *ingest, d *packet.Depacketizer, capture uint8) {
	wait := audioWait
	if in.media.Codec.Video() {
		wait = videoWait
	}
	order := &reorder{wait: wait}
	var ready []*rtp.Packet
	pt := uint8(in.track.PayloadType())
	for {
		pkt, _, err := in.track.ReadRTP()
		if err != nil {
			return
		}
		if pkt.PayloadType != pt {
			continue // another codec of the answer; the stream can't change its own
		}
		now := time.Now()
		var lost int
		ready, lost = order.push(ready[:0], pkt, now)
		if lost > 0 {
			p.lost(uint64(lost)) //nolint:gosec // positive
			if in.media.Codec.Video() {
				p.askKey(now)
			}
		}
		for i, x := range ready {
			ready[i] = nil
			if capture != 0 {
				if at, ok := captureTime(x.GetExtension(capture)); ok {
					in.clock.capture(x.Timestamp, at, now)
				}
			}
			payload, err := d.Push(x)
			if err != nil || payload == nil {
				continue
			}
			pts, capture := in.clock.time(x.Timestamp, now)
			p.write(in, media.Sample{PTS: pts, Capture: capture, Payload: payload}, now)
		}
	}
}

func (p *publisher) lost(n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pub != nil {
		p.pub.AddLost(n)
	}
}

// write hands a sample to the stream, or keeps it until that begins.
func (p *publisher) write(in *ingest, x media.Sample, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if in.media.Codec.Video() && isKey(in.media.Codec, x.Payload) {
		p.keyed = now
	}
	if p.pub != nil {
		p.writeLocked(in, x)
		return
	}
	if len(p.held) == maxHeld {
		p.held, p.keyed = p.held[:0], time.Time{}
	}
	p.held = append(p.held, held{in, x})
}

func (p *publisher) writeLocked(in *ingest, x media.Sample) {
	if err := p.pub.Write(p.index[in], x); err != nil {
		p.cancel(fmt.Errorf("write: %w", err))
	}
}

// beginLocked begins the stream when all tracks that were negotiated have come, or the others have
// been waited for long enough.
func (p *publisher) beginLocked(all bool) {
	if p.pub != nil || len(p.tracks) == 0 || p.ctx.Err() != nil {
		return
	}
	if len(p.tracks) < min(p.wanted, 2) && (all || time.Since(p.first) < tracksTime) {
		return
	}
	tracks := make([]media.Track, len(p.tracks))
	p.index = map[*ingest]int{}
	for i, in := range p.tracks {
		tracks[i], p.index[in] = in.media, i
	}
	pub, err := p.s.hub.Publish(media.PublishRequest{Name: p.name, Protocol: "whip", Remote: p.remote, Tracks: tracks, Close: p.close})
	if err != nil {
		p.cancel(err)
		return
	}
	p.pub = pub
	p.release()
	for _, h := range p.held {
		p.writeLocked(h.in, h.sample)
	}
	p.held = nil
}
