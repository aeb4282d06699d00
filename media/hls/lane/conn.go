package lane

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"xianfeng/media/hls"
)

const (
	firstBuffer = 2 << 10 // room for the head of a browser's request
	maxHead     = 8 << 10 // a longer one is net/http's
	preface     = "PRI * HTTP/2.0"
)

// conn is a connection as net/http sees it. Reads, writes and the changes of state come one after the
// other (net/http ends its read in the background before it says that it is idle); Close comes from anywhere.
type conn struct {
	*shared
	local, remote net.Addr

	mu     sync.Mutex   // guards tcp, sock, closed, but for the goroutine that sets tcp and sock: it reads them without
	tcp    *net.TCPConn // nil while sock is there
	sock   *sock        // the socket while the lane has it to itself: never outside of Read
	closed bool

	ours    bool   // a request begins with the next byte, and it is ours if it is hot
	through bool   // net/http has got bytes of which we don't know what they are: it keeps the connection
	fresh   bool   // nothing was answered yet
	warm    bool   // something was answered since net/http last did
	partial bool   // a head has begun, and has a deadline
	buf     []byte // what was read from the client and not handed on, from the front
	failed  error
	give    int // how many bytes of buf net/http is still to get

	req     request
	answer  hls.Answer
	lines   []byte // of the answer
	vec     [][]byte
	out     net.Buffers // vec, as far as it is not written
	second  int64       // that date is of
	date    []byte
	reading deadline      // net/http's and the lane's
	writing deadline      // the same
	gone    chan struct{} // closed by Close
}

func newConn(tcp *net.TCPConn, s *shared) *conn {
	c := &conn{tcp: tcp, shared: s, local: tcp.LocalAddr(), remote: tcp.RemoteAddr(), ours: true, fresh: true, gone: make(chan struct{})}
	c.req.Remote, c.req.Gone = c.remote.String(), c.gone
	c.reading.tell, c.writing.tell = (*net.TCPConn).SetReadDeadline, (*net.TCPConn).SetWriteDeadline
	return c
}

// Read is where net/http waits for requests, for bodies, and, while it answers, for the client to leave.
func (c *conn) Read(p []byte) (int, error) {
	if c.failed != nil {
		return 0, c.failed // net/http may try again
	}
	if c.ours {
		if c.failed = c.serve(); c.failed != nil {
			c.drop()
			return 0, c.failed
		}
	}
	if c.give > 0 {
		n := copy(p, c.buf[:c.give])
		c.give -= n
		c.consume(n)
		return n, nil
	}
	if c.through {
		return c.readTCP(p)
	}
	return c.keepBack(p)
}

