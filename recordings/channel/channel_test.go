package channel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"xianfeng/recordings/channel/slate"
)

// line is a segment as a player understands it.
type line struct {
	uri, init  string
	disc       uint64
	at         time.Time
	length     time.Duration
	introduced bool // by a discontinuity
}

// parse reads a playlist as strictly as players do.
func parse(t testing.TB, b []byte) (first uint64, out []line) {
	t.Helper()
	text := string(b)
	if !strings.HasPrefix(text, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:10\n") {
		t.Fatalf("it begins %.100q", text)
	}
	var x line
	var disc uint64
	init, fresh := "", false
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		tag, value, _ := strings.Cut(l, ":")
		switch {
		case tag == "#EXT-X-MEDIA-SEQUENCE":
			first, _ = strconv.ParseUint(value, 10, 64)
		case tag == "#EXT-X-DISCONTINUITY-SEQUENCE":
			disc, _ = strconv.ParseUint(value, 10, 64)
		case l == "#EXT-X-DISCONTINUITY":
			disc++
			x.introduced, fresh = true, false
		case tag == "#EXT-X-MAP":
			init, fresh = value, true
		case tag == "#EXT-X-PROGRAM-DATE-TIME":
			at, err := time.Parse("2006-01-02T15:04:05.000Z", value)
			if err != nil {
				t.Fatal(err)
			}
			x.at = at
		case tag == "#EXTINF":
			v, err := strconv.ParseFloat(strings.TrimSuffix(value, ","), 64)
			if err != nil || v <= 0 || v >= 10.5 {
				t.Fatalf("a segment of %q", value)
			}
			x.length = time.Duration(v*1e6) * time.Microsecond
		case !strings.HasPrefix(l, "#"):
			if init == "" || x.introduced && !fresh {
				t.Fatalf("%s has no initialization section", l)
			}
			x.uri, x.init, x.disc = l, init, disc
			out = append(out, x)
			x = line{}
		}
	}
	return first, out
}

func id(i int) string { return strings.Repeat(string(rune('a'+i)), 20) }

// randomLayouts are items of few seconds to an hour, cut as encoders cut.
func randomLayouts(r *rand.Rand, n int) map[string]Layout {
	out := map[string]Layout{}
	for i := range n {
		l := Layout{Title: "item " + strconv.Itoa(i), Codecs: " H264 AAC", Sound: slate.Sound{Codec: "AAC", Rate: 48000, Channels: 2}}
		segments := 1 + r.IntN(40)
		if r.IntN(4) == 0 {
			segments = 200 + r.IntN(600)
		}
		for k := range segments {
			d := int64(4 * time.Second)
			switch r.IntN(3) {
			case 0:
				d = r.Int64N(int64(6*time.Second)) + int64(4*time.Second) + 7
			case 1:
				d = int64(4004 * time.Millisecond)
			}
			if k == segments-1 {
				d = r.Int64N(int64(4*time.Second)) + int64(200*time.Millisecond)
			}
			l.Runs = append(l.Runs, [2]int64{1, d})
			if k > 0 && r.IntN(30) == 0 {
				l.Breaks = append(l.Breaks, Break{k, r.IntN(3)})
			}
		}
		out[id(i)] = l
	}
	return out
}

func randomPlan(r *rand.Rand, items int) Plan {
	var p Plan
	some := func(most int) (out []string) {
		for range r.IntN(most + 1) {
			out = append(out, id(r.IntN(items)))
		}
		return out
	}
	for range r.IntN(12) {
		e := Entry{Days: r.IntN(128), At: r.IntN(secsADay), Items: some(4), Loop: r.IntN(3) == 0}
		if r.IntN(3) == 0 {
			e.At = 2*3600 + r.IntN(3600) // where clocks are changed
		}
		p.Entries = append(p.Entries, e)
	}
	if r.IntN(2) == 0 {
		p.Filler = some(3)
	}
	return p
}

