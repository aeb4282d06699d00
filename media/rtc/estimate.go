package rtc

import (
	"sync/atomic"
	"time"
)

// estimator learns from a viewer's reports how much its line carries, and how much of it at once. It
// sends nothing for that: key frames and catching up are probes enough.
//
// With transport-wide feedback, a packet's delay is how much longer it was on its way than the fastest
// of the last 10 to 20 s: the queue in front of the narrowest link (draft-ietf-rmcat-gcc-02 §5 looks at
// its gradient; the absolute value needs no filter, and a relay has no encoder that would have to hear
// of it early). From delays follow
//
//   - rate: while packets wait somewhere and leave more slowly than they were sent, the link is busy,
//     and what arrives is what it carries. That is the dispersion of packet trains (RFC 5136 §2.3.5's
//     capacity as seen by us), without the beginning of a burst that a token bucket on the way lets
//     through. Packets that were sent at a steady pace and did not wait show that it carries at least
//     that; before the first sign of a limit, half as much again (slow start).
//   - depth: a burst may be as large as waits for queueTarget at most, and twice as large as the
//     largest that was proved to pass. Of a burst whose end was lost only what came before passes.
//   - pace: a little more than rate, so that a line that got better is noticed; less while a queue
//     stands that does not go away by itself.
//
// More than 10 % lost at a steady pace is a limit, too: some shapers drop and don't queue. Less may be
// a radio link's own and must not make the picture worse.
//
// Without it, receiver reports say once a second how long the sender report behind a key frame waited
// (echo.go) and how much was lost, and REMB (draft-alvestrand-rmcat-remb-03) gives the rate until then.
//
// The receive loop owns it but for the atomics, by which the worker is told, and marks. What a viewer lies about
// stays within the bounds below and is about itself. 0 allocs.
type estimator struct {
	rate  atomic.Int64 // bit/s that the line carries; 0: nothing is known yet
	pace  atomic.Int64 // bit/s to send with for longer; 0: nothing is known yet
	depth atomic.Int64 // bytes to send at once; 0: startDepth

	wants atomic.Bool // an echo that did not wait: the worker sends no report behind a haul until then

	marks  marks // of sender reports
	echoes echoes
	cut    bool // pace was lowered because much was lost, and not measured since
	hauls  bool // pace was measured by echoes

	log     *sentLog // nil: no transport-wide feedback
	heard   time.Duration
	expect  uint16 // the next number
	primed  bool   // expect is valid
	limited bool   // rate was found by reaching a limit

	base     baseline
	standing time.Duration // least delay in this report

	burst burst
	busy  train
	run   train
}

const (
	startDepth  = 16 << 10 // an ordinary picture of a 2 Mbit/s stream goes out at once everywhere
	minDepth    = 10 << 10
	maxDepth    = 256 << 10
	minRate     = 100_000
	lossyPace   = 8_000_000 // where receiver reports are all that is known, before the first step down
	maxRate     = 500_000_000
	queueTarget = 25 * time.Millisecond // at the end of a burst; routers hold more
	queueNone   = 5 * time.Millisecond  // less is timers and jitter
	fastestSpan = 10 * time.Second
	runGap      = 12 * time.Millisecond // between packets of a steady pace: two ticks of the worker
	busySpan    = 20 * time.Millisecond // less is no measurement where there is jitter
	busyMore    = 8 * time.Millisecond
	silence     = 2 * time.Second // without transport-wide feedback; then others count
)

// baseline is the least time on the way of the last 10 to 20 s, plus the difference of the clocks.
type baseline struct {
	fastest, before fastest
	since           time.Duration // of fastest
}

type fastest struct {
	way   time.Duration
	valid bool
}

// burst is packets that were sent at once.
type burst struct {
	sent        time.Duration
	bytes, lost int // bytes arrived, packets lost
	packets     int // arrived
	whole       int // bytes before the first loss
	delay       time.Duration
}

// train is packets in a row; the first one begins it, only the others are in bytes.
type train struct {
	on                                 bool
	sentFirst, sentLast, first, newest time.Duration
	bytes, packets, lost               int
	worst                              time.Duration // largest delay
}

func (t *train) sending() time.Duration  { return t.sentLast - t.sentFirst }
func (t *train) arriving() time.Duration { return t.newest - t.first }

func (t *train) begin(sent, at, delay time.Duration) {
	*t = train{on: true, sentFirst: sent, sentLast: sent, first: at, newest: at, worst: delay}
}

func (t *train) add(sent, at, delay time.Duration, size int) {
	t.sentLast, t.newest = max(t.sentLast, sent), max(t.newest, at)
	t.worst = max(t.worst, delay)
	t.bytes += size
	t.packets++
}

// bits per second of n bytes.
func bits(n int, d time.Duration) int64 {
	return int64(float64(n) * 8 / max(d.Seconds(), 1e-4))
}

// room is how much may be sent at once.
func (e *estimator) room() int {
	if d := e.depth.Load(); d > 0 {
		return int(d)
	}
	return startDepth
}

// take learns from a report. now is on the clock of the log.
func (e *estimator) take(now time.Duration, a *arrivals) {
	if e.log == nil {
		return
	}
	if e.primed && now-e.heard > silence { // numbers may have wrapped
		e.primed = false
	}
	e.heard = now
	e.standing = -1
	for {
		number, at, received, ok := a.next()
		if !ok {
			break
		}
		if e.primed && int16(number-e.expect) < 0 { //nolint:gosec // RFC 1982
			continue // told already
		}
		size, sent, ok := e.log.find(number, now)
		if !ok {
			continue // never sent, or forgotten
		}
		if !e.primed || number != e.expect { // nothing is known of what was between
			e.burst, e.busy, e.run = burst{}, train{}, train{}
		}
		e.expect, e.primed = number+1, true
		e.packet(now, sent, at, size, received)
	}
	e.settle()
}

