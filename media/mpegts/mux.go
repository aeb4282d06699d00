package mpegts

import (
	"encoding/binary"
	"fmt"
	"io"

	"xianfeng/media"
)

const (
	// ChunkSize is the most that a Writer writes at once: what fits an Ethernet frame, as UDP and SRT want it.
	ChunkSize = 7 * packetSize

	// clockLead is how far the clock reference runs before the decoding times: the time that the
	// units of a moment have to arrive in.
	clockLead = clockRate / 10
	// ISO/IEC 13818-1 §2.7.2: a clock reference at least every 100 ms.
	clockEvery = clockRate * 4 / 100
	// ETSI TR 101 290 §5.2.1: tables at least every 500 ms.
	tablesEvery = clockRate * 4 / 10
)

// Writer makes a transport stream of units. It is not for concurrent use.
//
// It writes chunks of at most ChunkSize bytes, of whole packets, and everything that it has at the end
// of each unit. Tables stand before every key picture, so a reader can begin there.
type Writer struct {
	w        io.Writer
	out      []*output // the first has the clock
	pat, pmt [packetSize]byte

	buf    [ChunkSize]byte
	n      int
	pes    []byte // scratch
	begun  bool
	tabled int64 // decoding time at which the tables were written last, ticks
	ticked int64 // and the clock
}

// output is one track on its way out.
type output struct {
	codec    media.Codec
	index    int // Unit.Track
	pid      uint16
	counter  byte
	channels byte
	adts     adts
}

// NewWriter returns a Writer to w of the first picture and the first sound among the tracks that a
// transport stream carries; units of other tracks are left out. It fails with media.ErrCodec if there
// is none.
func NewWriter(w io.Writer, tracks []media.Track) (*Writer, error) {
	x := &Writer{w: w}
	for _, video := range []bool{true, false} {
		for i := range tracks {
			t := &tracks[i]
			if t.Codec.Video() != video || !Carries(t) {
				continue
			}
			o := &output{codec: t.Codec, index: i, pid: pidFirst + uint16(len(x.out)), channels: byte(t.Channels)}
			if t.Codec == media.AAC {
				o.adts, _ = newADTS(t.AAC) //nolint:errcheck // Carries asked already
			}
			x.out = append(x.out, o)
			break
		}
	}
	if len(x.out) == 0 {
		return nil, fmt.Errorf("write MPEG-TS: %w", media.ErrCodec)
	}
	x.pat = tablePacket(0, appendPAT(nil))
	x.pmt = tablePacket(pidPMT, appendPMT(nil, x.out))
	return x, nil
}

// Write writes one unit. It does not keep u. 0 allocs in the steady state: BenchmarkWriter.
func (x *Writer) Write(u *media.Unit) error {
	for i, o := range x.out {
		if o.index == u.Track {
			return x.write(o, u, i == 0)
		}
	}
	return nil
}

func (x *Writer) write(o *output, u *media.Unit, clock bool) error {
	pts, dts := media.Ticks(u.PTS, clockRate), media.Ticks(u.DTS, clockRate)
	if !o.codec.Video() {
		dts = pts
	}
	if !x.begun || o.codec.Video() && u.Key || dts-x.tabled >= tablesEvery {
		x.tabled = dts
		if err := x.tables(); err != nil {
			return fmt.Errorf("write MPEG-TS: %w", err)
		}
	}
	tick := clock && (!x.begun || u.Key && o.codec.Video() || dts-x.ticked >= clockEvery)
	if tick {
		x.ticked = dts
	}
	x.begun = true
	if !x.assemble(o, u, pts&clockMask, dts&clockMask) {
		return nil // a frame of sound that can't be said; the next one may
	}
	if err := x.packets(o, u.Key, tick, (dts-clockLead)&clockMask); err != nil {
		return fmt.Errorf("write MPEG-TS: %w", err)
	}
	if err := x.flush(); err != nil {
		return fmt.Errorf("write MPEG-TS: %w", err)
	}
	return nil
}

