package rtc

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// wire is a simulated way to a viewer: a token bucket, a queue that drops at its end, a delay.
type wire struct {
	rate    int64 // bit/s
	queue   int   // bytes
	bucket  int   // bytes that pass at once
	delay   time.Duration
	jitter  time.Duration
	loss    float64
	free    time.Duration // when all that is queued has left
	newest  time.Duration
	rand    *rand.Rand
	dropped int
	longest time.Duration // wait so far
}

func (l *wire) takes(n int) time.Duration {
	return time.Duration(float64(n) * 8 / float64(l.rate) * float64(time.Second))
}

// send returns when a packet arrives, if it does.
func (l *wire) send(now time.Duration, n int) (at time.Duration, ok bool) {
	l.free = max(l.free, now-l.takes(l.bucket))
	if l.free-now > l.takes(l.queue-n) {
		l.dropped++
		return 0, false
	}
	l.free += l.takes(n)
	left := max(l.free, now)
	l.longest = max(l.longest, left-now)
	if l.rand.Float64() < l.loss {
		return 0, false
	}
	at = left + l.delay + time.Duration(l.rand.Float64()*float64(l.jitter))
	l.newest = max(l.newest, at) // in order
	return l.newest, true
}

// simulation is a stream that goes over a wire with the estimator and the pacer between them.
type simulation struct {
	wire
	e       estimator
	p       pacer
	log     sentLog
	now     time.Duration
	backlog []waiting
	number  uint16
	fates   []fate
	told    int
	bursts  int // times that anything was sent
	lag     time.Duration
	skips   int
	mute    bool // the viewer sends no reports
	uneven  bool // some pictures are three times as large
	cross   int64
	frame   int
	report  time.Duration // when the next is sent
	reports []inFlight

	plain    bool // receiver reports only
	remb     int64
	sequence sequence
	late     bool
	senders  []time.Duration // arrivals of sender reports, from the first on; 0: lost
	reported int             // fates that a receiver report was about
	due      time.Duration   // when sender reports are
}

type waiting struct {
	came time.Duration
	key  bool // begins a group of pictures
}

type fate struct {
	number uint16
	at     time.Duration
	ok     bool
	sent   time.Duration
}

type inFlight struct {
	due time.Duration
	b   []byte
}

const simPacket = 1200

// newPlain is one without transport-wide feedback.
func newPlain(p wire) *simulation {
	s := newSimulation(p)
	s.e.log, s.plain = nil, true
	return s
}

func newSimulation(p wire) *simulation {
	s := &simulation{wire: p, now: time.Hour}
	s.rand = rand.New(rand.NewPCG(1, 2))
	s.e.log = &s.log
	return s
}

// wait puts n bytes before what comes, as for a viewer who joins in the middle of a group of pictures.
func (s *simulation) wait(n int) {
	for i := 0; i < n; i += simPacket {
		s.backlog = append(s.backlog, waiting{s.now, i == 0})
	}
	if n > 0 {
		s.frame = 50
	}
}

// run shows pictures for d: key bytes each key frame, 2 Mbit/s in all.
func (s *simulation) run(d time.Duration, keySize int) {
	const gop = 100
	epoch := time.Unix(1000, 0)
	for end := s.now + d; s.now < end; s.now += time.Millisecond {
		if s.now%(40*time.Millisecond) == 0 {
			size := (gop*10_000 - keySize) / (gop - 1)
			if s.frame%gop == 0 {
				size = keySize
			}
			if s.uneven && s.frame%10 == 5 {
				size *= 3
			} else if s.uneven && s.frame%10 < 4 && s.frame%gop != 0 {
				size /= 2
			}
			key := s.frame%gop == 0
			s.frame++
			for ; size > 0; size -= simPacket {
				s.backlog = append(s.backlog, waiting{s.now, key})
				key = false
			}
		}
		if s.cross > 0 && s.now%(10*time.Millisecond) == 0 {
			for n := int(s.cross / 800); n > 0; n -= simPacket {
				s.wire.send(s.now, simPacket)
			}
		}
		if len(s.backlog) > 0 && (s.now%(40*time.Millisecond) == 0 || s.now%(5*time.Millisecond) == 0) {
			pace := s.e.pace.Load()
			if pace == 0 {
				pace = 6_000_000
				if len(s.fates)*simPacket > keySize {
					pace = 4_000_000
				}
			}
			s.skip()
			s.hauls(epoch.Add(s.now))
			sent := 0
			s.p.fill(epoch.Add(s.now), pace, s.e.room())
			if s.p.open() {
				s.bursts++
			}
			for len(s.backlog) > 0 && s.p.open() {
				s.backlog = s.backlog[1:]
				s.p.take(simPacket)
				sent += simPacket
				s.log.note(s.number, simPacket, s.now)
				at, ok := s.wire.send(s.now, simPacket)
				s.fates = append(s.fates, fate{s.number, at, ok, s.now})
				s.number++
			}
			s.sequence.haul.add(epoch.Add(s.now), sent)
			if s.late = len(s.backlog) > 0; !s.late && s.plain && !s.e.wants.Load() && s.sequence.behind(epoch.Add(s.now)) {
				s.sendReport()
			}
			if len(s.backlog) > 0 {
				s.lag = max(s.lag, s.now-s.backlog[0].came)
			}
		}
		s.feedback()
	}
}

