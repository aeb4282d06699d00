package mpegts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"xianfeng/media"
)

// patience bounds what should happen soon; it only makes a failing test end.
const patience = 30 * time.Second

// ffmpeg runs ffmpeg with input on its standard input and returns its standard output.
func ffmpeg(t *testing.T, input []byte, args string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "ffmpeg", strings.Fields("-hide_banner -loglevel error "+args)...)
	var out, said bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &out, &said
	if err := c.Run(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", args, err, said.String())
	}
	return out.Bytes()
}

// probe returns what ffprobe says of the packets, by type.
func probe(t *testing.T, input []byte) map[string][][2]int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-of", "json", "-show_entries", "packet=codec_type,pts,dts", "-")
	c.Stdin = bytes.NewReader(input)
	b, err := c.Output()
	if err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	var got struct {
		Packets []struct {
			Type     string `json:"codec_type"`
			PTS, DTS int64
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	out := map[string][][2]int64{}
	for _, p := range got.Packets {
		out[p.Type] = append(out[p.Type], [2]int64{p.PTS, p.DTS})
	}
	return out
}

type read struct {
	track int
	media.Sample
}

// all reads a whole transport stream.
func all(t *testing.T, r io.Reader) (*Reader, []read) {
	t.Helper()
	in, err := NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	var out []read
	for {
		err := in.Read(func(track int, s media.Sample) { out = append(out, read{track, s}) })
		if errors.Is(err, io.EOF) {
			return in, out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

const (
	picture = "-f lavfi -i testsrc=size=320x180:rate=25:duration=2 "
	sound   = "-f lavfi -i sine=sample_rate=48000:duration=2 "
)

func TestReadFFmpeg(t *testing.T) {
	for _, x := range []struct {
		name, args string
		codecs     []media.Codec
	}{
		{"H264 with B-frames and AAC", picture + sound + "-c:v libx264 -bf 2 -b_strategy 0 -c:a aac", []media.Codec{media.H264, media.AAC}},
		{"H265 and Opus", picture + sound + "-c:v libx265 -x265-params log-level=none -c:a libopus", []media.Codec{media.H265, media.Opus}},
		{"LATM", sound + "-c:a aac -mpegts_flags latm", []media.Codec{media.AAC}},
		{"MP2 left out", picture + sound + "-c:v libx264 -c:a mp2", []media.Codec{media.H264}},
	} {
		t.Run(x.name, func(t *testing.T) {
			ts := ffmpeg(t, nil, x.args+" -f mpegts -")
			in, got := all(t, bytes.NewReader(ts))
			var codecs []media.Codec
			for _, tr := range in.Tracks() {
				codecs = append(codecs, tr.Codec)
			}
			if len(codecs) != len(x.codecs) || codecs[0] != x.codecs[0] || codecs[len(codecs)-1] != x.codecs[len(codecs)-1] {
				t.Fatalf("got %v, want %v", codecs, x.codecs)
			}
			if in.Lost() != 0 || (in.Broken() != 0) {
				t.Errorf("got %d lost, %d broken, want none", in.Lost(), in.Broken())
			}
			want := probe(t, ts)
			for i, tr := range in.Tracks() {
				kind := "audio"
				if tr.Codec.Video() {
					kind = "video"
				}
				// ffprobe splits what one PES packet holds; compare every picture, and every sound that begins one.
				n := 0
				for _, s := range got {
					if s.track != i {
						continue
					}
					if n >= len(want[kind]) {
						t.Fatalf("%s: more samples than the %d that ffprobe sees", kind, len(want[kind]))
					}
					if pts, dts := media.Ticks(s.PTS, clockRate), media.Ticks(s.DTS, clockRate); [2]int64{pts, dts} != want[kind][n] {
						t.Fatalf("%s %d: got %d %d, want %v", kind, n, pts, dts, want[kind][n])
					}
					if tr.Codec.Video() {
						n++
					} else {
						n += len(s.Payload)
					}
				}
				if n != len(want[kind]) {
					t.Errorf("%s: got %d, want %d", kind, n, len(want[kind]))
				}
			}
		})
	}
}

// rewrite reads a transport stream through a hub and writes it again.
func rewrite(t *testing.T, ts []byte) []byte {
	t.Helper()
	hub := media.NewHub(media.HubConfig{})
	defer hub.Close()
	var out bytes.Buffer
	var r *media.Reader
	var w *Writer
	in, err := NewReader(bytes.NewReader(ts))
	if err != nil {
		t.Fatal(err)
	}
	err = pump(context.Background(), hub.Log(), in, func(tracks []media.Track) (*media.Publisher, error) {
		pub, err := hub.Publish(media.PublishRequest{Name: "x", Tracks: tracks})
		if err != nil {
			return nil, err
		}
		r = pub.Stream().NewReader()
		w, err = NewWriter(&out, tracks)
		return pub, err
	}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	units, _, err := r.Drain(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		if err := w.Write(u); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// TestFFmpegReadsWriter has ffmpeg decode what we write, without a complaint.
func TestFFmpegReadsWriter(t *testing.T) {
	for _, args := range []string{
		picture + sound + "-c:v libx264 -bf 2 -b_strategy 0 -c:a aac",
		picture + sound + "-c:v libx265 -x265-params log-level=none -c:a libopus",
		sound + "-c:a aac -mpegts_flags latm",
	} {
		ts := ffmpeg(t, nil, args+" -g 1000 -f mpegts -")
		ours := rewrite(t, ts)
		want, got := probe(t, ts), probe(t, ours)
		if w := len(want["video"]); len(got["video"]) != w {
			t.Errorf("%s: got %d pictures, want %d", args, len(got["video"]), w)
		}
		if len(got["audio"]) == 0 {
			t.Errorf("%s: got no sound", args)
		}
		shift := int64(0)
		for i := range got["video"] {
			g, w := got["video"][i], want["video"][i]
			if i == 0 {
				shift = g[0] - w[0]
			}
			if g[0]-w[0] != shift || g[1]-w[1] != shift {
				t.Fatalf("%s: picture %d: got %v, want %v and %d", args, i, g, w, shift)
			}
		}
		ffmpeg(t, ours, "-xerror -i - -f null -")
	}
}

// TestThroughFFmpeg is how a transcoder's times come back: -copyts, and no delays of its own.
func TestThroughFFmpeg(t *testing.T) {
	ts := ffmpeg(t, nil, sound+"-c:a aac -f mpegts -")
	_, samples := all(t, bytes.NewReader(ts))
	in, err := NewReader(bytes.NewReader(ts))
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []time.Duration{10 * time.Second, 100 * time.Hour} {
		var out bytes.Buffer
		w, err := NewWriter(&out, in.Tracks())
		if err != nil {
			t.Fatal(err)
		}
		at := start
		var want []time.Duration
		for _, s := range samples {
			for _, b := range s.Payload {
				if err := w.Write(&media.Unit{Key: true, PTS: at, DTS: at, Payload: [][]byte{b}}); err != nil {
					t.Fatal(err)
				}
				want = append(want, at)
				at += media.FromTicks(1024, 48000)
			}
		}
		copied := ffmpeg(t, out.Bytes(), "-copyts -i - -c copy -muxdelay 0 -muxpreload 0 -mpegts_copyts 1 -f mpegts -")
		back, err := NewReader(bytes.NewReader(copied))
		if err != nil {
			t.Fatal(err)
		}
		back.Near(start)
		n := 0
		for {
			err := back.Read(func(_ int, s media.Sample) {
				if d := s.PTS - want[n]; d > time.Millisecond || d < -time.Millisecond {
					t.Errorf("from %v: frame %d: got %v, want %v", start, n, s.PTS, want[n])
				}
				n += len(s.Payload)
			})
			if err != nil {
				break
			}
		}
		if n != len(want) {
			t.Errorf("from %v: got %d frames, want %d", start, n, len(want))
		}
	}
}
