package whip

import (
	"testing"
	"time"

	"github.com/pion/rtp"

	"xianfeng/media"
)

func seqs(list []*rtp.Packet) (out []uint16) {
	for _, p := range list {
		out = append(out, p.SequenceNumber)
	}
	return out
}

func packetOf(seq uint16) *rtp.Packet { return &rtp.Packet{Header: rtp.Header{SequenceNumber: seq}} }

func TestReorder(t *testing.T) {
	now := time.Unix(1000, 0)
	for name, x := range map[string]struct {
		in   []uint16
		want []uint16
		lost int
	}{
		"in order":         {[]uint16{65534, 65535, 0, 1}, []uint16{65534, 65535, 0, 1}, 0},
		"swapped":          {[]uint16{1, 3, 2, 4}, []uint16{1, 2, 3, 4}, 0},
		"doubled":          {[]uint16{1, 2, 2, 1, 3}, []uint16{1, 2, 3}, 0},
		"far behind":       {[]uint16{10, 12, 13, 14, 11, 15}, []uint16{10, 11, 12, 13, 14, 15}, 0},
		"a new source":     {[]uint16{10, 30000, 30001}, []uint16{10, 30000, 30001}, 0},
		"late, first seen": {[]uint16{10, 9, 11}, []uint16{10, 11}, 0},
	} {
		r := &reorder{wait: time.Second}
		var out []*rtp.Packet
		lost := 0
		for _, seq := range x.in {
			var n int
			out, n = r.push(out, packetOf(seq), now)
			lost += n
		}
		if got := seqs(out); len(got) != len(x.want) || lost != x.lost {
			t.Errorf("%s: got %v, %d lost; want %v, %d", name, got, lost, x.want, x.lost)
		} else {
			for i := range got {
				if got[i] != x.want[i] {
					t.Errorf("%s: got %v, want %v", name, got, x.want)
					break
				}
			}
		}
	}
}

func TestReorderGivesUp(t *testing.T) {
	now := time.Unix(1000, 0)
	r := &reorder{wait: 100 * time.Millisecond}
	out, _ := r.push(nil, packetOf(1), now)
	out, _ = r.push(out, packetOf(4), now)
	out, lost := r.push(out, packetOf(5), now.Add(50*time.Millisecond))
	if len(out) != 1 || lost != 0 {
		t.Fatalf("got %v, %d lost; want to wait", seqs(out), lost)
	}
	out, lost = r.push(out, packetOf(6), now.Add(150*time.Millisecond))
	if len(out) != 4 || lost != 2 {
		t.Errorf("got %v, %d lost; want 4 packets, 2 lost", seqs(out), lost)
	}
	for i := range uint16(2000) { // never more than the limit are kept
		_, _ = r.push(nil, packetOf(8+i), now)
		if len(r.kept) > reorderLimit {
			t.Fatalf("%d packets are kept", len(r.kept))
		}
	}
}

func FuzzReorder(f *testing.F) {
	f.Add([]byte{0, 1, 2, 4, 3, 200, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &reorder{wait: 10 * time.Millisecond}
		now := time.Unix(1000, 0)
		got := 0
		for i, x := range b {
			now = now.Add(time.Duration(x&7) * time.Millisecond)
			out, _ := r.push(nil, packetOf(uint16(i)+uint16(x)<<5), now)
			got += len(out)
			if len(r.kept) > reorderLimit {
				t.Fatal("too many are kept")
			}
		}
		if got > len(b) {
			t.Fatalf("%d packets came out of %d", got, len(b))
		}
	})
}

// ntpOf is a wall clock as sender reports have it.
func ntpOf(at time.Time) uint64 {
	return uint64(at.Unix()+2208988800)<<32 | uint64(at.Nanosecond())<<32/uint64(time.Second)
}

func TestSenderReportsPutTracksOnOneClock(t *testing.T) {
	var all clocks
	video, audio := &clock{all: &all, rate: 90000}, &clock{all: &all, rate: 48000}
	wall := time.Unix(1_800_000_000, 0)
	// Captured at the same moment, but the sound arrives 150 ms after the picture.
	const v0, a0 = uint32(0xfffffff0), uint32(77)
	at := func(c *clock, first uint32, n int, late time.Duration) (time.Duration, time.Time) {
		d := time.Duration(n) * 20 * time.Millisecond
		return c.time(first+uint32(media.Ticks(d, c.rate)), wall.Add(d+late))
	}
	v, _ := at(video, v0, 0, 0)
	a, _ := at(audio, a0, 0, 150*time.Millisecond)
	if d := a - v; d != 150*time.Millisecond {
		t.Fatalf("before any report: got %v between the tracks, want 150ms as they arrived", d)
	}
	video.report(ntpOf(wall), v0)
	audio.report(ntpOf(wall), a0)
	last := a
	for n := 1; n < 1000; n++ {
		var capture time.Time
		v, _ = at(video, v0, n, 0)
		a, capture = at(audio, a0, n, 150*time.Millisecond)
		if a <= last {
			t.Fatalf("packet %d: time went from %v to %v", n, last, a)
		}
		if d := capture.Sub(wall.Add(time.Duration(n) * 20 * time.Millisecond)).Abs(); d > time.Millisecond {
			t.Fatalf("packet %d: capture is off by %v", n, d)
		}
		last = a
	}
	if d := (a - v).Abs(); d > slewFrom {
		t.Errorf("afterwards: got %v between the tracks, want less than %v", d, slewFrom)
	}
}

func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n")
	f.Add("a=ice-ufrag\n")
	f.Add("m=\r\na=mid")
	f.Add("x")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseFragment([]byte(s))
		if err == nil && (len(p.candidates) > maxCandidates || len(p.ufrag) > 256) {
			t.Fatal("too much was let in")
		}
	})
}

func TestFragment(t *testing.T) {
	p, err := parseFragment([]byte("a=ice-ufrag:EsAw\na=ice-pwd:P2u\nm=audio 9 RTP/AVP 0\na=mid:0\na=candidate:1 1 udp 1 192.0.2.1 61764 typ host\nm=video 9 RTP/AVP 0\na=candidate:2 1 udp 1 192.0.2.1 61765 typ host\na=end-of-candidates\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p.ufrag != "EsAw" || p.pwd != "P2u" || !p.end || len(p.candidates) != 2 || p.candidates[0].mid != "0" || p.candidates[1].mid != "" {
		t.Errorf("got %+v", p)
	}
}

func FuzzIsKey(f *testing.F) {
	f.Add(uint8(media.VP9), []byte{0x82, 0x49, 0x83, 0x42})
	f.Add(uint8(media.H264), []byte{0x65})
	f.Fuzz(func(_ *testing.T, c uint8, b []byte) { isKey(media.Codec(c), [][]byte{b, nil}) })
}

func TestIsKey(t *testing.T) {
	for _, x := range []struct {
		codec media.Codec
		b     byte
		want  bool
	}{
		{media.H264, 0x65, true},
		{media.H264, 0x41, false},
		{media.H265, 19 << 1, true},
		{media.H265, 1 << 1, false},
		{media.VP8, 0x10, true},
		{media.VP8, 0x11, false},
		{media.VP9, 0x82, true},
		{media.VP9, 0x86, false},
		{media.AV1, 1 << 3, true},
		{media.AV1, 6 << 3, false},
	} {
		if got := isKey(x.codec, [][]byte{{x.b}}); got != x.want {
			t.Errorf("%v %#x: got %v, want %v", x.codec, x.b, got, x.want)
		}
	}
}
