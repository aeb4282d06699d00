package mpegts

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"xianfeng/media"
)

func aacTrack() media.Track {
	return media.Track{
		Codec: media.AAC, SampleRate: 48000, Channels: 2,
		AAC: &mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2},
	}
}

func opusTrack() media.Track { return media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2} }

// nal returns a NAL unit of n bytes with that header, free of start codes and of zeros at its end.
func nal(r *rand.Rand, n int, header ...byte) []byte {
	b := append(make([]byte, 0, n), header...)
	for len(b) < n {
		b = append(b, byte(1+r.IntN(255)))
	}
	return b
}

// randomUnits returns units of tracks with times around and across the wrap of 33 bits.
func randomUnits(r *rand.Rand, tracks []media.Track, n int) []media.Unit {
	var out []media.Unit
	at := int64(r.Uint64N(1 << 35))
	if r.IntN(2) == 0 {
		at = 1<<33*int64(1+r.IntN(3)) - int64(r.IntN(n*3000))
	}
	for i := range n {
		at += int64(r.IntN(6000))
		u := media.Unit{Track: i % len(tracks), DTS: media.FromTicks(at, clockRate), Key: true}
		u.PTS = u.DTS
		size := 1 + r.IntN(300)
		switch tracks[u.Track].Codec {
		case media.H264:
			u.PTS = media.FromTicks(at+int64(r.IntN(20000)), clockRate)
			u.Key = r.IntN(10) == 0
			u.Payload = [][]byte{nal(r, 2+r.IntN(500), 0x41), nal(r, 2+r.IntN(80000), 0x41)}
		case media.H265:
			u.PTS = media.FromTicks(at+int64(r.IntN(20000)), clockRate)
			u.Key = r.IntN(10) == 0
			u.Payload = [][]byte{nal(r, 3+r.IntN(500), 2, 1), nal(r, 3+r.IntN(3000), 2, 1)}
		default:
			u.Payload = [][]byte{nal(r, size)}
		}
		out = append(out, u)
	}
	return out
}

// strip removes what a Writer adds in front of pictures.
func strip(c media.Codec, payload [][]byte) [][]byte {
	if c.Video() {
		return payload[1:]
	}
	return payload
}

// chunks checks that everything comes in whole packets that fit a datagram.
type chunks struct {
	t   *testing.T
	buf bytes.Buffer
}

func (c *chunks) Write(p []byte) (int, error) {
	if len(p) == 0 || len(p)%packetSize != 0 || len(p) > ChunkSize {
		c.t.Errorf("got a chunk of %d bytes, want whole packets, at most %d bytes", len(p), ChunkSize)
	}
	return c.buf.Write(p)
}

func TestWriterReaderRoundTrip(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		tracks := [][]media.Track{
			{{Codec: media.H264}, aacTrack()},
			{{Codec: media.H265}, opusTrack()},
			{aacTrack()},
			{opusTrack(), {Codec: media.H264}},
		}[seed%4]
		units := randomUnits(r, tracks, 40)
		out := &chunks{t: t}
		w, err := NewWriter(out, tracks)
		if err != nil {
			t.Fatal(err)
		}
		for i := range units {
			if err := w.Write(&units[i]); err != nil {
				t.Fatal(err)
			}
		}
		in, err := NewReader(&out.buf)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		in.Near(units[0].DTS)
		got := map[media.Codec][]media.Sample{}
		for {
			err := in.Read(func(track int, s media.Sample) {
				c := in.Tracks()[track].Codec
				s.Payload = strip(c, s.Payload)
				got[c] = append(got[c], s)
			})
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		for i := range tracks {
			c := tracks[i].Codec
			var want []media.Sample
			for _, u := range units {
				if u.Track == i {
					want = append(want, media.Sample{PTS: u.PTS, DTS: u.DTS, HasDTS: true, Payload: u.Payload})
				}
			}
			if len(got[c]) != len(want) {
				t.Fatalf("seed %d: %s: got %d samples, want %d", seed, c, len(got[c]), len(want))
			}
			for k := range want {
				if !reflect.DeepEqual(got[c][k], want[k]) {
					t.Fatalf("seed %d: %s sample %d: got PTS %v DTS %v, want %v %v (or the payload differs)", seed, c, k, got[c][k].PTS, got[c][k].DTS, want[k].PTS, want[k].DTS)
				}
			}
		}
		if in.Lost() != 0 || in.Broken() != 0 {
			t.Errorf("seed %d: got %d lost and %d broken, want none", seed, in.Lost(), in.Broken())
		}
	}
}

