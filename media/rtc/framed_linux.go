package rtc

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// rawWriter writes to a socket without waiting. It keeps the arguments of the system call, so that a
// write allocates nothing.
type rawWriter struct {
	c     net.Conn
	raw   syscall.RawConn
	timed bool
	b     []byte
	n     int
	err   error
	call  func(fd uintptr) bool
}

func (w *rawWriter) init(c net.Conn) error {
	s, ok := c.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	var err error
	if w.raw, err = s.SyscallConn(); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	w.c, w.call = c, w.do
	err = w.raw.Control(func(fd uintptr) {
		// tcp(7) lets the send buffer grow with the line; what it holds unsent is only delay. A kernel
		// that doesn't know the option costs a slow viewer some seconds of it.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent) //nolint:gosec // a file descriptor
	})
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	return nil
}

// once writes what the socket takes now. It must not be called while whenever runs.
func (w *rawWriter) once(b []byte) (int, error) {
	w.b = b
	err := w.raw.Write(w.call)
	w.b = nil
	if err == nil {
		err = w.err
	}
	if err != nil {
		return w.n, fmt.Errorf("send: %w", err)
	}
	return w.n, nil
}

// do always reports true: done, however much was written.
func (w *rawWriter) do(fd uintptr) bool {
	w.n, w.err = write(fd, w.b)
	return true
}

// whenever calls try each time that the socket has room, until it reports true, the connection is closed
// or the time of expire is over.
func (w *rawWriter) whenever(try func(writeFunc) bool) error {
	err := w.raw.Write(func(fd uintptr) bool {
		return try(func(b []byte) (int, error) { return write(fd, b) })
	})
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// expire ends whenever after d, or never if that is 0.
func (w *rawWriter) expire(d time.Duration) {
	if d == 0 && !w.timed {
		return
	}
	var t time.Time
	if w.timed = d > 0; w.timed {
		t = time.Now().Add(d)
	}
	w.c.SetWriteDeadline(t) //nolint:errcheck // a closed connection ends by itself
}

func write(fd uintptr, b []byte) (int, error) {
	for {
		n, err := unix.Write(int(fd), b) //nolint:gosec // a file descriptor
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return 0, nil
		case err != nil:
			return 0, fmt.Errorf("send: %w", err)
		}
		return n, nil
	}
}
