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
				for _, bad := range complaints {
					if strings.Contains(got, bad) {
						t.Errorf("reader complains %q:\n%s", bad, got)
					}
				}
			})
		}
	}
}

// complaints are what ffmpeg says when something was lost or out of order.
var complaints = []string{"missed", "error while decoding", "Non-monotonous", "non monotonically", "concealing", "max delay", "Invalid data"}

func TestFFmpegCodecs(t *testing.T) {
	for name, c := range map[string]struct {
		video, audio []string
		want         []string
	}{
		"B-frames": {
			[]string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-pix_fmt", "yuv420p", "-g", "25", "-x264-params", "b-adapt=0"},
			[]string{"-c:a", "aac", "-b:a", "64k"},
			[]string{"codec_name=h264", "has_b_frames=2", "codec_name=aac"},
		},
		"H265 and A-law": {
			[]string{"-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error:keyint=25"},
			[]string{"-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"},
			[]string{"codec_name=hevc", "codec_name=pcm_alaw"},
		},
		"VP8 and Opus": {
			[]string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "500k", "-pix_fmt", "yuv420p"},
			[]string{"-c:a", "libopus", "-b:a", "64k"},
			[]string{"codec_name=vp8", "codec_name=opus"},
		},
		"VP9 and mu-law": {
			[]string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "500k", "-pix_fmt", "yuv420p", "-strict", "experimental"},
			[]string{"-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"},
			[]string{"codec_name=vp9", "codec_name=pcm_mulaw"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, openGate, Config{}, media.HubConfig{})
			f.ffmpeg(publishArgs("tcp", f.url("a"), source(c.video, c.audio))...)
			f.ready("a")
			for _, out := range []string{"tcp", "udp"} {
				got, err := f.run("ffprobe", "-v", "error", "-rtsp_transport", out, "-show_streams", "-show_packets", "-read_intervals", "%+2", f.url("a"))
				if err != nil {
					t.Fatalf("%s: %v\n%s", out, err, got)
				}
				for _, want := range c.want {
					if !strings.Contains(got, want) {
						t.Errorf("%s: ffprobe's output lacks %q", out, want)
					}
				}
				for _, bad := range complaints {
					if strings.Contains(got, bad) {
						t.Errorf("%s: ffprobe says %q", out, bad)
					}
				}
				if n := strings.Count(got, "codec_type=video\nstream_index"); n < 25 {
					t.Errorf("%s: %d pictures in two seconds", out, n)
				}
			}
			if name == "B-frames" && !f.ready("a").Reordered() {
				t.Error("the stream is not known to have B-frames")
			}
		})
	}
}