// assemble makes the PES packet of u in x.pes (ISO/IEC 13818-1 §2.4.3.6).
func (x *Writer) assemble(o *output, u *media.Unit, pts, dts int64) bool {
	const aligned, hasPTS, hasDTS = 0x84, 0x80, 0x40
	var head [19]byte
	head[2], head[6], head[7], head[8] = 1, aligned, hasPTS, 5
	switch {
	case o.codec.Video():
		head[3] = 0xe0
	case o.codec == media.Opus:
		head[3] = 0xbd // private_stream_1
	default:
		head[3] = 0xc0
	}
	n := 14
	if pts == dts {
		putTime(head[9:], 2, pts)
	} else {
		head[7], head[8], n = hasPTS|hasDTS, 10, 19
		putTime(head[9:], 3, pts)
		putTime(head[14:], 1, dts)
	}
	b := append(x.pes[:0], head[:n]...)
	ok := true
	switch o.codec {
	case media.H264:
		b = append(b, 0, 0, 0, 1, 9, 0xf0) // an access unit delimiter, which §2.14.1 asks for
		b = appendNALs(b, u.Payload)
	case media.H265:
		b = append(b, 0, 0, 0, 1, 0x46, 1, 0x50) // likewise §2.17.1
		b = appendNALs(b, u.Payload)
	case media.AAC:
		b, ok = o.adts.appendFrame(b, u.Payload[0])
	case media.Opus:
		b = appendOpus(b, u.Payload[0])
	}
	x.pes = b
	// A length spares the reader waiting for the next unit. Only pictures may be too long for one.
	if size := len(b) - 6; size <= 0xffff {
		binary.BigEndian.PutUint16(b[4:], uint16(size))
	} else if !o.codec.Video() {
		return false
	}
	return ok
}

func appendNALs(b []byte, nals [][]byte) []byte {
	for _, n := range nals {
		b = append(append(b, 0, 0, 0, 1), n...)
	}
	return b
}

// appendOpus appends a packet behind its control header (ETSI TS Opus 0.1.3-draft §6.2).
func appendOpus(b, packet []byte) []byte {
	b = append(b, 0x7f, 0xe0)
	n := len(packet)
	for ; n >= 255; n -= 255 {
		b = append(b, 255)
	}
	return append(append(b, byte(n)), packet...)
}

// packets cuts x.pes into transport packets.
func (x *Writer) packets(o *output, key, tick bool, clock int64) error {
	for rest, first := x.pes, true; len(rest) > 0; first = false {
		p, err := x.packet()
		if err != nil {
			return err
		}
		p[0] = syncByte
		binary.BigEndian.PutUint16(p[1:], o.pid)
		p[3] = 0x10 | o.counter
		o.counter = (o.counter + 1) & 0x0f
		at := 4 // where the payload begins; an adaptation field grows from here
		if first {
			p[1] |= 0x40
			if key || tick {
				at = 6
				p[5] = 0
			}
			if key {
				p[5] |= 0x40 // random_access_indicator
			}
			if tick {
				p[5] |= 0x10
				binary.BigEndian.PutUint32(p[6:], uint32(clock>>1))
				p[10], p[11] = byte(clock<<7)|0x7e, 0
				at = 12
			}
		}
		if room := packetSize - at; len(rest) < room {
			// The last packet is filled up in front of its payload.
			fill := room - len(rest)
			if at == 4 && fill > 1 {
				p[5] = 0
				at, fill = 6, fill-2
			} else if at == 4 {
				at, fill = 5, 0
			}
			for ; fill > 0; fill-- {
				p[at] = 0xff
				at++
			}
		}
		if at > 4 {
			p[3] |= 0x20
			p[4] = byte(at - 5)
		}
		rest = rest[copy(p[at:], rest):]
	}
	return nil
}

// tables writes PAT and PMT.
func (x *Writer) tables() error {
	for _, t := range []*[packetSize]byte{&x.pat, &x.pmt} {
		p, err := x.packet()
		if err != nil {
			return err
		}
		copy(p, t[:])
		t[3] = 0x10 | (t[3]+1)&0x0f
	}
	return nil
}

// packet returns room for the next transport packet. A full chunk is written first.
func (x *Writer) packet() ([]byte, error) {
	if x.n == len(x.buf) {
		if err := x.flush(); err != nil {
			return nil, err
		}
	}
	p := x.buf[x.n : x.n+packetSize]
	x.n += packetSize
	return p, nil
}

func (x *Writer) flush() error {
	_, err := x.w.Write(x.buf[:x.n])
	x.n = 0
	return err
}
