package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"xianfeng/media"
)

// snap: sound that is this near to where the packet before it ended follows it exactly. RTMP rounds
// times to the millisecond.
const snap = 2 * time.Millisecond

func (x *incoming) configureAudio(t *tag) error {
	if x.track != nil && t.codec != x.codec {
		return errChanged
	}
	var track media.Track
	switch t.codec {
	case media.AAC:
		if len(t.data) == 0 {
			return nil
		}
		var conf mpeg4audio.AudioSpecificConfig
		if err := conf.Unmarshal(t.data); err != nil {
			return fmt.Errorf("decoder configuration: %w", err)
		}
		channels := int(conf.ChannelConfig)
		if channels == 7 {
			channels = 8 // ISO/IEC 14496-3 table 1.19
		}
		if channels == 0 || channels > 8 || conf.SampleRate <= 0 {
			return errors.New("decoder configuration: it does not say channels and sample rate")
		}
		track = media.Track{SampleRate: conf.SampleRate, Channels: channels, AAC: &conf}
	case media.Opus:
		channels, err := opusChannels(t.data)
		if err != nil {
			return err
		}
		track = media.Track{SampleRate: 48000, Channels: channels}
	default:
		return nil
	}
	if x.track == nil {
		x.adopt(t, track)
		return nil
	}
	if x.track.SampleRate != track.SampleRate || x.track.Channels != track.Channels || !sameAAC(x.track.AAC, track.AAC) {
		return errChanged
	}
	return nil
}

// opusChannels reads an identification header (RFC 7845 §5.1).
func opusChannels(b []byte) (int, error) {
	if len(b) < 19 || string(b[:8]) != "OpusHead" {
		return 0, errors.New("decoder configuration: no OpusHead")
	}
	if b[9] == 0 || b[9] > 2 {
		return 0, fmt.Errorf("%w: %d channels of Opus", media.ErrCodec, b[9])
	}
	return int(b[9]), nil
}

func sameAAC(a, b *mpeg4audio.AudioSpecificConfig) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, errX := a.Marshal()
	y, errY := b.Marshal()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func (in *ingest) audioFrame(at time.Duration, t *tag) error {
	x := &in.a
	if len(t.data) == 0 {
		return nil
	}
	if x.track == nil {
		channels := 1
		switch {
		case t.codec == media.PCMA || t.codec == media.PCMU:
			if t.stereo {
				channels = 2
			}
			x.adopt(t, media.Track{SampleRate: 8000, Channels: channels})
		case t.codec == media.Opus:
			if t.data[0]&4 != 0 { // RFC 6716 §3.1: the stereo flag
				channels = 2
			}
			x.adopt(t, media.Track{SampleRate: 48000, Channels: channels})
		default:
			return nil // AAC says nothing without its configuration
		}
	}
	if t.codec != x.codec {
		return errChanged
	}
	pts := x.clock.next(at)
	if d := pts - x.expect; d > -snap && d < snap {
		pts = x.expect
	}
	x.expect = pts + x.track.PacketDuration(t.data)
	return in.write(false, media.Sample{PTS: pts, DTS: pts, HasDTS: true, Payload: [][]byte{t.data}})
}
