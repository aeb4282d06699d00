package hls

import (
	"bytes"
	"log/slog"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"xianfeng/media"
)

// The parameter sets of some 1920x1080 encoder, with two pictures' worth of difference for a change.
var (
	testSPS = []byte{0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc9, 0x20}
	testPPS = []byte{0x68, 0xce, 0x3c, 0x80}
	newPPS  = []byte{0x68, 0xee, 0x3c, 0x80}
)

func videoTrack() media.Track { return media.Track{Codec: media.H264} }

func soundTrack() media.Track {
	return media.NewAACTrack(&mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2})
}

// script makes the units of a stream with fixed times.
type script struct {
	seq    uint64
	epoch  uint32
	params *media.Params
	units  []*media.Unit
}

func newScript(t testing.TB, pps []byte) *script {
	p, err := media.NewH264Params(testSPS, pps)
	if err != nil {
		t.Fatal(err)
	}
	return &script{params: p}
}

// zeroTime is the programme time of stream time zero.
var zeroTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (s *script) add(track int, key bool, dts time.Duration, size int) {
	u := &media.Unit{Seq: s.seq, Track: track, Key: key, Epoch: s.epoch, PTS: dts, DTS: dts, Time: zeroTime.Add(dts)}
	b := bytes.Repeat([]byte{byte(s.seq)}, size)
	if track == 0 {
		b[0] = 0x41
		u.Params = s.params
		if key {
			b[0] = 0x65
			u.Payload = [][]byte{s.params.SPS, s.params.PPS}
		}
	}
	u.Payload = append(u.Payload, b)
	for _, x := range u.Payload {
		u.Size += len(x)
	}
	s.seq++
	s.units = append(s.units, u)
}

// av adds pictures and sound from a time on, interleaved. gap returns the distance of picture i to the next.
func (s *script) av(from, length time.Duration, gop int, sound bool, gap func(i int) time.Duration) time.Duration {
	end := from + length
	packet := from
	at := from
	for i := 0; at < end; i++ {
		s.add(0, i%gop == 0, at, 1000)
		at += gap(i)
		for ; sound && packet < at; packet += 1024 * time.Second / 48000 {
			s.add(1, true, packet, 200)
		}
	}
	return at
}

func every(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

func testMuxer(t testing.TB, tracks ...media.Track) *muxer {
	lanes, left := carried(tracks)
	if len(left) > 0 {
		t.Fatalf("left out: %v", left)
	}
	return newMuxer(muxerConfig{
		part: 200 * time.Millisecond, segment: time.Second, segments: 7, id: "ID", msn: 100,
		zip: &compressor{}, log: slog.New(slog.DiscardHandler),
	}, lanes)
}

// watch pushes units and calls f with each new snapshot that has a playlist.
func watch(m *muxer, units []*media.Unit, f func(*snapshot)) {
	last := m.now.Load()
	for _, u := range units {
		m.push(u)
		if s := m.now.Load(); s != last {
			last = s
			if s.ready() {
				f(s)
			}
		}
	}
}

// tags are all values of one attribute or tag in a playlist.
func tags(t testing.TB, playlist []byte, pattern string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(playlist, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

func number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// checkRules checks what holds for every playlist of every stream.
// strict: no part but the last of a segment is shorter than 85 % of the target.
func checkRules(t *testing.T, playlist []byte, strict bool) (target, part string) {
	t.Helper()
	one := func(pattern string) string {
		v := tags(t, playlist, pattern)
		if len(v) != 1 {
			t.Fatalf("%s: got %d times in\n%s", pattern, len(v), playlist)
		}
		return v[0]
	}
	target, part = one(`#EXT-X-TARGETDURATION:(\d+)\n`), one(`PART-TARGET=([\d.]+)\n`)
	for _, d := range tags(t, playlist, `#EXTINF:([\d.]+),`) {
		if number(t, d) >= number(t, target)+0.5 {
			t.Fatalf("segment of %s s, target duration %s:\n%s", d, target, playlist)
		}
	}
	if got, want := number(t, one(`PART-HOLD-BACK=([\d.]+)`)), 3*number(t, part); got < want-1e-9 {
		t.Fatalf("PART-HOLD-BACK: got %v, want at least %v", got, want)
	}
	if got, want := number(t, one(`CAN-SKIP-UNTIL=([\d.]+)`)), 6*number(t, target); got < want {
		t.Fatalf("CAN-SKIP-UNTIL: got %v, want at least %v", got, want)
	}
	last := regexp.MustCompile(`(?m)^#EXT-X-PART:DURATION=([\d.]+),URI="[^"]+"(?:,INDEPENDENT=YES)?\n(#EXT-X-PART:)?`)
	rest := playlist
	for {
		m := last.FindSubmatchIndex(rest)
		if m == nil {
			break
		}
		d := number(t, string(rest[m[2]:m[3]]))
		followed := m[4] >= 0
		if d > number(t, part)+1e-9 || strict && followed && d < 0.85*number(t, part) {
			t.Fatalf("part of %v s, target %s:\n%s", d, part, playlist)
		}
		rest = rest[m[3]:]
	}
	return target, part
}
