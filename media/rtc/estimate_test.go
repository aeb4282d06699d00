package rtc

import (
	"math/rand/v2"
	"testing"
	"time"
)

const (
	testGOP = 4 * time.Second
	testKey = 100_000 // bytes of a key frame: ten ordinary pictures
)

// home is a line of 5 Mbit/s whose router holds 60 ms.
func home() wire { return wire{rate: 5_000_000, queue: 37_500, delay: 20 * time.Millisecond} }

func fast() wire { return wire{rate: 100_000_000, queue: 500_000, delay: 10 * time.Millisecond} }

func TestKeyFramesDoNotOverflowASlowLine(t *testing.T) {
	change := func(f func(*wire)) wire { l := home(); f(&l); return l }
	for name, x := range map[string]struct {
		line         wire
		behind       int   // bytes to catch up with at the join
		cross        int64 // bit/s of somebody else's
		first, after int   // packets that may be dropped in the first group of pictures, and later
		low, high    int64
	}{
		"from the beginning": {line: home(), low: 4_500_000, high: 5_500_000},
		"in the middle":      {line: home(), behind: 500_000, low: 4_500_000, high: 5_500_000},
		"a deep queue":       {line: change(func(l *wire) { l.queue = 187_500 }), behind: 500_000, low: 4_500_000, high: 5_500_000},
		"a token bucket":     {line: change(func(l *wire) { l.bucket = 15_000 }), behind: 500_000, first: 40, low: 4_500_000, high: 6_500_000},
		"5 % loss":           {line: change(func(l *wire) { l.loss = 0.05 }), behind: 500_000, low: 4_000_000, high: 5_500_000},
		"jitter":             {line: change(func(l *wire) { l.jitter = 10 * time.Millisecond }), behind: 500_000, first: 40, low: 2_200_000, high: 6_500_000},
		"somebody beside":    {line: home(), cross: 1_500_000, first: 40, after: 30, low: 2_500_000, high: 5_000_000},
		"3 Mbit/s, far away": {line: wire{rate: 3_000_000, queue: 37_500, delay: 50 * time.Millisecond}, first: 40, low: 2_700_000, high: 3_300_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSimulation(x.line)
			s.cross = x.cross
			s.wait(x.behind)
			s.run(testGOP, testKey)
			if s.dropped > x.first {
				t.Errorf("first group of pictures: %d packets dropped, want at most %d", s.dropped, x.first)
			}
			s.dropped, s.lag = 0, 0
			s.run(4*testGOP, testKey)
			if s.dropped > x.after {
				t.Errorf("then: %d packets dropped, want at most %d", s.dropped, x.after)
			}
			if s.lag > 300*time.Millisecond {
				t.Errorf("pictures were up to %v late", s.lag)
			}
			if r := s.e.rate.Load(); r < x.low || r > x.high {
				t.Errorf("rate: got %d, want %d to %d", r, x.low, x.high)
			}
		})
	}
}

func TestBurstsStayWholeOnAFastLine(t *testing.T) {
	for name, line := range map[string]wire{
		"quiet":  fast(),
		"jitter": func() wire { l := fast(); l.jitter = 10 * time.Millisecond; return l }(),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSimulation(line)
			s.wait(500_000)
			s.run(2*testGOP, testKey)
			s.bursts = 0
			s.run(testGOP, testKey)
			if s.bursts > 102 { // 100 pictures
				t.Errorf("got %d bursts for 100 pictures", s.bursts)
			}
			if s.dropped > 0 {
				t.Errorf("%d packets dropped", s.dropped)
			}
		})
	}
}

func TestOrdinaryPicturesStayWholeOnASlowLine(t *testing.T) {
	s := newSimulation(home())
	s.run(testGOP, testKey)
	s.bursts = 0
	s.run(testGOP, testKey)
	if s.bursts > 140 { // the key frame takes about 30
		t.Errorf("got %d bursts for 100 pictures", s.bursts)
	}
}

func TestALineSlowerThanTheStreamIsNotFlooded(t *testing.T) {
	for name, queue := range map[string]int{"short queue": 37_500, "long queue": 500_000} {
		t.Run(name, func(t *testing.T) {
			s := newSimulation(wire{rate: 1_500_000, queue: queue, delay: 10 * time.Millisecond})
			s.run(testGOP, testKey)
			s.dropped, s.longest, s.lag, s.skips = 0, 0, 0, 0
			s.run(10*testGOP, testKey)
			if s.dropped > 0 || s.longest > 100*time.Millisecond {
				t.Errorf("%d packets dropped, queue up to %v; want the rest to wait here", s.dropped, s.longest)
			}
			if s.lag > maxLag+testGOP || s.skips == 0 {
				t.Errorf("pictures were up to %v late, %d jumps; want jumps and a bounded delay", s.lag, s.skips)
			}
		})
	}
}

