package lane

import (
	"errors"
	"io"
	"net"
	"time"
)

var errUnsupported = errors.New("sockets are left to the runtime")

// detach takes the socket to ourselves, where that is possible: a client that we answered is likely to ask us again.
func (c *conn) detach() {
	if c.sock != nil || c.poller == nil {
		return
	}
	s, err := detach(c.tcp, c.poller)
	if err != nil {
		return // too many open files, or the listener ends: it goes on as it was
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tcp, c.sock = nil, s
	if c.closed { // meanwhile; the first read fails
		s.shut()
	}
}

// attach gives the socket back to the runtime, for net/http.
func (c *conn) attach() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sock == nil {
		return nil
	}
	s := c.sock
	c.sock = nil
	tcp, err := s.attach()
	if err != nil {
		c.closed = true
		return err
	}
	c.reading.other()
	c.writing.other()
	if c.tcp = tcp; c.closed {
		tcp.Close() //nolint:errcheck // whoever closed does not wait for it
		return net.ErrClosed
	}
	return nil
}

// drop closes the socket after a failure, if we have it.
func (c *conn) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sock != nil {
		c.sock.close() //nolint:errcheck // it has failed already
		c.sock, c.closed = nil, true
	}
}

// Close lets go a request that waits.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.gone:
	default:
		close(c.gone)
	}
	c.closed = true
	switch {
	case c.sock != nil: // the goroutine in Read closes it
		c.sock.shut()
		return nil
	case c.tcp != nil:
		return c.tcp.Close() //nolint:wrapcheck // net/http looks at it
	default:
		return nil
	}
}

// The rest of a net.Conn, for net/http, which does not use it while the lane has the socket.

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) readTCP(p []byte) (n int, err error) {
	err = c.reading.use(c.tcp, func() (err error) {
		n, err = c.tcp.Read(p)
		return err //nolint:wrapcheck // net/http looks at it
	})
	return n, err
}

// Write and the others fail when the socket is not there any more.
func (c *conn) Write(b []byte) (n int, err error) {
	if c.tcp == nil {
		return 0, net.ErrClosed
	}
	err = c.writing.use(c.tcp, func() error {
		more, err := c.tcp.Write(b[n:])
		n += more
		return err //nolint:wrapcheck // net/http looks at it
	})
	return n, err
}

// ReadFrom lets net/http send files without copying them.
func (c *conn) ReadFrom(r io.Reader) (n int64, err error) {
	if c.tcp == nil {
		return 0, net.ErrClosed
	}
	err = c.writing.useOnce(c.tcp, func() (err error) {
		n, err = c.tcp.ReadFrom(r)
		return err //nolint:wrapcheck // net/http looks at it
	})
	return n, err
}

// CloseWrite lets net/http end an answer before the request has ended.
func (c *conn) CloseWrite() error {
	if c.tcp == nil {
		return net.ErrClosed
	}
	return c.tcp.CloseWrite() //nolint:wrapcheck // net/http looks at it
}

func (c *conn) SetDeadline(t time.Time) error { return errors.Join(c.reading.set(t), c.writing.set(t)) }

func (c *conn) SetReadDeadline(t time.Time) error { return c.reading.set(t) }

func (c *conn) SetWriteDeadline(t time.Time) error { return c.writing.set(t) }

var _ net.Conn = (*conn)(nil)
