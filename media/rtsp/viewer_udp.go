package rtsp

import (
	"net/netip"
	"time"
)

// What a UDP viewer gets at once, so that it does not overflow the 200 KiB that its socket holds by
// default, which is some 90 packets.
const (
	pace    = retry - retry/10 // timers are late, never early
	catchUp = 24               // packets per pace while it catches up: some 50 Mbit/s
	atOnce  = 64               // packets per pace afterwards: a large key frame is spread over some of them
)

// pushUDP puts into the sender's batch what there is to send.
func (v *viewer) pushUDP(now time.Time) bool {
	v.seek()
	if now.Sub(v.paced) >= pace {
		v.paced, v.budget = now, catchUp
		if v.joined {
			v.budget = atOnce
		}
	}
	for {
		b := v.peek(v.at)
		if b == nil {
			v.joined = v.joined || v.at != nil
			return false
		}
		if r := &v.routes[b.track]; r.on && !v.put(b, r) {
			return true
		}
		v.passed(b)
	}
}

// put puts a burst, or what was left of it, into the batch, and reports whether it could all go. What
// the network does not take is lost, like any other packet on the way. 0 allocs, after the first viewer.
func (v *viewer) put(b *burst, to *route) bool {
	d, batch := b.datagrams(), v.sender.batch
	sent := 0
	for i := range d.runs {
		r := &d.runs[i]
		n := min(r.first+r.count-v.frame, v.budget)
		if n <= 0 {
			continue // went already, or must wait
		}
		p := r.part(d.bytes, v.frame, n)
		batch.Share(to.rtp, p, r.seg)
		v.frame += n
		v.budget -= n
		sent += len(p)
	}
	all := v.frame == b.rtp
	if all {
		for _, p := range d.reports {
			v.sender.reports = append(v.sender.reports, report{p, to.rtcp})
			sent += len(p)
		}
	}
	v.counted.Sent.Add(uint64(sent)) //nolint:gosec // not negative
	return all
}

// report is a sender report on its way.
type report struct {
	bytes []byte
	to    netip.AddrPort
}

// begin readies the batch for a viewer with UDP.
func (x *sender) begin(now time.Time) {
	s := x.e.s
	if x.batch == nil {
		x.batch = s.out.NewBatch()
	}
	// gortsplib leaves deadlines on the sockets; a socket that is full drains in far less than a second.
	s.rtp.SetWriteDeadline(now.Add(time.Second))  //nolint:errcheck // a closed socket fails when written to
	s.rtcp.SetWriteDeadline(now.Add(time.Second)) //nolint:errcheck // the same
}

// flush sends the batch, and then the reports: clients ignore those of sources that they have no packet of.
func (x *sender) flush() {
	x.batch.Flush()
	for _, r := range x.reports {
		x.e.s.rtcp.WriteToUDPAddrPort(r.bytes, r.to) //nolint:errcheck // lost, and another will follow
	}
	clear(x.reports)
	x.reports = x.reports[:0]
}
