package rtc

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

const (
	maxTCP        = 4096 // connections in all
	maxUnproven   = 512  // of them, those that have not authenticated
	maxUnprovenOf = 64   // and of these, from one source
	complainEvery = 10 * time.Second
	acceptPause   = 5 * time.Millisecond // after the first failure; doubles up to a second
)

// listener accepts connections. It outlives errors of Accept; it bounds the connections, the excess is
// closed; and it closes them all when it is closed.
type listener struct {
	net.Listener
	log  *slog.Logger
	stop chan struct{} // closed by Close

	mu         sync.Mutex // guards all below
	conns      map[*tcpConn]struct{}
	unproven   int
	unprovenOf map[netip.Prefix]int
	complained time.Time // when a refusal was last logged
	closed     bool
}

func newListener(l net.Listener, log *slog.Logger) *listener {
	return &listener{Listener: l, log: log, stop: make(chan struct{}), conns: map[*tcpConn]struct{}{}, unprovenOf: map[netip.Prefix]int{}}
}

// Accept returns the next connection within the limits.
func (l *listener) Accept() (*tcpConn, error) {
	for pause := acceptPause; ; {
		nc, err := l.Listener.Accept()
		switch {
		case err == nil:
			pause = acceptPause
			if c := l.admit(nc); c != nil {
				return c, nil
			}
			nc.Close() //nolint:errcheck // refused anyway
		case errors.Is(err, net.ErrClosed):
			return nil, err
		default:
			l.log.Warn("accept failed", "protocol", "webrtc", "error", err)
			select {
			case <-time.After(pause):
			case <-l.stop:
			}
			pause = min(2*pause, time.Second)
		}
	}
}

// admit returns the connection with its limits, or nil if it can't be had.
func (l *listener) admit(nc net.Conn) *tcpConn {
	c := &tcpConn{Conn: nc, l: l, source: sourceOf(nc.RemoteAddr().String()), until: time.Now().Add(silentTime)}
	nc.SetReadDeadline(c.until) //nolint:errcheck // a closed connection ends by itself
	l.mu.Lock()
	var why error
	switch {
	case l.closed:
		l.mu.Unlock()
		return nil
	case len(l.conns) >= maxTCP:
		why = fmt.Errorf("%d connections are open", maxTCP)
	case l.unproven >= maxUnproven:
		why = fmt.Errorf("%d connections have not authenticated", maxUnproven)
	case l.unprovenOf[c.source] >= maxUnprovenOf:
		why = fmt.Errorf("%d connections from there have not authenticated", maxUnprovenOf)
	default:
		l.conns[c] = struct{}{}
		l.unproven++
		l.unprovenOf[c.source]++
		l.mu.Unlock()
		return c
	}
	now := time.Now()
	silent := now.Sub(l.complained) < complainEvery // whoever floods us does not flood the log
	if !silent {
		l.complained = now
	}
	l.mu.Unlock()
	if !silent {
		l.log.Warn("connections refused", "protocol", "webrtc", "remote", nc.RemoteAddr().String(), "error", why)
	}
	return nil
}

// Close closes the port and all connections. It may be called more than once.
func (l *listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	all := make([]*tcpConn, 0, len(l.conns))
	for c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	close(l.stop)
	err := l.Listener.Close()
	for _, c := range all {
		c.Close() //nolint:errcheck // nothing to be done
	}
	return err
}

// tcpConn is one connection. It has silentTime to authenticate; after that silence is ICE's business.
type tcpConn struct {
	net.Conn
	l      *listener
	source netip.Prefix
	until  time.Time // the end of a stranger's time
	head   []byte    // what was read to see whose it is; for Read

	proven, gone bool // guarded by listener.mu
}

// Read ends a stranger's connection as if it had hung up: a timeout would end its namesake's ICE too.
func (c *tcpConn) Read(b []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(b, c.head)
		if c.head = c.head[n:]; len(c.head) == 0 {
			c.head = nil // lets go of the memory
		}
		return n, nil
	}
	n, err := c.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = io.EOF
	}
	return n, err
}

// Write writes what ICE has to say. The first time that is the answer to a check with the right
// password: pion's agent, a lite one, leaves others unanswered and asks nothing itself.
func (c *tcpConn) Write(b []byte) (int, error) {
	if c.settle(false) {
		c.Conn.SetReadDeadline(time.Time{}) //nolint:errcheck // a closed connection ends by itself
	}
	return c.Conn.Write(b)
}

// SetReadDeadline gives a connection that has only claimed to be somebody no more time than it has.
func (c *tcpConn) SetReadDeadline(t time.Time) error {
	c.l.mu.Lock()
	keep := (t.IsZero() || t.After(c.until)) && !c.proven
	c.l.mu.Unlock()
	if keep {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// Close closes the connection.
func (c *tcpConn) Close() error {
	c.settle(true)
	return c.Conn.Close()
}

// settle takes c off the strangers, and off everything if it is gone. It reports whether it was a
// stranger until now.
func (c *tcpConn) settle(gone bool) bool {
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	stranger := !c.proven && !c.gone
	if stranger {
		l.unproven--
		if l.unprovenOf[c.source]--; l.unprovenOf[c.source] == 0 {
			delete(l.unprovenOf, c.source)
		}
	}
	if gone {
		c.gone = true
		delete(l.conns, c)
	} else {
		c.proven = true
	}
	return stranger
}
