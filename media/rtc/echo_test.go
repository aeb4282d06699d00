package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

const testBigKey = 130_000

// small is a line of 5 Mbit/s with a queue of 64 KiB.
func small() wire { return wire{rate: 5_000_000, queue: 64 << 10, delay: 20 * time.Millisecond} }

func TestKeyFramesDoNotOverflowASmallQueueWithoutTransportWideFeedback(t *testing.T) {
	change := func(f func(*wire)) wire { l := small(); f(&l); return l }
	at := func(rate int64) wire { return change(func(l *wire) { l.rate = rate }) }
	for name, x := range map[string]struct {
		line      wire
		remb      int64
		mute      bool
		uneven    bool
		first     int   // packets that may be dropped in the first five groups of pictures; later none
		low, high int64 // of the rate that is found
	}{
		"5 Mbit/s":          {line: small(), low: 4_800_000, high: 5_200_000},
		"uneven pictures":   {line: change(func(l *wire) { l.bucket = 5000 }), uneven: true, low: 4_500_000, high: 5_500_000},
		"REMB":              {line: small(), remb: 3_000_000, low: 4_800_000, high: 5_200_000},
		"no reports":        {line: small(), mute: true},
		"far away":          {line: change(func(l *wire) { l.delay = 100 * time.Millisecond }), low: 4_800_000, high: 5_200_000},
		"a bucket of 5 kB":  {line: change(func(l *wire) { l.bucket = 5000 }), low: 4_800_000, high: 5_500_000},
		"a bucket of 32 kB": {line: change(func(l *wire) { l.bucket = 32 << 10 }), low: 4_800_000, high: 7_000_000},
		"jitter":            {line: change(func(l *wire) { l.jitter = 10 * time.Millisecond }), low: 4_500_000, high: 5_500_000},
		"5 % loss":          {line: change(func(l *wire) { l.loss = 0.05 }), low: 4_500_000, high: 5_500_000},
		"3 Mbit/s":          {line: at(3_000_000), first: 40, low: 2_800_000, high: 3_200_000},
		"7 Mbit/s":          {line: at(7_000_000), low: 6_500_000, high: 7_500_000},
		"10 Mbit/s":         {line: at(10_000_000), low: 9_500_000, high: 10_500_000},
		"20 Mbit/s":         {line: change(func(l *wire) { l.rate, l.queue = 20_000_000, 128<<10 }), low: 18_000_000, high: 22_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPlain(x.line)
			s.remb, s.mute, s.uneven = x.remb, x.mute, x.uneven
			s.run(5*testGOP, testBigKey)
			if s.dropped > x.first {
				t.Errorf("first groups of pictures: %d packets dropped, want at most %d", s.dropped, x.first)
			}
			s.dropped, s.lag = 0, 0
			s.run(16*testGOP, testBigKey)
			if s.dropped > 0 {
				t.Errorf("then: %d packets dropped", s.dropped)
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

func TestBurstsBecomeWholeOnAFastLineWithoutTransportWideFeedback(t *testing.T) {
	for name, x := range map[string]struct {
		remb int64
		line wire
	}{
		"receiver reports": {0, fast()},
		"REMB":             {3_000_000, fast()}, // half as much again as what came: all that it ever says
		"far away":         {0, wire{rate: 100_000_000, queue: 500_000, delay: 100 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPlain(x.line)
			s.remb = x.remb
			s.run(8*testGOP, testBigKey)
			s.bursts, s.lag = 0, 0
			s.run(testGOP, testBigKey)
			if s.bursts > 105 { // 100 pictures
				t.Errorf("got %d bursts for 100 pictures", s.bursts)
			}
			if s.dropped > 0 {
				t.Errorf("%d packets dropped", s.dropped)
			}
		})
	}
}

func TestALineThatGetsWorseAndBetterIsFollowedByItsEchoes(t *testing.T) {
	s := newPlain(fast())
	s.run(6*testGOP, testBigKey)
	s.wire.rate, s.wire.queue = 5_000_000, 64<<10
	s.run(6*testGOP, testBigKey) // the first key frames overflow it
	s.dropped = 0
	s.run(4*testGOP, testBigKey)
	if s.dropped > 0 {
		t.Errorf("worse: %d packets dropped", s.dropped)
	}
	s.wire.rate = 12_000_000
	s.run(4*testGOP, testBigKey)
	if r := s.e.rate.Load(); s.dropped > 0 || r < 10_000_000 || r > 14_000_000 {
		t.Errorf("better: %d packets dropped, rate %d", s.dropped, r)
	}
}

func TestMuchLossLowersThePaceAndItsEndDoesNotRaiseItForEver(t *testing.T) {
	var e estimator
	for i := range 10 {
		e.lost(time.Duration(i)*time.Second, 0)
	}
	if d, p := e.room(), e.pace.Load(); d != startDepth || p != 0 {
		t.Errorf("no loss: depth %d, pace %d: that proves nothing", d, p)
	}
	for i := range 10 {
		e.lost(time.Duration(i)*time.Second, 13) // 5 %: a radio link
	}
	if d, p := e.room(), e.pace.Load(); d != startDepth || p != 0 {
		t.Errorf("5 %% loss: depth %d, pace %d", d, p)
	}
	for i := range 10 {
		e.lost(time.Duration(i)*time.Second, 255)
	}
	if d, p := e.room(), e.pace.Load(); d != minDepth || p > lossyPace/10 {
		t.Errorf("much loss: depth %d, pace %d", d, p)
	}
	for i := range 100 {
		e.lost(time.Duration(i)*time.Second, 0)
	}
	if p := e.pace.Load(); p != lossyPace {
		t.Errorf("after much loss: pace %d, want %d", p, lossyPace)
	}
	e.remb(3_000_000)
	if r := e.rate.Load(); r != 3_000_000 {
		t.Errorf("REMB: got %d", r)
	}
}

func TestEchoesThatLie(t *testing.T) {
	var e estimator
	now := time.Hour
	for i := range uint32(10_000) {
		now += 300 * time.Millisecond
		m := mark{lsr: i + 1, sent: now}
		if i%2 == 0 {
			m.bytes, m.took = 130_000, time.Duration(i%7)*50*time.Millisecond
		}
		e.marks.note(m)
		e.echo(now+time.Duration(i%11)*37*time.Millisecond, reception{
			lsr: i + 1 - i%6, dlsr: []uint32{0, 1, 65536, 1 << 31, 1<<32 - 1}[i%5],
			highest: i * []uint32{0, 1, 300, 1 << 30}[i%4], fraction: uint8(i), //nolint:gosec // cut on purpose
		})
		e.echo(now, reception{})
		if d, r, p := e.room(), e.rate.Load(), e.pace.Load(); d < minDepth || d > maxDepth || r < 0 || r > maxRate || p < 0 || p > maxRate {
			t.Fatalf("depth %d, rate %d, pace %d", d, r, p)
		}
	}
	// A report is believed once.
	e = estimator{}
	e.marks.note(mark{lsr: 7, sent: now})
	if _, ok := e.marks.take(7); !ok {
		t.Error("the first is not found")
	}
	if _, ok := e.marks.take(7); ok {
		t.Error("it is found twice")
	}
}

// The kinds of reports take turns, whatever the stream looks like, and both stay the newest long enough for a viewer
// to name them.
func TestSenderReportsBeforeAndBehind(t *testing.T) {
	for name, every := range map[string]int{"a key frame a second": 25, "every two seconds": 50, "every ten": 250, "only key frames": 1} {
		t.Run(name, func(t *testing.T) {
			var s sequence
			now := time.Unix(1000, 0)
			due, last, wasBehind := now, now, false
			var before, behind int
			for i := range 1000 {
				if s.owes = s.owes || !now.Before(due); s.owes && !now.Before(due) {
					due = now.Add(reportEvery)
				}
				size := 5000
				if i%every == 0 {
					size = testBigKey
				}
				check := func(isBehind bool) {
					if i > 0 && now.Sub(last) < haulGap && wasBehind {
						t.Errorf("picture %d: a report %v after the one behind a haul", i, now.Sub(last))
					}
					last, wasBehind = now, isBehind
				}
				if s.before(now, size, false) {
					before++
					check(false)
				}
				s.haul = haul{}
				s.haul.add(now, size)
				if s.behind(now) {
					behind++
					check(true)
				}
				if now.Sub(last) > 3*reportEvery {
					t.Fatalf("picture %d: no report for %v", i, now.Sub(last))
				}
				now = now.Add(40 * time.Millisecond)
			}
			if want := min(1000/every, 10); behind < want-1 || before < 10 || before+behind > 85 {
				t.Errorf("%d reports before pictures, %d behind hauls in 40 s", before, behind)
			}
		})
	}
}

// A real viewer's receiver reports are enough to find out what its line carries.
func TestReceiverReportsTellOfTheLine(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 60_000)
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	c.until("the first picture", func() bool { return len(c.ids()) >= 1 })
	answered := uint32(0)
	for i := 0; v.Estimate() == 0; i++ {
		if i > 1000 {
			t.Fatal("nothing was found out")
		}
		w.show(true, 60_000)
		c.until("a picture", func() bool { return len(c.ids()) >= 2+i })
		v.ears.line.marks.mu.Lock()
		list := v.ears.line.marks.list
		newest := list[(v.ears.line.marks.next+echoMarks-1)%echoMarks].lsr
		v.ears.line.marks.mu.Unlock()
		if newest == 0 || newest == answered {
			continue
		}
		answered = newest
		b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: v.ssrcs[videoLane], LastSenderReport: newest}}}})
		if err != nil {
			t.Fatal(err)
		}
		v.ears.mu.Lock()
		parseRTCP(b, &v.ears)
		v.ears.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.packets[webrtc.RTPCodecTypeVideo]) == 0 {
		t.Error("no pictures")
	}
}
