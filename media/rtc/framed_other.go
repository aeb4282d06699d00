//go:build !linux

package rtc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// rawWriter writes to a socket with next to no waiting: where there is no system call for it, with a
// deadline that is about to pass.
type rawWriter struct {
	c     net.Conn
	until time.Time // of whenever; zero: for ever
}

func (w *rawWriter) init(c net.Conn) error {
	w.c = c
	if x, ok := c.(*net.TCPConn); ok {
		return x.SetWriteBuffer(unsent) //nolint:wrapcheck // says what failed
	}
	return nil
}

// once writes what the socket takes now.
func (w *rawWriter) once(b []byte) (int, error) {
	if err := w.c.SetWriteDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	n, err := w.c.Write(b)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return n, fmt.Errorf("send: %w", err)
	case n == 0 && !w.until.IsZero() && time.Now().After(w.until):
		return 0, fmt.Errorf("send: %w", err)
	}
	return n, nil
}

// whenever calls try until it reports true, which it does for the errors of once as well.
func (w *rawWriter) whenever(try func(writeFunc) bool) error {
	for !try(w.once) {
		<-time.After(5 * time.Millisecond)
	}
	return nil
}

// expire makes once fail after d, or never if that is 0.
func (w *rawWriter) expire(d time.Duration) {
	w.until = time.Time{}
	if d > 0 {
		w.until = time.Now().Add(d)
	}
}
