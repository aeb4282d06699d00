package media

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// scene is a source of which everything is known, also what is true.
type scene struct {
	drift   float64       // how much too fast its stream clock runs
	wrong   time.Duration // how far its wall clock is off, at the beginning
	wander  float64       // and how much too fast it runs
	delay   time.Duration // smallest from capture to arrival
	jitter  time.Duration // and what is added, at random
	chunk   time.Duration // units arrive together, when the last one is there; 0: one by one
	reports time.Duration // capture times from reports this often; 0: there are none
	set     time.Duration // the wall clock is set by that much halfway
	span    time.Duration
}

func (x scene) String() string {
	return fmt.Sprintf("drift %.0f ppm, wall clock off by %v and %.0f ppm, set by %v, delay %v+%v, chunks %v, reports %v",
		x.drift*1e6, x.wrong, x.wander*1e6, x.set, x.delay, x.jitter, x.chunk, x.reports)
}

// aim is where programme time should lie after the true time of capture: nowhere else, if capture times can
// be believed, or by the smallest delay.
func (x scene) aim(halfway bool) time.Duration {
	apparent := x.delay - x.wrong
	if halfway {
		apparent -= x.set
	}
	if x.reports > 0 && apparent >= 0 && apparent <= captureAge {
		if halfway {
			return x.wrong + x.set
		}
		return x.wrong
	}
	return x.delay
}

// run feeds a timeline with the scene. It checks that the mapping never steps, and that it is as near as
// near to its aim in the last tenth of each half.
func (x scene) run(t *testing.T, seed uint64, near time.Duration) {
	t.Helper()
	step := 40 * time.Millisecond
	if x.chunk > 0 {
		step = 200 * time.Millisecond
	}
	var line Timeline
	rnd := rand.New(rand.NewPCG(5, seed))
	start := time.Unix(1_700_000_000, 0)
	var last time.Time
	var lastPTS time.Duration
	var told Map
	var reported, reportedPTS time.Duration // wall clock of the source at a time of the stream
	var worst time.Duration
	next := time.Duration(0)
	for at := time.Duration(0); at < x.span; at += step {
		halfway := at >= x.span/2
		pts := Origin + time.Duration(float64(at)*(1+x.drift))
		came := at + x.delay + time.Duration(rnd.Int64N(int64(x.jitter)+1))
		if x.chunk > 0 {
			came = at - at%x.chunk + x.chunk - step + x.delay
		}
		o := observation{track: 0, pts: pts, arrived: start.Add(came), trust: captureAge}
		if x.reports > 0 {
			if at >= next {
				next += x.reports
				reported, reportedPTS = at+x.wrong+time.Duration(float64(at)*x.wander), pts
				if halfway {
					reported += x.set
				}
			}
			o.captured = start.Add(reported + pts - reportedPTS)
		}
		now, news := line.observe(o)
		if m, _ := line.Map(); news {
			told = m
		}
		if d := told.Time(pts).Sub(now).Abs(); d > mapOff {
			t.Fatalf("%v: at %v those who extrapolate are %v off", x, at, d)
		}
		if again := line.At(pts); !again.Equal(now) {
			t.Fatalf("%v: at %v the same time is given as %v and as %v", x, at, now, again)
		}
		if !last.IsZero() {
			d, want := now.Sub(last), pts-lastPTS
			if limit := time.Duration(slewFar*float64(want)) + time.Microsecond; d < want-limit || d > want+limit {
				t.Fatalf("%v: at %v programme time moved by %v in %v", x, at, d, want)
			}
		}
		last, lastPTS = now, pts
		if part := at % (x.span / 2); part >= x.span/2*9/10 {
			worst = max(worst, now.Sub(start.Add(at+x.aim(halfway))).Abs())
		}
	}
	if worst > near {
		t.Errorf("%v: %v from its aim, want at most %v", x, worst, near)
	}
}

const hour = time.Hour

