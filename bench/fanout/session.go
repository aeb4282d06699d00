package main

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/packetio"
	"golang.org/x/net/ipv4"
)

const (
	batch    = 32   // packets of one read
	datagram = 1600 // bytes; WebRTC sends less
	maxEarly = 512  // packets that came before the keys; more are lost
)

// whepSession is one viewer: a socket and one goroutine that does everything but the DTLS handshake.
// It reads with recvmmsg and without UDP_GRO, since browsers have none: with it the kernel would not
// cut up what a server sends in one piece, and a server would seem cheaper than it is.
type whepSession struct {
	api      *whepAPI
	conn     *net.UDPConn
	r        *reader
	agent    agent
	location string

	dtls      atomic.Pointer[dtls.Conn]
	keys      atomic.Pointer[srtpKeys]
	closed    atomic.Bool
	nominated atomic.Bool
	first     chan struct{} // closes with the first packet of media
	failed    chan error    // 1: why DTLS failed
	wg        sync.WaitGroup

	// Of run's goroutine:
	pipe       *pipe
	early      [][]byte
	opened     bool
	tracks     map[uint32]*whepTrack
	plain      []byte
	nextNACK   time.Time
	nextReport time.Time
	header     rtp.Header
	twcc       *twcc.Recorder
	feedback   []rtcp.Packet
}

type whepTrack struct {
	rtpTrack
	feedback feedback
	rtx      bool
}

func newWHEPSession(api *whepAPI, conn *net.UDPConn, r *reader) *whepSession {
	s := &whepSession{
		api: api, conn: conn, r: r,
		first: make(chan struct{}), failed: make(chan error, 1),
		tracks: map[uint32]*whepTrack{},
	}
	s.agent = agent{localUfrag: randomText(8), localPwd: randomText(24), write: func(b []byte, to netip.AddrPort) {
		conn.WriteToUDPAddrPort(b, to) //nolint:errcheck // as if lost on the way: checks come again
	}}
	return s
}

// run ends when the socket is closed.
func (s *whepSession) run() {
	defer s.wg.Done()
	defer func() {
		if s.pipe != nil {
			s.pipe.Close() //nolint:errcheck // a buffer
		}
	}()
	pc := ipv4.NewPacketConn(s.conn)
	room := make([]byte, batch*datagram)
	messages := make([]ipv4.Message, batch)
	for i := range messages {
		messages[i].Buffers = [][]byte{room[i*datagram : (i+1)*datagram]}
	}
	for {
		now := time.Now()
		s.tick(now)
		patience := 500 * time.Millisecond
		if !s.opened {
			patience = 5 * time.Millisecond
		}
		s.conn.SetReadDeadline(now.Add(patience)) //nolint:errcheck // fails once closed, as the read does
		n, err := pc.ReadBatch(messages, 0)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				continue
			}
			if s.closed.Load() {
				return
			}
			continue // an ICMP error of an earlier send
		}
		now = time.Now()
		for i := range messages[:n] {
			s.packet(messages[i].Buffers[0][:messages[i].N], messages[i].Addr, now)
		}
	}
}

// tick does what is due, and what waited for the keys.
func (s *whepSession) tick(now time.Time) {
	s.agent.tick(now)
	k := s.keys.Load()
	if k == nil {
		return
	}
	if !s.opened {
		s.opened = true
		for _, b := range s.early {
			s.media(k, b, now)
		}
		s.early = nil
	}
	if now.After(s.nextNACK) {
		s.nextNACK = now.Add(nackEvery)
		s.sendFeedback(k, now)
	}
}

// packet sorts by the first byte (RFC 7983 §7).
func (s *whepSession) packet(b []byte, from net.Addr, now time.Time) {
	if len(b) < 12 {
		return
	}
	switch {
	case b[0] < 4:
		if s.agent.packet(b, addrOf(from)) {
			s.nominated.Store(true)
			s.startDTLS()
		}
	case b[0] >= 20 && b[0] < 64:
		if s.pipe != nil {
			s.pipe.in.Write(b, nil) //nolint:errcheck // full or closed: as if lost on the way
		}
	case b[0] >= 128 && b[0] < 192:
		k := s.keys.Load()
		if k == nil || !s.opened {
			if len(s.early) < maxEarly {
				s.early = append(s.early, append([]byte(nil), b...))
			}
			return
		}
		s.media(k, b, now)
	}
}

