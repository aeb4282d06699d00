package datagram

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sockaddr is a struct sockaddr_in or sockaddr_in6 as bytes.
type sockaddr struct {
	b [unix.SizeofSockaddrInet6]byte
	n uint32
}

func (s *Socket) sockaddr(a netip.AddrPort) (out sockaddr) {
	if !s.v6 {
		if !a.Addr().Unmap().Is4() {
			return out // empty: sending there fails, as it does with a plain socket
		}
		binary.NativeEndian.PutUint16(out.b[0:], unix.AF_INET)
		binary.BigEndian.PutUint16(out.b[2:], a.Port())
		ip := a.Addr().Unmap().As4()
		copy(out.b[4:], ip[:])
		out.n = unix.SizeofSockaddrInet4
		return out
	}
	binary.NativeEndian.PutUint16(out.b[0:], unix.AF_INET6)
	binary.BigEndian.PutUint16(out.b[2:], a.Port())
	ip := a.Addr().As16()
	copy(out.b[8:], ip[:])
	binary.NativeEndian.PutUint32(out.b[24:], scope(a.Addr().Zone()))
	out.n = unix.SizeofSockaddrInet6
	return out
}

// scope is the number of a zone: package net names interfaces, parseSockaddr numbers them.
func scope(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index) //nolint:gosec // a small number
	}
	return 0
}

func parseSockaddr(b *[unix.SizeofSockaddrInet6]byte) netip.AddrPort {
	port := binary.BigEndian.Uint16(b[2:])
	if binary.NativeEndian.Uint16(b[0:]) == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), port)
	}
	a := netip.AddrFrom16([16]byte(b[8:24])).Unmap()
	if zone := binary.NativeEndian.Uint32(b[24:]); zone != 0 && a.Is6() {
		a = a.WithZone(strconv.FormatUint(uint64(zone), 10)) // link-local only
	}
	return netip.AddrPortFrom(a, port)
}

// probe finds out what the kernel can do and makes room in the socket's buffers.
func (s *Socket) probe() {
	s.raw.Control(func(p uintptr) { //nolint:errcheck // fails only on a closed socket
		fd := int(p) //nolint:gosec // a file descriptor
		s.mmsg = batches(p)
		family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		s.v6 = err == nil && family == unix.AF_INET6
		// A kernel that knows UDP_SEGMENT lets its default be read and set.
		s.gso = unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT, 0) == nil
		// Beyond the system's limit where we may, up to it otherwise.
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
		}
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
		}
	})
}

// batches reports whether the kernel has sendmmsg and recvmmsg and lets us use them, which sandboxes may
// not: asked for no messages at all, both do nothing.
func batches(fd uintptr) bool {
	for _, call := range []uintptr{unix.SYS_SENDMMSG, unix.SYS_RECVMMSG} {
		if _, _, e := unix.Syscall6(call, fd, 0, 0, unix.MSG_DONTWAIT, 0, 0); e != 0 && e != unix.EAGAIN {
			return false
		}
	}
	return true
}

// outlet returns a way to send, the best that the probe found.
func (s *Socket) outlet() outlet {
	switch {
	case s.mmsg && s.gso:
		return gsoOutlet{newVector(s)}
	case s.mmsg:
		return mmsgOutlet{newVector(s)}
	default:
		return plainOutlet{s}
	}
}

const receiveBatch = 64

// Receive calls handle for every datagram until the socket is closed. The memory is handle's until it
// returns.
func (s *Socket) Receive(handle func(b []byte, from netip.AddrPort)) {
	if !s.mmsg {
		s.receivePlain(handle)
		return
	}
	var (
		hdrs  [receiveBatch]mmsghdr
		iovs  [receiveBatch]unix.Iovec
		names [receiveBatch][unix.SizeofSockaddrInet6]byte
		bufs  = make([]byte, receiveBatch*MaxReceive)
		got   int
	)
	for i := range hdrs {
		iovs[i].Base = &bufs[i*MaxReceive]
		iovs[i].SetLen(MaxReceive)
		hdrs[i].hdr.Iov = &iovs[i]
		hdrs[i].hdr.SetIovlen(1)
		hdrs[i].hdr.Name = &names[i][0]
	}
	read := func(fd uintptr) bool {
		for i := range hdrs {
			hdrs[i].hdr.Namelen = unix.SizeofSockaddrInet6
		}
		for {
			n, _, e := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&hdrs[0])), receiveBatch, unix.MSG_DONTWAIT, 0, 0)
			switch {
			case e == unix.EAGAIN:
				return false
			case e == unix.EINTR:
			case e != 0: // an ICMP error of some peer: nothing to read this time
				got = 0
				return true
			default:
				got = int(n)
				return true
			}
		}
	}
	for {
		if err := s.raw.Read(read); err != nil {
			return
		}
		for i := range got {
			if n := int(hdrs[i].n); hdrs[i].hdr.Flags&unix.MSG_TRUNC == 0 {
				handle(bufs[i*MaxReceive:i*MaxReceive+n], parseSockaddr(&names[i]))
			}
		}
	}
}
