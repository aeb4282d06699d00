package media

import (
	"bytes"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
)

// Track describes one elementary stream of a Stream. It does not change while the stream lives;
// what can change within it (parameter sets, picture size) is in the Params of each video unit.
type Track struct {
	Codec      Codec
	SampleRate int                             // sound only, Hz
	Channels   int                             // sound only
	AAC        *mpeg4audio.AudioSpecificConfig // AAC only
	Params     *Params                         // video only: what the publisher announced, or nil
}

// NewAACTrack returns the track of an MPEG-4 Audio configuration; two channels where it leaves them to
// the stream.
func NewAACTrack(c *mpeg4audio.AudioSpecificConfig) Track {
	n := int(c.ChannelConfig)
	switch n { // ISO/IEC 14496-3 table 1.19
	case 0:
		n = 2
	case 7:
		n = 8
	}
	return Track{Codec: AAC, SampleRate: c.SampleRate, Channels: n, AAC: c}
}

// ClockRate returns the rate of the track's RTP clock, in Hz.
func (t *Track) ClockRate() int {
	switch {
	case t.Codec.Video():
		return 90000
	case t.Codec == Opus:
		return 48000 // RFC 7587 §4.1: whatever the rate of the sound
	default:
		return t.SampleRate
	}
}

// fits reports whether units of u can go on where units of t stopped, so that readers may stay.
func (t *Track) fits(u *Track) bool {
	if t.Codec != u.Codec || t.SampleRate != u.SampleRate || t.Channels != u.Channels {
		return false
	}
	if t.AAC == nil || u.AAC == nil {
		return t.AAC == u.AAC
	}
	a, errA := t.AAC.Marshal()
	b, errB := u.AAC.Marshal()
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

func checkTracks(tracks []Track) error {
	video, audio := 0, 0
	for i := range tracks {
		t := &tracks[i]
		if t.Codec.Video() {
			video++
			continue
		}
		audio++
		if t.SampleRate <= 0 || t.Channels <= 0 || t.Codec == AAC && t.AAC == nil {
			return ErrBadTracks
		}
	}
	// One picture and one sound: what every egress can carry. Protocols pick the first of each kind.
	if video > 1 || audio > 1 || video+audio == 0 {
		return ErrBadTracks
	}
	return nil
}