func (s *whepSession) startDTLS() {
	s.pipe = &pipe{in: packetio.NewBuffer(), s: s, to: s.agent.chosen}
	s.pipe.in.SetLimitCount(32)
	s.wg.Add(1)
	// Ends when run, which owns the pipe, has closed it.
	go func(p *pipe) {
		defer s.wg.Done()
		if err := s.secure(p); err != nil {
			s.failed <- err
		}
	}(s.pipe)
}

func (s *whepSession) media(k *srtpKeys, b []byte, now time.Time) {
	if b[1] >= 192 && b[1] < 224 { // RFC 5761 §4
		s.control(k, b, now)
		return
	}
	plain, err := k.in.DecryptRTP(s.plain[:0], b, &s.header)
	if err != nil {
		return // counted by the gap that it leaves
	}
	s.plain = plain
	payload := plain[s.header.MarshalSize():]
	s.arrived(now)
	if s.header.Padding && len(payload) > 0 {
		payload = payload[:max(0, len(payload)-int(payload[len(payload)-1]))]
	}
	t := s.track(s.header.SSRC, s.header.PayloadType)
	if t.rtx {
		s.resent(t, payload)
		return
	}
	lost := t.packet(payload, s.header.SequenceNumber, s.header.Timestamp, s.header.Marker, now)
	t.feedback.packet(s.header.SequenceNumber, lost)
}

// arrived notes when the packet came whose header was read last.
func (s *whepSession) arrived(now time.Time) {
	id := s.agent.remote.twcc
	if id == 0 {
		return
	}
	if x := s.header.GetExtension(id); len(x) >= 2 {
		if s.twcc == nil {
			s.twcc = twcc.NewRecorder(1)
		}
		s.twcc.Record(s.header.SSRC, uint16(x[0])<<8|uint16(x[1]), now.UnixMicro())
	}
}

func (s *whepSession) track(ssrc uint32, pt uint8) *whepTrack {
	t := s.tracks[ssrc]
	if t == nil {
		video := s.agent.remote.video[pt]
		t = &whepTrack{
			rtpTrack: rtpTrack{r: s.r, video: video}, rtx: s.agent.remote.rtx[pt],
			feedback: feedback{ssrc: ssrc, nacks: video},
		}
		if len(s.tracks) == 0 {
			close(s.first)
		}
		s.tracks[ssrc] = t
	}
	return t
}

// resent takes a packet of RTX: the sequence number it had, and then what was in it (RFC 4588 §4).
func (s *whepSession) resent(_ *whepTrack, payload []byte) {
	if len(payload) < 2 {
		return
	}
	if s.r.on.Load() {
		s.r.repaired.Add(1)
	}
	for _, t := range s.tracks {
		if t.video && !t.rtx {
			t.feedback.found(uint16(payload[0])<<8 | uint16(payload[1]))
		}
	}
}

// control reads sender reports.
func (s *whepSession) control(k *srtpKeys, b []byte, now time.Time) {
	plain, err := k.in.DecryptRTCP(s.plain[:0], b, nil)
	if err != nil {
		return
	}
	s.plain = plain
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		return
	}
	for _, p := range packets {
		if sr, ok := p.(*rtcp.SenderReport); ok {
			if t := s.tracks[sr.SSRC]; t != nil {
				t.feedback.senderReport(sr, now)
			}
		}
	}
}

// sendFeedback asks for what is missing, tells when packets came and, once a second, reports.
func (s *whepSession) sendFeedback(k *srtpKeys, now time.Time) {
	out := s.feedback[:0]
	if now.After(s.nextReport) {
		s.nextReport = now.Add(reportEvery)
		rr := &rtcp.ReceiverReport{SSRC: 1}
		for _, t := range s.tracks {
			if !t.rtx && t.feedback.have {
				rr.Reports = append(rr.Reports, t.feedback.report(now))
			}
		}
		out = append(out, rr)
	}
	for _, t := range s.tracks {
		if n := t.feedback.nack(); n != nil {
			out = append(out, n)
		}
	}
	if s.twcc != nil {
		out = append(out, s.twcc.BuildFeedbackPacket()...)
	}
	s.feedback = out
	if len(out) == 0 {
		return
	}
	b, err := rtcp.Marshal(out)
	if err != nil {
		return
	}
	sealed, err := k.out.EncryptRTCP(nil, b, nil)
	if err != nil {
		return
	}
	s.conn.WriteToUDPAddrPort(sealed, s.agent.chosen) //nolint:errcheck // as if lost on the way
}