// Within 5 ms of its aim, whatever the source's clocks do: that is what a drift of 200 ppm and the eight
// seconds of looking back leave.
func TestTimelineAccuracy(t *testing.T) {
	const delay = 80 * time.Millisecond
	for _, drift := range []float64{200e-6, -200e-6} {
		for _, x := range []scene{
			{},                              // arrival, and no jitter at all
			{jitter: 30 * time.Millisecond}, // arrival
			{jitter: 200 * time.Millisecond},
			{chunk: 2 * time.Second},
			{chunk: 6 * time.Second},
			{reports: 5 * time.Second, jitter: 100 * time.Millisecond},
			{reports: 5 * time.Second, jitter: 100 * time.Millisecond, wrong: hour},
			{reports: 5 * time.Second, jitter: 100 * time.Millisecond, wrong: -hour},
			{reports: 5 * time.Second, jitter: 100 * time.Millisecond, wrong: 50 * time.Millisecond},
			{reports: 5 * time.Second, jitter: 100 * time.Millisecond, wrong: -500 * time.Millisecond},
			{reports: time.Second, jitter: 100 * time.Millisecond, wrong: hour, wander: 200e-6},
			{reports: time.Second, jitter: 100 * time.Millisecond, wrong: -hour, wander: -200e-6},
			{reports: time.Second, jitter: 20 * time.Millisecond, set: hour},
			{reports: time.Second, jitter: 20 * time.Millisecond, set: -hour},
			{reports: time.Second, jitter: 20 * time.Millisecond, set: 2 * hour, wrong: -hour},
			{reports: 5 * time.Second, chunk: 2 * time.Second, wrong: 30 * time.Second},
		} {
			x.drift, x.delay, x.span = drift, delay, 20*time.Minute
			if x.chunk > 0 {
				x.span = 3 * hour // the first unit came as late as they ever do, and it bends by 0.2 %
			}
			x.run(t, 1, 5*time.Millisecond)
		}
	}
}

// At random: no scene makes it step.
func TestTimelineNeverSteps(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 9))
	upTo := func(d time.Duration) time.Duration { return time.Duration(rnd.Int64N(int64(2*d))) - d }
	for seed := range uint64(200) {
		x := scene{
			drift: (rnd.Float64() - 0.5) * 1e-3, wander: (rnd.Float64() - 0.5) * 1e-2,
			delay: upTo(time.Second).Abs(), jitter: upTo(time.Second).Abs(), span: time.Minute,
		}
		if rnd.IntN(2) == 0 {
			x.wrong, x.set = upTo(3*hour), upTo(3*hour)
		}
		if rnd.IntN(4) > 0 {
			x.reports = time.Duration(1+rnd.IntN(5000)) * time.Millisecond
		}
		if rnd.IntN(4) == 0 {
			x.chunk = time.Duration(1+rnd.IntN(8)) * time.Second
		}
		x.run(t, seed, 24*hour)
	}
}

// Neither do capture times that are garbage, of two tracks that contradict each other.
func TestTimelineTakesAnyCaptureTime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 11))
	start := time.Unix(1_700_000_000, 0)
	var line Timeline
	var last time.Time
	for at := time.Duration(0); at < 10*time.Minute; at += 20 * time.Millisecond {
		o := observation{track: rnd.IntN(2), pts: Origin + at, arrived: start.Add(at), trust: captureAge}
		switch rnd.IntN(4) {
		case 0:
			o.captured = time.Unix(rnd.Int64N(1<<32)-2208988800, 0)
		case 1, 2:
			o.captured = start.Add(at + time.Duration(o.track)*3*time.Second)
		}
		now, _ := line.observe(o)
		if d := now.Sub(last); !last.IsZero() && (d < 19*time.Millisecond || d > 21*time.Millisecond) {
			t.Fatalf("at %v: programme time moved by %v in 20 ms", at, d)
		}
		if d := now.Sub(o.arrived); d > 100*time.Millisecond {
			t.Fatalf("at %v: programme time is %v after the arrival", at, d)
		}
		last = now
	}
}

