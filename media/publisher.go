package media

import (
	"sync/atomic"
	"time"
)

const (
	jumpBack    = time.Second      // a track that goes back further has a new clock
	jumpForward = 10 * time.Second // or one that leaps further than the wall clock did
	tick        = time.Millisecond // added where a source repeats a decoding time
)

// Publisher is the one that brings a stream's units in. Write is for one goroutine at a time; the
// other methods are for any.
type Publisher struct {
	Protocol string
	Remote   string
	Since    time.Time

	hub   *Hub
	s     *Stream
	close func(error)
	trust time.Duration // age of capture times that are believed
	state []trackState
	shift time.Duration // what is added to the publisher's clock, newest decision
	epoch uint32
	begun bool

	lost    atomic.Uint64
	dropped atomic.Uint64
	closed  atomic.Bool
}

// trackState is what making one track's samples regular needs to remember.
type trackState struct {
	track *Track
	shape shaper
	shift time.Duration
	begun bool
	dts   time.Duration // newest, stream time; what comes next lies above it
	pts   time.Duration // highest, stream time
	rate  meter
}

// Stream returns the stream that p publishes.
func (p *Publisher) Stream() *Stream { return p.s }

// AddLost counts packets that were lost on the way to the server.
func (p *Publisher) AddLost(n uint64) { p.lost.Add(n) }

// Lost returns the packets lost on the way in.
func (p *Publisher) Lost() uint64 { return p.lost.Load() }

// Dropped returns the samples that could not be used: broken, late, or before the first key frame.
func (p *Publisher) Dropped() uint64 { return p.dropped.Load() }

// Write brings in one sample of a track, by index. It never blocks. A sample that can't be used is
// dropped and counted; the only errors are those after which there is no use in writing more.
func (p *Publisher) Write(track int, x Sample) error {
	if p.closed.Load() {
		return ErrEnded
	}
	st := &p.state[track]
	if !st.track.Codec.Video() && len(x.Payload) > 1 {
		return p.writePackets(track, x)
	}
	shaped, ok := st.shape.shape(x.Payload)
	if !ok {
		p.dropped.Add(1)
		return nil
	}
	ref := x.PTS
	hasDTS := x.HasDTS && x.DTS <= x.PTS
	if hasDTS {
		ref = x.DTS
	}
	now := time.Now()
	if !st.track.Codec.Video() && p.s.video >= 0 && !p.state[p.s.video].shape.open {
		p.dropped.Add(1) // an epoch begins with a picture, not with the sound before it
		return nil
	}
	if !p.place(st, ref, now, x.Capture, shaped.key) && p.s.video >= 0 {
		p.state[p.s.video].shape.restart()
		if !st.track.Codec.Video() || !shaped.key {
			p.dropped.Add(1) // what follows a jump begins with a key frame, too
			return nil
		}
		st.shape.open = true
	}
	dts := ref
	if !hasDTS {
		dts = st.shape.dts(shaped.payload, x.PTS) // only now: a jump would confuse it
	}
	at := dts + st.shift
	if at <= st.dts {
		if !st.track.Codec.Video() {
			p.dropped.Add(1) // sound that comes late can't be heard any more
			return nil
		}
		at = st.dts + tick
	}
	pts := max(x.PTS+st.shift, at)
	if st.begun && st.track.Codec.Video() && x.PTS+st.shift < st.pts {
		if p.s.reordered.CompareAndSwap(false, true) {
			p.hub.log.Warn("the stream has B-frames: WebRTC viewers are refused, browsers play it over HLS", "stream", p.s.name, "protocol", p.Protocol, "remote", p.Remote)
		}
	}
	st.begun, st.dts, st.pts = true, at, max(st.pts, pts)

	when, news := p.s.timeline.observe(observation{track: track, epoch: p.epoch, pts: pts, arrived: now, captured: x.Capture, trust: p.trust})
	st.rate.add(shaped.size, now)
	p.s.append(&Unit{
		Track: track, Key: shaped.key, Epoch: p.epoch, PTS: pts, DTS: at, Time: when,
		Params: shaped.params, Payload: shaped.payload, Size: shaped.size,
	})
	if news {
		p.hub.tell(p.s.name)
	}
	return nil
}

// writePackets writes packets of sound that follow one another.
func (p *Publisher) writePackets(track int, x Sample) error {
	t := p.state[track].track
	for _, b := range x.Payload {
		one := x
		one.Payload = [][]byte{b}
		if err := p.Write(track, one); err != nil {
			return err
		}
		d := t.PacketDuration(b)
		x.PTS += d
		x.DTS += d
		if !x.Capture.IsZero() {
			x.Capture = x.Capture.Add(d)
		}
	}
	return nil
}

// place makes sure that st.shift puts ref, the sample's time on the publisher's clock, where the stream is
// now. It reports false where the track does not continue what it brought before: its clock jumped, it
// goes on where it stood still, or it is the picture that follows a jump of the sound's.
func (p *Publisher) place(st *trackState, ref time.Duration, arrived, captured time.Time, key bool) bool {
	here, known := p.s.timeline.position(arrived, captured)
	if !p.begun {
		p.begun = true
		p.shift = Origin - ref
		if known {
			// A publisher that came back: time goes on, and never below what readers have.
			latest := p.s.latest()
			p.shift = max(here, latest+tick) - ref
			for i := range p.state {
				p.state[i].dts = latest
			}
		}
		st.shift = p.shift
		return true
	}
	fits := func(shift time.Duration) bool {
		at, low, high := ref+shift, here-jumpForward, here+jumpForward
		if st.begun {
			low, high = max(low, st.dts-jumpBack), max(high, st.dts+jumpForward)
		}
		return at >= low && at <= high
	}
	leads := key && st.begun && (st.track.Codec.Video() || p.s.video < 0)
	switch {
	case leads && st.shift == p.shift && p.s.timeline.lost():
		// Nothing is gained by going on as before: who plays in step waits for what never comes in time.
	case st.begun && st.shift != p.shift && fits(p.shift) && (ref+p.shift-here).Abs() < (ref+st.shift-here).Abs():
		st.shift = p.shift // another track made the jump already
		return !st.track.Codec.Video()
	case st.begun && fits(st.shift):
		return true
	case fits(p.shift): // the first sample of a track
		st.shift = p.shift
		return !st.begun || !st.track.Codec.Video()
	}
	p.shift = max(here, p.s.latest()+tick) - ref
	st.shift = p.shift
	p.epoch = p.s.nextEpoch()
	return false
}

// latest returns the newest decoding time in the ring.
func (s *Stream) latest() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := Origin
	for i := s.first; i < s.next; i++ {
		newest = max(newest, s.ring[i%ringUnits].DTS)
	}
	return newest
}

// nextEpoch begins a new epoch and returns it.
func (s *Stream) nextEpoch() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	return s.epoch
}

// Close takes the publisher off its stream. The stream stays for the hub's grace time, so that the
// readers of a publisher who comes back are still there. It may be called more than once.
func (p *Publisher) Close() {
	if p.closed.CompareAndSwap(false, true) {
		p.hub.left(p)
	}
}

// Kick asks the publisher's protocol to close it, because of err, and takes it off the stream.
func (p *Publisher) Kick(err error) {
	p.Close()
	if p.close != nil {
		p.close(err)
	}
}
