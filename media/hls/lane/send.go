package lane

import (
	"net/http"
	"time"
)

// oneWrite is up to which length a body is copied behind the lines, which is cheaper than a vector.
const oneWrite = 4 << 10

// send writes an answer with one system call, unless the client does not take it that fast. What waits then are the
// shared bytes of the answer, until the deadline.
func (c *conn) send() error {
	now := time.Now()
	c.lines = c.appendHead(c.lines[:0], now)
	head, size := len(c.lines), 0
	for _, b := range c.answer.Body {
		size += len(b)
	}
	c.vec = c.vec[:0]
	if size <= oneWrite {
		for _, b := range c.answer.Body {
			c.lines = append(c.lines, b...)
		}
		c.vec = append(c.vec, c.lines)
	} else {
		c.vec = append(append(c.vec, c.lines), c.answer.Body...)
	}
	n, err := c.write(now)
	clear(c.vec) // parts must not live on because a connection does
	c.answer.Done(max(0, int(n)-head))
	return err
}

func (c *conn) write(now time.Time) (int64, error) {
	c.out = c.vec
	if c.sock != nil {
		return c.sock.write(c.out, after(now, c.writeTime))
	}
	c.writing.set(after(now, c.writeTime)) //nolint:errcheck // nobody writes
	if len(c.vec) == 1 {
		n, err := c.Write(c.vec[0])
		return int64(n), err
	}
	var n int64
	err := c.writing.use(c.tcp, func() error { // out is what is not written yet
		more, err := c.out.WriteTo(c.tcp)
		n += more
		return err //nolint:wrapcheck // net/http looks at it
	})
	return n, err
}

func (c *conn) appendHead(b []byte, now time.Time) []byte {
	if c.answer.Status == http.StatusNotModified {
		b = append(b, "HTTP/1.1 304 Not Modified\r\nDate: "...)
	} else {
		b = append(b, "HTTP/1.1 200 OK\r\nDate: "...)
	}
	if s := now.Unix(); s != c.second {
		c.second, c.date = s, now.UTC().AppendFormat(c.date[:0], http.TimeFormat)
	}
	b = append(b, c.date...)
	b = append(b, "\r\n"...)
	b = append(b, c.Lines...)
	b = append(b, c.answer.Lines...)
	return append(b, "\r\n"...)
}
