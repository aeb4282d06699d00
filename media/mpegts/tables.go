package mpegts

import (
	"encoding/binary"

	"xianfeng/media"
)

const (
	pidPMT   = 0x1000
	pidFirst = 0x0100 // of the elementary streams
)

// appendPAT appends the section of the only programme.
func appendPAT(b []byte) []byte {
	return appendSection(b, tablePAT, binary.BigEndian.AppendUint16([]byte{0, 1}, 0xe000|pidPMT))
}

// appendPMT appends the section of the programme's streams. The first of them has the clock.
func appendPMT(b []byte, out []*output) []byte {
	body := binary.BigEndian.AppendUint16(nil, 0xe000|out[0].pid)
	body = append(body, 0xf0, 0)
	for _, o := range out {
		kind, descriptors := byte(0), []byte(nil)
		switch o.codec {
		case media.H264:
			kind = kindH264
		case media.H265:
			kind = kindH265
		case media.AAC:
			kind = kindADTS
		case media.Opus:
			kind = kindPrivate
			descriptors = []byte{descriptorRegistration, 4, 'O', 'p', 'u', 's', descriptorExtension, 2, extensionOpus, o.channels}
		}
		body = append(body, kind)
		body = binary.BigEndian.AppendUint16(body, 0xe000|o.pid)
		body = append(body, 0xf0, byte(len(descriptors)))
		body = append(body, descriptors...)
	}
	return appendSection(b, tablePMT, body)
}

// appendSection appends version 0 of a table with identifier 1 in one section (ISO/IEC 13818-1 §2.4.4).
func appendSection(b []byte, table byte, body []byte) []byte {
	from := len(b)
	b = append(b, table)
	b = binary.BigEndian.AppendUint16(b, 0xb000|uint16(5+len(body)+4))
	b = append(b, 0, 1, 0xc1, 0, 0)
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, checksum(b[from:]))
}

// tablePacket returns the transport packet of a section, with counter 0. It must fit.
func tablePacket(pid uint16, section []byte) (p [packetSize]byte) {
	p[0] = syncByte
	binary.BigEndian.PutUint16(p[1:], 0x4000|pid)
	p[3] = 0x10
	n := 5 + copy(p[5:], section)
	for ; n < packetSize; n++ {
		p[n] = 0xff
	}
	return p
}
