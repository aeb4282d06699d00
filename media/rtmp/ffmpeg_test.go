package rtmp

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"xianfeng/media"
)

// probed is what ffprobe says.
type probed struct {
	Streams []struct {
		Codec string `json:"codec_name"`
		Width int    `json:"width"`
		Rate  string `json:"sample_rate"`
	} `json:"streams"`
	Packets []struct {
		Codec string `json:"codec_type"`
		PTS   int64  `json:"pts"`
		DTS   int64  `json:"dts"`
	} `json:"packets"`
}

func probe(t *testing.T, address string) probed {
	t.Helper()
	out, err := start(t, "ffprobe", "-v", "error", "-show_streams", "-show_packets", "-read_intervals", "%+3", "-of", "json", address).wait(t)
	if err != nil {
		t.Fatalf("ffprobe %s: %v", address, err)
	}
	var p probed
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFFmpegPublishesAndFFprobePlays(t *testing.T) {
	t.Parallel() // it waits for programme to go by
	h := newHouse(t, keyGate, Config{})
	publisher(t, h.url("cam", "key="+testKey))
	s := h.waitReady(t, "cam")
	if n := len(s.Tracks()); n != 2 {
		t.Fatalf("got %d tracks, want 2", n)
	}
	p := probe(t, h.url("cam", "key="+testKey))
	if len(p.Streams) != 2 || p.Streams[0].Codec != "h264" || p.Streams[0].Width != 320 || p.Streams[1].Codec != "aac" || p.Streams[1].Rate != "48000" {
		t.Errorf("got streams %+v, want h264 of 320 and aac of 48000", p.Streams)
	}
	if !s.Reordered() {
		t.Error("the stream is not seen to have B-frames")
	}
	last, reordered, first := map[string]int64{}, false, true
	var high int64
	for _, x := range p.Packets {
		if first && (x.DTS < 0 || x.DTS > 200) {
			t.Errorf("the first packet has DTS %d, want about 0", x.DTS)
		}
		first = false
		if d, ok := last[x.Codec]; ok && x.DTS < d {
			t.Errorf("%s: DTS %d after %d", x.Codec, x.DTS, d)
		}
		last[x.Codec] = x.DTS
		if x.Codec == "video" {
			reordered = reordered || x.PTS < high
			high = max(high, x.PTS)
		}
	}
	if !reordered || last["video"] == 0 || last["audio"] == 0 {
		t.Errorf("got last times %v, reordered %v; want both, and true", last, reordered)
	}
}

func TestFFmpegDecodesWithoutComplaint(t *testing.T) {
	t.Parallel() // it waits for programme to go by
	h := newHouse(t, openGate, Config{})
	publisher(t, h.url("cam", ""))
	h.waitReady(t, "cam")
	p := start(t, "ffmpeg", "-hide_banner", "-loglevel", "warning", "-xerror", "-i", h.url("cam", ""), "-t", "3", "-f", "null", "-")
	if _, err := p.wait(t); err != nil {
		t.Fatal(err)
	}
	if said := p.err.String(); strings.Contains(said, "rror") || strings.Contains(said, "orrupt") {
		t.Errorf("ffmpeg complains: %s", said)
	}
}

func TestFFmpegWithG711(t *testing.T) {
	t.Parallel() // it waits for programme to go by
	h := newHouse(t, openGate, Config{})
	start(t, "ffmpeg", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=sample_rate=8000",
		"-c:a", "pcm_alaw", "-ac", "1", "-f", "flv", h.url("phone", ""))
	s := h.waitReady(t, "phone")
	if got := s.Tracks()[0]; len(s.Tracks()) != 1 || got.Codec != media.PCMA || got.SampleRate != 8000 || got.Channels != 1 {
		t.Errorf("got %+v, want PCMA of 8000, mono, alone", s.Tracks())
	}
	p := probe(t, h.url("phone", ""))
	if len(p.Streams) != 1 || p.Streams[0].Codec != "pcm_alaw" || len(p.Packets) == 0 {
		t.Errorf("got %+v, want pcm_alaw with packets", p.Streams)
	}
}

func TestFFmpegIsToldWhyItCanNotPublishOrPlay(t *testing.T) {
	h := newHouse(t, keyGate, Config{})
	for _, x := range []struct{ what, address, want string }{
		{"wrong key", h.url("cam", "key=wrong"), "wrong key"},
		{"no key", h.url("cam", ""), "wrong key"},
		{"bad name", h.url("a..b", "key="+testKey), "not a stream name"},
	} {
		t.Run("publish "+x.what, func(t *testing.T) {
			p := publisher(t, x.address)
			if _, err := p.wait(t); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
		t.Run("play "+x.what, func(t *testing.T) {
			_, err := start(t, "ffprobe", "-v", "error", x.address).wait(t)
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
	t.Run("play nothing", func(t *testing.T) {
		_, err := start(t, "ffprobe", "-v", "error", h.url("nothing", "key="+testKey)).wait(t)
		if err == nil || !strings.Contains(err.Error(), "no such stream") {
			t.Errorf("got %v, want %q", err, "no such stream")
		}
	})
}

func TestPublisherRestartsWhileFFmpegPlays(t *testing.T) {
	t.Parallel() // it waits for programme to go by
	h := newHouse(t, openGate, Config{})
	one := publisher(t, h.url("cam", ""))
	h.waitReady(t, "cam")
	player := start(t, "ffmpeg", "-hide_banner", "-loglevel", "error", "-i", h.url("cam", ""), "-t", "6", "-c", "copy", "-f", "null", "-")
	s := h.waitReady(t, "cam")
	eventually(t, "a reader came", func() bool { return s.Info(false).Viewers == 1 })
	one.stop()
	eventually(t, "the publisher is gone", func() bool { return !s.Live() })
	publisher(t, h.url("cam", ""))
	if _, err := player.wait(t); err != nil {
		t.Errorf("the player did not go on: %v", err)
	}
}

// ffmpeg 5.1 lists no enhanced codecs: it gets the picture, not a sound that it would wait for.
func TestPlayersThatListNoEnhancedCodecsGetThePictureOfAStreamWithOpus(t *testing.T) {
	t.Parallel() // it waits for programme to go by
	h := newHouse(t, openGate, Config{})
	p := h.cast(t, "cam", media.Track{Codec: media.H264}, media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2})
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			at := time.Duration(i) * 20 * time.Millisecond
			p.Write(0, media.Sample{PTS: at, Payload: au264(i % 25)})                //nolint:errcheck // fails only once it was closed
			p.Write(1, media.Sample{PTS: at, Payload: [][]byte{{0xfc, 0xff, 0xfe}}}) //nolint:errcheck // the same
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
	h.waitReady(t, "cam")
	if got := probe(t, h.url("cam", "")); len(got.Streams) != 1 || got.Streams[0].Codec != "h264" || len(got.Packets) == 0 {
		t.Errorf("got streams %+v and %d packets, want h264 alone", got.Streams, len(got.Packets))
	}
}
