package media

import (
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// 64x64 baseline at 25 pictures a second, made by x264.
var (
	testSPS = []byte{0x67, 0x42, 0xc0, 0x0a, 0xd9, 0x04, 0x26, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x48, 0x99, 0x20}
	testPPS = []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
	testIDR = []byte{0x65, 0x88, 0x84, 0x0b, 0xf2, 0x62, 0x80, 0x00, 0xab, 0xcc}
	testP   = []byte{0x41, 0x9a, 0x38, 0x15, 0xe1, 0x18}
)

var (
	h264Track = Track{Codec: H264}
	opusTrack = Track{Codec: Opus, SampleRate: 48000, Channels: 2}
)

// publish begins a stream and fails the test if it can't.
func publish(t testing.TB, h *Hub, name string, tracks ...Track) *Publisher {
	t.Helper()
	p, err := h.Publish(PublishRequest{Name: name, Protocol: "test", Remote: "127.0.0.1:1", Tracks: tracks})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// key and delta are H264 samples at pts.
func key(pts time.Duration) Sample {
	return Sample{PTS: pts, Payload: [][]byte{testSPS, testPPS, testIDR}}
}

func delta(pts time.Duration) Sample {
	return Sample{PTS: pts, DTS: pts, HasDTS: true, Payload: [][]byte{testP}}
}

func sound(pts time.Duration) Sample {
	return Sample{PTS: pts, Payload: [][]byte{{0xfc, 0xff, 0xfe}}}
}

func write(t testing.TB, p *Publisher, track int, x Sample) {
	t.Helper()
	if err := p.Write(track, x); err != nil {
		t.Fatalf("write at %v: %v", x.PTS, err)
	}
}

// ffmpeg returns the output of an ffmpeg run: real encoded media for the tests.
func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-y"}, args...)...).Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	return out
}
