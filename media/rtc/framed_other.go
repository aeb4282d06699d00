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
type rawWriter struct{ c net.Conn }

func (w *rawWriter) init(c net.Conn) error {
	w.c = c
	if x, ok := c.(*net.TCPConn); ok {
		return x.SetWriteBuffer(unsent) //nolint:wrapcheck // says what failed
	}
	return nil
}

// write returns how many bytes the socket took.
func (w *rawWriter) write(b []byte) (int, error) {
	if err := w.c.SetWriteDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	n, err := w.c.Write(b)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, fmt.Errorf("send: %w", err)
	}
	return n, nil
}