// packet takes one packet's fate, in the order of sending.
func (e *estimator) packet(now, sent, at time.Duration, size int, received bool) {
	b := &e.burst
	if sent != b.sent {
		e.endBurst()
		b.sent = sent
	}
	if !received {
		b.lost++
		e.run.lost++
		return
	}
	delay := e.base.delay(now, at-sent)
	if e.standing < 0 || delay < e.standing {
		e.standing = delay
	}
	b.bytes += size
	b.packets++
	b.delay = delay
	if b.lost == 0 {
		b.whole += size
	}
	switch {
	case delay <= queueNone:
		e.endBusy()
		e.busy.on = false
	case e.busy.on:
		e.busy.add(sent, at, delay, size)
	default:
		e.busy.begin(sent, at, delay)
	}
	if e.run.on && sent-e.run.sentLast <= runGap {
		e.run.add(sent, at, delay, size)
	} else {
		e.endRun()
		e.run.begin(sent, at, delay)
	}
}

// delay takes a packet's time on the way, and returns how long it waited in it.
func (b *baseline) delay(now, way time.Duration) time.Duration {
	if f := &b.fastest; f.valid && (way-f.way).Abs() > fastestSpan { // a clock was set, or somebody lies
		*b = baseline{}
	}
	if b.fastest.valid && now-b.since > fastestSpan {
		b.before, b.fastest.valid = b.fastest, false
	}
	if !b.fastest.valid {
		b.fastest, b.since = fastest{way, true}, now
	}
	b.fastest.way = min(b.fastest.way, way)
	least := b.fastest.way
	if b.before.valid {
		least = min(least, b.before.way)
	}
	return way - least
}

// endBurst learns the depth.
func (e *estimator) endBurst() {
	b := e.burst
	e.burst = burst{}
	depth := e.room()
	switch fits := int(float64(b.bytes) * float64(queueTarget) / float64(max(b.delay, time.Millisecond))); {
	case b.lost > 1 && b.lost*10 > b.packets:
		depth = min(depth, b.whole*7/10)
	case b.packets == 0:
		return
	case b.delay > queueTarget*3/2:
		depth = min(depth, fits)
	case b.bytes >= depth/2:
		depth = max(min(depth, fits), min(2*b.bytes, fits))
	default:
		return
	}
	e.depth.Store(int64(min(max(depth, minDepth), maxDepth)))
}

// endBusy learns what the link carries while packets wait for it.
func (e *estimator) endBusy() {
	t := &e.busy
	span := t.arriving()
	if !t.on || t.packets < 6 || span < busySpan || span < t.sending()*11/10+busyMore {
		return
	}
	seen := bits(t.bytes, span)
	if rate := e.rate.Load(); e.limited {
		weight := min(max(span.Seconds()*10, 0.1), 0.5) // the longer, the surer
		seen = rate + int64(float64(seen-rate)*weight)
	}
	e.limited = true
	e.setRate(seen)
	t.on = false
}

// endRun learns what a steady pace tells.
func (e *estimator) endRun() {
	t := &e.run
	span := max(t.arriving(), t.sending())
	if !t.on || t.packets < 8 || span < 30*time.Millisecond {
		return
	}
	rate, got := e.rate.Load(), bits(t.bytes, span)
	switch lost := float64(t.lost) / float64(t.packets+t.lost); {
	case lost > 0.1:
		e.limited = true
		if rate == 0 || got < rate {
			e.setRate(got)
		}
	case t.worst > 2*queueNone:
	case !e.limited && lost < 0.02:
		e.setRate(max(rate, got*3/2))
	case got > rate:
		e.setRate(got)
	}
	t.on = false
}

// settle is the end of a report.
func (e *estimator) settle() {
	e.endBusy()
	e.endRun()
	if rate := e.rate.Load(); rate > 0 {
		pace := rate * 11 / 10
		if e.standing > queueTarget {
			pace = rate * 85 / 100
		}
		e.pace.Store(pace)
	}
}

func (e *estimator) setRate(r int64) { e.rate.Store(min(max(r, minRate), maxRate)) }

// told reports whether transport-wide feedback says all that receiver reports could.
func (e *estimator) told(now time.Duration) bool {
	return e.log != nil && e.heard > 0 && now-e.heard < silence
}

// lost takes a receiver report's share of lost packets, in 256ths. No loss proves nothing: the line may have
// carried no more than it can.
func (e *estimator) lost(now time.Duration, fraction uint8) {
	if e.told(now) {
		return
	}
	pace := e.pace.Load()
	switch {
	case fraction == 0 && e.cut:
		e.pace.Store(min(pace*5/4, lossyPace))
	case fraction > 38: // 15 %: no radio link, but too much at once
		e.depth.Store(int64(max(e.room()/2, minDepth)))
		if pace == 0 {
			pace = lossyPace
		}
		e.pace.Store(max(pace*2/3, minRate))
		e.cut = true
	}
}

// remb takes the viewer's own estimate, which is never much more than what came lately.
func (e *estimator) remb(rate int64) {
	if e.log == nil && !e.hauls {
		e.setRate(rate)
		e.pace.Store(e.rate.Load() * 11 / 10)
	}
}
