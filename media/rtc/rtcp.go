package rtc

import "encoding/binary"

// feedback is what a viewer's RTCP tells us. The parser calls one method for each report; nothing of
// the packet may be kept.
type feedback interface {
	report(r reception)
	nack(ssrc uint32, seq, mask uint16)
	keyFrame(ssrc uint32)
	arrived(report []byte) // transport-wide feedback: the whole RTCP packet
	remb(rate int64)       // bit/s
}

// reception is a report block (RFC 3550 §6.4.1).
type reception struct {
	ssrc     uint32
	fraction uint8 // lost since the one before, in 256ths
	total    int32 // lost
	highest  uint32
	lsr      uint32 // which sender report came last; 0: none
	dlsr     uint32 // and how long ago, in 65536ths of a second
}

const (
	rtcpReceiverReport = 201
	rtcpSenderReport   = 200
	rtcpTransport      = 205 // RFC 4585 §6.2
	rtcpPayload        = 206 // RFC 4585 §6.3
	maxNACKs           = 64  // pairs per datagram that are looked at
	maxArrivals        = 4   // transport-wide reports, the same
)

// parseRTCP goes through a compound packet (RFC 3550 §6.1). Lengths that lie end it.
func parseRTCP(b []byte, f feedback) {
	reports := 0
	for len(b) >= 8 {
		if b[0]>>6 != 2 {
			return
		}
		n := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if n > len(b) || n < 8 {
			return
		}
		p, count := b[:n], int(b[0]&31)
		b = b[n:]
		switch p[1] {
		case rtcpSenderReport:
			if len(p) >= 28 {
				parseReports(p[28:], count, f)
			}
		case rtcpReceiverReport:
			parseReports(p[8:], count, f)
		case rtcpTransport:
			switch {
			case count == 1 && len(p) >= 16: // generic NACK
				parseNACK(p, f)
			case count == rtcpTWCC && reports < maxArrivals:
				reports++
				f.arrived(p)
			}
		case rtcpPayload:
			if len(p) >= 12 {
				parsePayload(p, count, f)
			}
		}
	}
}

func parseReports(p []byte, count int, f feedback) {
	for ; count > 0 && len(p) >= 24; count-- {
		f.report(reception{
			ssrc: binary.BigEndian.Uint32(p), fraction: p[4],
			total:   int32(binary.BigEndian.Uint32(p[4:])<<8) >> 8, //nolint:gosec // 24 bits, signed
			highest: binary.BigEndian.Uint32(p[8:]),
			lsr:     binary.BigEndian.Uint32(p[16:]), dlsr: binary.BigEndian.Uint32(p[20:]),
		})
		p = p[24:]
	}
}

func parseNACK(p []byte, f feedback) {
	ssrc := binary.BigEndian.Uint32(p[8:])
	for i, left := 12, maxNACKs; i+4 <= len(p) && left > 0; i, left = i+4, left-1 {
		f.nack(ssrc, binary.BigEndian.Uint16(p[i:]), binary.BigEndian.Uint16(p[i+2:]))
	}
}

func parsePayload(p []byte, format int, f feedback) {
	switch format {
	case 1: // PLI
		f.keyFrame(binary.BigEndian.Uint32(p[8:]))
	case 4: // FIR, RFC 5104 §4.3.1: the media source stands in the entries
		for i := 12; i+8 <= len(p) && i < 12+8*4; i += 8 {
			f.keyFrame(binary.BigEndian.Uint32(p[i:]))
		}
	case 15: // draft-alvestrand-rmcat-remb-03 §2.2: an exponent of 6 bits, a mantissa of 18
		if len(p) >= 20 && string(p[12:16]) == "REMB" {
			x := binary.BigEndian.Uint32(p[16:])
			f.remb(int64(min(uint64(x&0x3ffff)<<min(x>>18&63, 40), maxRate))) //nolint:gosec // bounded
		}
	}
}
