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
	if now.Sub(c.writeAt) > c.writeTime/slack {
		c.writeAt = now
		c.tcp.SetWriteDeadline(after(now, c.writeTime)) //nolint:errcheck // the write tells
	}
	c.lines = c.appendHead(c.lines[:0], now)
	head, size := len(c.lines), 0
	for _, b := range c.answer.Body {
		size += len(b)
	}
	var n int64
	var err error
	if size <= oneWrite {
		for _, b := range c.answer.Body {
			c.lines = append(c.lines, b...)
		}
		var k int
		k, err = c.tcp.Write(c.lines)
		n = int64(k)
	} else {
		c.vec = append(append(c.vec[:0], c.lines), c.answer.Body...)
		c.out = c.vec
		n, err = c.out.WriteTo(c.tcp)
		clear(c.vec) // parts must not live on because a connection does
	}
	c.answer.Done(max(0, int(n)-head))
	return err //nolint:wrapcheck // net/http looks at it
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
