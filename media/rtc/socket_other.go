//go:build !linux

package rtc

import (
	"errors"
	"net"
	"net/netip"
)

// sockaddr is not needed where there is no sendmmsg.
type sockaddr struct{}

func (s *socket) sockaddr(netip.AddrPort) (out sockaddr) { return out }

func (s *socket) probe() {
	_ = s.conn.SetReadBuffer(receiveBuffer)
	_ = s.conn.SetWriteBuffer(sendBuffer)
}

func (s *socket) outlet() outlet { return plainOutlet{s} }

// receive calls handle for every datagram until the socket is closed.
func (s *socket) receive(handle func(b []byte, from netip.AddrPort)) {
	buf := make([]byte, maxReceive)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			handle(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		}
	}
}
