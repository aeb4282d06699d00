package rtsp

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"xianfeng/media"
	"xianfeng/media/packet"
)

const (
	rtpHeader  = 12
	framing    = 4    // '$', channel, length: RFC 2326 §10.12
	reportSize = 28   // of a sender report without blocks
	maxPacket  = 1440 // fits a frame of Ethernet, PPPoE too, over UDP and IPv6: nothing is fragmented there
	maxPayload = maxPacket - rtpHeader
	reportSpan = 5 * time.Second // between sender reports; a key frame brings one too
)

// burst is one unit as it goes to viewers: RTP packets and at times a sender report, framed for
// interleaving. It is shared by all viewers and does not change, but for the two.
type burst struct {
	next     atomic.Pointer[burst]
	unframed atomic.Pointer[datagrams] // made when the first UDP viewer needs it

	seq    uint64 // counts bursts, from 1
	before uint64 // RTP packets before this one, all tracks together
	track  int    // index of the media in the SDP
	key    bool   // a viewer can begin here
	dts    time.Duration
	first  uint16 // sequence number of the first packet
	bytes  []byte // frames, on channels 2*track and 2*track+1
	ends   []int  // of each frame in bytes
	rtp    int    // how many of the frames are RTP; a sender report follows
}

// frame returns the i-th packet without its framing, and whether it is RTCP.
func (b *burst) frame(i int) (p []byte, control bool) {
	from := 0
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.bytes[from+framing : b.ends[i]], i >= b.rtp
}

// on returns the frames for a viewer who has the track on channel and channel+1. Nearly all have it
// where it is already; the others pay for a copy.
func (b *burst) on(channel int) []byte {
	if channel == 2*b.track {
		return b.bytes
	}
	out := append([]byte(nil), b.bytes...)
	from := 0
	for i, end := range b.ends {
		out[from+1] = byte(channel) //nolint:gosec // checked to be one
		if i >= b.rtp {
			out[from+1]++
		}
		from = end
	}
	return out
}

// lane makes the bursts of one track. It is for one goroutine, the pump.
type lane struct {
	index   int // of the media in the SDP
	pt      uint8
	ssrc    uint32
	clock   int
	packets *packet.Packetizer
	scratch []packet.Packet

	due      bool          // a sender report goes with the next burst
	reported time.Duration // when the last one went, stream time
	count    uint32        // packets and
	octets   uint32        // bytes of payload so far, for sender reports
}

// make turns a unit into a burst, or into nil where the unit yields no packets.
// 3 allocs, whatever the number of viewers, beside the packetizer's and the sender reports'.
func (l *lane) make(u *media.Unit) *burst {
	l.scratch = l.packets.Packets(l.scratch[:0], u)
	if len(l.scratch) == 0 {
		return nil
	}
	size := framing + reportSize
	for i := range l.scratch {
		size += framing + rtpHeader + len(l.scratch[i].Payload)
	}
	b := &burst{track: l.index, key: u.Key, dts: u.DTS, first: l.scratch[0].Seq, rtp: len(l.scratch), bytes: make([]byte, 0, size), ends: make([]int, 0, len(l.scratch)+1)}
	for i := range l.scratch {
		p := &l.scratch[i]
		b.bytes = append(b.bytes, '$', byte(2*l.index)) //nolint:gosec // one or zero
		b.bytes = binary.BigEndian.AppendUint16(b.bytes, uint16(rtpHeader+len(p.Payload)))
		// RFC 3550 §5.1: version 2, no padding, extension or sources.
		second := l.pt
		if p.Marker {
			second |= 0x80
		}
		b.bytes = append(b.bytes, 0x80, second)
		b.bytes = binary.BigEndian.AppendUint16(b.bytes, p.Seq)
		b.bytes = binary.BigEndian.AppendUint32(b.bytes, p.Timestamp)
		b.bytes = binary.BigEndian.AppendUint32(b.bytes, l.ssrc)
		b.bytes = append(b.bytes, p.Payload...)
		b.ends = append(b.ends, len(b.bytes))
		l.octets += uint32(len(p.Payload))
	}
	l.count += uint32(len(l.scratch))
	clear(l.scratch)
	if l.due || u.DTS-l.reported >= reportSpan {
		report := l.report(u)
		b.bytes = append(b.bytes, '$', byte(2*l.index+1)) //nolint:gosec // one or three
		b.bytes = binary.BigEndian.AppendUint16(b.bytes, uint16(len(report)))
		b.bytes = append(b.bytes, report...)
		b.ends = append(b.ends, len(b.bytes))
	}
	return b
}

// report makes a sender report. It goes behind the packets of its unit, since clients ignore reports
// of sources that they have no packet of.
func (l *lane) report(u *media.Unit) []byte {
	sr := rtcp.SenderReport{
		SSRC: l.ssrc, NTPTime: toNTP(u.Time), RTPTime: uint32(media.Ticks(u.PTS, l.clock)), //nolint:gosec // time stamps wrap
		PacketCount: l.count, OctetCount: l.octets,
	}
	l.due, l.reported = false, u.DTS
	out, _ := sr.Marshal() //nolint:errcheck // fails with too many blocks only, and there are none
	return out
}
