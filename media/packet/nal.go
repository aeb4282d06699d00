package packet

// nalFormat says how NAL units travel: RFC 6184, packetization-mode 1, or RFC 7798.
type nalFormat struct {
	header   int                             // bytes of a NAL unit's header
	together func(nals [][]byte, dst []byte) // writes the header of a packet of several
	piece    func(nal, dst []byte)           // writes the headers of a fragment, without its position
}

var (
	h264Format = &nalFormat{header: 1, together: stapA, piece: fuA}
	h265Format = &nalFormat{header: 2, together: aggregate, piece: fu}
)

const (
	fuStart = 0x80 // of the last header of a fragment, in both formats
	fuEnd   = 0x40
	lengths = 2 // bytes before each NAL unit of a packet of several
)

// stapA writes the header of a STAP-A (RFC 6184 §5.7): the highest importance of those in it.
func stapA(nals [][]byte, dst []byte) {
	dst[0] = 24
	for _, n := range nals {
		dst[0] |= n[0] & 0x80
		dst[0] = max(dst[0]&0x60, n[0]&0x60) | dst[0]&^0x60
	}
}

// fuA writes the headers of an FU-A (RFC 6184 §5.8).
func fuA(nal, dst []byte) { dst[0], dst[1] = nal[0]&0xe0|28, nal[0]&0x1f }

// aggregate writes the header of an aggregation packet (RFC 7798 §4.4.2): the lowest layer and the lowest
// temporal layer of those in it.
func aggregate(nals [][]byte, dst []byte) {
	damaged, layer, temporal := byte(0), byte(0x3f), byte(7)
	for _, n := range nals {
		damaged |= n[0] & 0x80
		layer, temporal = min(layer, (n[0]&1)<<5|n[1]>>3), min(temporal, n[1]&7)
	}
	dst[0], dst[1] = damaged|48<<1|layer>>5, layer<<3|temporal
}

// fu writes the headers of a fragmentation unit (RFC 7798 §4.4.3).
func fu(nal, dst []byte) { dst[0], dst[1], dst[2] = nal[0]&0x81|49<<1, nal[1], (nal[0]>>1)&0x3f }

// fits returns how many NAL units go into the next packet: more than one together, or one, in pieces
// where it is longer than a packet.
func (f *nalFormat) fits(nals [][]byte, most int) int {
	size := f.header
	for i, n := range nals {
		if size += lengths + len(n); size > most {
			return max(1, i)
		}
	}
	return len(nals)
}

// copied returns how many bytes of memory the packets of nals need that can't point into them.
func (f *nalFormat) copied(nals [][]byte, most int) (size int) {
	for len(nals) > 0 {
		n := f.fits(nals, most)
		switch whole := len(nals[0]); {
		case n > 1:
			size += f.header
			for _, nal := range nals[:n] {
				size += lengths + len(nal)
			}
		case whole > most:
			body, room := whole-f.header, most-f.header-1
			size += body + (body+room-1)/room*(f.header+1)
		}
		nals = nals[n:]
	}
	return size
}

// nals appends the packets of an access unit. At most 1 alloc, however many they are: receivers share
// the payloads for as long as they like, so their memory can't be used again.
func (p *Packetizer) nals(dst []Packet, f *nalFormat, nals [][]byte, ts uint32) []Packet {
	for _, n := range nals {
		if len(n) < f.header {
			return dst
		}
	}
	first := len(dst)
	slab := make([]byte, f.copied(nals, p.max))
	cut := func(n int) (b []byte) {
		b, slab = slab[:n:n], slab[n:]
		return b
	}
	for len(nals) > 0 {
		n := f.fits(nals, p.max)
		switch {
		case n > 1:
			dst = p.add(dst, f.join(nals[:n], cut), ts, false)
		case len(nals[0]) <= p.max:
			dst = p.add(dst, nals[0], ts, false)
		default:
			dst = p.pieces(dst, f, nals[0], ts, cut)
		}
		nals = nals[n:]
	}
	if len(dst) > first {
		dst[len(dst)-1].Marker = true
	}
	return dst
}

// join makes the payload of a packet of several NAL units.
func (f *nalFormat) join(nals [][]byte, cut func(int) []byte) []byte {
	size := f.header
	for _, n := range nals {
		size += lengths + len(n)
	}
	b := cut(size)
	f.together(nals, b)
	to := b[f.header:]
	for _, n := range nals {
		to[0], to[1] = byte(len(n)>>8), byte(len(n))
		to = to[lengths+copy(to[lengths:], n):]
	}
	return b
}

// pieces appends the fragments of a NAL unit: all of the same size but the last, so that the kernel can
// cut them.
func (p *Packetizer) pieces(dst []Packet, f *nalFormat, nal []byte, ts uint32, cut func(int) []byte) []Packet {
	head := f.header + 1
	body, mark := nal[f.header:], byte(fuStart)
	for len(body) > 0 {
		n := min(p.max-head, len(body))
		if n == len(body) {
			mark |= fuEnd
		}
		b := cut(head + n)
		f.piece(nal, b)
		b[f.header] |= mark
		copy(b[head:], body[:n])
		dst = p.add(dst, b, ts, false)
		body, mark = body[n:], 0
	}
	return dst
}
