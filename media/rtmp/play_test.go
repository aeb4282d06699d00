package rtmp

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib/pkg/bytecounter"
	"github.com/bluenviron/gortmplib/pkg/message"
	"github.com/bluenviron/gortmplib/pkg/rawmessage"

	"xianfeng/media"
)

// What is written must be read by somebody else's reader: over chunk borders, and past the times that
// need the extended field.
func TestChunksAreReadByGortmplib(t *testing.T) {
	var wire bytes.Buffer
	w := chunkWriter{w: &wire}
	long := bytes.Repeat([]byte{7}, 3*outChunk+5)
	times := []time.Duration{0, 40 * time.Millisecond, 40 * time.Millisecond, 5 * time.Hour, 5*time.Hour + time.Second, 1300 * time.Hour}
	for i, at := range times {
		n, err := w.write(videoChunks, typeVideo, at, []byte{byte(i)}, long, []byte{9})
		if err != nil || n <= len(long) {
			t.Fatalf("got %d, %v", n, err)
		}
		if _, err := w.write(audioChunks, typeAudio, at, []byte{1, byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	r := rawmessage.NewReader(&wire, bytecounter.NewReader(&wire), nil)
	if err := r.SetChunkSize(outChunk); err != nil {
		t.Fatal(err)
	}
	for i, at := range times {
		wrapped := time.Duration(uint32(at/time.Millisecond)) * time.Millisecond
		m, err := r.Read()
		want := append(append([]byte{byte(i)}, long...), 9)
		if err != nil || m.Timestamp != wrapped || m.Type != typeVideo || !bytes.Equal(m.Body, want) {
			t.Fatalf("video %d: got %+v, %v", i, m, err)
		}
		m, err = r.Read()
		if err != nil || m.Timestamp != wrapped || m.Type != typeAudio || !bytes.Equal(m.Body, []byte{1, byte(i)}) {
			t.Fatalf("audio %d: got %+v, %v", i, m, err)
		}
	}
	if _, err := r.Read(); err != io.EOF { //nolint:errorlint // gortmplib gives it bare
		t.Errorf("got %v at the end, want EOF", err)
	}
}

// nextVideo returns the next video message that a player gets.
func nextVideo(t *testing.T, c interface {
	Read() (message.Message, error)
},
) *message.Video {
	t.Helper()
	for {
		m, err := c.Read()
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := m.(*message.Video); ok {
			return v
		}
	}
}

func TestPlayersGetNewParametersAndAContinuousClock(t *testing.T) {
	h := newHouse(t, openGate, Config{})
	p := h.cast(t, "cam", media.Track{Codec: media.H264})
	write(t, p, 0, time.Hour, spsHD, ppsAny, idr)
	c := mustConnect(t, h.url("cam", ""), false)
	wantConfig := func(sps []byte, at time.Duration) {
		t.Helper()
		v := nextVideo(t, c)
		if v.Type != message.VideoTypeConfig || !bytes.Equal(v.AVCConfig.SequenceParameterSets[0].NALUnit, sps) || v.DTS != at {
			t.Fatalf("got %+v, want the configuration at %v", v, at)
		}
	}
	wantFrame := func(at time.Duration, key bool) {
		t.Helper()
		if v := nextVideo(t, c); v.Type != message.VideoTypeAU || v.DTS != at || v.IsKeyFrame != key {
			t.Fatalf("got type %d at %v, key %v; want a frame at %v, key %v", v.Type, v.DTS, v.IsKeyFrame, at, key)
		}
	}
	wantConfig(spsHD, 0)
	wantFrame(0, true)
	write(t, p, 0, time.Hour+40*time.Millisecond, []byte{0x41, 1})
	wantFrame(40*time.Millisecond, false)
	write(t, p, 0, time.Hour+80*time.Millisecond, spsCIF, ppsAny, idr)
	wantConfig(spsCIF, 80*time.Millisecond)
	wantFrame(80*time.Millisecond, true)

	// Another publisher, with another clock: the player's goes on.
	p.Close()
	p = h.cast(t, "cam", media.Track{Codec: media.H264})
	write(t, p, 0, 0, spsCIF, ppsAny, idr)
	v := nextVideo(t, c)
	if v.Type != message.VideoTypeConfig || v.DTS <= 80*time.Millisecond || v.DTS > patience {
		t.Fatalf("got type %d at %v, want a configuration a little later", v.Type, v.DTS)
	}
	wantFrame(v.DTS, true)
}

func TestSoundGoesOnWithoutAPictureThatRTMPDoesNotCarry(t *testing.T) {
	h := newHouse(t, openGate, Config{})
	p := h.cast(t, "cam", media.Track{Codec: media.VP8}, media.Track{Codec: media.AAC, SampleRate: 48000, Channels: 2, AAC: aacConf})
	write(t, p, 0, 0, []byte{0, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0})
	c := mustConnect(t, h.url("cam", ""), false)
	s := p.Stream()
	eventually(t, "the player is counted", func() bool { return s.Info(false).Viewers == 1 })
	write(t, p, 1, 20*time.Millisecond, []byte{0x21, 1})
	for _, want := range []message.AudioAACType{message.AudioAACTypeConfig, message.AudioAACTypeAU} {
		for {
			m, err := c.Read()
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := m.(*message.Video); ok {
				t.Fatal("got a picture")
			}
			if a, ok := m.(*message.Audio); ok {
				if a.AACType != want || a.DTS != 0 {
					t.Fatalf("got %+v, want type %d at 0", a, want)
				}
				break
			}
		}
	}
	eventually(t, "the session counts bytes", func() bool { return s.Info(true).Sessions[0].Sent > 0 })
	c.Close()
	eventually(t, "the player is gone", func() bool { return s.Info(false).Viewers == 0 })
	h.idle(t)
}

// The decoder configurations made here, read by the parsers used for those of others.
func TestDecoderConfigurationsReadBack(t *testing.T) {
	b, err := makeAVCC(&media.Params{SPS: spsCIF, PPS: ppsAny})
	if err != nil {
		t.Fatal(err)
	}
	if x, err := parseAVCC(b); err != nil || x.lengthSize != 4 || !bytes.Equal(x.sps, spsCIF) || !bytes.Equal(x.pps, ppsAny) {
		t.Errorf("avcC: got %+v, %v", x, err)
	}
	b, err = makeHVCC(&media.Params{VPS: vps265, SPS: sps265, PPS: pps265})
	if err != nil {
		t.Fatal(err)
	}
	if x, err := parseHVCC(b); err != nil || x.lengthSize != 4 || !bytes.Equal(x.vps, vps265) || !bytes.Equal(x.sps, sps265) || !bytes.Equal(x.pps, pps265) {
		t.Errorf("hvcC: got %+v, %v", x, err)
	}
	if b, err = makeAV1C(&media.Params{SequenceHeader: headerAV1}); err != nil {
		t.Fatal(err)
	}
	if x, err := av1Header(b); err != nil || !bytes.Equal(x, headerAV1) {
		t.Errorf("av1C: got % x, %v", x, err)
	}
	if n, err := opusChannels(makeOpusHead(2)); err != nil || n != 2 {
		t.Errorf("OpusHead: got %d, %v", n, err)
	}
}
