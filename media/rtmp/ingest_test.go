package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib/pkg/amf0"

	"xianfeng/media"
)

// desk is an ingest with a hub behind it.
type desk struct {
	*ingest
	hub    *media.Hub
	tracks []media.Track // what it went on air with; nil before
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{hub: media.NewHub(media.HubConfig{})}
	d.ingest = newIngest(slog.New(slog.DiscardHandler), func(tracks []media.Track) (*media.Publisher, error) {
		d.tracks = tracks
		return d.hub.Publish(media.PublishRequest{Name: "cam", Tracks: tracks, Close: func(error) {}})
	})
	t.Cleanup(func() {
		d.close()
		d.hub.Close()
	})
	return d
}

// config264 and the others are tags as encoders send them.
func config264(sps, pps []byte) []byte {
	record, err := makeAVCC(&media.Params{SPS: sps, PPS: pps})
	if err != nil {
		panic(err)
	}
	return append([]byte{0x17, 0, 0, 0, 0}, record...)
}

func frame264(first byte, cts int32, nals ...[]byte) []byte {
	b := []byte{first, 1, byte(cts >> 16), byte(cts >> 8), byte(cts)}
	for _, n := range nals {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(n))), n...)
	}
	return b
}

func configAAC() []byte {
	conf, err := aacConf.Marshal()
	if err != nil {
		panic(err)
	}
	return append([]byte{0xaf, 0}, conf...)
}

func frameAAC(i int) []byte { return []byte{0xaf, 1, 0x21, byte(i)} }

func announce(video, audio float64) []any {
	return []any{"@setDataFrame", "onMetaData", amf0.ECMAArray{{Key: "videocodecid", Value: video}, {Key: "audiocodecid", Value: audio}}}
}

func (d *desk) mustVideo(t *testing.T, ms int, body []byte) {
	t.Helper()
	if err := d.video(time.Duration(ms)*time.Millisecond, body); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) mustAudio(t *testing.T, ms int, body []byte) {
	t.Helper()
	if err := d.audio(time.Duration(ms)*time.Millisecond, body); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) want(t *testing.T, when string, codecs ...media.Codec) {
	t.Helper()
	if len(d.tracks) != len(codecs) {
		t.Fatalf("%s: got %d tracks, want %v", when, len(d.tracks), codecs)
	}
	for i, c := range codecs {
		if d.tracks[i].Codec != c {
			t.Errorf("%s: track %d: got %s, want %s", when, i, d.tracks[i].Codec, c)
		}
	}
}

var idr = append([]byte{0x65}, 1, 2, 3)

func TestPublishersGoOnAirWithoutDelay(t *testing.T) {
	t.Run("both announced", func(t *testing.T) {
		d := newDesk(t)
		d.metadata(announce(7, 10))
		d.mustVideo(t, 0, config264(spsHD, ppsAny))
		d.want(t, "after the first configuration")
		d.mustAudio(t, 0, configAAC())
		d.want(t, "after both configurations", media.H264, media.AAC)
	})
	t.Run("nothing announced, both come", func(t *testing.T) {
		d := newDesk(t)
		d.mustAudio(t, 0, configAAC())
		d.mustVideo(t, 0, config264(spsHD, ppsAny))
		d.want(t, "after both configurations", media.H264, media.AAC)
	})
	t.Run("picture alone announced", func(t *testing.T) {
		d := newDesk(t)
		d.metadata(announce(7, 0))
		d.mustVideo(t, 0, config264(spsHD, ppsAny))
		d.want(t, "after the configuration")
		d.mustVideo(t, 0, frame264(0x17, 0, idr))
		d.want(t, "after the first frame", media.H264)
	})
	t.Run("sound that was not announced", func(t *testing.T) {
		d := newDesk(t)
		d.metadata(announce(7, 0))
		d.mustVideo(t, 0, config264(spsHD, ppsAny))
		d.mustAudio(t, 0, configAAC())
		d.want(t, "before the first frame", media.H264, media.AAC)
	})
	t.Run("sound alone announced", func(t *testing.T) {
		d := newDesk(t)
		d.metadata(announce(0, 10))
		d.mustAudio(t, 0, configAAC())
		d.mustAudio(t, 0, frameAAC(0))
		d.want(t, "after the first frame", media.AAC)
	})
	t.Run("MP3 beside the picture", func(t *testing.T) {
		d := newDesk(t)
		d.metadata(announce(7, 2))
		d.mustVideo(t, 0, config264(spsHD, ppsAny))
		d.mustAudio(t, 0, []byte{0x2f, 1, 2, 3})
		d.want(t, "after the first of each", media.H264)
	})
}

