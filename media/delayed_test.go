package media

import (
	"testing"
	"testing/synctest"
	"time"
)

// feed publishes a picture each 40 ms, a key frame each n pictures, and sound, for as long as it is asked to.
func feed(t *testing.T, p *Publisher, from, pictures, n int) {
	t.Helper()
	for i := from; i < from+pictures; i++ {
		at := time.Duration(i) * 40 * time.Millisecond
		x := delta(at)
		if i%n == 0 {
			x = key(at)
		}
		write(t, p, 0, x)
		write(t, p, 1, sound(at))
		time.Sleep(40 * time.Millisecond)
	}
}

func TestDelayedBeginsWithTheNewestKeyFrameThatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{Keep: 2700 * time.Millisecond})
		defer h.Close()
		p := publish(t, h, "a", h264Track, opusTrack)
		s := p.Stream()
		feed(t, p, 0, 1000, 50)
		for _, delay := range []time.Duration{1200 * time.Millisecond, 2700 * time.Millisecond} {
			until := time.Now().Add(-delay)
			for track := range 2 {
				us, next, err := s.NewDelayed(track).Take(nil, until)
				if err != nil || len(us) == 0 {
					t.Fatalf("delay %v, track %d: got %d units, %v", delay, track, len(us), err)
				}
				first, last := us[0], us[len(us)-1]
				if !first.Key || first.Track != track || last.Time.After(until) || until.Sub(last.Time) >= 40*time.Millisecond {
					t.Errorf("delay %v, track %d: from %v to %v before until", delay, track, until.Sub(first.Time), until.Sub(last.Time))
				}
				if track == 0 && until.Sub(first.Time) >= 2*time.Second {
					t.Errorf("delay %v: begins with a key frame that is %v old, and there is one each 2 s", delay, until.Sub(first.Time))
				}
				if d := next.Sub(last.Time); d < 39*time.Millisecond || d > 41*time.Millisecond {
					t.Errorf("delay %v, track %d: the next one is due after %v", delay, track, d)
				}
			}
		}
		// Nobody else sees what is kept for them.
		if n := len(all(t, s)); n > 2*50 {
			t.Errorf("a new reader begins %d units back", n)
		}
		// What is due later than anything that is kept begins with the oldest key frame, when that is due.
		us, next, err := s.NewDelayed(0).Take(nil, time.Now().Add(-time.Minute))
		if err != nil || len(us) != 0 || next.IsZero() {
			t.Errorf("got %d units, next %v, %v; want none yet", len(us), next, err)
		}
	})
}

func TestDelayedReadersGetWhatIsLeftAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{Grace: time.Nanosecond})
		defer h.Close()
		p := publish(t, h, "a", h264Track, opusTrack)
		s := p.Stream()
		s.Keep(time.Second)
		d := s.NewDelayed(0)
		feed(t, p, 0, 1, 25)
		if us, _, err := d.Take(nil, time.Now().Add(-time.Second)); err != nil || len(us) != 0 {
			t.Fatalf("got %d units, %v; want none yet", len(us), err)
		}
		feed(t, p, 1, 49, 25)
		p.Close()
		time.Sleep(time.Millisecond)
		if s.Ended() == nil {
			t.Fatal("the stream goes on")
		}
		pictures := 0
		for {
			us, next, err := d.Take(nil, time.Now().Add(-time.Second))
			pictures += len(us)
			if err != nil {
				break
			}
			if next.IsZero() {
				continue
			}
			time.Sleep(time.Until(next.Add(time.Second)))
		}
		if pictures != 50 {
			t.Errorf("got %d pictures, want all 50", pictures)
		}
	})
}

// What leaves the ring before it is due is not waited for.
func TestDelayedIsBoundedByTheRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{Keep: time.Minute})
		defer h.Close()
		p := publish(t, h, "a", h264Track)
		s := p.Stream()
		write(t, p, 0, key(0))
		d := s.NewDelayed(0)
		if us, _, err := d.Take(nil, time.Now()); err != nil || len(us) != 1 {
			t.Fatalf("got %d units, %v", len(us), err)
		}
		big := make([]byte, 1<<20)
		big[0] = 0x65
		for i := 1; i < 200; i++ {
			time.Sleep(40 * time.Millisecond)
			write(t, p, 0, Sample{PTS: time.Duration(i) * 40 * time.Millisecond, Payload: [][]byte{testSPS, testPPS, big}})
		}
		if s.bytes > ringBytes {
			t.Errorf("%d bytes are kept", s.bytes)
		}
		us, next, err := d.Take(nil, time.Now().Add(-time.Minute))
		if err != nil || len(us) != 0 || !next.Equal(s.ring[s.first%ringUnits].Time) || d.Skipped() == 0 {
			t.Errorf("got %d units, next %v, skipped %d, %v", len(us), next, d.Skipped(), err)
		}
	})
}

// Readers that are not delayed are late by what they always were.
func TestKeepChangesNothingForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got [2]uint64
		for i, keep := range []time.Duration{0, 8 * time.Second} {
			h := NewHub(HubConfig{Keep: keep})
			p := publish(t, h, "a", h264Track, opusTrack)
			r := p.Stream().NewReader()
			feed(t, p, 0, 1, 25)
			if _, err := r.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			feed(t, p, 1, 500, 25)
			u, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got[i] = u.Seq
			h.Close()
		}
		if got[0] != got[1] {
			t.Errorf("a slow reader goes on with unit %d, with Keep %d", got[0], got[1])
		}
	})
}