// Sound and picture have one mapping, though their capture times come from reports of their own.
func TestTimelineIsOneForAllTracks(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	var line Timeline
	for at := time.Duration(0); at < time.Minute; at += 20 * time.Millisecond {
		var got [2]time.Time
		for track := range got {
			captured := start.Add(at + time.Duration(track)*35*time.Millisecond)
			got[track], _ = line.observe(observation{track: track, pts: Origin + at, arrived: captured.Add(50 * time.Millisecond), captured: captured, trust: captureAge})
		}
		if !got[0].Equal(got[1]) {
			t.Fatalf("at %v: picture %v, sound %v", at, got[0], got[1])
		}
		if at > 30*time.Second && got[0].Sub(start.Add(at)).Abs() > time.Millisecond {
			t.Fatalf("at %v: programme time is %v off", at, got[0].Sub(start.Add(at)))
		}
	}
}

func TestTimelineBeforeAnything(t *testing.T) {
	var line Timeline
	if _, ok := line.Map(); ok || !line.At(time.Second).IsZero() {
		t.Error("a time without an observation")
	}
}

// What viewers go by is told anew before RTP timestamps wrap, even if nothing changes.
func TestMapIsNeverOld(t *testing.T) {
	var line Timeline
	start := time.Unix(1_700_000_000, 0)
	told := 0
	for at := time.Duration(0); at < 3*time.Hour; at += time.Second {
		if _, news := line.observe(observation{pts: Origin + at, arrived: start.Add(at)}); news {
			told++
		}
		if m, _ := line.Map(); Origin+at-m.PTS > mapAge {
			t.Fatalf("at %v: the map is of %v", at, m.PTS)
		}
	}
	if told > 20 {
		t.Errorf("a source without drift was told of %d times in three hours", told)
	}
}

// live runs a publisher in false time. tell returns, for each picture, its time on the source's clock and
// when it comes; after the last one it reports false.
func live(t *testing.T, tell func(i int) (pts time.Duration, at time.Duration, more bool)) (units []*Unit, came []time.Duration) {
	h := NewHub(HubConfig{})
	defer h.Close()
	p := publish(t, h, "a", h264Track)
	r := p.Stream().NewReader()
	start := time.Now()
	for i := 0; ; i++ {
		pts, at, more := tell(i)
		if !more {
			break
		}
		time.Sleep(time.Until(start.Add(at)))
		x := delta(pts)
		if i%25 == 0 {
			x = key(pts)
		}
		write(t, p, 0, x)
		us, _, err := r.Drain(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range us {
			units, came = append(units, u), append(came, time.Since(start))
		}
	}
	for i := 1; i < len(units); i++ {
		a, b := units[i-1], units[i]
		d, want := b.Time.Sub(a.Time), b.PTS-a.PTS
		if limit := want/400 + time.Microsecond; d <= 0 || d < want-limit || d > want+limit {
			t.Fatalf("unit %d, epoch %d: programme time moved by %v in %v", b.Seq, b.Epoch, d, want)
		}
	}
	return units, came
}

// A source that stood still and goes on where it stopped is five seconds late for good. It is where its
// viewers can be shown it in step again within ten seconds.
func TestSourceThatStoodStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		units, came := live(t, func(i int) (time.Duration, time.Duration, bool) {
			at := time.Duration(i) * 40 * time.Millisecond
			pts := at
			if i >= 500 {
				at += 5 * time.Second
			}
			return pts, at, i < 1000
		})
		last := len(units) - 1
		if last != 999 {
			t.Errorf("%d of 1000 pictures came through", len(units))
		}
		if d := units[last].Time.Sub(start.Add(came[last])).Abs(); d > 50*time.Millisecond || units[last].Epoch != 1 {
			t.Errorf("20 s after the pause: programme time is %v off, epoch %d; want 1", d, units[last].Epoch)
		}
		for i, u := range units {
			if u.Epoch == 1 && came[i] > 35*time.Second {
				t.Errorf("the new epoch came %v after the pause", came[i]-25*time.Second)
				break
			} else if u.Epoch == 1 {
				break
			}
		}
	})
}

