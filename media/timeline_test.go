package media

import (
	"math/rand/v2"
	"testing"
	"time"
)

// run feeds a timeline with a source whose clock runs drift too fast (1e-6 = 1 ppm) and whose units
// arrive late by up to jitter, and returns the error at the end.
func run(t *testing.T, drift float64, jitter time.Duration, span time.Duration) time.Duration {
	t.Helper()
	var line Timeline
	rnd := rand.New(rand.NewPCG(5, 6))
	start := time.Unix(1_700_000_000, 0)
	var last time.Time
	var lastPTS, off time.Duration
	for at := time.Duration(0); at < span; at += 20 * time.Millisecond {
		pts := time.Duration(float64(at) * (1 + drift))
		late := time.Duration(rnd.Int64N(int64(jitter) + 1))
		line.Observe(pts, start.Add(at+late))
		now := line.At(pts)
		if !last.IsZero() {
			d, want := now.Sub(last), pts-lastPTS
			if d < want*98/100 || d > want*102/100 {
				t.Fatalf("at %v: programme time moved by %v in %v", at, d, want)
			}
		}
		last, lastPTS, off = now, pts, now.Sub(start.Add(at))
	}
	return off
}

func TestTimelineFollowsADriftingClock(t *testing.T) {
	for _, drift := range []float64{0, 200e-6, -200e-6} {
		if off := run(t, drift, 30*time.Millisecond, 10*time.Minute); off < -30*time.Millisecond || off > 60*time.Millisecond {
			t.Errorf("drift %v: programme time is %v off after ten minutes", drift, off)
		}
	}
}

func TestTimelineBeforeAnything(t *testing.T) {
	var line Timeline
	if !line.At(time.Second).IsZero() {
		t.Error("a time without an observation")
	}
}
