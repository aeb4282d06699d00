package recordings_test

import (
	"strings"
	"testing"
	"time"

	"xianfeng/recordings"
)

func TestAnItemOnAirKeepsTheTime(t *testing.T) {
	it := &recordings.Item{ID: "x", Inits: 2}
	for i := range 60 {
		s := recordings.Segment{Duration: 4 * time.Second, Size: 1}
		if i >= 20 {
			s.Init, s.Break = 1, i == 20
		}
		it.Segments = append(it.Segments, s)
	}
	from := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	text := func(after time.Duration) string { return string(it.AppendLive(nil, from, from.Add(after), "../../")) }
	for _, x := range []struct {
		after     time.Duration
		want, not []string
	}{
		{0, []string{"SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n", `MAP:URI="../../i0.mp4"`, "DATE-TIME:2026-12-01T08:00:00.000Z\n#EXTINF:4.000000,\n../../s0.mp4", "s5.mp4"}, []string{"s6.mp4", "ENDLIST"}},
		{80 * time.Second, []string{"SEQUENCE:12\n", "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"../../i1.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:2026-12-01T08:01:20.000Z"}, []string{"/s11.mp4", "ENDLIST"}},
		{2 * time.Minute, []string{"DISCONTINUITY-SEQUENCE:1\n#EXT-X-MAP:URI=\"../../i1.mp4\""}, []string{"#EXT-X-DISCONTINUITY\n"}},
		{250 * time.Second, []string{"s59.mp4\n#EXT-X-ENDLIST\n"}, nil},
		{time.Hour, []string{"MEDIA-SEQUENCE:59\n", "s59.mp4\n#EXT-X-ENDLIST\n"}, nil},
	} {
		got := text(x.after)
		for _, w := range x.want {
			if !strings.Contains(got, w) {
				t.Errorf("after %v: no %q in\n%s", x.after, w, got)
			}
		}
		for _, w := range x.not {
			if strings.Contains(got, w) {
				t.Errorf("after %v: %q in\n%s", x.after, w, got)
			}
		}
	}
}
