//go:build !linux

package datagram

import "net/netip"

// sockaddr is not needed where there is no sendmmsg.
type sockaddr struct{}

func (s *Socket) sockaddr(netip.AddrPort) (out sockaddr) { return out }

func (s *Socket) probe() {
	_ = s.conn.SetReadBuffer(receiveBuffer)
	_ = s.conn.SetWriteBuffer(sendBuffer)
}

func (s *Socket) outlet() outlet { return plainOutlet{s} }

// Receive calls handle for every datagram until the socket is closed. The memory is handle's until it
// returns.
func (s *Socket) Receive(handle func(b []byte, from netip.AddrPort)) { s.receivePlain(handle) }
