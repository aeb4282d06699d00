package media

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestReaderBeginsAtNewestKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		p := publish(t, h, "a", h264Track)
		for i := range 10 {
			at := time.Duration(i) * 40 * time.Millisecond
			if i%5 == 0 {
				write(t, p, 0, key(at))
			} else {
				write(t, p, 0, delta(at))
			}
			time.Sleep(40 * time.Millisecond)
		}
		u, err := p.Stream().NewReader().Next(context.Background())
		if err != nil || !u.Key || u.Seq != 5 {
			t.Fatalf("first unit: got %+v, %v; want the key frame 5", u, err)
		}
	})
}

func TestReaderThatFallsBehindSkipsToNewestKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		p := publish(t, h, "a", h264Track)
		write(t, p, 0, key(0))
		r := p.Stream().NewReader()
		if _, err := r.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
		for i := 1; i <= 500; i++ { // 20 s, a key frame each second
			at := time.Duration(i) * 40 * time.Millisecond
			if i%25 == 0 {
				write(t, p, 0, key(at))
			} else {
				write(t, p, 0, delta(at))
			}
			time.Sleep(40 * time.Millisecond)
		}
		u, err := r.Next(context.Background())
		if err != nil || !u.Key || u.Seq != 500 {
			t.Fatalf("after falling behind: got unit %+v, %v; want the key frame 500", u, err)
		}
		if r.Skipped() != 499 {
			t.Errorf("skipped: got %d, want 499", r.Skipped())
		}
	})
}

func TestRingKeepsWhatASlowReaderNeedsOverAKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		p := publish(t, h, "a", h264Track)
		write(t, p, 0, key(0))
		r := p.Stream().NewReader()
		if u, err := r.Next(t.Context()); err != nil || u.Seq != 0 {
			t.Fatalf("got %+v, %v; want unit 0", u, err)
		}
		for i := 1; i <= 30; i++ {
			if i == 25 {
				write(t, p, 0, key(time.Second))
			} else {
				write(t, p, 0, delta(time.Duration(i)*40*time.Millisecond))
			}
		}
		for want := uint64(1); want < 31; want++ {
			u, err := r.Next(context.Background())
			if err != nil || u.Seq != want {
				t.Fatalf("got %+v, %v; want unit %d", u, err, want)
			}
		}
	})
}

func TestRingIsBoundedWithoutKeyFrames(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track)
	write(t, p, 0, key(0))
	s := p.Stream()
	for i := 1; i < 3*ringUnits; i++ {
		write(t, p, 0, delta(time.Duration(i)*time.Millisecond))
	}
	if n := s.next - s.first; n > ringUnits {
		t.Errorf("units kept: got %d, want at most %d", n, ringUnits)
	}
	if s.Ready() {
		t.Error("ready although the key frame left the ring")
	}
	write(t, p, 0, key(time.Duration(3*ringUnits)*time.Millisecond))
	if !s.Ready() {
		t.Error("not ready after a new key frame")
	}
	big := make([]byte, 8<<20)
	big[0] = testP[0]
	for i := range 20 {
		write(t, p, 0, Sample{PTS: time.Duration(3*ringUnits+1+i) * time.Millisecond, Payload: [][]byte{big}})
	}
	if s.bytes > ringBytes {
		t.Errorf("bytes kept: got %d, want at most %d", s.bytes, ringBytes)
	}
}

func TestNextWaitsForUnitContextAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{Grace: time.Second})
		defer h.Close()
		p := publish(t, h, "a", h264Track)
		r := p.Stream().NewReader()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("no unit: got %v, want the context's error", err)
		}
		go p.Write(0, key(0)) //nolint:errcheck // the reader notices
		if u, err := r.Next(t.Context()); err != nil || !u.Key {
			t.Fatalf("got %v, %v; want the key frame", u, err)
		}
		p.Close()
		if _, err := r.Next(t.Context()); !errors.Is(err, ErrEnded) {
			t.Fatalf("after the grace time: got %v, want ErrEnded", err)
		}
		if _, _, err := r.Drain(nil); !errors.Is(err, ErrEnded) {
			t.Fatalf("drain: got %v, want ErrEnded", err)
		}
	})
}

