package rtmp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bluenviron/gortmplib/pkg/amf0"
	"github.com/bluenviron/gortmplib/pkg/message"

	"xianfeng/media"
)

// play sends a stream to a player until one of them ends.
func (c *conn) play(q request) error {
	if q.err != nil {
		return q.err
	}
	if err := c.srv.gate.Allow(media.Access{Action: media.Read, Stream: q.name, Protocol: Protocol, Remote: c.remote, Key: q.key}); err != nil {
		return err
	}
	watched := make(chan struct{})
	go c.watch(watched) // ends with the connection, or with stop; play waits for it
	defer func() {
		c.stop(errGone)
		<-watched
	}()
	s, err := c.open(q.name)
	if err != nil {
		return c.why(err)
	}
	p, err := newPlayer(c, s)
	if err != nil {
		return err
	}
	session, err := s.NewSession(Protocol, c.remote, c.stop)
	if err != nil {
		return err
	}
	defer session.Leave()
	c.srv.letThrough(c)
	log := c.srv.log.With("stream", q.name, "remote", c.remote)
	log.Info("reader came")
	c.announced = true
	if len(p.without) > 0 {
		log.Warn("not every track can be sent to this reader", "without", p.without)
	}
	return c.why(p.run(session))
}

// watch reads what a player sends, acknowledgements mostly, and stops the connection when it leaves.
func (c *conn) watch(done chan<- struct{}) {
	defer close(done)
	c.readWithin(0)
	for {
		m, err := c.read()
		if err == nil {
			var left bool
			if left, err = leaves(m); left {
				err = errGone
			}
		}
		if err != nil {
			c.stop(err)
			return
		}
	}
}

// open waits for a stream to begin with.
func (c *conn) open(name string) (*media.Stream, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.srv.cfg.Timeout)
	defer cancel()
	return c.srv.hub.Open(ctx, name)
}

// player sends the units of one stream to one connection.
type player struct {
	c       *conn
	s       *media.Stream
	out     []*encoder // by track; nil for one that is left out
	without []string   // the codecs left out

	begun  bool
	base   time.Duration // stream time that is 0 for the player
	params *media.Params // sent last
	epoch  uint32        // sent last
}

func newPlayer(c *conn, s *media.Stream) (*player, error) {
	p := &player{c: c, s: s}
	some := false
	for i := range s.Tracks() {
		t := &s.Tracks()[i]
		// Sound in an enhanced tag makes players that don't know it wait for ever, and the picture with
		// it. A picture is sent all the same: newer players take it without having listed it.
		if !carriable(t) || t.Codec == media.Opus && !c.enhanced && s.Track(true) >= 0 {
			p.out, p.without = append(p.out, nil), append(p.without, t.Codec.String())
			continue
		}
		p.out, some = append(p.out, &encoder{track: t}), true
	}
	if !some {
		return nil, fmt.Errorf("stream %q: %w: RTMP does not carry %s", s.Name(), media.ErrCodec, strings.Join(p.without, " and "))
	}
	return p, nil
}

func (p *player) run(session *media.Session) error {
	name := p.s.Name()
	err := p.c.send(
		&message.UserControlStreamBegin{StreamID: streamID},
		status("status", "NetStream.Play.Reset", "playing "+name),
		status("status", "NetStream.Play.Start", "playing "+name),
		p.metadata(),
	)
	if err != nil {
		return err
	}
	reader := p.s.NewReader()
	for p.c.ctx.Err() == nil { // Next looks at it only once it has nothing more
		u, err := reader.Next(p.c.ctx)
		if err != nil {
			return err
		}
		n, err := p.unit(u)
		session.Sent.Add(uint64(n))
		p.c.budget.left.Add(int64(n / sentPerByte))
		session.Lost.Store(reader.Skipped())
		if err != nil {
			return err
		}
	}
	return p.c.ctx.Err()
}

// metadata announces the tracks, so that players need not probe for others.
func (p *player) metadata() message.Message {
	var o amf0.ECMAArray
	add := func(key string, v float64) {
		if v != 0 {
			o = append(o, amf0.ObjectEntry{Key: key, Value: v})
		}
	}
	for _, e := range p.out {
		switch {
		case e == nil:
		case e.track.Codec.Video():
			add("videocodecid", codecID(e.track.Codec))
			if params := p.s.Params(); params != nil {
				add("width", float64(params.Width))
				add("height", float64(params.Height))
				add("framerate", params.FPS)
			}
		default:
			add("audiocodecid", codecID(e.track.Codec))
			add("audiosamplerate", float64(e.track.SampleRate))
			o = append(o, amf0.ObjectEntry{Key: "stereo", Value: e.track.Channels == 2})
		}
	}
	return &message.DataAMF0{ChunkStreamID: dataChunks, MessageStreamID: streamIDOnWire, Payload: []any{"onMetaData", o}}
}

// unit sends one unit, and before it whatever configuration the player lacks.
func (p *player) unit(u *media.Unit) (sent int, err error) {
	e := p.out[u.Track]
	if e == nil {
		return 0, nil
	}
	c := p.c
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.writeWithin(c.srv.cfg.Timeout)
	if !p.begun {
		p.begun, p.base, p.epoch = true, u.DTS, u.Epoch
		p.params = u.Params // the first unit is a picture, if there are any
		for _, x := range p.out {
			if x == nil {
				continue
			}
			n, err := p.config(x, 0, u.Params)
			sent += n
			if err != nil {
				return sent, err
			}
		}
	}
	if u.DTS < p.base {
		return sent, nil // sound from before the first picture
	}
	at := (u.DTS - p.base).Round(time.Millisecond)
	// The difference of the rounded times, so that neither drifts from its track's own rhythm.
	cts := (u.PTS - p.base).Round(time.Millisecond) - at
	if e.track.Codec.Video() && (u.Params != p.params || u.Epoch != p.epoch) && u.Params != nil {
		n, err := p.config(e, at, u.Params)
		sent += n
		if err != nil {
			return sent, err
		}
		p.params, p.epoch = u.Params, u.Epoch
	}
	n, err := p.write(e, at, e.frame(u, cts)...)
	return sent + n, err
}

// config sends a track's decoder configuration, if it has one; c.wmu is held.
func (p *player) config(e *encoder, at time.Duration, params *media.Params) (int, error) {
	body, err := e.config(params)
	if err != nil || body == nil {
		return 0, err
	}
	return p.write(e, at, body)
}

// write sends one tag; c.wmu is held.
func (p *player) write(e *encoder, at time.Duration, parts ...[]byte) (int, error) {
	chunks, typ := byte(audioChunks), byte(typeAudio)
	if e.track.Codec.Video() {
		chunks, typ = videoChunks, typeVideo
	}
	n, err := p.c.media.write(chunks, typ, at, parts...)
	if err != nil {
		p.c.torn = n > 0
		return n, fmt.Errorf("write: %w", err)
	}
	return n, nil
}

// lastWords tells a player that the stream is over.
func lastWords(err error) []message.Message {
	if errors.Is(err, media.ErrEnded) {
		return []message.Message{
			&message.UserControlStreamEOF{StreamID: streamID},
			status("status", "NetStream.Play.UnpublishNotify", "the stream has ended"),
			status("status", "NetStream.Play.Stop", "the stream has ended"),
		}
	}
	return []message.Message{refusal(media.Read, err)}
}
