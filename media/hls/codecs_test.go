package hls

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"xianfeng/media"
)

// pictures has ffmpeg encode two seconds with one encoder and returns the access units.
func pictures(t *testing.T, codec media.Codec) [][][]byte {
	t.Helper()
	args := []string{"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-pix_fmt", "yuv420p", "-g", "25"}
	switch codec {
	case media.H265:
		b := ffmpeg(t, append(args, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "aud=1:bframes=0:log-level=none", "-f", "hevc", "-")...)
		var out [][][]byte
		for _, b := range bytes.Split(b, []byte{0, 0, 0, 1, 0x46, 0x01})[1:] {
			var au h264.AnnexB
			if err := au.Unmarshal(append([]byte{0, 0, 0, 1, 0x46, 0x01}, b...)); err != nil {
				t.Fatal(err)
			}
			out = append(out, au)
		}
		return out
	case media.VP9:
		args = append(args, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0")
	case media.AV1:
		args = append(args, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-lag-in-frames", "0")
	}
	b := ffmpeg(t, append(args, "-f", "ivf", "-")...)
	var out [][][]byte
	for b = b[32:]; len(b) > 12; {
		n := 12 + int(binary.LittleEndian.Uint32(b))
		frame := b[12:n:n]
		b = b[n:]
		if codec == media.VP9 {
			out = append(out, [][]byte{frame})
			continue
		}
		var tu av1.Bitstream
		if err := tu.Unmarshal(frame); err != nil {
			t.Fatal(err)
		}
		out = append(out, tu)
	}
	return out
}

// opusPackets returns two seconds of 20 ms packets, taken out of the Ogg pages (RFC 3533 §6) they came in.
func opusPackets(t *testing.T) [][]byte {
	t.Helper()
	b := ffmpeg(t, "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=2", "-ac", "2", "-c:a", "libopus", "-f", "ogg", "-")
	var out [][]byte
	var packet []byte
	for len(b) > 27 {
		lacing := b[27 : 27+int(b[26])]
		b = b[27+len(lacing):]
		for _, n := range lacing {
			packet = append(packet, b[:n]...)
			b = b[n:]
			if n < 255 {
				out = append(out, packet)
				packet = nil
			}
		}
	}
	return out[2:] // OpusHead and OpusTags
}

func TestProgramsDecodeEveryCodec(t *testing.T) {
	sound := opusPackets(t)
	for codec, name := range map[media.Codec]string{media.H265: "hevc", media.VP9: "vp9", media.AV1: "av1"} {
		t.Run(name, func(t *testing.T) {
			frames := pictures(t, codec)
			hub := media.NewHub(media.HubConfig{})
			s, url := serve(t, hub, Config{})
			p := publish(t, hub, "cam", []media.Track{{Codec: codec}, {Codec: media.Opus, SampleRate: 48000, Channels: 2}})
			for i, au := range frames {
				_ = p.Write(0, media.Sample{PTS: time.Duration(i) * 40 * time.Millisecond, Payload: au})
				for k := 2 * i; k < 2*i+2 && k < len(sound); k++ {
					_ = p.Write(1, media.Sample{PTS: time.Duration(k) * 20 * time.Millisecond, Payload: [][]byte{sound[k]}})
				}
				if i == 6 {
					until(t, "first part", func() bool { return s.lookup("cam").mux.now.Load().hint > 0 })
				}
			}
			until(t, "last part", func() bool { return s.lookup("cam").mux.now.Load().hint >= 9 })
			if err := hub.Kick("cam"); err != nil {
				t.Fatal(err)
			}
			until(t, "end of the playlist", func() bool { return s.lookup("cam").mux.now.Load().ended })
			probe := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "json", url+"/live/cam/media.m3u8")
			var complaints bytes.Buffer
			probe.Stderr = &complaints
			out, err := probe.Output()
			if err != nil || complaints.Len() > 0 {
				t.Fatalf("ffprobe: %v: %s", err, complaints.String())
			}
			var got struct {
				Streams []struct {
					Codec  string `json:"codec_name"`
					Frames string `json:"nb_read_frames"`
				} `json:"streams"`
			}
			if err := json.Unmarshal(out, &got); err != nil || len(got.Streams) != 2 {
				t.Fatalf("ffprobe: %v: %s", err, out)
			}
			if x := got.Streams[0]; x.Codec != name || x.Frames != "50" {
				t.Errorf("picture: got %+v, want 50 of %s", x, name)
			}
			if x := got.Streams[1]; x.Codec != "opus" || len(x.Frames) < 2 {
				t.Errorf("sound: got %+v, want opus", x)
			}
		})
	}
}
