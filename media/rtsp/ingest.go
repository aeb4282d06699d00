package rtsp

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xianfeng/media"
	"xianfeng/media/packet"
)

// receiver is what a gortsplib session that records and a gortsplib client that plays have in common.
type receiver interface {
	OnPacketRTP(*description.Media, format.Format, gortsplib.OnPacketRTPFunc)
	OnPacketRTCP(*description.Media, gortsplib.OnPacketRTCPFunc)
	PacketPTS2(*description.Media, *rtp.Packet) (int64, bool)
}

// ingest turns the packets of a described session into samples of a publisher.
type ingest struct {
	name   string
	inputs []*input // one for each track that is carried
	pub    *media.Publisher
	conn   *conn // a session's that records
	log    *slog.Logger

	mu sync.Mutex // held over pub.Write: a client's tracks come on goroutines of their own over UDP
}

// input is one track on its way in. Its packets come on one goroutine, its RTCP perhaps on another.
type input struct {
	media  *description.Media
	format format.Format
	track  media.Track
	clock  int
	depack *packet.Depacketizer

	ssrc   atomic.Uint32
	report atomic.Pointer[senderReport] // newest
}

// senderReport ties a time stamp to the sender's wall clock (RFC 3550 §6.4.1).
type senderReport struct {
	at  time.Time
	rtp uint32
}

var errOneEach = errors.New("a stream has one picture and one sound")

// newIngest picks the first picture and the first sound of a description that streams carry.
func newIngest(name string, desc *description.Session, log *slog.Logger) (*ingest, error) {
	in := &ingest{name: name, log: log}
	var have [2]bool
	var firstErr error
	ignored := 0
	defer func() {
		if ignored > 0 {
			log.Warn("tracks ignored", "stream", name, "count", ignored, "error", firstErr)
		}
	}()
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			d, t, err := packet.NewDepacketizer(f)
			kind := 0
			if t.Codec.Video() {
				kind = 1
			}
			switch {
			case err != nil:
				if firstErr == nil {
					firstErr = err
				}
				ignored++
				continue
			case have[kind] || m.IsBackChannel:
				ignored++
				if firstErr == nil {
					firstErr = errOneEach
				}
				continue
			}
			have[kind] = true
			in.inputs = append(in.inputs, &input{media: m, format: f, track: t, clock: f.ClockRate(), depack: d})
		}
	}
	if len(in.inputs) == 0 {
		if firstErr == nil {
			firstErr = media.ErrBadTracks
		}
		return nil, fmt.Errorf("tracks of %q: %w", name, firstErr)
	}
	return in, nil
}

func (in *ingest) tracks() []media.Track {
	out := make([]media.Track, len(in.inputs))
	for i, x := range in.inputs {
		out[i] = x.track
	}
	return out
}

// bind lets the packets of r flow into pub. broken is called when pub takes no more; it must not block.
func (in *ingest) bind(r receiver, pub *media.Publisher, broken func()) {
	in.pub = pub
	for i, x := range in.inputs {
		r.OnPacketRTCP(x.media, x.onRTCP)
		r.OnPacketRTP(x.media, x.format, func(p *rtp.Packet) {
			// Decode the time of every packet: it keeps the tracks' clocks together.
			ticks, known := r.PacketPTS2(x.media, p)
			if err := in.push(i, x, p, ticks, known); err != nil {
				broken()
			}
		})
	}
}

// push takes one packet in. gortsplib gives every packet memory of its own, so payloads may keep it.
func (in *ingest) push(i int, x *input, p *rtp.Packet, ticks int64, known bool) error {
	x.ssrc.Store(p.SSRC)
	payload, err := x.depack.Push(p)
	if err != nil {
		in.log.Debug("packet of no use", "stream", in.name, "error", err)
		return nil
	}
	if payload == nil || !known {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.pub.Write(i, media.Sample{PTS: media.FromTicks(ticks, x.clock), Capture: x.capture(p.Timestamp), Payload: payload}) //nolint:wrapcheck // only asked for nil
}

func (x *input) onRTCP(p rtcp.Packet) {
	sr, isSR := p.(*rtcp.SenderReport)
	if !isSR || sr.SSRC != x.ssrc.Load() || sr.NTPTime == 0 {
		return
	}
	x.report.Store(&senderReport{at: fromNTP(sr.NTPTime), rtp: sr.RTPTime})
}

// capture returns the sender's wall clock at time stamp ts, or the zero time. gortsplib's own PacketNTP
// takes the fraction of the NTP time for nanoseconds, which is up to 3.3 s off.
func (x *input) capture(ts uint32) time.Time {
	r := x.report.Load()
	if r == nil {
		return time.Time{}
	}
	return r.at.Add(media.FromTicks(int64(int32(ts-r.rtp)), x.clock)) //nolint:gosec // RFC 3550 §5.1: time stamps wrap
}

// ntpEpoch is how many seconds NTP time (since 1900) is ahead of Unix time.
const ntpEpoch = 2208988800

func fromNTP(v uint64) time.Time {
	return time.Unix(int64(v>>32)-ntpEpoch, int64((v&0xffffffff)*1e9>>32)) //nolint:gosec // both fit
}

func toNTP(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | (uint64(t.Nanosecond())<<32+5e8)/1e9 //nolint:gosec // after 1900
}
