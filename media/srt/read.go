package srt

import (
	"context"
	"errors"
	"fmt"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"xianfeng/media"
	"xianfeng/media/mpegts"
)

const (
	// openQuick is how long a reader waits for its answer: callers give up after three seconds.
	// A stream that is only being started by then is waited for with the connection open.
	openQuick = 2 * time.Second
	openSlow  = 10 * time.Second

	// A reader gets what is in the ring at once, but not faster than its socket's buffer can bear.
	paceBurst = 256                    // packets
	paceEvery = 100 * time.Microsecond // for each packet more: some 100 Mbit/s

	writeRetry = 10 * time.Millisecond
	writeTries = 50
)

var (
	errGone = errors.New("the reader left")
	errSlow = errors.New("the reader's queue is full")
)

// read lets a reader in and stays until it is gone.
func (s *Server) read(req gosrt.ConnRequest, name, remote string) {
	st, err := s.open(s.ctx, name, s.cfg.quick)
	out := &sender{}
	var w *mpegts.Writer
	if err == nil {
		w, err = mpegts.NewWriter(out, st.Tracks())
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
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
	defer closeWith(ctx, conn)()
	// listen ends when closeWith closes the connection.
	s.wg.Go(func() { listen(conn, cancel) })

	s.log.Info("reader came", "protocol", protocol, "stream", name, "remote", remote)
	if w == nil {
		if st, err = s.open(ctx, name, openSlow); err == nil {
			w, err = mpegts.NewWriter(out, st.Tracks())
		}
	}
	if err == nil {
		out.ctx, out.conn = ctx, conn
		err = s.serve(ctx, cancel, st, w, out, remote)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	s.log.Info("reader left", "protocol", protocol, "stream", name, "remote", remote, "error", err)
}

// open returns the stream once a reader can begin. It fails with context.DeadlineExceeded where it may
// still come.
func (s *Server) open(ctx context.Context, name string, patience time.Duration) (*media.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	st, err := s.hub.Open(ctx, name)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("open %q: %w", name, ctx.Err())
	}
	return st, err
}

// listen notices when the peer goes, and takes away what it may send.
func listen(conn gosrt.Conn, cancel context.CancelCauseFunc) {
	var b [gosrt.MAX_MSS_SIZE]byte
	for {
		if _, err := conn.Read(b[:]); err != nil {
			cancel(errGone)
			return
		}
	}
}

// serve writes the stream to a reader until one of them ends.
func (s *Server) serve(ctx context.Context, cancel context.CancelCauseFunc, st *media.Stream, w *mpegts.Writer, out *sender, remote string) error {
	x, err := st.NewSession(protocol, remote, func(err error) { cancel(err) })
	if err != nil {
		return err
	}
	defer x.Leave()
	out.session = x
	r := st.NewReader()
	lost := counter{conn: out.conn}
	for {
		u, err := r.Next(ctx)
		if err != nil {
			return err
		}
		if err := w.Write(u); err != nil {
			return err
		}
		if lost.due() {
			// What the reader asked for again, what was too late for it, and what it never got.
			x.Lost.Add(lost.since(lost.stats.Accumulated.PktSendLoss + r.Skipped()))
		}
	}
}

// sender writes chunks to a connection, evenly.
type sender struct {
	ctx     context.Context //nolint:containedctx // of the connection
	conn    gosrt.Conn
	session *media.Session
	next    time.Time // when the next packet would go out if all were paceEvery apart
}

func (o *sender) Write(p []byte) (int, error) {
	now := time.Now()
	if early := now.Add(-paceBurst * paceEvery); o.next.Before(early) {
		o.next = early
	}
	o.next = o.next.Add(paceEvery)
	if d := o.next.Sub(now); d > 0 {
		// A timer is coarser than paceEvery: wait for several at once.
		if err := o.wait(d + 5*time.Millisecond); err != nil {
			return 0, err
		}
	}
	for range writeTries {
		if n, err := o.conn.Write(p); err == nil {
			o.session.Sent.Add(uint64(n))
			return n, nil
		}
		// The library says the same for a full queue and for a closed connection, which ends ctx.
		if err := o.wait(writeRetry); err != nil {
			return 0, err
		}
	}
	return 0, errSlow
}

func (o *sender) wait(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-o.ctx.Done():
		return context.Cause(o.ctx)
	}
}
