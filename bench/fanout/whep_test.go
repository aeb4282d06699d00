package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// peer is a WHEP server made of pion's PeerConnection: full ICE, and the active side of DTLS.
type peer struct {
	*httptest.Server
	nacks   chan uint16
	reports chan rtcp.ReceptionReport
	arrived chan *rtcp.TransportLayerCC
	gone    chan struct{}
	deleted atomic.Bool
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{nacks: make(chan uint16, 64), reports: make(chan rtcp.ReceptionReport, 64), arrived: make(chan *rtcp.TransportLayerCC, 256), gone: make(chan struct{})}
	se := webrtc.SettingEngine{}
	se.SetIncludeLoopbackCandidate(true)
	me := &webrtc.MediaEngine{}
	if err := me.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	ir := &interceptor.Registry{}
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(me, ir); err != nil {
		t.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(me), webrtc.WithInterceptorRegistry(ir))
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodDelete {
			p.deleted.Store(true)
			return
		}
		offer, _ := io.ReadAll(req.Body)
		pc, err := api.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { pc.Close() }) //nolint:errcheck // a test's end
		answer, err := p.answer(pc, string(offer))
		if err != nil {
			t.Error(err)
			return
		}
		w.Header().Set("Location", "/session/1")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, answer) //nolint:errcheck // the viewer will say so
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *peer) answer(pc *webrtc.PeerConnection, offer string) (string, error) {
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}, "v", "v")
	if err != nil {
		return "", err
	}
	sender, err := pc.AddTrack(track)
	if err != nil {
		return "", err
	}
	go p.control(sender) // ends with the connection
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			go p.send(track)
		case webrtc.PeerConnectionStateClosed:
			close(p.gone)
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// send plays a stream of key frames of three packets, one of which is never sent, until it is told to stop.
func (p *peer) send(track *webrtc.TrackLocalStaticRTP) {
	seq := uint16(65500)
	for i := range 1000 {
		for j, payload := range [][]byte{{0x67, 1, 2}, {0x7c, 0x85, 1}, {0x7c, 0x45, 2}} {
			seq++
			if i == 20 && j == 1 {
				continue
			}
			track.WriteRTP(&rtp.Packet{ //nolint:errcheck // ends with the connection
				Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(3600 * i), Marker: j == 2}, Payload: payload,
			})
		}
		select {
		case <-p.gone:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (p *peer) control(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet := packet.(type) {
			case *rtcp.TransportLayerNack:
				for _, n := range packet.Nacks {
					p.nacks <- n.PacketID
				}
			case *rtcp.TransportLayerCC:
				p.arrived <- packet
			case *rtcp.ReceiverReport:
				for _, r := range packet.Reports {
					p.reports <- r
				}
			}
		}
	}
}

func within[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("not within 20 s: %s", what)
	}
	return v
}

func TestWHEPViewerOfPion(t *testing.T) {
	p := newPeer(t)
	c := &crowd{proto: "whep", url: p.URL, n: 1, fps: 100, twcc: true}
	if err := c.prepare(); err != nil {
		t.Fatal(err)
	}
	c.on.Store(true)
	o, err := c.open(0)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "the first key frame", o.key)
	if got := within(t, "news of arrivals", p.arrived); got.PacketStatusCount == 0 {
		t.Errorf("news of nothing: %v", got)
	}
	if got, want := within(t, "a NACK", p.nacks), uint16(65500+20*3+2-65536); got != want {
		t.Errorf("NACK of %d, want %d", got, want)
	}
	for {
		if r := within(t, "a report of the loss", p.reports); r.TotalLost == 1 {
			break
		}
	}
	o.close(byDelete)
	within(t, "the end of the connection", p.gone)
	if !p.deleted.Load() {
		t.Error("the session was not deleted")
	}
	if got := o.lost.Load(); got != 1 {
		t.Errorf("%d packets lost, want 1", got)
	}
	if o.answered.Load() == 0 || o.keyAt.Load() < o.answered.Load() {
		t.Errorf("answer at %d, key frame at %d", o.answered.Load(), o.keyAt.Load())
	}
}

func TestParseAnswerRefuses(t *testing.T) {
	good := "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 AA\r\na=setup:passive\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 rtx/90000\r\n" +
		"a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=candidate:2 1 tcp 1 10.0.0.1 9 typ host tcptype passive\r\na=candidate:3 1 UDP 1 127.0.0.1 8 typ host\r\n"
	a, err := parseAnswer(good)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.candidates) != 2 || a.candidates[0].String() != "127.0.0.1:8" || !a.passive || !a.video[96] || !a.rtx[97] {
		t.Errorf("parseAnswer = %+v", a)
	}
	for _, bad := range []string{"", "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 AA\r\n", "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n"} {
		if a, err := parseAnswer(bad); err == nil {
			t.Errorf("parseAnswer(%q) = %+v, want an error", bad, a)
		}
	}
}
