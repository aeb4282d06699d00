package rtc

import "encoding/binary"

// lane is one track as one viewer gets it. The group's worker owns it.
//
// Every packet of a lane has an index, its SRTP packet index: RFC 3711 §3.3.1's ROC‖SEQ. An index
// always stands for the same packet with the same header: sealing it again for a retransmission gives
// the same bytes, as AES-GCM demands of a nonce (RFC 7714 §8.1).
//
// The number of transport-wide congestion control is another each time that something is sent. So only
// a lane whose retransmissions go out on a stream of their own has it: there no index is sealed twice.
type lane struct {
	on      bool
	pt      uint8
	rtxPT   uint8 // 0: retransmissions go out on the lane itself
	twcc    uint8 // identifier of the header extension; 0: none, and always where rtxPT is 0
	ssrc    uint32
	rtxSSRC uint32

	cursor uint64 // ring position of the next packet
	waits  bool   // for a key frame
	now    span   // what is being sent
	before span   // what was sent before now.first; for retransmission
	rtx    uint64 // index of the next packet of the RTX stream

	packets, octets uint32 // for sender reports
}

// span maps ring positions to indices and timestamps, as one viewer sees them from one index on.
type span struct {
	base  uint64 // index = position + base
	first uint64 // lowest index of the span
	end   uint64 // first index after it, for a span that is over
	// Positions below until are older pictures that are sent late, to begin with or again. Their
	// timestamps are squeezed: picture n shows step*(pic-n) before ts.
	until uint64
	pic   uint32
	ts    uint32
	step  uint32
}

func (s *span) timestamp(pos uint64, p *pkt) uint32 {
	if pos >= s.until {
		return p.ts
	}
	return s.ts - (s.pic-p.pic)*s.step
}

// index of the next packet.
func (l *lane) next() uint64 { return l.cursor + l.now.base }

// goTo makes the packet at pos the lane's next one. Indices go on without a gap.
func (l *lane) goTo(pos uint64) {
	next := l.next()
	l.before, l.now = l.now, span{base: next - pos, first: next}
	l.before.end = next
	l.cursor = pos
	l.waits = false
}

// catchUp makes the newest key frame the lane's next packet; everything up to now follows squeezed to
// just before the newest picture, so that the viewer shows it at once and then is live.
func (l *lane) catchUp(r *ring) {
	l.goTo(r.key)
	l.now.until, l.now.pic, l.now.ts, l.now.step = r.next, r.newest().pic, r.newest().ts, squeeze
}

// repeat is catchUp for a viewer that has seen the newest picture already: what it gets once more is
// placed between that and the next one.
func (l *lane) repeat(r *ring) {
	newest := r.newest()
	n := newest.pic - r.at(r.key).pic + 1
	l.goTo(r.key)
	l.now.until, l.now.pic, l.now.ts, l.now.step = r.next, newest.pic, newest.ts+n, 1
}

const squeeze = 90 // ticks between caught-up pictures: 1 ms

// find returns where the packet with that sequence number is, if it was sent and the span that it was
// sent in is remembered.
func (l *lane) find(seq uint16) (pos, index uint64, s *span, ok bool) {
	next := l.next()
	index = next&^0xffff | uint64(seq)
	if index >= next {
		index -= 1 << 16
	}
	switch {
	case index >= next: // below zero: never sent
		return 0, 0, nil, false
	case index >= l.now.first:
		s = &l.now
	case index >= l.before.first && index < l.before.end:
		s = &l.before
	default:
		return 0, 0, nil, false
	}
	return index - s.base, index, s, true
}

const headerSize = 12

// header writes the RTP header (RFC 3550 §5.1).
func header(b []byte, pt uint8, marker bool, index uint64, ts, ssrc uint32) {
	b[0] = 0x80
	b[1] = pt
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], uint16(index)) //nolint:gosec // the low half is the sequence number
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
}
