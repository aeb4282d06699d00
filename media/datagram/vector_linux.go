package datagram

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of sendmmsg(2) and recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

const controlSize = 24 // CMSG_SPACE(sizeof(uint16))

// vector is the argument of sendmmsg, reused from call to call.
type vector struct {
	s    *Socket
	hdrs []mmsghdr
	iovs []unix.Iovec
	ctl  []byte
	n    int // filled
	done int // sent or refused
	try  func(fd uintptr) bool

	refusedRuns []int // messages with segments that the kernel refused as such
}

func newVector(s *Socket) *vector {
	v := &vector{
		s: s, hdrs: make([]mmsghdr, batchMessages), iovs: make([]unix.Iovec, batchMessages),
		ctl: make([]byte, batchMessages*controlSize), refusedRuns: make([]int, 0, batchMessages),
	}
	for i := range v.hdrs {
		c := (*unix.Cmsghdr)(unsafe.Pointer(&v.ctl[i*controlSize]))
		c.Level, c.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
		v.hdrs[i].hdr.Iov = &v.iovs[i]
		v.hdrs[i].hdr.SetIovlen(1)
	}
	v.try = v.push
	return v
}

// add fills the next entry; the memory of b and to must stay until flush returns.
func (v *vector) add(to *Peer, b []byte, seg int, cut bool) {
	if v.n == len(v.hdrs) {
		v.flush()
	}
	h := &v.hdrs[v.n].hdr
	h.Name = &to.raw.b[0]
	h.Namelen = to.raw.n
	v.iovs[v.n].Base = &b[0]
	v.iovs[v.n].SetLen(len(b))
	h.Control = nil
	h.SetControllen(0)
	if cut {
		c := v.ctl[v.n*controlSize:]
		binary.NativeEndian.PutUint16(c[unix.CmsgLen(0):], uint16(seg)) //nolint:gosec // a datagram's length
		h.Control = &c[0]
		h.SetControllen(controlSize)
	}
	v.n++
}

// split adds the datagrams of m one by one.
func (v *vector) split(m *message, buf []byte) {
	for b := buf[m.off : m.off+m.len]; len(b) > 0; {
		n := min(m.seg, len(b))
		v.add(m.to, b[:n], n, false)
		b = b[n:]
	}
}

// flush sends what was added.
func (v *vector) flush() {
	v.done = 0
	if v.n > 0 {
		// The error can only be that the socket is closed.
		v.s.raw.Write(v.try) //nolint:errcheck // as said
	}
	for i := range v.n {
		v.hdrs[i].hdr.Name, v.iovs[i].Base = nil, nil // let go of the viewers' memory
	}
	v.n = 0
}

// push is called by the poller when the socket has room; false: wait for more room.
func (v *vector) push(fd uintptr) bool {
	for v.done < v.n {
		n, _, e := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&v.hdrs[v.done])), uintptr(v.n-v.done), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case e == unix.EAGAIN:
			return false
		case e == unix.EINTR:
		case e != 0:
			v.refuse(e)
		default:
			v.done += int(n)
		}
	}
	return true
}

// refuse skips the message that the kernel did not take.
func (v *vector) refuse(e unix.Errno) {
	if v.hdrs[v.done].hdr.Control == nil {
		v.s.refused.Add(1)
		v.done++
		return
	}
	// EIO: the card can't checksum segments; EINVAL: the kernel does not know them. Neither will change.
	// EMSGSIZE and the rest are about this one path.
	if e == unix.EIO || e == unix.EINVAL {
		v.s.noGSO.Store(true)
	}
	v.refusedRuns = append(v.refusedRuns, v.done)
	v.done++
}
