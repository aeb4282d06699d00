package rtc

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/logging"

	"xianfeng/media/datagram"
)

// foreignConn is what pion's UDP mux sees of the socket: the packets that are not for our viewers.
type foreignConn struct {
	sock *datagram.Socket
	in   chan foreignPacket // full: dropped, as by a full socket buffer
	free sync.Pool
	done chan struct{}
	once sync.Once
}

type foreignPacket struct {
	b    *[datagram.MaxReceive]byte
	n    int
	from netip.AddrPort
}

func newForeignConn(s *datagram.Socket) *foreignConn {
	return &foreignConn{
		sock: s, in: make(chan foreignPacket, 1024), done: make(chan struct{}),
		free: sync.Pool{New: func() any { return new([datagram.MaxReceive]byte) }},
	}
}

// push copies b. It never blocks.
func (c *foreignConn) push(b []byte, from netip.AddrPort) {
	p := foreignPacket{b: c.free.Get().(*[datagram.MaxReceive]byte), from: from} //nolint:forcetypeassert // the pool has nothing else
	p.n = copy(p.b[:], b)
	select {
	case c.in <- p:
	default:
		c.free.Put(p.b)
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (c *foreignConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-c.in:
		n := copy(b, p.b[:p.n])
		c.free.Put(p.b)
		return n, p.from, nil
	case <-c.done:
		return 0, netip.AddrPort{}, io.EOF
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (c *foreignConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return c.sock.Write(b, to)
}

// ReadFrom implements net.PacketConn.
func (c *foreignConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo implements net.PacketConn.
func (c *foreignConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return c.sock.Conn().WriteTo(b, to)
}

// Close ends reading; the socket stays open for our viewers.
func (c *foreignConn) Close() error {
	c.once.Do(func() { close(c.done) })
	return nil
}

// LocalAddr implements net.PacketConn.
func (c *foreignConn) LocalAddr() net.Addr { return c.sock.Conn().LocalAddr() }

// SetDeadline implements net.PacketConn. The mux sets write deadlines only to get out of writes that
// hang, which datagrams don't.
func (c *foreignConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn.
func (c *foreignConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn.
func (c *foreignConn) SetWriteDeadline(time.Time) error { return nil }

// quiet is a logger for pion that says nothing: what matters comes back as errors.
type quiet struct{}

func (quiet) Trace(string)          {}
func (quiet) Tracef(string, ...any) {}
func (quiet) Debug(string)          {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Info(string)           {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warn(string)           {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Error(string)          {}
func (quiet) Errorf(string, ...any) {}

type quietFactory struct{}

// NewLogger implements logging.LoggerFactory.
func (quietFactory) NewLogger(string) logging.LeveledLogger { return quiet{} }