// What holds for every plan, in every zone, at every moment, while plans are changed and items come and go.
func TestChannelNeverStumbles(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 5))
			zone := []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"}[r.IntN(5)]
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			items := 1 + r.IntN(6)
			layouts := randomLayouts(r, items)
			// Around a midnight, a week's end, or a change of clocks.
			now := []time.Time{
				time.Date(2026, 12, 6, 23, 50, 0, 0, loc), time.Date(2026, 3, 29, 0, 50, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC),
				time.Date(2026, 3, 8, 6, 50, 0, 0, time.UTC), time.Date(2026, 11, 1, 5, 50, 0, 0, time.UTC), time.Date(2027, 4, 3, 14, 50, 0, 0, time.UTC),
			}[r.IntN(6)].Add(time.Duration(r.Int64N(int64(time.Hour))))
			begin := now.Add(-time.Duration(r.IntN(800)) * 24 * time.Hour)
			c, err := (&Channel{Name: "x"}).With(randomPlan(r, items), "X", zone, layouts, begin)
			if err != nil {
				t.Fatal(err)
			}
			gone := map[string]bool{}
			there := func(id string) bool { return !gone[id] }
			known := map[uint64]line{}
			var before uint64
			var high uint64
			tl, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			for step := range 300 {
				switch r.IntN(25) {
				case 0:
					i := id(r.IntN(items))
					gone[i] = !gone[i]
				case 1:
					if c, err = c.With(randomPlan(r, items), "X", zone, layouts, now); err != nil {
						t.Fatal(err)
					}
					b, err := json.Marshal(c)
					if err != nil {
						t.Fatal(err)
					}
					c = &Channel{}
					if err := json.Unmarshal(b, c); err != nil {
						t.Fatal(err)
					}
					if tl, err = New(c); err != nil {
						t.Fatal(err)
					}
				}
				b, from, to := tl.Playlist(nil, now, there)
				first, list := parse(t, b)
				if first != from || uint64(len(list)) != to-from || len(list) == 0 {
					t.Fatalf("step %d: %d segments from %d, want %d to %d", step, len(list), first, from, to)
				}
				if first < before || first+uint64(len(list)) < high {
					t.Fatalf("step %d: the sequence went back from %d…%d to %d…%d", step, before, high, first, first+uint64(len(list)))
				}
				if step > 0 && first > high {
					t.Fatalf("step %d: segments %d to %d were never listed", step, high, first)
				}
				before, high = first, first+uint64(len(list))
				if step%20 == 0 {
					other, err := New(c)
					if err != nil {
						t.Fatal(err)
					}
					if again, _, _ := other.Playlist(nil, now, there); !bytes.Equal(again, b) {
						t.Fatalf("step %d: another process says otherwise:\n%s\n%s", step, b, again)
					}
				}
				for i := range list {
					x := &list[i]
					seq := first + uint64(i)
					if i > 0 {
						if d := x.at.Sub(list[i-1].at.Add(list[i-1].length)); d.Abs() > 2*time.Millisecond {
							t.Fatalf("step %d: segment %d begins %v after the end of the one before\n%s", step, seq, d, b)
						}
					}
					if k, ok := known[seq]; ok {
						vanished := strings.Contains(k.uri, "slate") != strings.Contains(x.uri, "slate")
						if k.at != x.at || k.length != x.length || k.disc != x.disc || !vanished && (k.uri != x.uri || k.init != x.init) {
							t.Fatalf("step %d: segment %d was\n%+v and is\n%+v", step, seq, k, *x)
						}
					}
					known[seq] = *x
				}
				if list[0].at.After(now.Add(-Behind)) && step > 0 || list[len(list)-1].at.Add(list[len(list)-1].length).Before(now.Add(Ahead-11*time.Second)) {
					t.Fatalf("step %d: at %v it goes from %v to %v", step, now, list[0].at, list[len(list)-1].at)
				}
				now = now.Add(time.Duration(r.Int64N(int64(25 * time.Second))))
			}
		})
	}
}

func fixedLayout(n int, each time.Duration) Layout {
	return Layout{Title: "课", Runs: [][2]int64{{int64(n), int64(each)}}, Codecs: " H264 AAC", Sound: slate.Sound{Codec: "AAC", Rate: 48000, Channels: 2}}
}

