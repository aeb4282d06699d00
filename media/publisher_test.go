package media

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// all drains what the ring holds.
func all(t testing.TB, s *Stream) []*Unit {
	t.Helper()
	us, _, err := s.NewReader().Drain(nil)
	if err != nil {
		t.Fatal(err)
	}
	return us
}

func TestNothingBeforeTheFirstKeyFrame(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track, opusTrack)
	write(t, p, 0, delta(0))
	write(t, p, 1, sound(0))
	write(t, p, 0, Sample{PTS: time.Millisecond, Payload: [][]byte{testIDR}}) // no parameter sets yet
	if p.Stream().Ready() || p.Dropped() != 3 {
		t.Fatalf("ready %v, dropped %d; want false, 3", p.Stream().Ready(), p.Dropped())
	}
	write(t, p, 0, key(40*time.Millisecond))
	write(t, p, 1, sound(40*time.Millisecond))
	if us := all(t, p.Stream()); len(us) != 2 || us[0].Params == nil || us[0].Params.Width != 64 {
		t.Fatalf("units: got %d, params %+v; want 2, 64 wide", len(us), us[0].Params)
	}
}

func TestKeyFrameGetsParameterSets(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track)
	write(t, p, 0, key(0))
	write(t, p, 0, Sample{PTS: time.Second, Payload: [][]byte{{0x09, 0xf0}, testIDR}}) // delimiter, no sets
	us := all(t, p.Stream())
	u := us[len(us)-1]
	if len(u.Payload) != 3 || u.Payload[0][0] != 0x67 || u.Payload[1][0] != 0x68 || u.Payload[2][0] != 0x65 {
		t.Fatalf("payload: got % x; want SPS, PPS, IDR", u.Payload)
	}
}

func TestParameterChangeMakesNewParams(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track)
	write(t, p, 0, key(0))
	before := p.Stream().Params()
	write(t, p, 0, key(time.Second))
	if p.Stream().Params() != before {
		t.Error("the same sets made new Params")
	}
	x := key(2 * time.Second)
	x.Payload[1] = []byte{0x68, 0xcb, 0x83, 0xcb, 0x21}
	write(t, p, 0, x)
	if p.Stream().Params() == before {
		t.Error("changed sets kept the old Params")
	}
}

func TestBrokenParameterSetsAreDropped(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track)
	write(t, p, 0, Sample{Payload: [][]byte{{0x67, 0xff}, {0x68}, testIDR}})
	if p.Stream().Ready() || p.Dropped() != 1 {
		t.Errorf("ready %v, dropped %d; want false, 1", p.Stream().Ready(), p.Dropped())
	}
}

// Whatever a source does to its clock, what readers see grows.
func TestTimesAlwaysGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		p := publish(t, h, "a", h264Track, opusTrack)
		r := p.Stream().NewReader()
		rnd := rand.New(rand.NewPCG(1, 2))
		var clock time.Duration
		last := map[int]time.Duration{}
		var wall time.Time
		units := 0
		for i := range 5000 {
			switch rnd.IntN(200) {
			case 0:
				clock += time.Duration(rnd.Int64N(int64(2 * time.Hour)))
			case 1:
				clock -= time.Duration(rnd.Int64N(int64(2 * time.Hour)))
			}
			clock += 20 * time.Millisecond
			jitter := time.Duration(rnd.Int64N(int64(60*time.Millisecond))) - 30*time.Millisecond
			switch {
			case i%50 == 0:
				write(t, p, 0, key(clock+jitter))
			case i%2 == 0:
				write(t, p, 0, delta(clock+jitter))
			default:
				write(t, p, 1, sound(clock+jitter))
			}
			time.Sleep(20 * time.Millisecond)
			us, _, err := r.Drain(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range us {
				units++
				if prev, ok := last[u.Track]; ok && u.DTS <= prev {
					t.Fatalf("unit %d of track %d: DTS %v after %v", u.Seq, u.Track, u.DTS, prev)
				}
				if u.PTS < u.DTS || u.DTS < 0 {
					t.Fatalf("unit %d: PTS %v, DTS %v", u.Seq, u.PTS, u.DTS)
				}
				last[u.Track] = u.DTS
				if d := time.Until(u.Time); d < -11*time.Second || d > 11*time.Second {
					t.Fatalf("unit %d: programme time is %v off", u.Seq, d)
				}
				if u.Time.Before(wall.Add(-time.Second)) {
					t.Fatalf("programme time went back by %v", wall.Sub(u.Time))
				}
				wall = u.Time
			}
		}
		if units < 3000 {
			t.Errorf("only %d of 5000 samples survived", units)
		}
	})
}

func TestPublisherComesBackWithinGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		p := publish(t, h, "a", h264Track, opusTrack)
		s := p.Stream()
		write(t, p, 0, key(time.Hour))
		r := s.NewReader()
		u, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
		if s.Live() {
			t.Error("live without a publisher")
		}
		time.Sleep(5 * time.Second)
		q := publish(t, h, "a", h264Track, opusTrack)
		if q.Stream() != s {
			t.Fatal("the stream did not go on")
		}
		write(t, q, 1, sound(0)) // sound before the picture does not open the new epoch
		write(t, q, 0, key(0))
		v, err := r.Next(t.Context())
		if err != nil || !v.Key || v.Epoch != u.Epoch+1 {
			t.Fatalf("got %+v, %v; want a key frame of the next epoch", v, err)
		}
		if d := v.DTS - u.DTS; d < 4900*time.Millisecond || d > 5100*time.Millisecond {
			t.Errorf("time went on by %v, want 5 s", d)
		}
		time.Sleep(time.Minute)
		if s.Ended() != nil {
			t.Error("the grace timer of the first publisher ended the stream")
		}
	})
}

func TestOtherTracksBeginANewStream(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track)
	p.Close()
	q := publish(t, h, "a", Track{Codec: VP8})
	if q.Stream() == p.Stream() || !errors.Is(p.Stream().Ended(), ErrEnded) {
		t.Errorf("the old stream goes on: %v", p.Stream().Ended())
	}
}

func TestSecondPublisher(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	publish(t, h, "a", h264Track)
	if _, err := h.Publish(PublishRequest{Name: "a", Tracks: []Track{h264Track}}); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}

	h2 := NewHub(HubConfig{Takeover: true})
	defer h2.Close()
	why := make(chan error, 1)
	p, err := h2.Publish(PublishRequest{Name: "a", Tracks: []Track{h264Track}, Close: func(err error) { why <- err }})
	if err != nil {
		t.Fatal(err)
	}
	q := publish(t, h2, "a", h264Track)
	if err := <-why; !errors.Is(err, ErrReplaced) {
		t.Errorf("the first was closed with %v, want ErrReplaced", err)
	}
	if err := p.Write(0, key(0)); err == nil {
		t.Error("the replaced publisher can still write")
	}
	p.Close()
	write(t, q, 0, key(0))
	if !q.Stream().Live() {
		t.Error("closing the replaced publisher took the stream off the air")
	}
}

func TestPublishRefusesNamesAndTracks(t *testing.T) {
	h := NewHub(HubConfig{MaxStreams: 1})
	defer h.Close()
	for _, name := range []string{"", "..", "a..b", "a/b", "../a", ".a", "ä", "a b", strings.Repeat("a", 65), strings.Repeat("x", 10000)} {
		if _, err := h.Publish(PublishRequest{Name: name, Tracks: []Track{h264Track}}); !errors.Is(err, ErrBadName) {
			t.Errorf("name %.20q: got %v, want ErrBadName", name, err)
		}
	}
	for _, tracks := range [][]Track{nil, {h264Track, h264Track}, {{Codec: AAC, SampleRate: 48000, Channels: 2}}, {{Codec: Opus}}} {
		if _, err := h.Publish(PublishRequest{Name: "a", Tracks: tracks}); !errors.Is(err, ErrBadTracks) {
			t.Errorf("tracks %v: got %v, want ErrBadTracks", tracks, err)
		}
	}
	publish(t, h, "a", h264Track)
	if _, err := h.Publish(PublishRequest{Name: "b", Tracks: []Track{h264Track}}); !errors.Is(err, ErrLimit) {
		t.Errorf("one stream too many: got %v, want ErrLimit", err)
	}
}

