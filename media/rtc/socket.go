package rtc

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
	maxReceive    = 2048 // the largest datagram that is read whole
)

// socket is the UDP socket with what the kernel can do for it.
type socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	v6   bool // AF_INET6: IPv4 peers have mapped addresses
	mmsg bool // sendmmsg and recvmmsg work
	gso  bool // UDP_SEGMENT works, by the probe at the start

	noGSO   atomic.Bool   // it stopped working
	refused atomic.Uint64 // datagrams that the kernel would not send
}

func openSocket(address string) (*socket, error) {
	a, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("WebRTC address %q: %w", address, err)
	}
	conn, err := net.ListenUDP("udp", a)
	if err != nil {
		return nil, fmt.Errorf("listen for WebRTC: %w", err)
	}
	s := &socket{conn: conn}
	if s.raw, err = conn.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for WebRTC on %v: %w", conn.LocalAddr(), err), conn.Close())
	}
	s.probe()
	return s, nil
}

// local is the address that the socket is bound to.
func (s *socket) local() netip.AddrPort {
	a, ok := s.conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func (s *socket) peer(a netip.AddrPort) *peerAddr {
	return &peerAddr{AddrPort: a, raw: s.sockaddr(a)}
}

// write sends one datagram outside the batches: STUN answers, DTLS flights.
func (s *socket) write(b []byte, to netip.AddrPort) (int, error) {
	return s.conn.WriteToUDPAddrPort(b, to)
}
