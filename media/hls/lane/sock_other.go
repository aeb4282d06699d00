//go:build !linux

package lane

import (
	"net"
	"time"
)

// Without epoll the runtime watches all sockets.
type (
	poller struct{}
	sock   struct{}
)

func newPoller() (*poller, error) { return nil, errUnsupported }
func (p *poller) done()           {}

func detach(*net.TCPConn, *poller) (*sock, error) { return nil, errUnsupported }

func (s *sock) attach() (*net.TCPConn, error)               { return nil, errUnsupported }
func (s *sock) close() error                                { return nil }
func (s *sock) shut()                                       {}
func (s *sock) read([]byte, time.Time) (int, error)         { return 0, errUnsupported }
func (s *sock) write(net.Buffers, time.Time) (int64, error) { return 0, errUnsupported }
