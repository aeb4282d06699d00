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
	runs []*message // of the entries that the kernel is to cut; nil: one datagram
	n    int        // filled
	done int        // sent or refused
	try  func(fd uintptr) bool
	call func(fd uintptr, hdrs []mmsghdr) (int, unix.Errno) // sendmmsg but in tests

	uncut []*message // runs that the kernel refused as such
}

func newVector(s *Socket) *vector {
	v := &vector{
		s: s, hdrs: make([]mmsghdr, batchMessages), iovs: make([]unix.Iovec, batchMessages),
		ctl: make([]byte, batchMessages*controlSize), runs: make([]*message, batchMessages),
		uncut: make([]*message, 0, batchMessages), call: sendmmsg,
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

func sendmmsg(fd uintptr, hdrs []mmsghdr) (int, unix.Errno) {
	n, _, e := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&hdrs[0])), uintptr(len(hdrs)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), e
}

// add fills the next entry; the memory of b and to must stay until flush returns. The kernel is to cut
// b if it is a run.
func (v *vector) add(to *Peer, b []byte, run *message) {
	if v.n == len(v.hdrs) {
		v.flush()
	}
	h := &v.hdrs[v.n].hdr
	h.Name = &to.raw.b[0]
	h.Namelen = to.raw.n
	v.iovs[v.n].Base = &b[0]
	v.iovs[v.n].SetLen(len(b))
	v.runs[v.n] = run
	h.Control = nil
	h.SetControllen(0)
	if run != nil {
		c := v.ctl[v.n*controlSize:]
		binary.NativeEndian.PutUint16(c[unix.CmsgLen(0):], uint16(run.seg)) //nolint:gosec // a datagram's length
		h.Control = &c[0]
		h.SetControllen(controlSize)
	}
	v.n++
}

// split adds the datagrams of m one by one.
func (v *vector) split(m *message) {
	for b := m.data; len(b) > 0; {
		n := min(m.seg, len(b))
		v.add(m.to, b[:n], nil)
		b = b[n:]
	}
}

// flush sends what was added.
func (v *vector) flush() {
	if v.n == 0 {
		return
	}
	v.done = 0
	if err := v.s.raw.Write(v.try); err != nil { // closed, or past a deadline that somebody has set
		for ; v.done < v.n; v.done++ {
			v.drop()
		}
	}
	for i := range v.n { // let go of the viewers' memory
		v.hdrs[i].hdr.Name, v.iovs[i].Base, v.runs[i] = nil, nil, nil
	}
	v.n = 0
}

// push is called by the poller when the socket has room; false: wait for more room.
func (v *vector) push(fd uintptr) bool {
	for v.done < v.n {
		n, e := v.call(fd, v.hdrs[v.done:v.n])
		switch {
		case e == unix.EAGAIN:
			return false
		case e == unix.EINTR:
		case e != 0: // of the first message; those before it have gone out
			v.refuse(e)
			v.done++
		default:
			v.done += n
		}
	}
	return true
}

// refuse deals with a message that the kernel did not take.
func (v *vector) refuse(e unix.Errno) {
	run := v.runs[v.done]
	if run == nil || e != unix.EIO && e != unix.EINVAL && e != unix.EMSGSIZE {
		v.drop()
		return
	}
	// EMSGSIZE, and EINVAL before Linux 6.14: segments larger than the path takes, which as datagrams of
	// their own get fragmented. EIO, and EINVAL again: no checksums by the card there, or IPsec. All say
	// something about the way to this one peer, and will say it again.
	run.to.uncut.Store(true)
	v.uncut = append(v.uncut, run)
}

// drop counts the datagrams of a message that will not be sent.
func (v *vector) drop() {
	n := 1
	if run := v.runs[v.done]; run != nil {
		n = run.count
	}
	v.s.refused.Add(uint64(n)) //nolint:gosec // not negative
}
