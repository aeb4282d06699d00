package hls

import (
	"bytes"
	"testing"
	"time"

	library "github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"xianfeng/media"
	"xianfeng/media/fmp4"
)

// The bytes of parts and segments hold every unit once, in order, with its times.
func TestBoxesParse(t *testing.T) {
	s := newScript(t, testPPS)
	s.av(media.Origin, 6*time.Second, 25, true, every(40*time.Millisecond))
	for _, u := range s.units {
		if u.Track == 0 {
			u.PTS += time.Duration(u.Seq%3) * 40 * time.Millisecond // as with B-frames
		}
	}
	m := testMuxer(t, videoTrack(), soundTrack())
	watch(m, s.units, func(*snapshot) {})
	m.end()
	x := m.now.Load()
	var init library.Init
	if err := init.Unmarshal(bytes.NewReader(x.init.body)); err != nil || len(init.Tracks) != 2 {
		t.Fatalf("init: got %d tracks, %v", len(init.Tracks), err)
	}
	type unit struct {
		dts, pts int64
		key      bool
		size     int
	}
	got := map[int][]unit{}
	ends := map[int]uint64{}
	for _, g := range x.kept {
		var body []byte
		for _, p := range g.parts {
			body = append(body, p.body...)
		}
		if len(body) != g.size {
			t.Fatalf("segment size: got %d, want %d", len(body), g.size)
		}
		var parts library.Parts
		if err := parts.Unmarshal(body); err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			for _, tr := range p.Tracks {
				at := tr.BaseTime
				if end, ok := ends[tr.ID]; ok && end != at {
					t.Fatalf("track %d: part begins at %d, the one before ended at %d", tr.ID, at, end)
				}
				for _, a := range tr.Samples {
					got[tr.ID] = append(got[tr.ID], unit{int64(at), int64(at) + int64(a.PTSOffset), !a.IsNonSyncSample, len(a.Payload)})
					at += uint64(a.Duration)
				}
				ends[tr.ID] = at
			}
		}
	}
	for i, tr := range []media.Track{videoTrack(), soundTrack()} {
		var want []unit
		for _, u := range s.units {
			if u.Track == i {
				want = append(want, unit{media.Ticks(u.DTS, tr.ClockRate()), media.Ticks(u.PTS, tr.ClockRate()), u.Key, fmp4.SampleSize(tr.Codec, u)})
			}
		}
		have := got[i+1]
		// The end of the picture is the end of the stream: sound past it is dropped.
		if len(have) > len(want) || len(have) < len(want)-2 || i == 0 && len(have) != len(want) {
			t.Fatalf("track %d: got %d units, want %d", i, len(have), len(want))
		}
		for k := range have {
			if have[k] != want[k] {
				t.Fatalf("track %d unit %d: got %+v, want %+v", i, k, have[k], want[k])
			}
		}
	}
}
