package srt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"xianfeng/media"
	"xianfeng/media/mpegts"
)

const (
	statsEvery = time.Second
	// maxBacklog bounds what the library keeps until its time to be delivered, which the publisher says.
	maxBacklog = 64 << 20
)

var (
	errSilent  = errors.New("no picture and no sound")
	errBacklog = errors.New("time stamps too far ahead")
)

// handle serves one request, and the connection that it becomes.
func (s *Server) handle(req gosrt.ConnRequest) {
	if err := s.admit(req); err != nil {
		s.refuse(req, "", err)
		return
	}
	a, err := parseStreamID(req.StreamId())
	if err != nil {
		s.refuse(req, "", err)
		return
	}
	remote := req.RemoteAddr().String()
	err = s.gate.Allow(media.Access{Action: a.action, Stream: a.name, Protocol: protocol, Remote: remote, Key: a.key})
	if err != nil {
		s.refuse(req, a.name, err)
		return
	}
	if a.action == media.Publish {
		s.publish(req, a.name, remote)
	} else {
		s.read(req, a.name, remote)
	}
}

// publish takes a publisher in and stays until it is gone.
func (s *Server) publish(req gosrt.ConnRequest, name, remote string) {
	// Its tracks are known only after it was let in; what can be said before is said by a rejection.
	if err := s.hub.Vacant(name); err != nil {
		s.refuse(req, name, err)
		return
	}
	conn, err := req.Accept()
	if err != nil {
		s.log.Warn("connection refused", "protocol", protocol, "stream", name, "remote", remote, "error", err)
		return
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	// Closing the connection ends its Read, the only thing that blocks here.
	defer closeWith(ctx, conn)()
	if err := s.feed(ctx, cancel, conn, name, remote); err != nil && s.ctx.Err() == nil {
		s.log.Warn("publisher failed", "protocol", protocol, "stream", name, "remote", remote, "error", err)
	}
}

// closeWith closes conn when ctx ends, and at the latest when the returned function is called.
func closeWith(ctx context.Context, conn gosrt.Conn) func() {
	stop := context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // never fails
	return func() {
		stop()
		conn.Close() //nolint:errcheck // never fails
	}
}

// feed writes what comes from conn to a publisher. It returns nil when the peer ends the connection or
// is no longer heard of.
func (s *Server) feed(ctx context.Context, cancel context.CancelCauseFunc, conn gosrt.Conn, name, remote string) error {
	silent := time.AfterFunc(s.cfg.Silence, func() { cancel(fmt.Errorf("%w for %s", errSilent, s.cfg.Silence)) })
	defer silent.Stop()
	in, err := mpegts.NewReader(conn)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return err
	}
	pub, err := s.hub.Publish(media.PublishRequest{Name: name, Protocol: protocol, Remote: remote, Tracks: in.Tracks(), Close: func(err error) { cancel(err) }})
	if err != nil {
		return err
	}
	defer pub.Close()
	if left := in.Ignored(); len(left) > 0 {
		s.log.Info("tracks left out", "protocol", protocol, "stream", name, "remote", remote, "tracks", left)
	}
	lost := counter{conn: conn}
	for {
		err := in.Feed(pub)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		silent.Reset(s.cfg.Silence)
		if !lost.due() {
			continue
		}
		if lost.stats.Instantaneous.ByteRecvBuf > maxBacklog {
			return errBacklog
		}
		pub.AddLost(lost.since(lost.stats.Accumulated.PktRecvLoss))
	}
}

// counter asks for a connection's statistics now and then.
type counter struct {
	conn  gosrt.Conn
	stats gosrt.Statistics
	asked time.Time
	seen  uint64
}

// due reports whether stats was just renewed.
func (c *counter) due() bool {
	if time.Since(c.asked) < statsEvery {
		return false
	}
	c.asked = time.Now()
	c.conn.Stats(&c.stats)
	return true
}

// since returns how much n grew since it was given last.
func (c *counter) since(n uint64) uint64 {
	d := n - c.seen
	c.seen = n
	return d
}
