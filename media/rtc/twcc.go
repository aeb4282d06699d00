package rtc

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): packets carry
// a number that counts all packets of the transport that have one, whatever their stream, and the other
// side reports when each arrived.

const (
	twccURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	// extensionSize is the RTP header extension with one element of two bytes (RFC 8285 §4.2).
	extensionSize = 8
	maxStatuses   = 1024 // packets in one report that is looked at: twice what is remembered
	rtcpTWCC      = 15   // format of rtcpTransport
)

// extension writes the header extension behind the fixed header. All packets of a burst have it or none:
// the kernel cuts runs of datagrams of one size only.
func extension(b []byte, id uint8, number uint16) {
	b[0] |= 0x10
	b = b[headerSize : headerSize+extensionSize]
	binary.BigEndian.PutUint32(b, 0xbede0001)
	b[4] = id<<4 | 1 // two bytes
	binary.BigEndian.PutUint16(b[5:], number)
	b[7] = 0 // padding
}

// arrivals goes through one report.
type arrivals struct {
	number         uint16 // of the next packet
	left           int
	at             time.Duration // of the packet before, on the viewer's clock
	chunks, deltas []byte
	// Of the present chunk: symbols left, and what they are.
	symbols int
	width   int    // bits from one symbol to the next; 0: all are the same
	mask    uint16 // of one symbol
	bits    uint16
}

// newArrivals checks the frame of a report: p is the whole RTCP packet.
func newArrivals(p []byte) (a arrivals, ok bool) {
	const fixed = 20
	if len(p) < fixed {
		return a, false
	}
	a.number, a.left = binary.BigEndian.Uint16(p[12:]), int(binary.BigEndian.Uint16(p[14:]))
	reference := int32(binary.BigEndian.Uint32(p[16:])) >> 8 //nolint:gosec // 24 bits, signed
	a.at = time.Duration(reference) * 64 * time.Millisecond
	if a.left > maxStatuses {
		return a, false
	}
	end := fixed
	for n := 0; n < a.left; end += 2 {
		if end+2 > len(p) {
			return a, false
		}
		n += symbolsOf(binary.BigEndian.Uint16(p[end:]))
	}
	a.chunks, a.deltas = p[fixed:end], p[end:]
	return a, true
}

func symbolsOf(chunk uint16) int {
	switch chunk >> 14 {
	case 2:
		return 14
	case 3:
		return 7
	default:
		return int(chunk & 0x1fff)
	}
}

// next returns the next packet's number, and, if it was received, when. Deltas that are missing or of
// the reserved kind end the report.
func (a *arrivals) next() (number uint16, at time.Duration, received, ok bool) {
	if a.left == 0 {
		return 0, 0, false, false
	}
	for a.symbols == 0 { // a run may be empty
		a.chunk(binary.BigEndian.Uint16(a.chunks))
		a.chunks = a.chunks[2:]
	}
	a.symbols--
	a.left--
	number = a.number
	a.number++
	const tick = 250 * time.Microsecond
	switch a.bits >> (a.width * a.symbols) & a.mask {
	case 0:
		return number, 0, false, true
	case 1:
		if len(a.deltas) >= 1 {
			a.at += time.Duration(a.deltas[0]) * tick
			a.deltas = a.deltas[1:]
			return number, a.at, true, true
		}
	case 2:
		if len(a.deltas) >= 2 {
			a.at += time.Duration(int16(binary.BigEndian.Uint16(a.deltas))) * tick //nolint:gosec // signed
			a.deltas = a.deltas[2:]
			return number, a.at, true, true
		}
	}
	a.left = 0
	return 0, 0, false, false
}

func (a *arrivals) chunk(c uint16) {
	a.symbols = symbolsOf(c)
	switch c >> 14 {
	case 2:
		a.width, a.mask, a.bits = 1, 1, c
	case 3:
		a.width, a.mask, a.bits = 2, 3, c
	default:
		a.width, a.mask, a.bits = 0, 3, c>>13
	}
}

// sentLog remembers when the newest numbered packets of a viewer were sent. The worker writes, the
// receive loop reads; older packets are forgotten, and reports on them tell nothing.
type sentLog [512]atomic.Uint64 // number, size in bytes, time in microseconds: 16, 16, 32 bits

func (l *sentLog) note(number uint16, size int, at time.Duration) {
	l[number%uint16(len(l))].Store(uint64(number)<<48 | uint64(uint16(size))<<32 | uint64(uint32(at.Microseconds()))) //nolint:gosec // cut on purpose
}

// find returns what is known of a packet sent before now.
func (l *sentLog) find(number uint16, now time.Duration) (size int, at time.Duration, ok bool) {
	x := l[number%uint16(len(l))].Load()
	size = int(uint16(x >> 32)) //nolint:gosec // cut on purpose
	us := now.Microseconds()
	ago := uint32(us) - uint32(x)                                                                     //nolint:gosec // wraps after 71 minutes
	return size, time.Duration(us-int64(ago)) * time.Microsecond, uint16(x>>48) == number && size > 0 //nolint:gosec // cut on purpose
}
