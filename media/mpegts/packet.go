package mpegts

import (
	"bytes"
	"io"
)

const (
	packetSize = 188
	syncByte   = 0x47
	// maxDatagram is the most that one Read of a datagram source can return: anything smaller would
	// make the kernel cut the datagram.
	maxDatagram = 65536
)

// packet is one transport packet (ISO/IEC 13818-1 §2.4.3.2). Its payload is valid until the next one is read.
type packet struct {
	pid     uint16
	start   bool // a section or a PES packet begins in the payload
	counter uint8
	jump    bool // the counter may jump here
	payload []byte
}

// packetReader finds transport packets in a byte stream or in datagrams, whatever lies between them.
type packetReader struct {
	r        io.Reader
	buf      []byte
	from, to int // what is read and not yet consumed
	err      error
	synced   bool
	consumed uint64 // bytes, garbage included
	limit    uint64 // of consumed, past which errQuiet comes
}

func newPacketReader(r io.Reader, limit uint64) packetReader {
	return packetReader{r: r, limit: limit, buf: make([]byte, maxDatagram+packetSize+1)}
}

// next returns the next packet with a payload that we can read.
func (p *packetReader) next() (packet, error) {
	for {
		b, err := p.raw()
		if err != nil {
			return packet{}, err
		}
		if x, ok := parsePacket(b); ok {
			return x, nil
		}
	}
}

// raw returns the next 188 bytes that begin with a sync byte. Out of sync, it wants another sync
// byte behind them too, because 0x47 is found in any payload.
func (p *packetReader) raw() ([]byte, error) {
	for {
		if p.consumed > p.limit {
			return nil, errQuiet
		}
		have := p.buf[p.from:p.to]
		if i := bytes.IndexByte(have, syncByte); i != 0 && len(have) > 0 {
			p.synced = false
			if i < 0 {
				i = len(have)
			}
			p.skip(i)
			continue
		}
		switch {
		case len(have) > packetSize && !p.synced && have[packetSize] != syncByte:
			p.skip(1)
		case len(have) > packetSize, len(have) == packetSize && (p.synced || p.err != nil):
			p.synced = true
			p.skip(packetSize)
			return have[:packetSize], nil
		default:
			if err := p.fill(); err != nil {
				return nil, err
			}
		}
	}
}

func (p *packetReader) skip(n int) {
	p.from += n
	p.consumed += uint64(n)
}

// fill reads once more.
func (p *packetReader) fill() error {
	if p.err != nil {
		return p.err
	}
	copy(p.buf, p.buf[p.from:p.to])
	p.from, p.to = 0, p.to-p.from
	for range 100 {
		n, err := p.r.Read(p.buf[p.to:])
		p.to += n
		p.err = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	p.err = io.ErrNoProgress
	return p.err
}

// parsePacket returns false for packets of no use: damaged, scrambled or without payload.
func parsePacket(b []byte) (packet, bool) {
	const damaged, scrambled = 0x80, 0xc0
	if b[1]&damaged != 0 || b[3]&scrambled != 0 || b[3]&0x10 == 0 {
		return packet{}, false
	}
	x := packet{pid: uint16(b[1]&0x1f)<<8 | uint16(b[2]), start: b[1]&0x40 != 0, counter: b[3] & 0x0f}
	at := 4
	if b[3]&0x20 != 0 {
		at += 1 + int(b[4])
		if at >= packetSize {
			return packet{}, false
		}
		x.jump = b[4] > 0 && b[5]&0x80 != 0
	}
	x.payload = b[at:]
	return x, true
}
