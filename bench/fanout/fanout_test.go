package main

import (
	"bytes"
	"compress/gzip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStamp(t *testing.T) {
	want := time.Unix(0, 1764000000123456789)
	var got []time.Time
	findStamps(append([]byte("before"), append(stampNAL(want), stampUUID...)...), func(at time.Time) { got = append(got, at) })
	if len(got) != 1 || !got[0].Equal(want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestFrames(t *testing.T) {
	at := time.Unix(0, 1764000000123456789)
	type packet struct {
		payload     []byte
		ts          uint32
		marker, gap bool
	}
	stap := append([]byte{0x78, 0, 2, 0x67, 1, 0, byte(len(stampNAL(at)))}, stampNAL(at)...)
	for name, c := range map[string]struct {
		in   []packet
		want []unit
	}{
		"a key frame at the start": {
			[]packet{{stap, 1, false, false}, {[]byte{0x7c, 0x85}, 1, false, false}, {[]byte{0x7c, 0x45}, 1, true, false}},
			[]unit{{at, true, true}},
		},
		"starting in the middle": {
			[]packet{{[]byte{0x7c, 0x05}, 1, true, false}, {[]byte{0x41, 0}, 2, true, false}},
			[]unit{{time.Time{}, false, false}, {time.Time{}, false, true}},
		},
		"a gap within": {
			[]packet{{[]byte{0x67, 1}, 1, false, false}, {[]byte{0x65, 1}, 1, true, true}},
			[]unit{{time.Time{}, true, false}},
		},
		"the end is lost": {
			[]packet{{[]byte{0x67, 1}, 1, false, false}, {[]byte{0x41, 1}, 2, true, true}},
			[]unit{{time.Time{}, false, false}},
		},
		"a key frame in one packet with others": {
			[]packet{{[]byte{0x78, 0, 2, 0x67, 1, 0, 2, 0x65, 1}, 1, true, false}},
			[]unit{{time.Time{}, true, true}},
		},
	} {
		var f frames
		var got []unit
		for _, p := range c.in {
			if u, ok := f.packet(p.payload, p.ts, p.marker, p.gap); ok {
				got = append(got, u)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
			continue
		}
		for i := range got {
			if !got[i].stamp.Equal(c.want[i].stamp) || got[i].key != c.want[i].key || got[i].intact != c.want[i].intact {
				t.Errorf("%s: unit %d = %+v, want %+v", name, i, got[i], c.want[i])
			}
		}
	}
}

func TestSeqGap(t *testing.T) {
	var g seqGap
	for i, c := range []struct {
		seq  uint16
		lost int
		late bool
	}{{65534, 0, false}, {65535, 0, false}, {2, 2, false}, {1, 0, true}, {3, 0, false}, {3, 0, true}} {
		if lost, late := g.see(c.seq); lost != c.lost || late != c.late {
			t.Errorf("packet %d: see(%d) = %d, %v, want %d, %v", i, c.seq, lost, late, c.lost, c.late)
		}
	}
}

const playlist = `#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.00000,
7.mp4
#EXT-X-PART:DURATION=0.2,URI="8.0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.16,URI="8.1.mp4"
`

func TestPlaylists(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(playlist)) //nolint:errcheck // memory
	z.Close()                 //nolint:errcheck // memory
	var c playlists
	for name, a := range map[string]*answer{"plain": {body: []byte(playlist)}, "zipped": {body: zipped.Bytes(), gzipped: true}} {
		p, err := c.parse(a)
		if err != nil {
			t.Fatal(err)
		}
		if !p.canBlock || p.hold != 600*time.Millisecond || p.init != "init.mp4" || p.nextMSN != 8 || p.nextPart != 2 || len(p.segments) != 1 {
			t.Errorf("%s: %+v", name, p)
		}
		want := []piece{{"8.0.mp4", 200 * time.Millisecond, true}, {"8.1.mp4", 160 * time.Millisecond, false}}
		if got := p.pieces(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s: parts %+v, want %+v", name, got, want)
		}
		if again, err := c.parse(a); err != nil || again != p {
			t.Errorf("%s: parsed again: %p, %v, want %p", name, again, err, p)
		}
	}
}

func TestVariants(t *testing.T) {
	got := variants([]byte("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"a.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nw.m3u8\n"))
	if len(got) != 2 || got[0] != (variant{"a.m3u8", false}) || got[1] != (variant{"v.m3u8", true}) {
		t.Errorf("variants = %+v", got)
	}
}

func TestPlayerStalls(t *testing.T) {
	const part, hold = 200 * time.Millisecond, 600 * time.Millisecond
	var p player
	now := time.Unix(0, 0)
	for i := range 6 {
		if i > 0 {
			now = now.Add(part)
		}
		if stall := p.have(now, part, hold); stall != 0 {
			t.Fatalf("part %d: stalled %v, want 0", i, stall)
		}
	}
	if stall := p.have(now.Add(hold+30*time.Millisecond), part, hold); stall != 30*time.Millisecond {
		t.Errorf("stalled %v, want 30ms", stall)
	}
	if stall := p.have(now.Add(hold+30*time.Millisecond+part), part, hold); stall != 0 {
		t.Errorf("stalled %v after it went on, want 0", stall)
	}
}

func TestSumDrops(t *testing.T) {
	table := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n" +
		"  1: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   0        0 111 2 0000 5\n" +
		"  2: 00000000:14EA 00000000:0000 07 00000000:00000000 00:00000000 00000000   0        0 222 2 0000 7\n"
	if got := sumDrops(table, map[string]bool{"222": true}); got != 7 {
		t.Errorf("sumDrops = %d, want 7", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(playlist))
	f.Add([]byte("a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=rtpmap:96 H264/90000\r\n"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		parseMedia(b)
		variants(b)
		parseAnswer(string(b)) //nolint:errcheck // it must not panic, no more
		splitAccessUnits(b)
		var fr frames
		fr.packet(b, 1, true, false)
	})
}
