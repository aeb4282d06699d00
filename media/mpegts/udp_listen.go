package mpegts

import (
	"context"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// listen opens the socket and joins the group.
func (s *UDP) listen(ctx context.Context) (*net.UDPConn, error) {
	group := s.addr.Addr().IsMulticast()
	lc := net.ListenConfig{}
	if group {
		// Several sources, and other programs, may listen to one group.
		lc.Control = func(_, _ string, c syscall.RawConn) error {
			var failed error
			err := c.Control(func(fd uintptr) { failed = reuse(fd) })
			if err != nil {
				return err
			}
			return failed
		}
	}
	// A socket bound to the group gets nothing but the group's datagrams.
	pc, err := lc.ListenPacket(ctx, "udp", s.addr.String())
	if err != nil {
		return nil, err
	}
	conn := pc.(*net.UDPConn) //nolint:forcetypeassert // by its network
	if err := conn.SetReadBuffer(udpBuffer); err != nil {
		s.log.Debug("socket buffer", "remote", s.addr.String(), "error", err)
	}
	if group {
		if err := s.join(conn); err != nil {
			conn.Close() //nolint:errcheck // the other error says more
			return nil, err
		}
	}
	return conn, nil
}

func (s *UDP) join(conn *net.UDPConn) error {
	var iface *net.Interface
	if s.iface != "" {
		var err error
		if iface, err = net.InterfaceByName(s.iface); err != nil {
			return fmt.Errorf("interface %q: %w", s.iface, err)
		}
	}
	group := net.UDPAddrFromAddrPort(s.addr)
	var err error
	switch only := s.only(); {
	case s.addr.Addr().Is4() && only != nil:
		err = ipv4.NewPacketConn(conn).JoinSourceSpecificGroup(iface, group, only)
	case s.addr.Addr().Is4():
		err = ipv4.NewPacketConn(conn).JoinGroup(iface, group)
	case only != nil:
		err = ipv6.NewPacketConn(conn).JoinSourceSpecificGroup(iface, group, only)
	default:
		err = ipv6.NewPacketConn(conn).JoinGroup(iface, group)
	}
	if err != nil {
		return fmt.Errorf("join the group: %w", err)
	}
	return nil
}

// only returns the sender to ask the network for, or nil for any.
func (s *UDP) only() *net.UDPAddr {
	if !s.from.IsValid() {
		return nil
	}
	return &net.UDPAddr{IP: s.from.AsSlice()}
}