// Readers of all kinds, under -race, while a publisher writes at full speed.
func TestManyReadersSeeEveryUnitInOrder(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track, opusTrack)
	write(t, p, 0, key(0))
	const units = 1000
	var wg sync.WaitGroup
	for i := range 8 {
		r := p.Stream().NewReader()
		wg.Go(func() {
			var buf []*Unit
			for want := uint64(0); want < units; {
				if i%2 == 0 {
					u, err := r.Next(t.Context())
					if err != nil || u.Seq != want {
						t.Errorf("reader %d: got %+v, %v; want %d", i, u, err, want)
						return
					}
					want++
					continue
				}
				var wait <-chan struct{}
				var err error
				if buf, wait, err = r.Drain(buf[:0]); err != nil {
					t.Errorf("reader %d: %v", i, err)
					return
				}
				for _, u := range buf {
					if u.Seq != want {
						t.Errorf("reader %d: got %d, want %d", i, u.Seq, want)
						return
					}
					want++
				}
				if want < units {
					<-wait
				}
			}
		})
	}
	for i := 1; i < units; i++ {
		at := time.Duration(i) * time.Millisecond
		if i%2 == 0 {
			write(t, p, 0, delta(at))
		} else {
			write(t, p, 1, sound(at))
		}
	}
	wg.Wait()
}

func TestSessionsAreCountedKickedAndSummed(t *testing.T) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track)
	write(t, p, 0, key(0))
	kicked := make(chan error, 2)
	s := p.Stream()
	x, err := s.NewSession("rtsp", "127.0.0.1:2", func(err error) { kicked <- err })
	if err != nil {
		t.Fatal(err)
	}
	y, err := s.NewSession("hls", "127.0.0.1:3", nil)
	if err != nil {
		t.Fatal(err)
	}
	x.Sent.Add(100)
	y.Sent.Add(50)
	if i := s.Info(true); i.Viewers != 2 || i.Readers["rtsp"] != 1 || len(i.Sessions) != 2 {
		t.Errorf("info: got %+v", i)
	}
	y.Leave()
	y.Leave()
	if got := h.Totals(); got.Sent["hls"] != 50 || got.Sent["rtsp"] != 100 || got.Sessions["hls"] != 1 {
		t.Errorf("totals: got %+v", got)
	}
	if err := h.Kick("a"); err != nil {
		t.Fatal(err)
	}
	if err := <-kicked; !errors.Is(err, ErrKicked) {
		t.Errorf("kicked with %v, want ErrKicked", err)
	}
	x.Kick(nil) // once only
	if len(kicked) != 0 {
		t.Error("the session was closed twice")
	}
	if _, err := s.NewSession("rtsp", "", nil); !errors.Is(err, ErrKicked) {
		t.Errorf("a session on an ended stream: got %v, want ErrKicked", err)
	}
	if err := p.Write(0, key(time.Second)); !errors.Is(err, ErrEnded) {
		t.Errorf("write after the kick: got %v, want ErrEnded", err)
	}
	if err := h.Kick("a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("second kick: got %v, want ErrNotFound", err)
	}
}

func BenchmarkWriteAndDrain(b *testing.B) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(b, h, "a", opusTrack)
	r := p.Stream().NewReader()
	var buf []*Unit
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		write(b, p, 0, sound(time.Duration(i)*20*time.Millisecond))
		buf, _, _ = r.Drain(buf[:0])
		i++
	}
}

func TestWatchersAreToldUntilTheyStop(t *testing.T) {
	s := newStream("s", []Track{{Codec: Opus}}, &totals{})
	var a, b int
	stop := s.Watch(func() { a++ })
	s.Watch(func() { b++ })
	s.append(&Unit{Key: true})
	r := s.NewReader()
	if got, err := r.Take(nil); len(got) != 1 || err != nil {
		t.Errorf("took %d units, %v", len(got), err)
	}
	stop()
	s.append(&Unit{Key: true})
	s.end(ErrEnded)
	if a != 1 || b != 3 {
		t.Errorf("told %d and %d times, want 1 and 3", a, b)
	}
	if got, err := r.Take(nil); len(got) != 1 || err != nil {
		t.Errorf("took %d units, %v; what is left comes before the end", len(got), err)
	}
	if _, err := r.Take(nil); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v, want the end", err)
	}
}