func TestTheEstimateFollowsTheLine(t *testing.T) {
	s := newSimulation(home())
	s.wait(500_000)
	s.run(2*testGOP, testKey)
	for _, x := range []struct{ rate, low, high int64 }{
		{3_000_000, 2_500_000, 3_500_000},
		{20_000_000, 4_000_000, 22_000_000}, // all that the stream needs
		{5_000_000, 4_000_000, 6_500_000},
	} {
		s.wire.rate = x.rate
		s.run(3*testGOP, testKey)
		s.dropped = 0
		s.run(testGOP, testKey)
		if r := s.e.rate.Load(); r < x.low || r > x.high {
			t.Errorf("line of %d: got %d", x.rate, r)
		}
		if s.dropped > 0 {
			t.Errorf("line of %d: %d packets dropped", x.rate, s.dropped)
		}
	}
}

func TestWithoutReportsThePaceStaysCareful(t *testing.T) {
	s := newSimulation(home())
	s.mute = true
	s.run(4*testGOP, testKey)
	if s.dropped > 0 {
		t.Errorf("%d packets dropped", s.dropped)
	}
	if r, d := s.e.rate.Load(), s.e.room(); r != 0 || d != startDepth {
		t.Errorf("got rate %d, depth %d out of nothing", r, d)
	}
}

// TestLies sends reports of all kinds of nonsense, with real numbers and without.
func TestLies(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var log sentLog
	e := estimator{log: &log}
	now := time.Hour
	number := uint16(65000)
	for range 3000 {
		for range r.IntN(40) {
			log.note(number, 1200, now)
			number++
		}
		now += time.Duration(r.IntN(200)) * time.Millisecond
		var list []fate
		for i := range 1 + r.IntN(60) {
			n := number - uint16(r.IntN(600)) + uint16(r.IntN(600)) //nolint:gosec // a test
			if r.IntN(2) == 0 {
				n = number - 60 + uint16(i) //nolint:gosec // a test
			}
			list = append(list, fate{n, now + time.Duration(r.Int64N(1<<40)-1<<39), r.IntN(3) > 0, 0})
		}
		if a, ok := newArrivals(encodeTWCC(list)); ok {
			e.take(now, &a)
		}
		if d, rate := e.room(), e.rate.Load(); d < minDepth || d > maxDepth || rate < 0 || rate > maxRate {
			t.Fatalf("depth %d, rate %d", d, rate)
		}
	}
	// And then it is honest.
	s := newSimulation(home())
	s.now = now + time.Minute
	e.log = &s.log
	s.e.rate.Store(e.rate.Load())
	s.e.depth.Store(e.depth.Load())
	s.e.base, s.e.limited = e.base, e.limited
	s.run(4*testGOP, testKey)
	if got := s.e.rate.Load(); got < 4_000_000 || got > 6_500_000 {
		t.Errorf("after the lies: got %d", got)
	}
}

func TestReportsDoNotAllocate(t *testing.T) {
	var log sentLog
	e := estimator{log: &log}
	now, number := time.Hour, uint16(0)
	list := make([]fate, 50)
	reports := make([][]byte, 0, 200)
	for i := range 200 {
		for j := range list {
			list[j] = fate{number, now + time.Duration(i*100+j)*time.Millisecond, j%10 > 0, 0}
			number++
		}
		reports = append(reports, encodeTWCC(list))
	}
	i := 0
	if n := testing.AllocsPerRun(150, func() {
		for j := range uint16(50) {
			log.note(uint16(i)*50+j, 1200, now+time.Duration(i*100+int(j))*time.Millisecond) //nolint:gosec // a test
		}
		a, ok := newArrivals(reports[i])
		if !ok {
			t.Fatal("a good report is refused")
		}
		i++
		e.take(now+time.Duration(i*100)*time.Millisecond, &a)
	}); n != 0 {
		t.Errorf("got %v allocations for each report, want 0", n)
	}
}

func BenchmarkReport(b *testing.B) {
	var log sentLog
	e := estimator{log: &log}
	list := make([]fate, 20) // 100 ms of a stream of 2 Mbit/s
	for j := range list {
		list[j] = fate{uint16(j), time.Hour + time.Duration(j)*5*time.Millisecond, true, 0} //nolint:gosec // small
	}
	p := encodeTWCC(list)
	b.ReportAllocs()
	now := time.Hour
	for b.Loop() {
		now += 3 * time.Second // each is new again
		for j := range list {
			log.note(uint16(j), 1200, now-time.Duration(j)*5*time.Millisecond) //nolint:gosec // small
		}
		a, _ := newArrivals(p)
		e.take(now, &a)
	}
}