func TestNameFromPath(t *testing.T) {
	for path, want := range map[string]string{"live/a": "a", "/live/a/": "a", "/live/x-1.y_2": "x-1.y_2"} {
		if got, err := NameFromPath(path); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", path, got, err, want)
		}
	}
	for _, path := range []string{"", "a", "live", "live/", "live/../a", "live/a/b", "/other/a"} {
		if _, err := NameFromPath(path); !errors.Is(err, ErrBadName) {
			t.Errorf("%q: got %v, want ErrBadName", path, err)
		}
	}
}

func TestOpenWaitsForTheFirstKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		if _, err := h.Open(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
			t.Fatalf("got %v, want ErrNotFound", err)
		}
		p := publish(t, h, "a", h264Track)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Open(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want the context's error", err)
		}
		go func() {
			time.Sleep(3 * time.Second)
			write(t, p, 0, key(0))
		}()
		if s, err := h.Open(t.Context(), "a"); err != nil || s != p.Stream() {
			t.Fatalf("got %v, %v", s, err)
		}
	})
}

func TestTicksRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, rate := range []int{8000, 44100, 48000, 90000} {
		for range 10000 {
			n := rnd.Int64N(1<<40) - 1<<39
			if got := Ticks(FromTicks(n, rate), rate); got != n {
				t.Fatalf("rate %d: %d became %d", rate, n, got)
			}
		}
	}
}

// A source that loops jumps at a key frame: nothing of what follows is lost, and with DTS in the
// protocol it stays what the source said.
func TestJumpAtAKeyFrameLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		p := publish(t, h, "a", h264Track, opusTrack)
		r := p.Stream().NewReader()
		const frame, lead = 40 * time.Millisecond, 80 * time.Millisecond // B-frames: shown later than decoded
		var units []*Unit
		for i := range 150 { // the clip of 50 pictures comes three times
			at := time.Minute + time.Duration(i%50)*frame
			x := key(at + lead)
			if i%50 != 0 {
				x.Payload = [][]byte{testP}
			}
			x.DTS, x.HasDTS = at, true
			write(t, p, 0, x)
			write(t, p, 1, sound(at))
			time.Sleep(frame)
			us, _, err := r.Drain(nil)
			if err != nil {
				t.Fatal(err)
			}
			units = append(units, us...)
		}
		pictures := 0
		for _, u := range units {
			if u.Track != 0 {
				continue
			}
			if u.PTS-u.DTS != lead || u.Epoch != uint32(pictures/50) || u.Key != (pictures%50 == 0) {
				t.Fatalf("picture %d: PTS-DTS %v, epoch %d, key %v", pictures, u.PTS-u.DTS, u.Epoch, u.Key)
			}
			pictures++
		}
		if pictures != 150 || len(units) != 300 {
			t.Errorf("got %d pictures and %d units, want 150 and 300", pictures, len(units))
		}
	})
}

// Where the sound makes the jump first, the new epoch still begins with a picture.
func TestEpochBeginsWithAPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		p := publish(t, h, "a", h264Track, opusTrack)
		r := p.Stream().NewReader()
		write(t, p, 0, key(time.Hour))
		write(t, p, 1, sound(time.Hour))
		before, _, err := r.Drain(nil)
		if err != nil || len(before) != 2 {
			t.Fatalf("got %d units, %v; want 2", len(before), err)
		}
		time.Sleep(40 * time.Millisecond)
		write(t, p, 1, sound(0)) // the jump
		write(t, p, 0, delta(0))
		time.Sleep(40 * time.Millisecond)
		write(t, p, 1, sound(40*time.Millisecond))
		write(t, p, 0, key(40*time.Millisecond))
		write(t, p, 1, sound(60*time.Millisecond))
		us, _, err := r.Drain(nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(us) != 2 || us[0].Track != 0 || !us[0].Key || us[0].Epoch != 1 || us[1].Epoch != 1 {
			t.Errorf("got %d units, the first %+v; want key frame and sound of epoch 1", len(us), us[0])
		}
	})
}
