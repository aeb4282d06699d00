package rtsp

import (
	"strings"
	"testing"

	"xianfeng/media"
)

// source returns ffmpeg's arguments for a synthetic picture and sound in real time.
func source(video, audio []string) []string {
	args := []string{"-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25"}
	if audio != nil {
		args = append(args, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000")
	}
	args = append(args, video...)
	return append(args, audio...)
}

var (
	x264 = []string{"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "50", "-b:v", "500k"}
	aac  = []string{"-c:a", "aac", "-b:a", "64k"}
)

func publishArgs(transport, url string, src []string) []string {
	return append(src, "-f", "rtsp", "-rtsp_transport", transport, url)
}

func TestFFmpegPublishAndRead(t *testing.T) {
	for _, in := range []string{"tcp", "udp"} {
		for _, out := range []string{"tcp", "udp"} {
			t.Run(in+" to "+out, func(t *testing.T) {
				f := newFixture(t, openGate, Config{}, media.HubConfig{})
				f.ffmpeg(publishArgs(in, f.url("a"), source(x264, aac))...)
				f.ready("a")
				got, err := f.run("ffmpeg", "-hide_banner", "-loglevel", "info", "-nostdin", "-rtsp_transport", out, "-i", f.url("a"), "-t", "2", "-f", "null", "-")
				if err != nil {
					t.Fatalf("reader: %v\n%s", err, got)
				}
				for _, want := range []string{"Video: h264", "320x240", "Audio: aac"} {
					if !strings.Contains(got, want) {
						t.Errorf("reader's output lacks %q:\n%s", want, got)
					}
				}
				for _, bad := range []string{"missed", "error while decoding", "Non-monotonous", "concealing", "max delay"} {
					if strings.Contains(got, bad) {
						t.Errorf("reader complains %q:\n%s", bad, got)
					}
				}
			})
		}
	}
}
