package testcard

import (
	"bytes"
	"cmp"
	_ "embed" // the clip
	"fmt"
	"slices"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"xianfeng/media"
)

//go:generate go run ./make-clip

//go:embed clip.mp4
var clipFile []byte

// opusRate is the clock of Opus in MP4, whatever the rate of the sound.
const opusRate = 48000

// clip is the programme, ready to be written. Nobody changes one after it was made.
type clip struct {
	tracks []media.Track
	items  []item // by time; at the same time the picture comes before the sound
}

// item is one access unit of the clip.
type item struct {
	at      time.Duration // since the beginning of the minute
	track   int
	key     bool // a key frame
	payload [][]byte
}

// loadClip reads a fragmented MP4 with one H264 and one Opus track whose items fill one minute.
func loadClip(b []byte) (*clip, error) {
	var head fmp4.Init
	if err := head.Unmarshal(bytes.NewReader(b)); err != nil {
		return nil, fmt.Errorf("test card: clip: %w", err)
	}
	var parts fmp4.Parts
	if err := parts.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("test card: clip: %w", err)
	}
	c := &clip{}
	for _, t := range head.Tracks {
		track := len(c.tracks)
		switch codec := t.Codec.(type) {
		case *codecs.H264:
			params, err := media.NewH264Params(codec.SPS, codec.PPS)
			if err != nil {
				return nil, fmt.Errorf("test card: clip: %w", err)
			}
			c.tracks = append(c.tracks, media.Track{Codec: media.H264, Params: params})
		case *codecs.Opus:
			c.tracks = append(c.tracks, media.Track{Codec: media.Opus, SampleRate: opusRate, Channels: codec.ChannelCount})
		default:
			return nil, fmt.Errorf("test card: clip: track %d is of no use: %T", t.ID, codec)
		}
		if err := c.add(parts, t, track); err != nil {
			return nil, fmt.Errorf("test card: clip: track %d: %w", t.ID, err)
		}
	}
	slices.SortStableFunc(c.items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.track, b.track))
	})
	return c, c.check()
}

// check makes sure that, whenever the clip is begun, a key frame comes within the slack.
func (c *clip) check() error {
	last := time.Duration(0)
	for i := range c.items {
		if c.items[i].key {
			last = c.items[i].at
		}
		if i == 0 && !c.items[i].key || c.items[i].at-last >= slack {
			return fmt.Errorf("test card: clip: no key frame for %v before %v", slack, c.items[i].at)
		}
	}
	return nil
}

// add appends the items of one track.
func (c *clip) add(parts fmp4.Parts, t *fmp4.InitTrack, track int) error {
	end := time.Duration(0)
	for _, part := range parts {
		for _, pt := range part.Tracks {
			if pt.ID != t.ID {
				continue
			}
			ticks := int64(pt.BaseTime)
			for _, s := range pt.Samples {
				payload := [][]byte{s.Payload}
				if c.tracks[track].Codec == media.H264 {
					var nalus h264.AVCC
					if err := nalus.Unmarshal(s.Payload); err != nil {
						return err
					}
					payload = nalus
				}
				at := media.FromTicks(ticks, int(t.TimeScale))
				c.items = append(c.items, item{at: at, track: track, key: c.tracks[track].Codec.Video() && !s.IsNonSyncSample, payload: payload})
				ticks += int64(s.Duration)
				end = media.FromTicks(ticks, int(t.TimeScale))
			}
		}
	}
	if end != Length {
		return fmt.Errorf("it lasts %v, not %v: the loop would not be seamless", end, Length)
	}
	return nil
}
