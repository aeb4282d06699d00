// Package slate owns the picture that a channel shows where nothing is planned, or what was planned is gone: any length
// of it, with silence of any kind, as CMAF segments that are a pure function of their name.
//
// It refuses to keep anything: a segment is made when it is asked for, out of one key frame and pictures that change
// nothing.
package slate

import (
	"bytes"
	_ "embed" // the picture
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"xianfeng/internal/errs"
	"xianfeng/media"
	"xianfeng/media/fmp4"
	"xianfeng/recordings/mp4"
)

//go:generate ./make-slate.sh

//go:embed slate.mp4
var clip []byte

const (
	// FrameTime is how long a picture lasts.
	FrameTime = 40 * time.Millisecond
	// Most is how many pictures a segment can have.
	Most = 262

	maxFrame = 25 * 3600 * 24 * 400 // a little more than a year
)

// Sound is the kind of silence: that of the programme around it, so that decoders go on.
type Sound struct {
	Codec    string `json:"codec,omitempty"` // "AAC", "Opus"; "": none
	Rate     int    `json:"rate,omitempty"`
	Channels int    `json:"channels,omitempty"`
}

// rates are those that AAC has a number for, and that there is a use for (ISO/IEC 14496-3 table 1.18).
var rates = []int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000}

// Or returns s, or what comes nearest of what there is a silence for.
func (s Sound) Or() Sound {
	switch {
	case s.Codec == "Opus":
		return Sound{"Opus", 48000, min(max(s.Channels, 1), 2)}
	case s.Codec == "AAC" && slices.Contains(rates, s.Rate):
		return Sound{"AAC", s.Rate, min(max(s.Channels, 1), 2)}
	case s.Codec == "AAC":
		return Sound{"AAC", 48000, min(max(s.Channels, 1), 2)}
	}
	return Sound{}
}

// name is how files of it begin.
func (s Sound) name() string {
	if s.Codec == "" {
		return "slate-none"
	}
	return "slate-" + strings.ToLower(s.Codec) + strconv.Itoa(s.Rate) + "x" + strconv.Itoa(s.Channels)
}

// InitName is the file of its initialization section.
func (s Sound) InitName() string { return s.name() + ".mp4" }

// AppendName appends the file of a segment of n pictures from the one with that number on.
func (s Sound) AppendName(b []byte, from, n int64) []byte {
	b = append(append(b, s.name()...), '-')
	b = append(strconv.AppendInt(b, from, 10), '-')
	return append(strconv.AppendInt(b, n, 10), ".mp4"...)
}

func parseSound(name string) (Sound, bool) {
	for _, codec := range []string{"AAC", "Opus"} {
		rest, ok := strings.CutPrefix(name, "slate-"+strings.ToLower(codec))
		if !ok {
			continue
		}
		rate, channels, _ := strings.Cut(rest, "x")
		r, errR := strconv.Atoi(rate)
		c, errC := strconv.Atoi(channels)
		s := Sound{codec, r, c}
		return s, errR == nil && errC == nil && s == s.Or() && s.name() == name
	}
	return Sound{}, name == "slate-none"
}

// Slate is the picture, ready to be cut. It does not change.
type Slate struct {
	params   *media.Params
	pictures [][][]byte // NAL units of each
}

// New reads the picture.
func New() (*Slate, error) {
	f, err := mp4.Open(bytes.NewReader(clip), int64(len(clip)))
	if err != nil {
		return nil, fmt.Errorf("slate: %w", err)
	}
	if len(f.Tracks) != 1 || len(f.Tracks[0].Entries) != 1 || len(f.Tracks[0].Entries[0].Config) < 16 {
		return nil, fmt.Errorf("slate: %w", mp4.ErrDamaged)
	}
	config := f.Tracks[0].Entries[0].Config
	n := int(config[6])<<8 | int(config[7])
	if len(config) < 8+n+3 {
		return nil, fmt.Errorf("slate: %w", mp4.ErrDamaged)
	}
	s := &Slate{}
	if s.params, err = media.NewH264Params(config[8:8+n], config[8+n+3:]); err != nil {
		return nil, fmt.Errorf("slate: %w", err)
	}
	c := f.Tracks[0].Samples()
	for {
		x, err := c.Next()
		if err == io.EOF { //nolint:errorlint // as it is
			break
		}
		if err != nil {
			return nil, fmt.Errorf("slate: %w", err)
		}
		var nals [][]byte
		for b := clip[x.Offset : x.Offset+int64(x.Size)]; len(b) > 4; {
			n := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
			nals, b = append(nals, b[4:4+n]), b[4+n:]
		}
		if len(s.pictures) == 0 {
			nals = append([][]byte{s.params.SPS, s.params.PPS}, nals...)
		}
		s.pictures = append(s.pictures, nals)
	}
	if len(s.pictures) < Most {
		return nil, fmt.Errorf("slate: %d pictures", len(s.pictures))
	}
	return s, nil
}