func TestWhatIsAnnouncedAndNeverComesIsNotWaitedForLong(t *testing.T) {
	d := newDesk(t)
	d.metadata(announce(7, 10))
	d.mustVideo(t, 0, config264(spsHD, ppsAny))
	for ms := 0; ms < int(settle/time.Millisecond); ms += 40 {
		d.mustVideo(t, ms, frame264(0x17, 0, idr))
		d.want(t, "within the first second")
	}
	d.mustVideo(t, 1000, frame264(0x17, 0, idr))
	d.want(t, "after it", media.H264)
	if d.pub.Stream().Info(false).Tracks[0].Bytes < 26*4 {
		t.Error("what was held back is lost")
	}
}

func TestPublishersOfUnknownCodecsAreRefused(t *testing.T) {
	d := newDesk(t)
	d.metadata(announce(4, 2))
	if err := d.video(0, []byte{0x14, 1, 2, 3, 4, 5}); err != nil {
		t.Fatal(err)
	}
	if err := d.audio(0, []byte{0x2f, 1, 2, 3}); !errors.Is(err, media.ErrBadTracks) {
		t.Errorf("got %v, want ErrBadTracks", err)
	}
}

func TestFramesWithoutConfigurationEndThePublisher(t *testing.T) {
	d := newDesk(t)
	var err error
	for i := 0; i < 1000 && err == nil; i++ {
		err = d.video(0, frame264(0x17, 0, idr)) // the clock stands still as well
	}
	if !errors.Is(err, media.ErrBadTracks) {
		t.Errorf("got %v, want ErrBadTracks", err)
	}
}

