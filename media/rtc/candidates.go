package rtc

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// maxCandidates bounds the answer on machines with very many addresses.
const maxCandidates = 16

// candidates lists where the port can be reached by somebody who came from remote: the configured
// addresses, else the one that the socket is bound to, else the machine's; loopback only for those
// who are on it, or where there is nothing else.
func (t *Transport) candidates(remote string) []netip.AddrPort {
	local := t.sock.Local()
	var out []netip.AddrPort
	add := func(a netip.Addr) {
		if len(out) < maxCandidates {
			out = append(out, netip.AddrPortFrom(a, local.Port()))
		}
	}
	switch {
	case len(t.cfg.AdvertiseIPs) > 0:
		for _, a := range t.cfg.AdvertiseIPs {
			add(a)
		}
		if !isLoopback(remote) {
			return out
		}
	case !local.Addr().IsUnspecified():
		add(local.Addr())
		return out
	default:
		for _, a := range interfaceAddrs() {
			if !a.IsLoopback() && (a.Is4() || t.sock.IPv6()) {
				add(a)
			}
		}
	}
	if len(out) == 0 || isLoopback(remote) {
		add(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return out
}

// interfaceAddrs lists the machine's addresses that others may reach, IPv4 first.
func interfaceAddrs() []netip.Addr {
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var v4, v6 []netip.Addr
	for _, n := range nets {
		p, err := netip.ParsePrefix(n.String())
		if err != nil || p.Addr().IsLinkLocalUnicast() || p.Addr().IsMulticast() {
			continue
		}
		if a := p.Addr().Unmap(); a.Is4() {
			v4 = append(v4, a)
		} else {
			v6 = append(v6, a)
		}
	}
	return append(v4, v6...)
}

func isLoopback(remote string) bool {
	a, err := netip.ParseAddrPort(remote)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// Candidates writes the SDP lines that tell somebody who came from remote (host:port) where the port
// is, the preferred first; with tcp also over TCP, if there is that.
func (t *Transport) Candidates(remote string, tcp bool) string {
	var b strings.Builder
	addrs := t.candidates(remote)
	n := 0
	line := func(transport string, a netip.AddrPort, preference uint32, suffix string) {
		n++
		// RFC 8445 §5.1.2.1: type preference 126 for host, then ours, component 1.
		priority := 126<<24 | preference<<8 | 255
		fmt.Fprintf(&b, "a=candidate:%d 1 %s %d %s %d typ host%s\r\n", n, transport, priority, a.Addr().WithZone(""), a.Port(), suffix)
	}
	for i, a := range addrs {
		line("udp", a, 65535-uint32(i), "") //nolint:gosec // few
	}
	if tcp && t.tcp != nil {
		for i, a := range addrs {
			line("tcp", a, 8191-uint32(i), " tcptype passive") //nolint:gosec // few; RFC 6544 §4.2
		}
	}
	b.WriteString("a=end-of-candidates\r\n")
	return b.String()
}