// hauls is what a worker does before it sends pictures.
func (s *simulation) hauls(now time.Time) {
	if !s.plain {
		return
	}
	if s.due == 0 {
		s.sendReport() // before the first picture
	}
	if s.now >= s.due {
		s.due, s.sequence.owes = s.now+reportEvery, s.due != 0
	}
	burst := 0
	for i := len(s.backlog); i > 0 && s.backlog[i-1].came == s.now; i-- {
		burst++
	}
	if s.sequence.before(now, burst*simPacket, s.late) {
		s.sendReport()
	}
	if !s.late {
		s.sequence.haul = haul{}
	}
}

func (s *simulation) sendReport() {
	at, ok := s.wire.send(s.now, 100)
	if !ok {
		at = 0
	}
	s.senders = append(s.senders, at)
	s.e.marks.note(s.sequence.mark(uint32(len(s.senders)), s.now)) //nolint:gosec // small
}

// receiverReport is heard each second, about (RFC 3550 §6.2). It names the newest sender report that arrived.
func (s *simulation) receiverReport() {
	if s.now < s.report || s.mute {
		return
	}
	s.report = s.now + time.Second/2 + time.Duration(s.rand.Int64N(int64(time.Second)))
	told := s.now - s.delay // when the viewer made it
	n, lost := 0, 0
	for ; s.reported < len(s.fates) && s.fates[s.reported].sent < told-2*s.delay; s.reported++ {
		n++
		if !s.fates[s.reported].ok {
			lost++
		}
	}
	for i := len(s.senders); i > 0; i-- {
		if at := s.senders[i-1]; at > 0 && at <= told {
			dlsr := uint32((told - at) * dlsrSeconds / time.Second)                                                                      //nolint:gosec // small
			s.e.echo(s.now, reception{lsr: uint32(i), dlsr: dlsr, highest: uint32(s.reported), fraction: uint8(lost * 255 / max(n, 1))}) //nolint:gosec // small
			break
		}
	}
	if n > 0 {
		s.e.lost(s.now, uint8(lost*255/n)) //nolint:gosec // at most 255
	}
	if s.remb > 0 {
		s.e.remb(s.remb)
	}
}

// skip goes to the newest key frame where the backlog is old.
func (s *simulation) skip() {
	for i := len(s.backlog) - 1; i > 0 && s.now-s.backlog[0].came > maxLag; i-- {
		if s.backlog[i].key {
			s.backlog = s.backlog[i:]
			s.skips++
		}
	}
}

// feedback sends a report each 100 ms, and takes those that arrived.
func (s *simulation) feedback() {
	if s.plain {
		s.receiverReport()
		return
	}
	if s.now >= s.report && !s.mute {
		s.report = s.now + 100*time.Millisecond
		n := s.told
		for i := s.told; i < len(s.fates); i++ {
			if s.fates[i].ok && s.fates[i].at <= s.now {
				n = i + 1
			}
		}
		if n > s.told {
			s.reports = append(s.reports, inFlight{s.now + s.delay, encodeTWCC(s.fates[s.told:n])})
			s.told = n
		}
	}
	for len(s.reports) > 0 && s.reports[0].due <= s.now {
		if a, ok := newArrivals(s.reports[0].b); ok {
			s.e.take(s.now, &a)
		}
		s.reports = s.reports[1:]
	}
}

// encodeTWCC makes a report with two-bit symbols and large deltas; the viewer's clock is another one.
func encodeTWCC(list []fate) []byte {
	const ahead = 77 * time.Minute
	b := []byte{0x80 | rtcpTWCC, rtcpTransport, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2}
	b = binary.BigEndian.AppendUint16(b, list[0].number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(list)))
	at := time.Duration(0)
	for _, f := range list {
		if f.ok {
			at = (f.at + ahead).Truncate(64 * time.Millisecond)
			break
		}
	}
	b = binary.BigEndian.AppendUint32(b, uint32(at/(64*time.Millisecond))<<8)
	var deltas []byte
	for i := 0; i < len(list); i += 7 {
		c := uint16(3 << 14)
		for j := range 7 {
			if i+j < len(list) && list[i+j].ok {
				c |= 2 << (2 * (6 - j))
				d := (list[i+j].at + ahead - at) / (250 * time.Microsecond)
				at += d * 250 * time.Microsecond
				deltas = binary.BigEndian.AppendUint16(deltas, uint16(d))
			}
		}
		b = binary.BigEndian.AppendUint16(b, c)
	}
	b = append(b, deltas...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	return b
}
