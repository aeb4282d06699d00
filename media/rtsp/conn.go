package rtsp

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
)

// listener counts connections and outlives errors of Accept, at which gortsplib would stop the server.
type listener struct {
	net.Listener
	s *Server
}

// Accept returns the next connection within the limit.
func (l *listener) Accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; {
		nc, err := l.Listener.Accept()
		switch {
		case err == nil:
		case errors.Is(err, net.ErrClosed):
			return nil, err //nolint:wrapcheck // gortsplib looks at it
		default:
			l.s.log.Warn("accept failed", "error", err)
			select {
			case <-time.After(wait):
			case <-l.s.ctx.Done():
			}
			wait = min(2*wait, time.Second)
			continue
		}
		wait = 5 * time.Millisecond
		c, err := newConn(nc.(*net.TCPConn), l.s)
		if err != nil {
			l.s.log.Warn("connection refused", "remote", nc.RemoteAddr().String(), "error", err)
			nc.Close() //nolint:errcheck // refused anyway
			continue
		}
		return c, nil
	}
}

// conn is a connection on which gortsplib writes responses and senders write bursts. It keeps frames
// whole, closes after silence, and says when a response has been written.
type conn struct {
	*net.TCPConn
	s   *Server
	raw syscall.RawConn

	requests  atomic.Int64
	streaming atomic.Bool // a session plays or records here: silence is all right
	recording atomic.Bool // media come in here: Read reads ahead

	// Of the goroutine that reads.
	ahead    []byte    // what was read ahead: ahead[from:]
	from     int       //
	deadline time.Time // for reading, as last set

	// onResponse is called with the response to the request under way; set by the handlers of that
	// request, taken by OnResponse, on goroutines that wait for one another.
	onResponse func(*base.Response)

	closeOnce sync.Once

	mu    sync.Mutex // guards all below, and the order of bytes on the wire
	flow  bool       // bursts may be written
	after func()     // called once the next response has been written, under mu
	rest  []byte     // end of a burst that the socket took in part
	now   nonBlocking
}

func newConn(tc *net.TCPConn, s *Server) (*conn, error) {
	raw, err := tc.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("raw connection: %w", err)
	}
	if n := s.conns.Add(1); n > int64(s.cfg.MaxConns) {
		s.conns.Add(-1)
		return nil, fmt.Errorf("%d connections are open", s.cfg.MaxConns)
	}
	c := &conn{TCPConn: tc, s: s, raw: raw}
	c.now.init()
	return c, nil
}

// Close closes the connection.
func (c *conn) Close() error {
	c.closeOnce.Do(func() { c.s.conns.Add(-1) })
	return c.TCPConn.Close() //nolint:wrapcheck // gortsplib's own
}

// readAhead is how much a connection on which media come in takes from the kernel at once. gortsplib takes 4 KiB,
// so that a key frame costs dozens of system calls, and as many acknowledgements.
const readAhead = 64 << 10

// Read reads ahead where media come in.
func (c *conn) Read(p []byte) (int, error) {
	if c.from == len(c.ahead) {
		if !c.recording.Load() || len(p) >= readAhead {
			return c.TCPConn.Read(p) //nolint:wrapcheck // gortsplib's own
		}
		if cap(c.ahead) == 0 {
			c.ahead = make([]byte, readAhead)
		}
		n, err := c.TCPConn.Read(c.ahead[:readAhead])
		c.ahead, c.from = c.ahead[:n], 0
		if n == 0 {
			return 0, err //nolint:wrapcheck // gortsplib's own
		}
	}
	n := copy(p, c.ahead[c.from:])
	c.from += n
	return n, nil
}

// SetReadDeadline turns gortsplib's "no deadline" into the end of an idle connection. gortsplib moves the
// deadline before every packet; a tenth of a second more or less is not worth the runtime's timers.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.recording.Load() && !t.IsZero() && !c.deadline.IsZero() {
		if d := t.Sub(c.deadline); d >= 0 && d < 100*time.Millisecond {
			return nil
		}
	}
	c.deadline = t
	return c.setReadDeadline(t)
}

func (c *conn) setReadDeadline(t time.Time) error {
	if t.IsZero() && !c.streaming.Load() {
		t = time.Now().Add(c.s.cfg.Idle)
	}
	return c.TCPConn.SetReadDeadline(t) //nolint:wrapcheck // gortsplib's own
}

// SetWriteDeadline does nothing: Write sets its own deadline and takes it away again, since one that
// has passed would make the senders' writes fail.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// setStreaming says whether silence is all right from now on.
func (c *conn) setStreaming(on bool) {
	c.streaming.Store(on)
	c.setReadDeadline(time.Time{}) //nolint:errcheck // a closed connection ends by itself
}

// Write writes a response, or RTCP of gortsplib's, after what is left of a burst.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.TCPConn.SetWriteDeadline(time.Now().Add(c.s.cfg.Stalled)); err != nil {
		return 0, err //nolint:wrapcheck // gortsplib's own
	}
	if len(c.rest) > 0 {
		n, err := c.TCPConn.Write(c.rest)
		c.rest = c.rest[n:]
		if err != nil {
			return 0, err //nolint:wrapcheck // gortsplib's own
		}
	}
	n, err := c.TCPConn.Write(p)
	if err != nil {
		return n, err //nolint:wrapcheck // gortsplib's own
	}
	if err := c.TCPConn.SetWriteDeadline(time.Time{}); err != nil {
		return n, err //nolint:wrapcheck // gortsplib's own
	}
	if f := c.after; f != nil && len(p) > 0 && p[0] != base.InterleavedFrameMagicByte {
		c.after = nil
		f()
	}
	return n, nil
}

// whenAnswered arranges for f to be called, with c.mu held, once the next response has been written.
func (c *conn) whenAnswered(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = f
}

// stopFlow ends the writing of bursts; when it returns none is under way.
func (c *conn) stopFlow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flow, c.after = false, nil
}

// send writes as much of bufs as the socket takes now. It returns how many of them are done with, the
// bytes written, and whether there was more than the socket took. What is left of a buffer that was
// begun goes out before anything else; it must not change until then. It never waits. 0 allocs.
func (c *conn) send(bufs [][]byte) (done, bytes int, blocked bool, err error) {
	if !c.mu.TryLock() {
		return 0, 0, true, nil // a response is being written
	}
	defer c.mu.Unlock()
	if !c.flow {
		return 0, 0, false, nil
	}
	if len(c.rest) > 0 {
		n, err := c.now.write(c, c.rest, nil)
		c.rest = c.rest[n:]
		if err != nil || len(c.rest) > 0 {
			return 0, n, true, err
		}
		bytes = n
	}
	if len(bufs) == 0 {
		return 0, bytes, false, nil
	}
	n, err := c.now.write(c, nil, bufs)
	bytes += n
	for n > 0 && done < len(bufs) {
		if n < len(bufs[done]) {
			c.rest = bufs[done][n:]
		}
		n -= len(bufs[done])
		done++
	}
	return done, bytes, len(c.rest) > 0 || done < len(bufs), err
}