// A pause during which the source's clock went on changes nothing.
func TestSourceThatWasSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		units, came := live(t, func(i int) (time.Duration, time.Duration, bool) {
			at := time.Duration(i) * 40 * time.Millisecond
			if i >= 500 {
				at += 30 * time.Second
			}
			return at, at, i < 1000
		})
		for i, u := range units {
			if d := u.Time.Sub(start.Add(came[i])).Abs(); d > time.Millisecond || u.Epoch != 0 {
				t.Fatalf("unit %d: programme time is %v off, epoch %d", i, d, u.Epoch)
			}
		}
	})
}

// A line that was down brings what it held back all at once: no reason to begin anew.
func TestLineThatWasDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		units, _ := live(t, func(i int) (time.Duration, time.Duration, bool) {
			at := time.Duration(i) * 40 * time.Millisecond
			pts := at
			if i >= 500 && i < 740 {
				at = 740 * 40 * time.Millisecond
			}
			return pts, at, i < 1500
		})
		if last := units[len(units)-1]; last.Epoch != 0 || len(units) != 1500 {
			t.Errorf("%d pictures, epoch %d; want 1500, 0", len(units), last.Epoch)
		}
	})
}

// Clocks that jump by an hour, either way, and an RTP timestamp that wraps to nothing.
func TestSourceWhoseClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{hour, -hour, -FromTicks(1<<32, 90000)} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			units, came := live(t, func(i int) (time.Duration, time.Duration, bool) {
				at := time.Duration(i) * 40 * time.Millisecond
				pts := at + 20*hour
				if i >= 500 {
					pts += jump
				}
				return pts, at, i < 1000
			})
			for i, u := range units {
				if d := u.Time.Sub(start.Add(came[i])).Abs(); d > 3*time.Millisecond {
					t.Fatalf("jump %v, unit %d: programme time is %v off", jump, i, d)
				}
			}
			if last := units[len(units)-1]; last.Epoch != 1 || len(units) != 1000 {
				t.Errorf("jump %v: %d pictures, epoch %d; want 1000, 1", jump, len(units), last.Epoch)
			}
		})
	}
}

// Another publisher takes over, whose way here is half a second longer: programme time goes on without a
// step, and leads to it.
func TestTimelineOverATakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{Takeover: true})
		defer h.Close()
		told := 0
		h.OnNews(func(name string) {
			if name == "a" {
				told++
			}
		})
		var last *Unit
		var r *Reader
		for n, late := range []time.Duration{50 * time.Millisecond, 550 * time.Millisecond} {
			before := told
			p := publish(t, h, "a", h264Track)
			if r == nil {
				r = p.Stream().NewReader()
			}
			for i := range 25 * 10 {
				time.Sleep(40 * time.Millisecond)
				x := delta(time.Duration(i) * 40 * time.Millisecond)
				if i%25 == 0 {
					x = key(time.Duration(i) * 40 * time.Millisecond)
				}
				x.Capture = time.Now().Add(-late)
				write(t, p, 0, x)
				u, err := r.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if last != nil {
					if d, want := u.Time.Sub(last.Time), u.PTS-last.PTS; d <= 0 || (d-want).Abs() > want/400+time.Microsecond {
						t.Fatalf("publisher %d: programme time moved by %v in %v", n, d, want)
					}
				}
				last = u
				if m, ok := p.Stream().Timeline().Map(); !ok || m.Epoch != u.Epoch || m.Time(u.PTS).Sub(u.Time).Abs() > mapOff {
					t.Fatalf("publisher %d: told %+v, the unit has epoch %d, %v off", n, m, u.Epoch, m.Time(u.PTS).Sub(u.Time))
				}
			}
			if told == before {
				t.Errorf("nobody was told of publisher %d", n)
			}
		}
	})
}

func TestObserveDoesNotAllocate(t *testing.T) {
	var line Timeline
	o := observation{pts: Origin, arrived: time.Unix(1_700_000_000, 0), captured: time.Unix(1_700_000_000, 0), trust: captureAge}
	if n := testing.AllocsPerRun(1000, func() {
		line.observe(o)
		o.pts += 20 * time.Millisecond
		o.arrived = o.arrived.Add(20 * time.Millisecond)
		o.captured = o.captured.Add(20 * time.Millisecond)
	}); n != 0 {
		t.Errorf("%v allocs", n)
	}
}
