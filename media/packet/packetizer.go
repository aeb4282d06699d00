package packet

import (
	"fmt"

	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpav1"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpmpeg4audio"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpvp8"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpvp9"
	"github.com/pion/rtp"

	"xianfeng/media"
)

// Packet is one RTP packet short of what differs between receivers: payload type and SSRC.
type Packet struct {
	Seq       uint16
	Timestamp uint32 // of the unit's PTS in the track's clock, without a random offset
	Marker    bool
	Payload   []byte // shared by all receivers; never changed
}

// Packetizer turns the units of one track into RTP payloads, once for all receivers that take the same
// size. It is for one goroutine.
type Packetizer struct {
	codec  media.Codec
	clock  int
	frame  int // bytes of one sample instant, G.711
	max    int
	seq    uint16
	format *nalFormat                               // H.264 and H.265
	encode func(*media.Unit) ([]*rtp.Packet, error) // the other pictures, and sound in pieces
}

// NewPacketizer returns a packetizer whose payloads have at most maxPayload bytes, not counting the RTP
// header. Sequence numbers begin at 0.
func NewPacketizer(t *media.Track, maxPayload int) (*Packetizer, error) {
	p := &Packetizer{codec: t.Codec, clock: t.ClockRate(), frame: t.Channels, max: maxPayload}
	// The encoders' own SSRCs and sequence numbers go unused; zero keeps them from drawing random ones.
	var ssrc uint32
	var first uint16
	var err error
	switch t.Codec {
	case media.H264:
		p.format = h264Format
	case media.H265:
		p.format = h265Format
	case media.AV1:
		e := &rtpav1.Encoder{SSRC: &ssrc, InitialSequenceNumber: &first, PayloadMaxSize: maxPayload}
		err = e.Init()
		p.encode = func(u *media.Unit) ([]*rtp.Packet, error) { return e.Encode(u.Payload) }
	case media.VP8:
		e := &rtpvp8.Encoder{SSRC: &ssrc, InitialSequenceNumber: &first, PayloadMaxSize: maxPayload}
		err = e.Init()
		p.encode = func(u *media.Unit) ([]*rtp.Packet, error) { return e.Encode(u.Payload[0]) }
	case media.VP9:
		e := &rtpvp9.Encoder{SSRC: &ssrc, InitialSequenceNumber: &first, PayloadMaxSize: maxPayload}
		err = e.Init()
		p.encode = func(u *media.Unit) ([]*rtp.Packet, error) { return e.Encode(u.Payload[0]) }
	case media.AAC:
		e := &rtpmpeg4audio.Encoder{
			SSRC: &ssrc, InitialSequenceNumber: &first, PayloadMaxSize: maxPayload,
			SizeLength: aacSizeLength, IndexLength: aacIndexLength, IndexDeltaLength: aacIndexLength,
		}
		err = e.Init()
		p.encode = func(u *media.Unit) ([]*rtp.Packet, error) { return e.Encode(u.Payload) }
	case media.Opus, media.PCMA, media.PCMU:
	default:
		return nil, fmt.Errorf("packetize %v: %w", t.Codec, media.ErrCodec)
	}
	if err != nil {
		return nil, fmt.Errorf("packetize %v: %w", t.Codec, err)
	}
	return p, nil
}

// Packets appends the packets of u to dst. A unit that the payload format can't carry yields none.
// 0 allocs for each packet, at most 1 for the unit: TestPacketsDoNotAllocate. Where the encoders of
// gortsplib do it, for AV1, VP8 and VP9, there are 2 for each packet, once for all receivers.
func (p *Packetizer) Packets(dst []Packet, u *media.Unit) []Packet {
	ts := uint32(media.Ticks(u.PTS, p.clock)) //nolint:gosec // RFC 3550 §5.1: the timestamp wraps
	switch p.codec {
	case media.H264, media.H265:
		return p.nals(dst, p.format, u.Payload, ts)
	case media.AAC:
		if b := u.Payload[0]; len(u.Payload) == 1 && aacHeaders+len(b) <= p.max {
			return p.add(dst, aacPayload(b), ts, true)
		}
	case media.Opus:
		return p.add(dst, u.Payload[0], ts, false)
	case media.PCMA, media.PCMU:
		// RFC 3551 §4.5.14: any number of samples to a packet, one octet each.
		whole := p.max - p.max%p.frame
		for b := u.Payload[0]; len(b) > 0; {
			n := min(whole, len(b))
			dst = p.add(dst, b[:n:n], ts, false)
			ts += uint32(n / p.frame) //nolint:gosec // bounded by whole
			b = b[n:]
		}
		return dst
	}
	pkts, err := p.encode(u)
	if err != nil {
		return dst
	}
	for _, x := range pkts {
		dst = p.add(dst, x.Payload, ts, x.Marker)
	}
	return dst
}

func (p *Packetizer) add(dst []Packet, payload []byte, ts uint32, marker bool) []Packet {
	dst = append(dst, Packet{Seq: p.seq, Timestamp: ts, Marker: marker, Payload: payload})
	p.seq++
	return dst
}

const aacHeaders = 4

// aacPayload puts the AU headers section before one access unit (RFC 3640 §3.2.1).
func aacPayload(au []byte) []byte {
	b := make([]byte, aacHeaders+len(au))
	b[1] = aacSizeLength + aacIndexLength
	b[2], b[3] = byte(len(au)>>(8-aacIndexLength)), byte(len(au)<<aacIndexLength)
	copy(b[aacHeaders:], au)
	return b
}