// units returns what a reader gets now.
func (d *desk) units(t *testing.T) []*media.Unit {
	t.Helper()
	u, _, err := d.pub.Stream().NewReader().Drain(nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestNegativeCompositionTime(t *testing.T) {
	d := newDesk(t)
	d.metadata(announce(7, 0))
	d.mustVideo(t, 100, config264(spsHD, ppsAny))
	d.mustVideo(t, 100, frame264(0x17, 80, idr))
	d.mustVideo(t, 140, frame264(0x27, -20, []byte{0x41, 1}))
	u := d.units(t)
	if len(u) != 2 || u[0].PTS-u[0].DTS != 80*time.Millisecond || u[1].PTS < u[1].DTS {
		t.Fatalf("got %d units, want two with PTS 80 ms and not before DTS", len(u))
	}
}

func TestANewConfigurationReachesTheUnits(t *testing.T) {
	d := newDesk(t)
	d.metadata(announce(7, 0))
	d.mustVideo(t, 0, config264(spsHD, ppsAny))
	d.mustVideo(t, 0, frame264(0x17, 0, idr))
	d.mustVideo(t, 40, config264(spsCIF, ppsAny))
	d.mustVideo(t, 40, frame264(0x17, 0, idr))
	u := d.units(t)
	if len(u) != 1 || !bytes.Equal(u[0].Params.SPS, spsCIF) || !equal(u[0].Payload, [][]byte{spsCIF, ppsAny, idr}) {
		t.Errorf("the newest key unit does not have the new parameter sets")
	}
	d.mustAudio(t, 40, configAAC()) // late: left out
	d.want(t, "in the end", media.H264)
}

func TestATrackThatBecomesAnotherEndsThePublisher(t *testing.T) {
	d := newDesk(t)
	d.mustVideo(t, 0, config264(spsHD, ppsAny))
	d.mustAudio(t, 0, configAAC())
	d.mustAudio(t, 0, configAAC()) // the same again is fine
	if err := d.audio(0, []byte{0xaf, 0, 0x12, 0x08}); !errors.Is(err, errChanged) {
		t.Errorf("44.1 kHz mono after 48 kHz stereo: got %v, want errChanged", err)
	}
	if err := d.audio(0, []byte{0x7f, 1, 2}); !errors.Is(err, errChanged) {
		t.Errorf("PCMA after AAC: got %v, want errChanged", err)
	}
	if err := d.video(0, append([]byte{0x90, 'a', 'v', '0', '1', 0x81, 0, 0, 0}, 0x0a, 0x0c)); err == nil {
		t.Error("AV1 after H264: got nil, want an error")
	}
}

func TestParameterSetsThatDoNotParse(t *testing.T) {
	for _, b := range [][]byte{
		{0x17, 0, 0, 0, 0},
		{0x17, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6},
		{0x17, 0, 0, 0, 0, 1, 66, 0, 30, 0xff, 0xe1, 0, 2, 0x67, 0x42, 1, 0, 1, 0x68},
		{0x1c, 0, 0, 0, 0, 1},
		{0x90, 'a', 'v', '0', '1', 1, 2, 3, 4, 0x0a, 1, 0},
		{0x17, 1},
		{0x96, 0x20},
		{},
	} {
		if err := newDesk(t).video(0, b); err == nil && len(b) != 2 {
			t.Errorf("% x: got nil, want an error", b)
		}
	}
}

func TestSoundFollowsWithoutRoundingErrors(t *testing.T) {
	d := newDesk(t)
	d.metadata(announce(0, 10))
	d.mustAudio(t, 0, configAAC())
	for i := range 40 {
		d.mustAudio(t, i*1024*1000/48000, frameAAC(i))
	}
	r := d.pub.Stream()
	_ = r
	if got, want := d.a.expect, media.FromTicks(40*1024, 48000); got-want > time.Microsecond || want-got > time.Microsecond {
		t.Errorf("after 40 packets: got %v, want %v", got, want)
	}
}

func TestTimesGoOnAfterFiftyDays(t *testing.T) {
	var u unwrap
	ms := time.Millisecond
	if got := u.next(0xfffffff0 * ms); got != 0xfffffff0*ms {
		t.Errorf("first: got %v", got)
	}
	if got := u.next(0x10 * ms); got != 0x100000010*ms {
		t.Errorf("after the wrap: got %v, want %v", got, 0x100000010*ms)
	}
	if got := u.next(0xfffffff8 * ms); got != 0xfffffff8*ms {
		t.Errorf("back over it: got %v", got)
	}
}

func TestEnhancedTagsWithModifiersAndTracks(t *testing.T) {
	head := []byte{'h', 'v', 'c', '1'}
	for _, x := range []struct {
		what string
		body []byte
		want tag
	}{
		{"plain", append(append([]byte{0x91}, head...), 0, 0, 40, 9), tag{kind: tagFrame, codec: media.H265, key: true, cts: 40 * time.Millisecond, data: []byte{9}}},
		{"without composition time", append(append([]byte{0xa3}, head...), 9), tag{kind: tagFrame, codec: media.H265, data: []byte{9}}},
		{"after a modifier", append(append([]byte{0x97, 2, 1, 2, 3, 0x03}, head...), 9), tag{kind: tagFrame, codec: media.H265, key: true, data: []byte{9}}},
		{"track 1", append(append([]byte{0x96, 0x03}, head...), 1, 9), tag{kind: tagFrame, codec: media.H265, track: 1, key: true, data: []byte{9}}},
		{"the first of many", append(append([]byte{0x96, 0x13}, head...), 2, 0, 0, 1, 9, 3, 0, 0, 1, 8), tag{kind: tagFrame, codec: media.H265, track: 2, key: true, data: []byte{9}}},
		{"end of sequence", append([]byte{0x92}, head...), tag{codec: media.H265, key: true}},
		{"command frame", []byte{0x50, 0}, tag{}},
		{"sound in a picture's message", []byte{0x93, 'O', 'p', 'u', 's', 9}, tag{kind: tagFrame, key: true, data: []byte{9}}},
	} {
		got, err := parseVideo(x.body)
		if err != nil || got.kind != x.want.kind || got.codec != x.want.codec || got.track != x.want.track || got.key != x.want.key || got.cts != x.want.cts || !bytes.Equal(got.data, x.want.data) {
			t.Errorf("%s: got %+v, %v; want %+v", x.what, got, err, x.want)
		}
	}
}

func TestOBUsWithExtensionsAndWithoutSize(t *testing.T) {
	in := []byte{0x12, 0, 6<<3 | 4 | 2, 0x20, 2, 7, 7, 6 << 3, 1, 2}
	got, err := splitOBUs(in)
	want := [][]byte{{0x10}, {6<<3 | 4, 0x20, 7, 7}, {6 << 3, 1, 2}}
	if err != nil || !equal(got, want) {
		t.Fatalf("got % x, %v; want % x", got, err, want)
	}
	head, tail := obuHead(want[1])
	if !bytes.Equal(append(head, tail...), in[2:7]) {
		t.Errorf("got % x % x, want % x", head, tail, in[2:7])
	}
}