// TestWriterReadByMediacommon has another implementation read what we write.
func TestWriterReadByMediacommon(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	tracks := []media.Track{{Codec: media.H264}, aacTrack()}
	units := randomUnits(r, tracks, 60)
	var out bytes.Buffer
	w, err := NewWriter(&out, tracks)
	if err != nil {
		t.Fatal(err)
	}
	for i := range units {
		if err := w.Write(&units[i]); err != nil {
			t.Fatal(err)
		}
	}
	in := &mpegts.Reader{R: &out}
	if err := in.Initialize(); err != nil {
		t.Fatal(err)
	}
	in.OnDecodeError(func(err error) { t.Errorf("decode: %v", err) })
	var got [2]int
	check := func(track int, pts, dts int64, payload [][]byte) error {
		var want *media.Unit
		for i, n := 0, 0; i < len(units); i++ {
			if units[i].Track == track {
				if n == got[track] {
					want = &units[i]
				}
				n++
			}
		}
		got[track]++
		if want == nil {
			t.Fatalf("track %d: a unit too many", track)
		}
		if p, d := media.Ticks(want.PTS, clockRate)&clockMask, media.Ticks(want.DTS, clockRate)&clockMask; p != pts || d != dts {
			t.Errorf("track %d: got %d %d, want %d %d", track, pts, dts, p, d)
		}
		if !reflect.DeepEqual(payload, want.Payload) {
			t.Errorf("track %d: the payload differs", track)
		}
		return nil
	}
	for _, tr := range in.Tracks() {
		switch tr.Codec.(type) {
		case *codecs.H264:
			in.OnDataH264(tr, func(pts, dts int64, au [][]byte) error {
				if len(au) == 3 {
					au = au[1:]
				}
				return check(0, pts, dts, au)
			})
		case *codecs.MPEG4Audio:
			in.OnDataMPEG4Audio(tr, func(pts int64, aus [][]byte) error { return check(1, pts, pts, aus) })
		}
	}
	for {
		if err := in.Read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if got != [2]int{30, 30} {
		t.Errorf("got %v units, want 30 of each", got)
	}
}

func TestWriterLeavesOut(t *testing.T) {
	for _, c := range []media.Codec{media.VP8, media.VP9, media.AV1, media.PCMA, media.PCMU} {
		if _, err := NewWriter(io.Discard, []media.Track{{Codec: c, SampleRate: 8000, Channels: 1}}); !errors.Is(err, media.ErrCodec) {
			t.Errorf("%s alone: got %v, want ErrCodec", c, err)
		}
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, []media.Track{{Codec: media.VP8}, opusTrack()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&media.Unit{Track: 0, Payload: [][]byte{{1}}}); err != nil || out.Len() != 0 {
		t.Errorf("a left-out unit: got %d bytes and %v, want nothing", out.Len(), err)
	}
	if err := w.Write(&media.Unit{Track: 1, Payload: [][]byte{{1}}}); err != nil || out.Len() == 0 {
		t.Errorf("the other: got %d bytes and %v, want some", out.Len(), err)
	}
}

func TestReaderNear(t *testing.T) {
	for _, at := range []time.Duration{0, time.Hour, 30 * time.Hour, 1000 * time.Hour} {
		var out bytes.Buffer
		w, err := NewWriter(&out, []media.Track{opusTrack()})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(&media.Unit{PTS: at, DTS: at, Payload: [][]byte{{1}}}); err != nil {
			t.Fatal(err)
		}
		for _, off := range []time.Duration{-time.Hour, 0, time.Hour} {
			in, err := NewReader(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			in.Near(at + off)
			if err := in.Read(func(_ int, s media.Sample) {
				if s.PTS != at {
					t.Errorf("near %v: got %v, want %v", at+off, s.PTS, at)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	tracks := []media.Track{{Codec: media.H264}, aacTrack()}
	u := media.Unit{Payload: [][]byte{nal(r, 20000, 0x41)}}
	w, err := NewWriter(io.Discard, tracks)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(20000)
	b.ReportAllocs()
	for b.Loop() {
		u.PTS += 40 * time.Millisecond
		u.DTS = u.PTS
		if err := w.Write(&u); err != nil {
			b.Fatal(err)
		}
	}
}
