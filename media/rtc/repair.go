package rtc

import (
	"encoding/binary"
	"time"

	"xianfeng/media/datagram"
)

const (
	resendRate  = 400 // packets a second for each viewer
	resendBurst = 64  // and at once: more would only overflow the next buffer
	resendAgain = 20  // milliseconds
	resendSlots = 64
	repeatGap   = time.Second // between two key frames sent again
	repeatPics  = 300
)

// allowance bounds what a viewer may have sent again: a token bucket, and no packet twice within
// 20 ms. Asking for more is not answered.
type allowance struct {
	tokens float64
	filled time.Time
	begun  time.Time
	slots  [resendSlots]resent // by index; a collision forgets the older
}

// resent is when a packet was last sent again, in few bytes: every viewer has 64 of them.
type resent struct {
	index uint32 // its low half, plus one; zero: none
	at    uint32 // milliseconds since the allowance began
}

func (a *allowance) init(now time.Time) { a.tokens, a.filled, a.begun = resendBurst, now, now }

func (a *allowance) allow(index uint64, now time.Time, rate float64) bool {
	a.tokens = min(resendBurst, a.tokens+rate*now.Sub(a.filled).Seconds())
	a.filled = now
	r := resent{uint32(index) + 1, uint32(now.Sub(a.begun).Milliseconds())} //nolint:gosec // may wrap
	s := &a.slots[index%resendSlots]
	if a.tokens < 1 || s.index == r.index && r.at-s.at < resendAgain {
		return false
	}
	a.tokens--
	*s = r
	return true
}

// answerMail answers what viewers reported since the last pass.
func (g *Group) answerMail(w *worker) {
	for _, m := range g.letters {
		if m.v.ctx.Err() != nil || m.v.keys.Load() == nil || m.v.to.Load() == nil || !m.v.send.lanes[m.lane].on {
			continue
		}
		if m.key {
			g.answerKey(w, m.v, m.lane)
			continue
		}
		g.resend(w, m.v, m.lane, m.seq)
		for seq, mask := m.seq+1, m.mask; mask != 0; seq, mask = seq+1, mask>>1 {
			if mask&1 != 0 {
				g.resend(w, m.v, m.lane, seq)
			}
		}
	}
	clear(g.letters)
	g.letters = g.letters[:0]
}

// resendRate is how many packets a second a viewer may have sent again: at most half of what its line
// is known to carry, so that pictures have the other half.
func (v *Viewer) resendRate() float64 {
	if pace := v.measured(); pace > 0 {
		return min(resendRate, float64(pace)/(2*8*maxDatagram))
	}
	return resendRate
}

// resend sends one packet again, on the RTX stream where there is one.
func (g *Group) resend(w *worker, v *Viewer, lane int, seq uint16) {
	l, r := &v.send.lanes[lane], &g.tracks[lane].ring
	pos, index, s, ok := l.find(seq)
	x := &v.send
	if !ok || !r.has(pos) || !x.resend.allow(index, w.now, v.resendRate()) {
		return
	}
	x.at = g.t.elapsed()
	before := x.sent
	p, to, k := r.at(pos), v.to.Load(), v.keys.Load()
	ts := s.timestamp(pos, p)
	if l.rtxPT == 0 {
		w.put(v, to, k, l, p, index, ts)
	} else {
		w.putRTX(v, to, k, l, p, seq, ts)
	}
	if v.measured() > 0 { // else what the line takes beside pictures is not known, and NACKs say enough
		x.pacer.take(x.sent - before)
	}
	x.tell(v)
}

// putRTX seals a retransmission (RFC 4588 §4): its own stream, the original number in front.
func (w *worker) putRTX(v *Viewer, to *datagram.Peer, k *keys, l *lane, p *pkt, seq uint16, ts uint32) {
	w.scratch = binary.BigEndian.AppendUint16(w.scratch[:0], seq)
	w.scratch = append(w.scratch, p.payload...)
	dst := w.batch.Room(headerSize + extensionSize + len(w.scratch) + maxTag)
	header(dst, l.rtxPT, p.marker, l.rtx, ts, l.rtxSSRC)
	if w.finish(v, to, k, dst, v.send.extend(dst, l.twcc), w.scratch, l.rtx, l.rtxSSRC) {
		l.rtx++
	}
}

// answerKey answers a request for a key frame. A relay can't make one: the viewer gets the newest
// again with what followed, at most once a second and as seldom as it is old, so that nobody costs
// more than twice the stream. The publisher is asked too.
func (g *Group) answerKey(w *worker, v *Viewer, i int) {
	l, t := &v.send.lanes[i], g.tracks[i]
	r := &t.ring
	if g.delay == 0 || !r.hasKey { // who is delayed would wait for that one for too long
		g.wantKeyFrame(w)
	}
	if i != videoLane || l.waits || l.cursor != r.next || !r.hasKey || t.numbered {
		return
	}
	newest, key := r.newest(), r.at(r.key)
	if w.now.Sub(v.send.repeated) < max(repeatGap, newest.at-key.at) || newest.pic-key.pic >= repeatPics {
		return
	}
	v.send.repeated = w.now
	l.repeat(r)
	g.lag(v)
}
