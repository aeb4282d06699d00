package rtmp

import (
	"fmt"
	"log/slog"
	"time"

	"xianfeng/media"
)

const (
	// settle is how much programme is looked at before a publisher that did not send every track it
	// announced, or announced nothing, goes on air with what is there.
	settle = time.Second
	// Held back until then, at the most; full: it goes on air with what is there.
	pendingSamples = 500
	pendingBytes   = 16 << 20
)

// ingest turns a publisher's tags into samples. It learns the tracks from the announcement, the decoder
// configurations and the first frames, and goes on air as soon as nothing more is to be expected: with
// the usual encoders at the first frame, without any delay.
type ingest struct {
	log     *slog.Logger
	publish func([]media.Track) (*media.Publisher, error)
	pub     *media.Publisher // nil until on air

	announced *announcement // nil: nothing
	v, a      incoming
	pending   []held
	bytes     int
	seen      int           // media messages before going on air
	first     time.Duration // time of the first of them
}

// held is a sample that waits for the publisher to go on air.
type held struct {
	video  bool
	sample media.Sample
}

// incoming is one track as it comes in.
type incoming struct {
	track  *media.Track // nil until known
	number uint8        // which of the multitrack numbers it is
	index  int          // in the stream; -1 if the stream goes without it
	left   bool         // what came can't be carried
	frames bool         // one has come
	other  bool         // said that other tracks are ignored
	clock  unwrap

	codec      media.Codec
	lengthSize int      // H264, H265
	sets       [][]byte // parameter sets of a new configuration, to go into the next frame
	expect     time.Duration
}

// unwrap makes RTMP's 32-bit milliseconds go on after 49.7 days.
type unwrap struct {
	begun bool
	raw   uint32
	at    time.Duration
}

func (u *unwrap) next(t time.Duration) time.Duration {
	raw := uint32(t / time.Millisecond)
	if !u.begun {
		u.begun, u.at = true, t
	} else {
		u.at += time.Duration(int32(raw-u.raw)) * time.Millisecond
	}
	u.raw = raw
	return u.at
}

func newIngest(log *slog.Logger, publish func([]media.Track) (*media.Publisher, error)) *ingest {
	return &ingest{log: log, publish: publish}
}

func (in *ingest) close() {
	if in.pub != nil {
		in.pub.Close()
	}
}

func (in *ingest) metadata(values []any) {
	if a, ok := readMetadata(values); ok {
		in.announced = &a
	}
}

// video takes a video message's body over.
func (in *ingest) video(at time.Duration, body []byte) error {
	t, err := parseVideo(body)
	if err != nil {
		return fmt.Errorf("video: %w", err)
	}
	if !in.mine(&in.v, &t) {
		return in.maybeStart(at)
	}
	switch t.kind {
	case tagConfig:
		err = in.v.configureVideo(&t)
	case tagFrame:
		err = in.videoFrame(at, &t)
	}
	if err != nil {
		return fmt.Errorf("video: %s: %w", t.format, err)
	}
	return in.maybeStart(at)
}

// audio takes an audio message's body over.
func (in *ingest) audio(at time.Duration, body []byte) error {
	t, err := parseAudio(body)
	if err != nil {
		return fmt.Errorf("audio: %w", err)
	}
	if !in.mine(&in.a, &t) {
		return in.maybeStart(at)
	}
	switch t.kind {
	case tagConfig:
		err = in.a.configureAudio(&t)
	case tagFrame:
		err = in.audioFrame(at, &t)
	}
	if err != nil {
		return fmt.Errorf("audio: %s: %w", t.format, err)
	}
	return in.maybeStart(at)
}

// mine reports whether t belongs to the track x, which the first usable tag of its kind makes.
func (in *ingest) mine(x *incoming, t *tag) bool {
	if t.kind == tagOther {
		return false
	}
	x.frames = x.frames || t.kind == tagFrame
	late := in.pub != nil && x.track == nil
	if t.codec == 0 || late || x.track != nil && t.track != x.number {
		if !x.other {
			x.other = true
			in.log.Warn("track left out", "codec", t.format, "track", t.track)
		}
		x.left = x.left || x.track == nil
		return false
	}
	return true
}

// known reports whether nothing more is to be learnt about the track.
func (x *incoming) known() bool { return x.track != nil || x.left }

func (x *incoming) adopt(t *tag, track media.Track) {
	track.Codec = t.codec
	x.track, x.number, x.codec, x.left = &track, t.track, t.codec, false
}

// write brings a sample in, or holds it back until the publisher is on air.
func (in *ingest) write(video bool, x media.Sample) error {
	if in.pub != nil {
		i := in.a.index
		if video {
			i = in.v.index
		}
		return in.pub.Write(i, x)
	}
	in.pending = append(in.pending, held{video: video, sample: x})
	for _, b := range x.Payload {
		in.bytes += len(b)
	}
	return nil
}

// maybeStart goes on air if nothing more is to be expected at programme time at.
func (in *ingest) maybeStart(at time.Duration) error {
	if in.pub != nil {
		return nil
	}
	if in.seen++; in.seen == 1 {
		in.first = at
	}
	have := in.v.known() && in.a.known()
	if n := in.announced; n != nil && n.video != n.audio {
		// The other kind has not been announced; but an encoder that sends it nevertheless has sent
		// its configuration before the first frame.
		have = have || n.video && in.v.known() && in.v.frames || n.audio && in.a.known() && in.a.frames
	}
	if !have && at-in.first < settle && in.seen < pendingSamples && in.bytes < pendingBytes {
		return nil
	}
	var tracks []media.Track
	for _, x := range []*incoming{&in.v, &in.a} {
		x.index = -1
		if x.track != nil {
			x.index = len(tracks)
			tracks = append(tracks, *x.track)
		}
	}
	if len(tracks) == 0 {
		return fmt.Errorf("%w: neither picture nor sound in a known coding format", media.ErrBadTracks)
	}
	pub, err := in.publish(tracks)
	if err != nil {
		return err
	}
	in.pub = pub
	pending := in.pending
	in.pending = nil
	for _, h := range pending {
		if err := in.write(h.video, h.sample); err != nil {
			return err
		}
	}
	return nil
}
