package rtc

import "net/netip"

// source is whom a limit counts for: an IPv4 address, or the network of an IPv6 one, since whoever has
// one address there has 2^64 of them (RFC 4291 §2.5.4).
func source(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all of these count as one
	}
	return p
}

// sourceOf is the source of host:port.
func sourceOf(remote string) netip.Prefix {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	return source(a.Addr())
}
