package mpegts

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/substructs"

	"xianfeng/media"
)

// Stream types (ISO/IEC 13818-1 table 2-34).
const (
	kindPrivate = 0x06
	kindADTS    = 0x0f
	kindLATM    = 0x11
	kindH264    = 0x1b
	kindH265    = 0x24
)

const (
	descriptorRegistration = 0x05
	descriptorExtension    = 0x7f
	extensionOpus          = 0x80 // ETSI TS Opus 0.1.3-draft §4.3
)

// errChanged ends a reader: whoever feeds it comes back with the new tracks.
var errChanged = errors.New("the programme's tracks changed")

// Carries reports whether a transport stream of ours can have the track.
func Carries(t *media.Track) bool {
	switch t.Codec {
	case media.H264, media.H265:
		return true
	case media.AAC:
		_, err := newADTS(t.AAC)
		return err == nil
	case media.Opus:
		return t.Channels == 1 || t.Channels == 2
	default:
		return false
	}
}

// elementary is one elementary stream that is being read.
type elementary struct {
	entry
	pes   pes
	track media.Track
	known bool // track is complete
	index int  // of the track, or -1 if it is left out; valid once the reader knows its tracks
	latm  *mpeg4audio.StreamMuxConfig
}

// newElementary returns nil for what we don't carry.
func newElementary(e entry) *elementary {
	x := &elementary{entry: e, known: true, index: -1}
	x.descriptors = bytes.Clone(e.descriptors)
	switch e.kind {
	case kindH264:
		x.track.Codec = media.H264
	case kindH265:
		x.track.Codec = media.H265
	case kindADTS, kindLATM:
		x.track.Codec = media.AAC
		x.known = false // its configuration is in the sound itself
	case kindPrivate:
		channels, ok := opusChannels(&e)
		if !ok {
			return nil
		}
		x.track = media.Track{Codec: media.Opus, SampleRate: 48000, Channels: channels}
	default:
		return nil
	}
	return x
}

// opusChannels returns how many channels the stream has if it is Opus, mono or stereo.
func opusChannels(e *entry) (int, bool) {
	if string(e.descriptor(descriptorRegistration)) != "Opus" {
		return 0, false
	}
	b := e.descriptor(descriptorExtension)
	if len(b) < 2 || b[0] != extensionOpus {
		return 0, false
	}
	var d substructs.OpusAudioDescriptor
	if err := d.Unmarshal(b[1:]); err != nil {
		return 0, false
	}
	n := d.ChannelCount()
	return n, n == 1 || n == 2
}

// decode returns the payload of a sample. The payload lies in b.
func (x *elementary) decode(b []byte) ([][]byte, error) {
	switch x.kind {
	case kindH264, kindH265:
		// Zeros may stand in front of a start code and behind the last unit (H.264 annex B).
		b = bytes.TrimRight(b, "\x00")
		for len(b) > 4 && binary.BigEndian.Uint32(b) == 0 {
			b = b[1:]
		}
		var units h264.AnnexB
		if err := units.Unmarshal(b); err != nil {
			return nil, fmt.Errorf("access unit: %w", err)
		}
		return units, nil
	case kindADTS:
		return x.decodeADTS(b)
	case kindLATM:
		return x.decodeLATM(b)
	default:
		return decodeOpus(b)
	}
}

func decodeOpus(b []byte) ([][]byte, error) {
	var out [][]byte
	for len(b) > 0 {
		var u substructs.OpusAccessUnit
		n, err := u.Unmarshal(b)
		if err != nil {
			return nil, fmt.Errorf("opus packet: %w", err)
		}
		out = append(out, u.Packet)
		b = b[n:]
	}
	return out, nil
}

// configure takes the configuration of AAC: the first makes the track, another ends the reader.
func (x *elementary) configure(c *mpeg4audio.AudioSpecificConfig, frame []byte) error {
	if x.known {
		if old := x.track.AAC; old.Type != c.Type || old.SampleRate != c.SampleRate || old.ChannelConfig != c.ChannelConfig {
			return errChanged
		}
		return nil
	}
	channels := int(c.ChannelConfig)
	switch {
	case channels == 7:
		channels = 8
	case channels > 7:
		return fmt.Errorf("AAC: channel configuration %d", c.ChannelConfig)
	case channels == 0:
		n, err := mpeg4audio.CountChannelsFromRawDataBlock(frame)
		if err != nil || n == 0 {
			return fmt.Errorf("AAC: the channels can't be told: %v", err) //nolint:errorlint // nil or a detail
		}
		channels = n
	}
	if c.SampleRate <= 0 {
		return errors.New("AAC: no sample rate")
	}
	x.track.AAC, x.track.SampleRate, x.track.Channels, x.known = c, c.SampleRate, channels, true
	return nil
}

func (x *elementary) decodeLATM(b []byte) ([][]byte, error) {
	var s mpeg4audio.AudioSyncStream
	if err := s.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("LATM: %w", err)
	}
	var out [][]byte
	for _, b := range s.AudioMuxElements {
		e := mpeg4audio.AudioMuxElement{MuxConfigPresent: true, StreamMuxConfig: x.latm}
		if err := e.Unmarshal(b); err != nil {
			return nil, fmt.Errorf("LATM: %w", err)
		}
		c := e.StreamMuxConfig
		if len(c.Programs) != 1 || len(c.Programs[0].Layers) != 1 || c.Programs[0].Layers[0].AudioSpecificConfig == nil {
			return nil, errors.New("LATM: not one programme of one layer")
		}
		x.latm = c
		for _, sub := range e.Payloads {
			if len(sub) != 1 || len(sub[0]) != 1 || len(sub[0][0]) == 0 {
				return nil, errors.New("LATM: an empty frame")
			}
			if err := x.configure(c.Programs[0].Layers[0].AudioSpecificConfig, sub[0][0]); err != nil {
				return nil, err
			}
			out = append(out, sub[0][0])
		}
	}
	return out, nil
}
