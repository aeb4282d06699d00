package rtsp

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/pion/rtcp"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

const (
	maxGather = 64        // bursts handed to the socket in one write
	maxBytes  = 256 << 10 // and their bytes
)

// viewer is one PLAY of a session: a cursor into the bursts of an egress. PAUSE ends it.
type viewer struct {
	e       *egress
	name    string
	remote  string
	session *gortsplib.ServerSession
	conn    *conn // the connection that PLAY came on
	udp     bool
	routes  []route // by index of the media in the SDP
	counted *media.Session
	sender  *sender
	live    atomic.Bool // the response to PLAY has been written, and nothing has ended it since

	// The sender's own.
	at      *burst    // sent last; nil: begin at the newest key frame
	frame   int       // RTP packets of the next burst that were sent already, UDP
	due     uint64    // RTP packets before the next one to send
	joined  bool      // has caught up once
	paced   time.Time // since when the budget holds
	budget  int       // packets that it may be sent, UDP
	blocked time.Time
	bufs    [][]byte
	bursts  []*burst

	lost [2]uint32 // what the viewer reported last, by media; for the goroutine of its RTCP
}

// route says where the packets of one track go.
type route struct {
	on      bool
	channel int
	rtp     *datagram.Peer
	rtcp    netip.AddrPort
}

// push sends what there is to send and reports whether there is more that could not go yet.
func (v *viewer) push(now time.Time) bool {
	if v.udp {
		return v.pushUDP(now)
	}
	return v.pushTCP(now)
}

// seek lets go of bursts that are not kept any more: a viewer who fell that far behind goes on at the
// newest key frame. Without it a slow one would hold on to all that came since.
func (v *viewer) seek() {
	if v.at != nil && v.at.seq+1 < v.e.oldest.Load() {
		v.at, v.frame = nil, 0
	}
}

// peek returns the burst after b that goes to the viewer, or nil while there is none.
func (v *viewer) peek(b *burst) *burst {
	if b != nil {
		return b.next.Load()
	}
	return v.e.key.Load()
}

// passed moves the cursor.
func (v *viewer) passed(b *burst) {
	if v.at == nil && v.due > 0 && b.before > v.due {
		v.counted.Lost.Add(b.before - v.due)
	}
	v.at, v.frame, v.due = b, 0, b.before+uint64(b.rtp) //nolint:gosec // not negative
}

func (v *viewer) pushTCP(now time.Time) bool {
	v.seek()
	for more := true; more; {
		bytes := 0
		v.bufs, v.bursts = v.bufs[:0], v.bursts[:0]
		for b := v.at; bytes < maxBytes && len(v.bufs) < maxGather; {
			next := v.peek(b)
			if next == nil {
				more = false
				break
			}
			b = next
			if r := &v.routes[b.track]; r.on {
				frames := b.on(r.channel)
				v.bufs, v.bursts = append(v.bufs, frames), append(v.bursts, b)
				bytes += len(frames)
			} else if len(v.bufs) == 0 {
				v.passed(b)
			}
		}
		done, n, blocked, err := v.conn.send(v.bufs)
		for _, b := range v.bursts[:done] {
			v.passed(b)
		}
		all := done == len(v.bufs)
		v.counted.Sent.Add(uint64(n)) //nolint:gosec // not negative
		clear(v.bufs)
		clear(v.bursts)
		switch {
		case err != nil:
			v.live.Store(false)
			v.session.Close()
			return false
		case blocked:
			return v.stalled(now, n > 0)
		case !all: // the viewer has been stopped
			return false
		}
		v.blocked = time.Time{}
	}
	return false
}

// stalled notes that the viewer could not take all, and ends one that takes nothing for long.
func (v *viewer) stalled(now time.Time, progress bool) bool {
	if progress || v.blocked.IsZero() {
		v.blocked = now
	}
	if now.Sub(v.blocked) < v.e.s.cfg.Stalled {
		return true
	}
	v.e.s.log.Warn("reader takes nothing", "stream", v.name, "remote", v.remote)
	v.live.Store(false)
	v.session.Close()
	return false
}

// onRTCP takes the losses that the viewer reports. RTCP of one session comes on one goroutine.
func (v *viewer) onRTCP(media int, p rtcp.Packet) {
	var blocks []rtcp.ReceptionReport
	switch p := p.(type) {
	case *rtcp.ReceiverReport:
		blocks = p.Reports
	case *rtcp.SenderReport:
		blocks = p.Reports
	}
	for _, b := range blocks {
		// RFC 3550 §6.4.1: cumulative, 24 bits, signed, less for duplicates.
		if media >= len(v.lost) || b.SSRC != v.e.lanes[media].ssrc || b.TotalLost >= 1<<23 || b.TotalLost <= v.lost[media] {
			continue
		}
		v.counted.Lost.Add(uint64(b.TotalLost - v.lost[media]))
		v.lost[media] = b.TotalLost
	}
}

// stop detaches the viewer; when it returns nothing more is written to its connection.
func (v *viewer) stop() {
	v.live.Store(false)
	v.conn.stopFlow()
	v.conn.setStreaming(false)
	v.sender.detach(v)
	v.counted.Leave()
	v.e.s.log.Info("reader left", "stream", v.name, "remote", v.remote, "sent_bytes", v.counted.Sent.Load(), "lost_packets", v.counted.Lost.Load())
}
