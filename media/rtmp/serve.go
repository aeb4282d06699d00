package rtmp

import (
	"errors"
	"io"
	"net"
	"syscall"

	"xianfeng/media"
)

// serve runs the connection from the handshake to its end, tells the client why where it can still be
// told, and writes one line to the log unless the client just left.
func (c *conn) serve() {
	if err := c.handshake(); err != nil {
		c.report("handshake failed", request{}, c.why(err))
		c.hangUp()
		return
	}
	q, err := c.negotiate()
	if err != nil {
		err = c.why(err)
		c.report("no request", request{}, err)
		if left(err) {
			c.hangUp()
		} else {
			c.hangUp(c.rejection(err))
		}
		return
	}
	if q.action == media.Publish {
		err = c.publish(q)
		if !left(err) {
			c.report("publisher closed", q, err)
			c.hangUp(refusal(media.Publish, err))
			return
		}
	} else {
		err = c.play(q)
		if c.announced {
			c.reportLeft(q, err)
		} else if !left(err) {
			c.report("reader refused", q, err)
		}
		if !left(err) {
			c.hangUp(lastWords(err)...)
			return
		}
	}
	c.hangUp()
}

// left reports whether err is the client's going, announced or not.
func left(err error) bool {
	return errors.Is(err, errGone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (c *conn) report(what string, q request, err error) {
	log := c.srv.log.With("remote", c.remote, "error", err)
	if q.name != "" {
		const longest = 80
		log = log.With("stream", q.name[:min(len(q.name), longest)])
	}
	switch {
	case errors.Is(err, io.EOF) && c.counted.Count() == 0, errors.Is(err, media.ErrEnded):
		log.Debug(what) // a port probe; or the end of a stream, which the hub has told of
	default:
		log.Warn(what)
	}
}

// reportLeft writes the one line that says that a player is gone, and why unless it just left.
func (c *conn) reportLeft(q request, err error) {
	log := c.srv.log.With("stream", q.name, "remote", c.remote)
	switch {
	case left(err):
		log.Info("reader left")
	case errors.Is(err, media.ErrEnded):
		log.Info("reader left", "error", err)
	default:
		log.Warn("reader left", "error", err)
	}
}
