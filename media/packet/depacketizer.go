package packet

import (
	"errors"
	"fmt"

	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpav1"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph265"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpmpeg4audio"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpvp8"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpvp9"
	"github.com/pion/rtp"

	"xianfeng/media"
)

// Depacketizer turns the RTP packets of one format into payloads of samples. It is for one goroutine.
type Depacketizer struct {
	decode func(*rtp.Packet) ([][]byte, error)
}

// NewDepacketizer returns a depacketizer for packets of f and the track that f describes; ErrCodec for
// formats that streams don't carry.
func NewDepacketizer(f format.Format) (*Depacketizer, media.Track, error) {
	t, err := track(f)
	if err != nil {
		return nil, t, err
	}
	d := &Depacketizer{}
	switch f := f.(type) {
	case *format.H264:
		var x *rtph264.Decoder
		if x, err = f.CreateDecoder(); err == nil {
			d.decode = x.Decode
		}
	case *format.H265:
		var x *rtph265.Decoder
		if x, err = f.CreateDecoder(); err == nil {
			d.decode = x.Decode
		}
	case *format.AV1:
		var x *rtpav1.Decoder
		if x, err = f.CreateDecoder(); err == nil {
			d.decode = x.Decode
		}
	case *format.VP8:
		var x *rtpvp8.Decoder
		if x, err = f.CreateDecoder(); err == nil {
			d.decode = func(p *rtp.Packet) ([][]byte, error) { return one(x.Decode(p)) }
		}
	case *format.VP9:
		var x *rtpvp9.Decoder
		if x, err = f.CreateDecoder(); err == nil {
			d.decode = func(p *rtp.Packet) ([][]byte, error) { return one(x.Decode(p)) }
		}
	case *format.MPEG4Audio:
		var x *rtpmpeg4audio.Decoder
		if x, err = f.CreateDecoder(); err == nil {
			d.decode = x.Decode
		}
	default: // Opus and G.711: the payload is the packet of sound
		d.decode = func(p *rtp.Packet) ([][]byte, error) { return [][]byte{p.Payload}, nil }
	}
	if err != nil {
		return nil, t, fmt.Errorf("depacketize %s: %w", f.Codec(), err)
	}
	return d, t, nil
}

func one(b []byte, err error) ([][]byte, error) {
	if err != nil {
		return nil, err
	}
	return [][]byte{b}, nil
}

// more lists the errors by which decoders say that the frame goes on in the next packet, or that they
// were let in in the middle of one.
var more = [...]error{
	rtph264.ErrMorePacketsNeeded, rtph264.ErrNonStartingPacketAndNoPrevious,
	rtph265.ErrMorePacketsNeeded, rtph265.ErrNonStartingPacketAndNoPrevious,
	rtpav1.ErrMorePacketsNeeded, rtpav1.ErrNonStartingPacketAndNoPrevious,
	rtpvp8.ErrMorePacketsNeeded, rtpvp8.ErrNonStartingPacketAndNoPrevious,
	rtpvp9.ErrMorePacketsNeeded, rtpvp9.ErrNonStartingPacketAndNoPrevious,
	rtpmpeg4audio.ErrMorePacketsNeeded,
}

// Push takes the next packet, in order. It returns the payload that the packet completes, or nil while
// more packets are needed; an error means that a payload was lost, and Push may go on. The payload
// refers to the memory of the packets, which the caller must not use again.
func (d *Depacketizer) Push(p *rtp.Packet) ([][]byte, error) {
	if len(p.Payload) == 0 {
		return nil, nil // RFC 3550 §5.1 allows it; probes of bandwidth look like this
	}
	out, err := d.decode(p)
	if err == nil {
		return out, nil
	}
	for _, m := range more {
		if errors.Is(err, m) {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("depacketize: %w", err)
}
