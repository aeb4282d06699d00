//go:build !linux

package rtsp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// nonBlocking writes to a socket with next to no waiting: where there is no system call for it, with a
// deadline that is about to pass.
type nonBlocking struct{}

func (*nonBlocking) init() {}

// write writes one, or many, and returns how many bytes the socket took.
func (*nonBlocking) write(c *conn, one []byte, many [][]byte) (int, error) {
	if err := c.TCPConn.SetWriteDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	bufs := append(net.Buffers{}, many...)
	if many == nil {
		bufs = net.Buffers{one}
	}
	n, err := bufs.WriteTo(c.TCPConn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	if err == nil {
		err = c.TCPConn.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		return int(n), fmt.Errorf("send: %w", err)
	}
	return int(n), nil
}
