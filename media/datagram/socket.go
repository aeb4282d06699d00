package datagram

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

const (
	receiveBuffer = 4 << 20
	sendBuffer    = 8 << 20
)

// MaxReceive is the size of the largest datagram that is read; longer ones are dropped.
const MaxReceive = 2048

// Socket is a UDP socket with what the kernel can do for it. Its methods are for any goroutine.
type Socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	v6   bool // AF_INET6: IPv4 peers have mapped addresses
	mmsg bool // sendmmsg and recvmmsg work
	gso  bool // UDP_SEGMENT works, by the probe at the start

	refused atomic.Uint64 // datagrams that the kernel would not send
}

// Listen opens a socket on address, host:port.
func Listen(address string) (*Socket, error) {
	a, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("UDP address %q: %w", address, err)
	}
	conn, err := net.ListenUDP("udp", a)
	if err != nil {
		return nil, fmt.Errorf("listen on UDP: %w", err)
	}
	s, err := New(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

// New makes a socket of an open one, which stays its owner's to close.
func New(conn *net.UDPConn) (*Socket, error) {
	s := &Socket{conn: conn}
	var err error
	if s.raw, err = conn.SyscallConn(); err != nil {
		return nil, fmt.Errorf("UDP socket %v: %w", conn.LocalAddr(), err)
	}
	s.probe()
	return s, nil
}

// Conn is the socket as package net has it.
func (s *Socket) Conn() *net.UDPConn { return s.conn }

// Mode is a way to send a batch.
type Mode string

// The ways to send, the cheapest last. Each is used where the next can't be.
const (
	Plain    Mode = "plain"    // one system call per datagram
	Multiple Mode = "sendmmsg" // one for many datagrams
	Segments Mode = "gso"      // and the way through the stack is walked once for each run of them
)

// Mode is how batches are sent. Where the way to a peer takes no runs, that one's datagrams go singly.
func (s *Socket) Mode() Mode {
	switch {
	case s.mmsg && s.gso:
		return Segments
	case s.mmsg:
		return Multiple
	default:
		return Plain
	}
}

// Limit makes batches go out by m at best, for network cards whose segmentation is broken. Call it before
// there is a batch, and before Receive.
func (s *Socket) Limit(m Mode) {
	s.mmsg = s.mmsg && m != Plain
	s.gso = s.gso && m == Segments
}

// Refused is how many datagrams the kernel would not send.
func (s *Socket) Refused() uint64 { return s.refused.Load() }

// IPv6 reports whether the socket reaches IPv6 addresses.
func (s *Socket) IPv6() bool { return s.v6 }

// Local is the address that the socket is bound to.
func (s *Socket) Local() netip.AddrPort {
	a, ok := s.conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// Peer returns a as the kernel wants it.
func (s *Socket) Peer(a netip.AddrPort) *Peer {
	return &Peer{AddrPort: a, raw: s.sockaddr(a)}
}

// Write sends one datagram outside the batches.
func (s *Socket) Write(b []byte, to netip.AddrPort) (int, error) {
	return s.conn.WriteToUDPAddrPort(b, to)
}

// receivePlain is Receive with a system call for each datagram.
func (s *Socket) receivePlain(handle func(b []byte, from netip.AddrPort)) {
	buf := make([]byte, MaxReceive+1)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && n <= MaxReceive { // an ICMP error of some peer, or too long
			handle(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		}
	}
}

// Close closes the socket; Receive returns.
func (s *Socket) Close() error { return s.conn.Close() }
