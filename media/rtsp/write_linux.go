package rtsp

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// nonBlocking writes to a socket without waiting. It keeps the arguments of the system call here so
// that a write allocates nothing.
type nonBlocking struct {
	one  []byte
	many [][]byte
	n    int
	err  error
	call func(fd uintptr) bool
}

func (w *nonBlocking) init() { w.call = w.do }

// write writes one, or many, and returns how many bytes the socket took.
func (w *nonBlocking) write(c *conn, one []byte, many [][]byte) (int, error) {
	if len(many) == 1 {
		one, many = many[0], nil
	}
	w.one, w.many, w.n, w.err = one, many, 0, nil
	err := c.raw.Write(w.call)
	w.one, w.many = nil, nil
	if err == nil {
		err = w.err
	}
	if err != nil {
		return w.n, fmt.Errorf("send: %w", err)
	}
	return w.n, nil
}

// do runs under the poller's write lock. It always reports true: done, however much was written.
func (w *nonBlocking) do(fd uintptr) bool {
	for {
		var n int
		var err error
		if w.many != nil {
			n, err = unix.Writev(int(fd), w.many) //nolint:gosec // a file descriptor
		} else {
			n, err = unix.Write(int(fd), w.one) //nolint:gosec // a file descriptor
		}
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
