package rtc

import "net/netip"

const (
	batchBytes    = 256 << 10
	batchMessages = 512
	// Older kernels take 64 segments at most, and a UDP datagram has 65,507 bytes at most.
	maxSegments  = 60
	maxMessage   = 64000
	maxDatagram  = 1200 // bytes of UDP payload: passes every path that carries IPv6 and a tunnel
	maxPayload   = maxDatagram - headerSize - maxTag - rtxHeader
	rtxHeader    = 2
	catchUpSlice = 64
)

// peerAddr is a viewer's address in the forms that we and the kernel want. It does not change.
type peerAddr struct {
	netip.AddrPort
	raw sockaddr
}

// message is one run of datagrams to one address, one after the other in the batch's memory: all of
// seg bytes but the last, which may be shorter.
type message struct {
	to       *peerAddr
	off, len int
	seg      int
	count    int
}

// batch collects datagrams. The worker that fills it also flushes it. 0 allocs.
type batch struct {
	buf  []byte
	used int
	msgs []message
	out  outlet
}

func newBatch(out outlet) *batch {
	return &batch{buf: make([]byte, batchBytes), msgs: make([]message, 0, batchMessages), out: out}
}

// room returns memory for the next datagram of up to n bytes; commit says how long it became.
func (b *batch) room(n int) []byte {
	if b.used+n > len(b.buf) || len(b.msgs) == cap(b.msgs) {
		b.flush()
	}
	return b.buf[b.used : b.used+n : b.used+n]
}

func (b *batch) commit(to *peerAddr, n int) {
	off := b.used
	b.used += n
	if i := len(b.msgs) - 1; i >= 0 {
		m := &b.msgs[i]
		// udp(7), UDP_SEGMENT: only the last segment may be shorter.
		if m.to == to && n <= m.seg && m.len == m.count*m.seg && m.count < maxSegments && m.len+n <= maxMessage {
			m.len += n
			m.count++
			return
		}
	}
	b.msgs = append(b.msgs, message{to: to, off: off, len: n, seg: n, count: 1})
}

func (b *batch) flush() {
	if len(b.msgs) > 0 {
		b.out.send(b.msgs, b.buf)
	}
	clear(b.msgs)
	b.msgs = b.msgs[:0]
	b.used = 0
}

// outlet hands messages to the kernel. It may wait for room in the socket's buffer; it drops, and
// counts, what the kernel refuses: there is nobody to tell, and viewers ask again. It is for one
// goroutine at a time.
type outlet interface {
	send(msgs []message, buf []byte)
}