// lanes are the tracks with that sound.
func lanes(s Sound) []*fmp4.Lane {
	out := []*fmp4.Lane{{Track: &media.Track{Codec: media.H264}, ID: 1, Rate: 90000}}
	switch s.Codec {
	case "AAC":
		t := media.NewAACTrack(&mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: s.Rate, ChannelConfig: uint8(s.Channels)})
		out = append(out, &fmp4.Lane{Track: &t, ID: 2, Rate: s.Rate})
	case "Opus":
		out = append(out, &fmp4.Lane{Track: &media.Track{Codec: media.Opus, SampleRate: 48000, Channels: s.Channels}, ID: 2, Rate: 48000})
	}
	return out
}

// silence is one packet of it, and how many samples that are.
func silence(s Sound) ([]byte, int64) {
	switch {
	case s.Codec == "Opus": // RFC 6716 §3.1: CELT, 20 ms; mono, or stereo
		if s.Channels == 1 {
			return []byte{0xf8, 0xff, 0xfe}, 960
		}
		return []byte{0xfc, 0xff, 0xfe}, 960
	case s.Channels == 1: // one element without anything in it (ISO/IEC 14496-3 §4.4)
		return []byte{0x01, 0x18, 0x20, 0x07}, 1024
	default:
		return []byte{0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c}, 1024
	}
}

// File makes the file of that name. Names of other forms are not there (errs.NotFound).
func (s *Slate) File(name string) ([]byte, error) {
	missing := fmt.Errorf("slate %.80q: %w", name, errs.NotFound)
	base, ok := strings.CutSuffix(name, ".mp4")
	if !ok {
		return nil, missing
	}
	parts := strings.Split(base, "-")
	switch len(parts) {
	case 2:
		if sound, ok := parseSound(base); ok {
			b, err := fmp4.MarshalInit(lanes(sound), s.params)
			if err != nil {
				return nil, fmt.Errorf("slate: %w", err)
			}
			return b, nil
		}
	case 4:
		sound, ok := parseSound(parts[0] + "-" + parts[1])
		from, errF := strconv.ParseInt(parts[2], 10, 64)
		n, errN := strconv.ParseInt(parts[3], 10, 64)
		if ok && errF == nil && errN == nil && from >= 0 && from < maxFrame && n > 0 && n <= Most && string(sound.AppendName(nil, from, n)) == name {
			return s.segment(sound, from, n), nil
		}
	}
	return nil, missing
}

func (s *Slate) segment(sound Sound, from, n int64) []byte {
	all := lanes(sound)
	picture := fmp4.Run{Lane: all[0]}
	begin := media.Origin + time.Duration(from)*FrameTime
	for i := range n {
		at := begin + time.Duration(i)*FrameTime
		picture.Samples = append(picture.Samples, fmp4.Sample{
			Unit: unit(at, i == 0, s.pictures[i]...), DTS: media.Ticks(at, 90000), Dur: 3600,
		})
	}
	runs := []fmp4.Run{picture}
	if len(all) > 1 {
		quiet, length := silence(sound)
		rate := int64(all[1].Rate)
		first := func(frames int64) int64 { // the packet that begins with or behind a picture
			return (frames*rate/25 + length - 1) / length
		}
		run := fmp4.Run{Lane: all[1]}
		origin := media.Ticks(media.Origin, int(rate))
		for k := first(from); k < first(from+n); k++ {
			dts := origin + k*length
			run.Samples = append(run.Samples, fmp4.Sample{Unit: unit(media.FromTicks(dts, int(rate)), true, quiet), DTS: dts, Dur: uint32(length)})
		}
		if len(run.Samples) > 0 {
			runs = append(runs, run)
		}
	}
	return fmp4.MarshalPart(uint32(from+1), runs)
}

func unit(at time.Duration, key bool, payload ...[]byte) *media.Unit {
	u := &media.Unit{PTS: at, DTS: at, Key: key, Payload: payload}
	for _, p := range payload {
		u.Size += len(p)
	}
	return u
}
