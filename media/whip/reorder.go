package whip

import (
	"time"

	"github.com/pion/rtp"
)

const reorderLimit = 512 // packets kept while one is missing; more: it is given up

// reorder puts the packets of one RTP stream in order. A packet that is missing is waited for while
// retransmission may bring it, and then given up. It is for one goroutine.
type reorder struct {
	wait    time.Duration
	begun   bool
	next    uint16
	kept    map[uint16]*rtp.Packet // those after a gap
	since   time.Time              // the gap is there
	dropped uint64                 // late or double
}

// push takes a packet that arrived at now. It appends to dst what is in order now, and returns how
// many packets were given up before these.
func (r *reorder) push(dst []*rtp.Packet, p *rtp.Packet, now time.Time) (out []*rtp.Packet, lost int) {
	if !r.begun {
		r.begun, r.next, r.kept = true, p.SequenceNumber, map[uint16]*rtp.Packet{}
	}
	switch ahead := int16(p.SequenceNumber - r.next); { //nolint:gosec // distance modulo 2^16 (RFC 3550 §A.1)
	case ahead < -reorderLimit*4 || ahead > reorderLimit*4:
		// RFC 3550 §A.1: a jump this large restarts the source.
		lost = len(r.kept)
		clear(r.kept)
		r.next = p.SequenceNumber
	case ahead < 0 || r.kept[p.SequenceNumber] != nil:
		r.dropped++
		return dst, 0
	case ahead > 0 && len(r.kept) == 0:
		r.since = now
	}
	r.kept[p.SequenceNumber] = p
	out = r.release(dst)
	for len(r.kept) > 0 && (len(r.kept) >= reorderLimit || now.Sub(r.since) > r.wait) {
		for r.kept[r.next] == nil {
			r.next++
			lost++
		}
		out = r.release(out)
		r.since = now
	}
	return out, lost
}

// release appends the packets that follow one another from next on.
func (r *reorder) release(dst []*rtp.Packet) []*rtp.Packet {
	for p := r.kept[r.next]; p != nil; p = r.kept[r.next] {
		dst = append(dst, p)
		delete(r.kept, r.next)
		r.next++
	}
	return dst
}
