package hls

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"

	"xianfeng/media"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
	}
}

func full(s *snapshot) []byte { return s.page(pageFull).body }

func TestPlaylistGolden(t *testing.T) {
	s := newScript(t, testPPS)
	end := s.av(media.Origin, 4200*time.Millisecond, 25, true, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack(), soundTrack())
	watch(m, s.units, func(*snapshot) {})
	golden(t, "live.m3u8", full(m.now.Load()))
	golden(t, "index.m3u8", m.now.Load().master.plain.body)

	// Another publisher, another encoder, and then the end.
	s.units, s.epoch = nil, 1
	s.params, _ = media.NewH264Params(testSPS, newPPS)
	s.av(end+3*time.Second, 1500*time.Millisecond, 25, true, every(40*time.Millisecond))
	watch(m, s.units, func(*snapshot) {})
	m.end()
	golden(t, "ended.m3u8", full(m.now.Load()))
}

func TestPlaylistGoldenSoundOnly(t *testing.T) {
	tr := soundTrack()
	m := testMuxer(t, tr)
	watch(m, soundUnits(5*time.Second), func(*snapshot) {})
	golden(t, "sound.m3u8", full(m.now.Load()))
	golden(t, "sound-index.m3u8", m.now.Load().master.plain.body)
}

func soundUnits(length time.Duration) []*media.Unit {
	s := &script{}
	for i := int64(0); media.FromTicks(i*1024, 48000) < length; i++ {
		s.add(1, true, media.Origin+media.FromTicks(i*1024, 48000), 200)
		s.units[i].Track = 0
	}
	return s.units
}

func TestTargetsNeverChange(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	jitter := func(d, j time.Duration) func(int) time.Duration {
		return func(int) time.Duration { return d + time.Duration(rng.Int64N(int64(2*j))) - j }
	}
	// Time stamps whose places jitter, but not their rate.
	wobble := func(rate float64, j time.Duration) func(int) time.Duration {
		var before time.Duration
		return func(i int) time.Duration {
			at := time.Duration(float64(i+1)/rate*1e9) + time.Duration(rng.Int64N(int64(j)))
			d := at - before
			before = at
			return d
		}
	}
	for _, c := range []struct {
		name   string
		gop    int
		gap    func(int) time.Duration
		strict bool // the distance of pictures leaves room to keep the lower bound
	}{
		{"25 fps", 50, every(40 * time.Millisecond), true},
		{"24 fps", 48, every(time.Second / 24), true},
		{"30 fps in whole milliseconds", 60, func(i int) time.Duration { return time.Duration(33+(i%3)/2) * time.Millisecond }, true},
		{"60 fps", 120, every(time.Second / 60), true},
		{"12 fps", 24, every(time.Second / 12), true},
		{"2 fps", 4, every(time.Second / 2), true},
		{"50 fps, wobbling", 100, wobble(50, 9*time.Millisecond), true},
		{"30 fps, some frames missing", 60, func(int) time.Duration {
			return time.Second / 30 * time.Duration(1+rng.IntN(6)/5)
		}, false},
		{"30 fps, then 7", 60, func(i int) time.Duration {
			if i < 300 {
				return time.Second / 30
			}
			return time.Second / 7
		}, false},
		{"variable", 60, jitter(30*time.Millisecond, 20*time.Millisecond), false},
		{"groups of 30 s", 750, every(40 * time.Millisecond), true},
		{"groups of random length", 1 << 30, every(40 * time.Millisecond), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScript(t, testPPS)
			s.av(media.Origin, 90*time.Second, c.gop, true, c.gap)
			if c.gop == 1<<30 {
				for _, u := range s.units {
					u.Key = u.Key || u.Track == 0 && rng.IntN(100) == 0
				}
			}
			m := testMuxer(t, videoTrack(), soundTrack())
			target, part, n := "", "", 0
			watch(m, s.units, func(x *snapshot) {
				n++
				a, b := checkRules(t, full(x), c.strict)
				if target == "" {
					target, part = a, b
				}
				if a != target || b != part {
					t.Fatalf("targets changed from %s, %s to %s, %s", target, part, a, b)
				}
			})
			if n < 60 {
				t.Errorf("got %d playlists, want more", n)
			}
		})
	}
	t.Run("sound only", func(t *testing.T) {
		m := testMuxer(t, soundTrack())
		n := 0
		watch(m, soundUnits(30*time.Second), func(x *snapshot) {
			n++
			if a, b := checkRules(t, full(x), true); a != "3" || b != "0.202" {
				t.Fatalf("targets: got %s, %s, want 3, 0.202", a, b)
			}
		})
		if n < 120 {
			t.Errorf("got %d playlists, want more", n)
		}
	})
}

