package datagram

import (
	"net/netip"
	"sync/atomic"
)

const (
	batchBytes    = 256 << 10
	batchMessages = 512
	// Older kernels take 64 segments at most, and a UDP datagram has 65,507 bytes at most.
	maxSegments = 60
	maxMessage  = 64000
)

// Peer is where datagrams go, in the forms that we and the kernel want.
type Peer struct {
	netip.AddrPort
	raw sockaddr
	via Via

	uncut atomic.Bool // the way there takes no runs; see vector.refuse
}

// Via carries datagrams to a peer that is not reached through the socket: over TCP.
type Via interface {
	// Send takes one or more datagrams, one after the other in b: all of seg bytes but the last,
	// which may be shorter. It must not block and not keep b. What it can't take it drops.
	Send(b []byte, seg int)
	// Full reports whether some of what it was sent is still waiting: who can wait does better to wait
	// than to have Send drop. It must not block.
	Full() bool
}

// PeerVia returns a peer at a whose datagrams go through via.
func PeerVia(a netip.AddrPort, via Via) *Peer { return &Peer{AddrPort: a, via: via} }

// Via is what carries the peer's datagrams, or nil for the socket.
func (p *Peer) Via() Via { return p.via }

// message is one run of datagrams to one peer, one after the other in data: all of seg bytes but the
// last, which may be shorter.
type message struct {
	to    *Peer
	data  []byte
	seg   int
	count int
	grows bool // data ends where the batch's memory goes on
}

// Batch collects datagrams for many peers. The goroutine that fills it also flushes it. 0 allocs after
// the first datagram: TestBatchesDoNotAllocate, BenchmarkBatch.
type Batch struct {
	buf  []byte // made when first needed: who only shares needs none
	used int
	msgs []message
	via  bool // some message goes by another way than the socket
	out  outlet
}

// NewBatch returns an empty batch that is sent through the socket in the best way that the probe found.
func (s *Socket) NewBatch() *Batch { return newBatch(s.outlet()) }

// NewDiscard returns a batch that sends nothing: for benchmarks of who fills it.
func NewDiscard() *Batch { return newBatch(discard{}) }

func newBatch(out outlet) *Batch {
	return &Batch{msgs: make([]message, 0, batchMessages), out: out}
}

// Room returns memory for the next datagram of up to n bytes; Commit, the next call, says how long it
// became. It flushes first where there is no room.
func (b *Batch) Room(n int) []byte {
	if b.buf == nil {
		b.buf = make([]byte, batchBytes)
	}
	if b.used+n > len(b.buf) || len(b.msgs) == cap(b.msgs) {
		b.Flush()
	}
	return b.buf[b.used : b.used+n : b.used+n]
}

// Commit makes the first n bytes of the room a datagram.
func (b *Batch) Commit(to *Peer, n int) {
	off := b.used
	b.used += n
	if i := len(b.msgs) - 1; i >= 0 {
		m := &b.msgs[i]
		// udp(7), UDP_SEGMENT: only the last segment may be shorter.
		if m.to == to && m.grows && n <= m.seg && len(m.data) == m.count*m.seg && m.count < maxSegments && len(m.data)+n <= maxMessage {
			m.data = m.data[:len(m.data)+n]
			m.count++
			return
		}
	}
	b.add(message{to: to, data: b.buf[off:b.used], seg: n, count: 1, grows: true})
}

// Share adds datagrams that many peers get alike: one after the other in p, all of seg bytes but the
// last, which may be shorter. They are not copied: p must not change before the next Flush. It flushes
// first where there is no room.
func (b *Batch) Share(to *Peer, p []byte, seg int) {
	most := seg * max(1, min(maxSegments, maxMessage/seg))
	for len(p) > 0 {
		if len(b.msgs) == cap(b.msgs) {
			b.Flush()
		}
		n := min(most, len(p))
		b.add(message{to: to, data: p[:n:n], seg: seg, count: (n + seg - 1) / seg})
		p = p[n:]
	}
}

func (b *Batch) add(m message) {
	b.via = b.via || m.to.via != nil
	b.msgs = append(b.msgs, m)
}

// Flush sends everything. It may wait for room in the socket's buffer.
func (b *Batch) Flush() {
	if b.via {
		b.sendVia()
	}
	if len(b.msgs) > 0 {
		b.out.send(b.msgs)
	}
	clear(b.msgs)
	b.msgs = b.msgs[:0]
	b.used = 0
}

// Free flushes, and lets go of the memory until there is a next datagram.
func (b *Batch) Free() {
	b.Flush()
	b.buf = nil
}

// sendVia sends what does not go through the socket, and takes it off the list.
func (b *Batch) sendVia() {
	b.via = false
	rest := b.msgs[:0]
	for _, m := range b.msgs {
		if m.to.via == nil {
			rest = append(rest, m)
			continue
		}
		m.to.via.Send(m.data, m.seg)
	}
	clear(b.msgs[len(rest):])
	b.msgs = rest
}

// outlet hands messages to the kernel. It may wait for room in the socket's buffer; it drops, and
// counts, what the kernel refuses. It is for one goroutine at a time.
type outlet interface {
	send(msgs []message)
}

type discard struct{}

func (discard) send([]message) {}
