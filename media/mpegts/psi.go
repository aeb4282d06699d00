package mpegts

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// maxSection is the length of the longest section of a PAT or PMT (ISO/IEC 13818-1 §2.4.4).
const maxSection = 1024

const (
	tablePAT = 0
	tablePMT = 2
)

// sections puts the sections of one PID together.
type sections struct {
	buf     []byte
	open    bool
	counter uint8
}

// push takes a packet and calls f for every section that is complete with it and whose checksum is right.
func (s *sections) push(p packet, f func([]byte) error) error {
	b := p.payload
	if p.start {
		pointer := int(b[0])
		if 1+pointer > len(b) {
			s.open = false
			return nil
		}
		// What lies before the pointer ends the section before.
		if s.open && p.counter == (s.counter+1)&0x0f {
			s.buf = append(s.buf, b[1:1+pointer]...)
			if err := s.take(f); err != nil {
				return err
			}
		}
		s.buf, s.open = append(s.buf[:0], b[1+pointer:]...), true
	} else {
		if !s.open || p.counter != (s.counter+1)&0x0f {
			s.open = false
			return nil
		}
		s.buf = append(s.buf, b...)
	}
	s.counter = p.counter
	return s.take(f)
}

// take consumes the complete sections at the front of buf.
func (s *sections) take(f func([]byte) error) error {
	for s.open {
		if len(s.buf) == 0 || s.buf[0] == 0xff { // stuffing up to the end of the packet
			s.open = false
			return nil
		}
		if len(s.buf) < 3 {
			return nil
		}
		n := 3 + int(binary.BigEndian.Uint16(s.buf[1:])&0x0fff)
		if n > maxSection || n < 12 {
			s.open = false
			return nil
		}
		if len(s.buf) < n {
			return nil
		}
		// A section protects itself; only those in force (current_next_indicator) count.
		if x := s.buf[:n]; checksum(x) == 0 && x[5]&1 != 0 {
			if err := f(x); err != nil {
				return err
			}
		}
		s.buf = s.buf[n:]
	}
	return nil
}

// checksum is the CRC of ISO/IEC 13818-1 annex A; over a section with its checksum it is 0.
// It is the common CRC-32 with the order of bits turned round, of input and result.
func checksum(b []byte) uint32 {
	var turned [maxSection]byte
	for i, x := range b {
		turned[i] = bits.Reverse8(x)
	}
	return bits.Reverse32(^crc32.ChecksumIEEE(turned[:len(b)]))
}

// parsePAT returns the PID of the PMT of the first programme, and false if there is none.
func parsePAT(section []byte) (uint16, bool) {
	if section[0] != tablePAT {
		return 0, false
	}
	for b := section[8 : len(section)-4]; len(b) >= 4; b = b[4:] {
		if binary.BigEndian.Uint16(b) != 0 { // 0 is the network information table
			return binary.BigEndian.Uint16(b[2:]) & 0x1fff, true
		}
	}
	return 0, false
}

// entry is one elementary stream in a PMT.
type entry struct {
	kind        uint8 // stream_type
	pid         uint16
	descriptors []byte
}

// parsePMT returns the elementary streams, and false if the section is something else.
func parsePMT(section []byte) ([]entry, bool) {
	if section[0] != tablePMT || len(section) < 16 {
		return nil, false
	}
	b := section[10 : len(section)-4]
	info := int(binary.BigEndian.Uint16(b) & 0x0fff)
	if b = b[2:]; len(b) < info {
		return nil, false
	}
	var out []entry
	for b = b[info:]; len(b) >= 5; {
		n := int(binary.BigEndian.Uint16(b[3:]) & 0x0fff)
		if len(b) < 5+n {
			return nil, false
		}
		out = append(out, entry{kind: b[0], pid: binary.BigEndian.Uint16(b[1:]) & 0x1fff, descriptors: b[5 : 5+n]})
		b = b[5+n:]
	}
	return out, true
}

// descriptor returns the body of the first descriptor with that tag, or nil.
func (e *entry) descriptor(tag byte) []byte {
	for b := e.descriptors; len(b) >= 2 && len(b) >= 2+int(b[1]); b = b[2+int(b[1]):] {
		if b[0] == tag {
			return b[2 : 2+int(b[1])]
		}
	}
	return nil
}