func TestEntriesBeginWhenThePlanSays(t *testing.T) {
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	layouts := map[string]Layout{id(0): fixedLayout(450, 4*time.Second), id(1): fixedLayout(15, 4*time.Second)}
	p := Plan{Entries: []Entry{{At: 8 * 3600, Items: []string{id(0)}}, {Days: 1, At: 8*3600 + 600, Items: []string{id(1)}, Loop: true}}}
	monday := time.Date(2026, 12, 7, 0, 0, 0, 0, loc)
	c, err := (&Channel{Name: "x"}).With(p, "X", "Asia/Shanghai", layouts, monday.Add(-30*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	tl, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range tl.Guide(monday, monday.Add(48*time.Hour)) {
		got = append(got, fmt.Sprintf("%s-%s %.1s", g.From.In(loc).Format("2 15:04:05"), g.To.In(loc).Format("2 15:04:05"), g.Item))
	}
	want := "7 00:00:00-7 08:00:00 |7 08:00:00-7 08:10:00 a|7 08:10:00-8 08:00:00 b|8 08:00:00-8 08:30:00 a|8 08:30:00-9 00:00:00 "
	want = strings.Replace(want, "7 00:00:00-7 08:00:00 ", "6 08:30:00-7 08:00:00 ", 1)
	if g := strings.Join(got, "|"); !strings.HasPrefix(g, strings.TrimSuffix(want, "9 00:00:00 ")) {
		t.Errorf("got  %s\nwant %s", g, want)
	}
	if it, since := tl.Now(monday.Add(8*time.Hour + 10*time.Minute + 61*time.Second)); it != id(1) || !since.Equal(monday.Add(8*time.Hour+11*time.Minute)) {
		t.Errorf("now: %s since %v", it, since)
	}
	var kinds []string
	for _, x := range tl.Problems(func(i string) bool { return i != id(1) }) {
		kinds = append(kinds, fmt.Sprintf("%s/%d/%d", x.Kind, x.Entry, x.Day))
	}
	if g := strings.Join(kinds, " "); !strings.Contains(g, "cut/0/0") || !strings.Contains(g, "gap/0/1") || !strings.Contains(g, "gone/-1/0") {
		t.Errorf("problems: %s", g)
	}
}

func TestWeeksAreCountedAsOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	layouts := randomLayouts(r, 4)
	p := Plan{Entries: []Entry{{At: 3600, Items: []string{id(0), id(1)}}, {Days: 1 << 6, At: 2*3600 + 1800, Items: []string{id(2)}, Loop: true}, {Days: 1 << 2, At: 7 * 3600, Items: []string{id(3)}}}}
	begin := time.Date(2025, 1, 3, 12, 0, 0, 0, time.UTC)
	c, err := (&Channel{Name: "x"}).With(p, "X", "Europe/Berlin", layouts, begin)
	if err != nil {
		t.Fatal(err)
	}
	tl, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var n uint64
	next, discs := c.Versions[0].Sequence, c.Versions[0].Discontinuity
	tl.each(begin.Add(-longAgo), func(s *segment) bool {
		if s.broken {
			discs++
		}
		if s.seq != next || s.disc != discs {
			t.Errorf("at %v: got %d and %d, want %d and %d", s.at, s.seq, s.disc, next, discs)
			return false
		}
		next++
		if n++; n%50_000 == 0 { // the short way to the same place
			tl.each(s.at, func(x *segment) bool {
				if x.seq != s.seq || x.disc != s.disc || !x.at.Equal(s.at) {
					t.Errorf("at %v: got %d and %d, want %d and %d", s.at, x.seq, x.disc, s.seq, s.disc)
				}
				return false
			})
		}
		return n < 6_000_000 && s.at.Before(begin.Add(400*24*time.Hour))
	})
	if n < 1_000_000 {
		t.Errorf("only %d segments", n)
	}
}

func BenchmarkPlaylist(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	layouts := randomLayouts(r, 20)
	var p Plan
	for i := range 48 {
		p.Entries = append(p.Entries, Entry{At: i * 1800, Items: []string{id(i % 20), id((i + 1) % 20)}, Loop: i%2 == 0})
	}
	begin := time.Date(2024, 1, 3, 12, 0, 0, 0, time.UTC)
	c, err := (&Channel{Name: "x"}).With(p, "X", "Asia/Shanghai", layouts, begin)
	if err != nil {
		b.Fatal(err)
	}
	there := func(string) bool { return true }
	b.Run("warm", func(b *testing.B) {
		tl, err := New(c)
		if err != nil {
			b.Fatal(err)
		}
		now, buf := begin.Add(900*24*time.Hour), []byte(nil)
		b.ReportAllocs()
		for b.Loop() {
			now = now.Add(4 * time.Second)
			buf, _, _ = tl.Playlist(buf[:0], now, there)
		}
	})
	b.Run("first", func(b *testing.B) { // of a process, two and a half years after the plan came into force
		b.ReportAllocs()
		for b.Loop() {
			tl, err := New(c)
			if err != nil {
				b.Fatal(err)
			}
			tl.Playlist(nil, begin.Add(900*24*time.Hour), there)
		}
	})
}
