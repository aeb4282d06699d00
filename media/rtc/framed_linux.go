package rtc

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// rawWriter writes to a socket without waiting. It keeps the arguments of the system call, so that a
// write allocates nothing.
type rawWriter struct {
	raw  syscall.RawConn
	b    []byte
	n    int
	err  error
	call func(fd uintptr) bool
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
	w.call = w.do
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

// write returns how many bytes the socket took.
func (w *rawWriter) write(b []byte) (int, error) {
	w.b, w.n, w.err = b, 0, nil
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
	for {
		n, err := unix.Write(int(fd), w.b) //nolint:gosec // a file descriptor
		if errors.Is(err, unix.EINTR) {
			continue
		}
		w.n = max(n, 0)
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			w.err = err
		}
		return true
	}
}
