package packet

import (
	"fmt"

	"github.com/bluenviron/gortsplib/v4/pkg/format"

	"xianfeng/media"
)

// RFC 3640 §3.3.6, mode AAC-hbr.
const (
	aacSizeLength  = 13
	aacIndexLength = 3
)

// Format returns the SDP format of a track, with the parameter sets of p, which may be nil.
func Format(t *media.Track, p *media.Params, payloadType uint8) (format.Format, error) {
	if p == nil {
		p = &media.Params{}
	}
	switch t.Codec {
	case media.H264:
		return &format.H264{PayloadTyp: payloadType, SPS: p.SPS, PPS: p.PPS, PacketizationMode: 1}, nil
	case media.H265:
		return &format.H265{PayloadTyp: payloadType, VPS: p.VPS, SPS: p.SPS, PPS: p.PPS}, nil
	case media.AV1:
		return &format.AV1{PayloadTyp: payloadType}, nil
	case media.VP8:
		return &format.VP8{PayloadTyp: payloadType}, nil
	case media.VP9:
		return &format.VP9{PayloadTyp: payloadType}, nil
	case media.AAC:
		return &format.MPEG4Audio{
			PayloadTyp: payloadType, ProfileLevelID: 1, Config: t.AAC,
			SizeLength: aacSizeLength, IndexLength: aacIndexLength, IndexDeltaLength: aacIndexLength,
		}, nil
	case media.Opus:
		return &format.Opus{PayloadTyp: payloadType, ChannelCount: t.Channels}, nil
	case media.PCMA, media.PCMU:
		if t.SampleRate == 8000 && t.Channels == 1 { // RFC 3551 §6: these have payload types of their own
			payloadType = 8
			if t.Codec == media.PCMU {
				payloadType = 0
			}
		}
		return &format.G711{PayloadTyp: payloadType, MULaw: t.Codec == media.PCMU, SampleRate: t.SampleRate, ChannelCount: t.Channels}, nil
	default:
		return nil, fmt.Errorf("format of %v: %w", t.Codec, media.ErrCodec)
	}
}

// track returns the track that f describes.
func track(f format.Format) (media.Track, error) {
	switch f := f.(type) {
	case *format.H264:
		p, _ := media.NewH264Params(f.SPS, f.PPS) // often not in the SDP; the stream brings them then
		return media.Track{Codec: media.H264, Params: p}, nil
	case *format.H265:
		p, _ := media.NewH265Params(f.VPS, f.SPS, f.PPS)
		return media.Track{Codec: media.H265, Params: p}, nil
	case *format.AV1:
		return media.Track{Codec: media.AV1}, nil
	case *format.VP8:
		return media.Track{Codec: media.VP8}, nil
	case *format.VP9:
		return media.Track{Codec: media.VP9}, nil
	case *format.MPEG4Audio:
		if f.Config != nil && f.Config.SampleRate > 0 {
			return media.NewAACTrack(f.Config), nil
		}
	case *format.Opus:
		return media.Track{Codec: media.Opus, SampleRate: 48000, Channels: max(1, f.ChannelCount)}, nil
	case *format.G711:
		c := media.PCMA
		if f.MULaw {
			c = media.PCMU
		}
		return media.Track{Codec: c, SampleRate: f.SampleRate, Channels: max(1, f.ChannelCount)}, nil
	}
	return media.Track{}, fmt.Errorf("format %s: %w", f.Codec(), media.ErrCodec)
}