// Every playlist must be the one before plus something, minus segments at its beginning: numbers, names and
// times of what stays do not change.
func TestPlaylistsFollowOneAnother(t *testing.T) {
	s := newScript(t, testPPS)
	s.av(media.Origin, 60*time.Second, 50, true, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack(), soundTrack())
	seen := map[string]string{}
	var parts uint64
	watch(m, s.units, func(x *snapshot) {
		var p playlist.Media
		if err := p.Unmarshal(full(x)); err != nil {
			t.Fatalf("%v\n%s", err, full(x))
		}
		for i, g := range p.Segments {
			if g.DateTime == nil {
				t.Fatalf("segment %d without date", p.MediaSequence+i)
			}
			what := g.Duration.String() + g.DateTime.String()
			if old := seen[g.URI]; old != "" && old != what {
				t.Fatalf("%s changed from %s to %s", g.URI, old, what)
			}
			seen[g.URI] = what
			if want := fileName("ID", 's', uint64(p.MediaSequence+i)); g.URI != want {
				t.Fatalf("got %s, want %s", g.URI, want)
			}
		}
		if p.PreloadHint == nil || p.PreloadHint.URI != fileName("ID", 'p', x.hint) {
			t.Fatalf("hint: got %v", p.PreloadHint)
		}
		if x.hint < parts {
			t.Fatalf("hint went back")
		}
		parts = x.hint
	})
	if len(seen) < 25 {
		t.Errorf("got %d segments, want more", len(seen))
	}
}

func TestDeltaObeysSkipBoundary(t *testing.T) {
	s := newScript(t, testPPS)
	s.av(media.Origin, 90*time.Second, 25, true, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack(), soundTrack())
	m.cfg.segments = 40
	skipped := 0
	watch(m, s.units, func(x *snapshot) {
		whole, delta := full(x), x.page(pageDelta).body
		n := x.skippable()
		if n == 0 {
			if !bytes.Equal(whole, delta) {
				t.Fatal("delta differs though nothing can be skipped")
			}
			return
		}
		skipped = n
		var a, b playlist.Media
		if err := a.Unmarshal(whole); err != nil {
			t.Fatal(err)
		}
		if err := b.Unmarshal(delta); err != nil {
			t.Fatal(err)
		}
		if b.Skip == nil || b.Skip.SkippedSegments != n || len(b.Segments) != len(a.Segments)-n || b.MediaSequence != a.MediaSequence {
			t.Fatalf("skipping %d:\n%s", n, delta)
		}
		var left time.Duration
		for _, g := range a.Segments[n:] {
			left += g.Duration
		}
		for _, p := range x.parts {
			left += p.dur
		}
		boundary := time.Duration(6*x.target) * time.Second
		if left < boundary-time.Millisecond {
			t.Fatalf("skipped up to %v before the end, boundary %v", left, boundary)
		}
		if left-a.Segments[n].Duration >= boundary+time.Millisecond {
			t.Fatalf("kept a segment that lies wholly before the boundary")
		}
	})
	if skipped < 20 {
		t.Errorf("skipped %d segments, want 20 or more", skipped)
	}
}

