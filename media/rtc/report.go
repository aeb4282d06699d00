package rtc

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/srtp/v3"

	"xianfeng/media/datagram"
)

// cname is the same for all: whoever gets two tracks plays them in step (RFC 3550 §6.5.1).
const cname = "xianfeng"

// reportBefore sends a sender report that is due before pictures, so that it does not wait for them.
func (g *Group) reportBefore(w *worker, v *Viewer, to *datagram.Peer, k *keys) {
	if v.send.sequence.before(w.now, g.burst, v.send.late) {
		g.report(w, v, to, k, !v.send.late)
	}
}

// reportBehind sends one behind a large haul, which has come to its end.
func (g *Group) reportBehind(w *worker, v *Viewer, to *datagram.Peer, k *keys) {
	if to.Via() == nil && !v.ears.line.wants.Load() && v.send.sequence.behind(w.now) {
		g.report(w, v, to, k, true)
	}
}

// report sends the viewer sender reports of its tracks: where their timestamps lie in programme time,
// the same for all tracks of the stream, so that sound and picture play in step. Its echo tells of the line
// (echo.go) if it is noted.
func (g *Group) report(w *worker, v *Viewer, to *datagram.Peer, k *keys, noted bool) {
	b := w.scratch[:0]
	var ssrc uint32
	for i, t := range g.tracks {
		if l := &v.send.lanes[i]; t != nil && l.on && t.pics > 0 {
			if ssrc == 0 {
				ssrc = l.ssrc
			}
			b = appendSenderReport(b, l.ssrc, t.time, t.ts, l.packets, l.octets)
		}
	}
	if len(b) == 0 {
		return
	}
	b = appendSDES(b, ssrc)
	w.scratch = b
	out, err := k.out.EncryptRTCP(nil, b, nil)
	if err != nil {
		return
	}
	dst := w.batch.Room(len(out))
	w.batch.Commit(to, copy(dst, out))
	v.send.sent += len(out)
	if t := g.tracks[videoLane]; noted && t != nil && v.send.lanes[videoLane].on {
		v.ears.line.marks.note(v.send.sequence.mark(uint32(ntp(t.time)>>16), g.t.elapsed())) //nolint:gosec // its middle
	}
}

// appendSenderReport appends an SR without report blocks (RFC 3550 §6.4.1).
func appendSenderReport(b []byte, ssrc uint32, at time.Time, ts, packets, octets uint32) []byte {
	b = append(b, 0x80, rtcpSenderReport, 0, 6)
	b = binary.BigEndian.AppendUint32(b, ssrc)
	b = binary.BigEndian.AppendUint64(b, ntp(at))
	b = binary.BigEndian.AppendUint32(b, ts)
	b = binary.BigEndian.AppendUint32(b, packets)
	return binary.BigEndian.AppendUint32(b, octets)
}

// ntp converts to the 64-bit format of RFC 3550 §4: seconds since 1900, and their fraction.
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	sec := uint64(t.Unix() + since1900) //nolint:gosec // after 1900
	return sec<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// appendSDES appends a source description with the CNAME only (RFC 3550 §6.5).
func appendSDES(b []byte, ssrc uint32) []byte {
	const body = 4 + 2 + len(cname) // SSRC, item header, text
	padded := (body + 4) &^ 3       // at least one zero ends the list
	b = append(b, 0x81, 202, 0, byte(padded/4))
	b = binary.BigEndian.AppendUint32(b, ssrc)
	b = append(b, 1, byte(len(cname)))
	b = append(b, cname...)
	return append(b, make([]byte, padded-body)...)
}

const maxSources = 8 // SSRCs of reports that a viewer may use

// ears take a viewer's RTCP, from the receive loop and from its connections over TCP.
type ears struct {
	viewer *Viewer

	mu      sync.Mutex // guards all below and keys.in; taken before Group.mu
	plain   []byte
	sources []uint32
	lossOf  [2]int32  // as last reported, by lane
	line    estimator // the worker reads its atomics
}

// hear opens one SRTCP packet and passes on what it says.
func (e *ears) hear(b []byte) {
	k := e.viewer.keys.Load()
	if k == nil || len(b) < 8 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	plain, ok := e.open(k.in, b)
	if ok {
		parseRTCP(plain, e)
	}
}

func (e *ears) open(c *srtp.Context, b []byte) ([]byte, bool) {
	source := binary.BigEndian.Uint32(b[4:])
	known := false
	for _, s := range e.sources {
		known = known || s == source
	}
	if !known && len(e.sources) == maxSources {
		return nil, false // the context keeps a replay window for each
	}
	plain, err := c.DecryptRTCP(e.plain[:0], b, nil)
	if err != nil {
		return nil, false
	}
	e.plain = plain
	if !known {
		e.sources = append(e.sources, source)
	}
	return plain, true
}

// laneOf returns the lane that an SSRC of ours belongs to, or -1. What it reads of the lanes is fixed.
func (e *ears) laneOf(ssrc uint32) int {
	for i, p := range e.viewer.ssrcs {
		if p != 0 && p == ssrc {
			return i
		}
	}
	return -1
}

// report implements feedback.
func (e *ears) report(r reception) {
	i := e.laneOf(r.ssrc)
	if i < 0 {
		return
	}
	if i == videoLane {
		now := e.viewer.t.elapsed()
		e.line.echo(now, r)
		e.line.lost(now, r.fraction)
	}
	if d := r.total - e.lossOf[i]; d > 0 {
		e.viewer.session.Lost.Add(uint64(d))
	}
	e.lossOf[i] = r.total
}

// nack implements feedback.
func (e *ears) nack(ssrc uint32, seq, mask uint16) {
	if i := e.laneOf(ssrc); i >= 0 {
		e.viewer.g.post(letter{v: e.viewer, lane: i, seq: seq, mask: mask})
	}
}

// keyFrame implements feedback.
func (e *ears) keyFrame(ssrc uint32) {
	if i := e.laneOf(ssrc); i >= 0 {
		e.viewer.g.post(letter{v: e.viewer, lane: i, key: true})
	}
}

// arrived implements feedback.
func (e *ears) arrived(report []byte) {
	if a, ok := newArrivals(report); ok {
		e.line.take(e.viewer.t.elapsed(), &a)
	}
}

// remb implements feedback.
func (e *ears) remb(rate int64) { e.line.remb(rate) }