// keepBack waits for the client to leave, or for net/http to end its waiting, while net/http answers a request
// that has no body. What the client sends in the meantime is the next request; it is kept.
func (c *conn) keepBack(p []byte) (int, error) {
	for len(c.buf) < maxHead {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	// full: a client that sends this much ahead is net/http's
	if err := c.hand(len(c.buf), true); err != nil {
		return 0, err
	}
	n := copy(p, c.buf)
	c.give -= n
	c.consume(n)
	return n, nil
}

// state takes note of what net/http does with the connection.
func (c *conn) state(s http.ConnState) {
	switch s {
	case http.StateIdle:
		if !c.through { // else it is net/http's for good, and may be HTTP/2, which reads while it says so
			c.ours = c.give == 0
		}
	case http.StateHijacked:
		c.ours, c.through, c.give = false, true, len(c.buf)
		// A socket may stay for hours: it keeps nothing of the request that it began with.
		c.req, c.answer, c.lines, c.vec, c.out, c.date = request{}, hls.Answer{}, nil, nil, nil, nil
		c.req.Remote, c.req.Gone = c.remote.String(), c.gone
		if c.give == 0 {
			c.buf = nil
		}
	default:
	}
}

// hand gives the first n bytes of the buffer to net/http. through: all that follow as well.
func (c *conn) hand(n int, through bool) error {
	if err := c.attach(); err != nil {
		return err
	}
	c.ours, c.through, c.give = false, through, n
	if !c.partial { // net/http may go on reading a head with the deadline that is set
		c.reading.set(after(time.Now(), c.headTime)) //nolint:errcheck // nobody reads
	}
	if c.warm { // the deadline is that of an answer of ours
		c.writing.set(time.Time{}) //nolint:errcheck // nobody writes
	}
	c.fresh, c.warm, c.partial = false, false, false
	return nil
}

func (c *conn) consume(n int) {
	rest := copy(c.buf, c.buf[n:])
	c.buf = c.buf[:rest]
}

// fill reads more of what the client sends.
func (c *conn) fill() error {
	if len(c.buf) == cap(c.buf) {
		b := make([]byte, len(c.buf), max(firstBuffer, min(maxHead, 4*cap(c.buf))))
		copy(b, c.buf)
		c.buf = b
	}
	var n int
	var err error
	if room := c.buf[len(c.buf):cap(c.buf)]; c.sock != nil {
		n, err = c.sock.read(room, c.reading.when())
	} else {
		n, err = c.readTCP(room)
	}
	c.buf = c.buf[:len(c.buf)+n]
	return err //nolint:wrapcheck // net/http looks at it
}

// serve answers hot requests until there is something for net/http.
func (c *conn) serve() error {
	searched := 0
	for {
		if i := bytes.Index(c.buf[searched:], []byte("\r\n\r\n")); i >= 0 {
			n := searched + i + 4
			searched, c.partial = 0, false
			switch k := parse(string(c.buf[:n]), &c.req); {
			case k == foreign:
				return c.leave()
			case k == hot && (c.Admits == nil || c.Admits(c.req.host, c.req.origin)) && c.HLS.Answer(&c.req.Request, &c.answer):
				c.consume(n)
				c.fresh, c.warm = false, true
				if err := c.send(); err != nil {
					return err
				}
				continue
			default:
				return c.hand(n, false)
			}
		}
		if !c.mine() {
			return c.leave()
		}
		searched = max(0, len(c.buf)-3)
		if c.warm && len(c.buf) == 0 {
			c.detach()
		}
		c.patience()
		switch err := c.fill(); {
		case err == nil:
		case len(c.buf) > 0 && !errors.Is(err, os.ErrDeadlineExceeded):
			return c.hand(len(c.buf), true)
		default:
			return err
		}
	}
}

// mine reports whether what is in the buffer may become a request without a body that is worth reading to its end.
func (c *conn) mine() bool {
	if len(c.buf) >= maxHead {
		return false
	}
	for _, s := range [...]string{"GET /", "HEAD /", preface} {
		if n := min(len(s), len(c.buf)); string(c.buf[:n]) == s[:n] && (s != preface || n < len(s)) {
			return true
		}
	}
	return false
}

// patience sets how long the client may take: long for the next request to begin, short for it to be whole.
func (c *conn) patience() {
	if c.fresh || c.partial {
		return // net/http gives a new connection the time of a head; or it is set already
	}
	d := c.idleTime
	if len(c.buf) > 0 {
		c.partial, d = true, c.headTime
	}
	c.reading.set(after(time.Now(), d)) //nolint:errcheck // nobody reads
}

func after(now time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return now.Add(d)
}

// leave gives the connection to net/http for good, unless it begins HTTP/2 without TLS from another machine.
func (c *conn) leave() error {
	if len(c.buf) < len(preface) || string(c.buf[:len(preface)]) != preface || c.here(c.remote) {
		return c.hand(len(c.buf), true)
	}
	if err := c.attach(); err != nil {
		return err
	}
	const answer = "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	c.writing.set(time.Now().Add(time.Second)) //nolint:errcheck // nobody writes
	if _, err := io.WriteString(c, answer); err != nil {
		return err //nolint:wrapcheck // net/http looks at it
	}
	return io.EOF
}
