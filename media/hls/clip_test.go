package hls

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"xianfeng/media"
)

// clip is a real encoder's work: six seconds of H.264 at 25 fps, with a key frame each second and no
// B-frames, and AAC.
type clip struct {
	pictures [][][]byte
	sound    [][]byte
	config   mpeg4audio.AudioSpecificConfig
}

const clipLength = 6 * time.Second

func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "ffmpeg", append([]string{"-v", "error", "-nostdin"}, args...)...)
	var failure bytes.Buffer
	c.Stderr = &failure
	out, err := c.Output()
	if err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", args, err, failure.String())
	}
	return out
}

func newClip(t testing.TB) *clip {
	t.Helper()
	video := ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=6", "-c:v", "libx264", "-preset", "ultrafast",
		"-tune", "zerolatency", "-g", "25", "-x264-params", "aud=1:sliced-threads=0", "-pix_fmt", "yuv420p", "-f", "h264", "-")
	sound := ffmpeg(t, "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=6", "-ac", "2", "-c:a", "aac", "-f", "adts", "-")
	c := &clip{}
	// Each picture begins with an access unit delimiter.
	for _, b := range bytes.Split(video, []byte{0, 0, 0, 1, 9})[1:] {
		var au h264.AnnexB
		if err := au.Unmarshal(append([]byte{0, 0, 0, 1, 9}, b...)); err != nil {
			t.Fatal(err)
		}
		c.pictures = append(c.pictures, au)
	}
	var packets mpeg4audio.ADTSPackets
	if err := packets.Unmarshal(sound); err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		c.sound = append(c.sound, p.AU)
	}
	c.config = mpeg4audio.AudioSpecificConfig{
		Type: packets[0].Type, SampleRate: packets[0].SampleRate, ChannelConfig: packets[0].ChannelConfig,
	}
	if len(c.pictures) != 150 || c.config.SampleRate != 48000 {
		t.Fatalf("clip: got %d pictures, %+v", len(c.pictures), c.config)
	}
	return c
}

func (c *clip) tracks() []media.Track {
	return []media.Track{
		{Codec: media.H264},
		media.NewAACTrack(&c.config),
	}
}

// write publishes pictures and sound in [from, to) of the clip, played over and over. done, if not nil, is asked to stop.
func (c *clip) write(p *media.Publisher, from, to time.Duration, each func(at time.Duration) bool) {
	frame, packet := 40*time.Millisecond, 1024*time.Second/48000
	sound := int(from / packet)
	for i := int(from / frame); time.Duration(i)*frame < to; i++ {
		at := time.Duration(i) * frame
		if each != nil && !each(at) {
			return
		}
		// The publisher takes over what it is given; the clip must stay as it is.
		au := make([][]byte, 0, 4)
		au = append(au, c.pictures[i%len(c.pictures)]...)
		_ = p.Write(0, media.Sample{PTS: at, Payload: au})
		for ; time.Duration(sound)*packet < at+frame; sound++ {
			_ = p.Write(1, media.Sample{PTS: time.Duration(sound) * packet, Payload: [][]byte{c.sound[sound%len(c.sound)]}})
		}
	}
}

// serve puts a server where programs can reach it.
func serve(t testing.TB, hub *media.Hub, cfg Config) (*Server, string) {
	t.Helper()
	s := New(hub, openGate, cfg)
	mux := http.NewServeMux()
	mux.Handle("/live/{name}/{file}", s)
	h := httptest.NewServer(mux)
	t.Cleanup(func() {
		hub.Close()
		s.Close()
		h.Close()
	})
	return s, h.URL
}

func publish(t testing.TB, hub *media.Hub, name string, tracks []media.Track) *media.Publisher {
	t.Helper()
	p, err := hub.Publish(media.PublishRequest{Name: name, Protocol: "test", Tracks: tracks, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// until waits for f to become true; it fails after far longer than it can take.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}
