package lane

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sock is a connected socket that a poller watches instead of the runtime. It belongs to one goroutine, but
// for shut and nudge. Its system calls never block, and so the scheduler is not told of them.
type sock struct {
	fd     int
	p      *poller
	ready  chan struct{} // a token: look again. Full: one is enough
	closed atomic.Bool
	timer  *time.Timer // brings a token when due
	due    time.Time   // when timer fires; zero: it is not set
	iov    []unix.Iovec
}

// detach takes the socket of a connection away from the runtime. The connection is closed for it and lives on here.
func detach(tcp *net.TCPConn, p *poller) (*sock, error) {
	if p == nil {
		return nil, errUnsupported
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("detach socket: %w", err)
	}
	s := &sock{fd: -1, p: p, ready: make(chan struct{}, 1)}
	var failed error
	if err = raw.Control(func(fd uintptr) { s.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); err == nil {
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("detach socket: %w", err)
	}
	if err := p.add(s); err != nil {
		unix.Close(s.fd) //nolint:errcheck // the other error is the one to tell
		return nil, err
	}
	tcp.Close() //nolint:errcheck // the socket has another descriptor
	return s, nil
}

// attach gives the socket back to the runtime.
func (s *sock) attach() (*net.TCPConn, error) {
	s.leave()
	f := os.NewFile(uintptr(s.fd), "socket")
	defer f.Close() //nolint:errcheck // the socket has another descriptor
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("attach socket: %w", err)
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil, fmt.Errorf("attach socket: it is a %T", c)
	}
	return tcp, nil
}

func (s *sock) leave() {
	s.p.remove(s)
	if s.timer != nil {
		s.timer.Stop()
	}
}

// close is for the goroutine that owns the socket.
func (s *sock) close() error {
	s.leave()
	return unix.Close(s.fd) //nolint:wrapcheck // net/http does not look at it
}

// shut makes read and write fail. The owner still has to close.
func (s *sock) shut() {
	s.closed.Store(true)
	unix.Shutdown(s.fd, unix.SHUT_RDWR) //nolint:errcheck // gone already, then
	s.nudge()
}

func (s *sock) nudge() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// wait returns when the socket may be ready, or with an error when it is closed or end is over.
func (s *sock) wait(end time.Time) error {
	if !end.IsZero() && (s.due.IsZero() || end.Before(s.due)) {
		s.due = end
		if s.timer == nil {
			s.timer = time.AfterFunc(time.Until(end), s.nudge)
		} else {
			s.timer.Reset(time.Until(end))
		}
	}
	<-s.ready
	if s.closed.Load() {
		return net.ErrClosed
	}
	if !s.due.IsZero() {
		if now := time.Now(); !now.Before(s.due) {
			s.due = time.Time{} // the timer is set earlier than need be, since it is set rarely
			if !end.IsZero() && !now.Before(end) {
				return os.ErrDeadlineExceeded
			}
		}
	}
	return nil
}

// read is like that of a net.Conn with a deadline.
func (s *sock) read(b []byte, end time.Time) (int, error) {
	for {
		select {
		case <-s.ready: // of what this read finds
		default:
		}
		if s.closed.Load() {
			return 0, net.ErrClosed
		}
		n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch e {
		case 0:
			if n == 0 {
				return 0, io.EOF
			}
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN:
			if err := s.wait(end); err != nil {
				return 0, err
			}
		default:
			return 0, fmt.Errorf("read: %w", e)
		}
	}
}

// write writes all of vec, which it uses up.
func (s *sock) write(vec net.Buffers, end time.Time) (total int64, err error) {
	for len(vec) > 0 {
		s.iov = s.iov[:0]
		for _, b := range vec[:min(len(vec), 1024)] { // IOV_MAX
			if len(b) > 0 {
				v := unix.Iovec{Base: &b[0]}
				v.SetLen(len(b))
				s.iov = append(s.iov, v)
			}
		}
		if len(s.iov) == 0 {
			return total, nil
		}
		n, _, e := unix.RawSyscall(unix.SYS_WRITEV, uintptr(s.fd), uintptr(unsafe.Pointer(&s.iov[0])), uintptr(len(s.iov)))
		clear(s.iov)
		switch e {
		case 0:
			total += int64(n)
			for left := int(n); len(vec) > 0 && left >= len(vec[0]); vec = vec[1:] {
				left -= len(vec[0])
				n = uintptr(left)
			}
			if len(vec) > 0 {
				vec[0] = vec[0][n:]
			}
		case unix.EINTR:
		case unix.EAGAIN:
			if err := s.wait(end); err != nil {
				return total, err
			}
		default:
			return total, fmt.Errorf("write: %w", e)
		}
		if s.closed.Load() {
			return total, net.ErrClosed
		}
	}
	return total, nil
}
