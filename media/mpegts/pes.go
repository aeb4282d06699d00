package mpegts

import (
	"encoding/binary"
	"errors"
)

// maxPES is the longest PES packet taken: the longest access unit that the codecs allow, and headers.
const maxPES = 8<<20 + 64<<10

var errTooLong = errors.New("an access unit is longer than 8 MiB")

// pes puts the PES packets of one PID together.
type pes struct {
	buf     []byte
	open    bool
	size    int // of the one before: a guess at the next
	counter uint8
	seen    bool
	lost    uint64 // transport packets that are missing, as far as the counter tells
}

// push takes a packet and calls f for every PES packet that is complete with it. f may keep the bytes.
func (s *pes) push(p packet, f func([]byte) error) error {
	if s.seen && !p.jump {
		gap := (p.counter - s.counter) & 0x0f
		if gap == 0 {
			return nil // ISO/IEC 13818-1 §2.4.3.3: a packet may be sent twice
		}
		if gap != 1 {
			s.lost += uint64(gap - 1)
			s.buf, s.open = nil, false
		}
	}
	s.seen, s.counter = true, p.counter
	if p.start {
		if err := s.flush(f); err != nil {
			return err
		}
		s.buf, s.open = make([]byte, 0, max(1024, s.size)), true
	}
	if !s.open {
		return nil
	}
	if len(s.buf)+len(p.payload) > maxPES {
		return errTooLong
	}
	s.buf = append(s.buf, p.payload...)
	if n := s.announced(); n > 0 && len(s.buf) >= n {
		s.buf = s.buf[:n]
		return s.emit(f)
	}
	return nil
}

// announced returns the length that the packet says it has, or 0: pictures may leave it open.
func (s *pes) announced() int {
	if len(s.buf) < 6 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(s.buf[4:]))
	if n == 0 {
		return 0
	}
	return 6 + n
}

// flush ends a packet of open length. One that lacks part of its announced length is dropped.
func (s *pes) flush(f func([]byte) error) error {
	if !s.open || len(s.buf) == 0 || s.announced() > 0 {
		return nil
	}
	return s.emit(f)
}

func (s *pes) emit(f func([]byte) error) error {
	b := s.buf
	s.buf, s.open, s.size = nil, false, len(b)
	return f(b)
}

// parsePES returns the data and the time stamps of a PES packet (ISO/IEC 13818-1 §2.4.3.6), and false
// if it has no time stamp or is broken. Without a DTS, decoding happens at the time of presentation.
func parsePES(b []byte) (data []byte, pts, dts int64, ok bool) {
	if len(b) < 9 || b[0] != 0 || b[1] != 0 || b[2] != 1 || b[6]>>6 != 2 {
		return nil, 0, 0, false
	}
	n := 9 + int(b[8])
	if len(b) < n {
		return nil, 0, 0, false
	}
	switch flags := b[7] >> 6; {
	case flags == 2 && b[8] >= 5:
		pts = parseTime(b[9:])
		dts = pts
	case flags == 3 && b[8] >= 10:
		pts, dts = parseTime(b[9:]), parseTime(b[14:])
	default:
		return nil, 0, 0, false
	}
	return b[n:], pts, dts, true
}

func parseTime(b []byte) int64 {
	return int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)
}

// putTime writes a time stamp with its four leading bits.
func putTime(b []byte, lead byte, t int64) {
	b[0] = lead<<4 | byte(t>>29)&0x0e | 1
	b[1] = byte(t >> 22)
	b[2] = byte(t>>14) | 1
	b[3] = byte(t >> 7)
	b[4] = byte(t<<1) | 1
}