func TestNewPublisherMakesOneDiscontinuity(t *testing.T) {
	s := newScript(t, testPPS)
	end := s.av(media.Origin, 3300*time.Millisecond, 25, true, every(40*time.Millisecond))
	s.epoch++
	s.av(end+2*time.Second, 40*time.Second, 25, true, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack(), soundTrack())
	most := 0
	watch(m, s.units, func(x *snapshot) {
		most = max(most, bytes.Count(full(x), []byte("#EXT-X-DISCONTINUITY\n")))
		if n := bytes.Count(full(x), []byte("#EXT-X-MAP")); n != 1 {
			t.Fatalf("got %d EXT-X-MAP, want 1: the parameters are the same\n%s", n, full(x))
		}
		checkRules(t, full(x), true)
	})
	if most != 1 {
		t.Errorf("got %d discontinuities, want 1", most)
	}
	if got := tags(t, full(m.now.Load()), `#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)`); got[0] != "1" {
		t.Errorf("discontinuity sequence after it passed: got %s, want 1", got[0])
	}
}

func TestNewParametersMakeANewInit(t *testing.T) {
	s := newScript(t, testPPS)
	end := s.av(media.Origin, 2*time.Second, 25, true, every(40*time.Millisecond))
	s.params, _ = media.NewH264Params(testSPS, newPPS)
	s.av(end, 2100*time.Millisecond, 25, true, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack(), soundTrack())
	watch(m, s.units, func(*snapshot) {})
	x := m.now.Load()
	if got := tags(t, full(x), `(#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="ID_i1.mp4"\n)`); len(got) != 1 {
		t.Fatalf("want one discontinuity with a new map in\n%s", full(x))
	}
	for i := range uint64(2) {
		if f, ok := x.findInit(i); !ok || f.num != i {
			t.Errorf("init %d is gone while it is listed", i)
		}
	}
	if a, b := x.kept[0].init.body, x.init.body; bytes.Equal(a, b) {
		t.Error("the inits are the same")
	}
}

func TestPictureStandsStillSoundGoesOn(t *testing.T) {
	s := newScript(t, testPPS)
	end := s.av(media.Origin, 3*time.Second, 25, true, every(40*time.Millisecond))
	for i := range 500 {
		s.add(1, true, end+time.Duration(i+1)*1024*time.Second/48000, 200)
	}
	last := s.units[len(s.units)-1].DTS
	s.av(last+40*time.Millisecond, 3*time.Second, 25, true, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack(), soundTrack())
	var during []time.Duration
	var before uint64
	for _, u := range s.units {
		m.push(u)
		if x := m.now.Load(); x.hint != before {
			before = x.hint
			during = append(during, u.DTS)
		}
		for _, l := range m.lanes {
			if len(l.ready) > 200 {
				t.Fatalf("%d units pile up", len(l.ready))
			}
		}
	}
	for i := 1; i < len(during); i++ {
		if d := during[i] - during[i-1]; d > stallAfter+500*time.Millisecond {
			t.Errorf("no part for %v", d)
		}
	}
	if n := len(during); n < 60 {
		t.Errorf("got %d parts, want more", n)
	}
}

func TestMissedUnitsAreADiscontinuity(t *testing.T) {
	s := newScript(t, testPPS)
	s.av(media.Origin, 6*time.Second, 25, false, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack())
	for i, u := range s.units {
		if i < 60 || i >= 75 {
			m.push(u)
		}
	}
	if got := bytes.Count(full(m.now.Load()), []byte("#EXT-X-DISCONTINUITY\n")); got != 1 {
		t.Errorf("got %d discontinuities, want 1\n%s", got, full(m.now.Load()))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := newScript(t, testPPS)
	s.av(media.Origin, 120*time.Second, 25, true, every(40*time.Millisecond))
	m := testMuxer(t, videoTrack(), soundTrack())
	for _, u := range s.units {
		m.push(u)
		if n := len(m.kept); n > 10+afterlife {
			t.Fatalf("%d segments are kept", n)
		}
	}
	x := m.now.Load()
	if _, ok := x.findSegment(100); ok {
		t.Error("the first segment is still there")
	}
	if _, ok := x.findPart(0); ok {
		t.Error("the first part is still there")
	}
	if _, ok := x.findSegment(x.kept[x.listed].msn - 1); !ok {
		t.Error("the segment that just left the playlist is gone")
	}
}
