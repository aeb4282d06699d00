package media

import (
	"bytes"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// FuzzShape feeds payloads of every codec. What comes out must keep the promises of Unit.Payload.
func FuzzShape(f *testing.F) {
	f.Add(uint8(H264), bytes.Join([][]byte{testSPS, testPPS, testIDR}, []byte{0, 0, 1}))
	f.Add(uint8(H264), testP)
	f.Add(uint8(H265), []byte{0x40, 0x01, 0, 0, 1, 0x42, 0x01, 0, 0, 1, 0x44, 0x01, 0, 0, 1, 0x26, 0x01})
	f.Add(uint8(AV1), []byte{0x0a, 0x0b, 0, 0, 1, 0x32, 0x10})
	f.Add(uint8(VP8), []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0, 0x40, 0})
	f.Add(uint8(VP9), []byte{0x82, 0x49, 0x83, 0x42, 0, 0x03, 0xf0, 0x03, 0xf6})
	f.Fuzz(func(t *testing.T, codec uint8, b []byte) {
		c := Codec(codec%uint8(PCMU)) + 1
		s := newShaper(&Track{Codec: c})
		for range 2 {
			out, ok := s.shape(bytes.Split(bytes.Clone(b), []byte{0, 0, 1}))
			if !ok {
				continue
			}
			if len(out.payload) == 0 || out.size == 0 {
				t.Fatal("an empty payload was let through")
			}
			if c.Video() && out.params == nil {
				t.Fatal("video without parameters was let through")
			}
			if p := out.params; p != nil && (p.Width < 1 || p.Width > maxSide || p.Height < 1 || p.Height > maxSide) {
				t.Fatalf("size %d by %d", p.Width, p.Height)
			}
			s.dts(out.payload, time.Second)
			tr := Track{Codec: c, SampleRate: 48000, Channels: 2}
			tr.MIMECodec(out.params)
			tr.PacketDuration(out.payload[0])
		}
	})
}

// Pictures with B-frames and no decoding times, as RTSP brings them: DTS grows, never above PTS.
func TestDecodingTimesOfBFrames(t *testing.T) {
	raw := ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-frames:v", "100", "-c:v", "libx264", "-bf", "2", "-g", "25", "-x264-params", "b-adapt=0:b-pyramid=none:aud=1", "-f", "h264", "-")
	var aus [][][]byte
	delimiter := []byte{0, 0, 0, 1, 0x09}
	for _, b := range bytes.Split(raw, delimiter)[1:] {
		var au h264.AnnexB
		if err := au.Unmarshal(append(bytes.Clone(delimiter), b...)); err != nil {
			t.Fatal(err)
		}
		aus = append(aus, au)
	}
	if len(aus) != 100 {
		t.Fatalf("access units: got %d, want 100", len(aus))
	}
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "b", h264Track)
	r := p.Stream().NewReader()
	// Coding order of I B B P ...: the picture that is shown third comes before the two between.
	const frame = 40 * time.Millisecond
	shown := displayOrder(aus)
	for i, au := range aus {
		write(t, p, 0, Sample{PTS: time.Duration(shown[i]+2) * frame, Payload: au})
	}
	us, _, err := r.Drain(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(us) < 25 {
		t.Fatalf("units: got %d", len(us))
	}
	for i, u := range us {
		if i > 0 && u.DTS <= us[i-1].DTS {
			t.Fatalf("unit %d: DTS %v after %v", i, u.DTS, us[i-1].DTS)
		}
		if u.PTS < u.DTS || u.PTS-u.DTS > 4*frame {
			t.Fatalf("unit %d: PTS %v, DTS %v", i, u.PTS, u.DTS)
		}
	}
	if !p.Stream().Reordered() {
		t.Error("B-frames were not noticed")
	}
}

// displayOrder ranks the access units of each group of pictures by picture order: within a mini group
// the reference picture is coded first and shown last.
func displayOrder(aus [][][]byte) []int {
	out := make([]int, len(aus))
	isB := func(i int) bool {
		for _, n := range aus[i] {
			if h264.NALUType(n[0]&0x1f) == h264.NALUTypeNonIDR {
				return n[0]>>5&3 == 0 // nal_ref_idc 0: nothing refers to it
			}
		}
		return false
	}
	next := 0
	for i := 0; i < len(aus); {
		n := 0
		for i+1+n < len(aus) && isB(i+1+n) {
			n++
		}
		for k := range n {
			out[i+1+k] = next + k
		}
		out[i] = next + n
		next += n + 1
		i += n + 1
	}
	return out
}

func TestH265AndAV1KeyFrames(t *testing.T) {
	s := newShaper(&Track{Codec: AV1})
	if _, ok := s.shape([][]byte{{0x12, 0x00}}); ok {
		t.Error("a lone temporal delimiter was let through")
	}
	s = newShaper(&Track{Codec: H265})
	if _, ok := s.shape([][]byte{{0x26, 0x01, 0xaf}}); ok {
		t.Error("an H265 key frame without parameter sets was let through")
	}
}
