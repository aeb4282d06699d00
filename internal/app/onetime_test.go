package app

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"xianfeng/media"
	"xianfeng/media/hls"
	"xianfeng/media/rtc"
	"xianfeng/media/rtsp"
	"xianfeng/media/whip"
)

const pictureMark = "XFID"

// pictureIn returns the number of the first picture in b, or -1.
func pictureIn(b []byte) int {
	i := bytes.Index(b, []byte(pictureMark))
	if i < 0 || i+len(pictureMark)+8 > len(b) {
		return -1
	}
	n, err := strconv.ParseInt(string(b[i+len(pictureMark):i+len(pictureMark)+8]), 10, 32)
	if err != nil {
		return -1
	}
	return int(n)
}

// heardTimes is what one viewer over RTP heard: the timestamps of pictures, and sender reports.
type heardTimes struct {
	mu      sync.Mutex // guards the rest
	stamps  map[int]uint32
	reports []*rtcp.SenderReport
}

func (h *heardTimes) packet(p *rtp.Packet) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := pictureIn(p.Payload); n >= 0 {
		h.stamps[n] = p.Timestamp
	}
}

func (h *heardTimes) report(r *rtcp.SenderReport) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reports = append(h.reports, r)
}

// programme returns the programme time of picture n by the report that is nearest to it (RFC 3550 §6.4.1).
func (h *heardTimes) programme(n int) (at time.Time, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ts, has := h.stamps[n]
	best := int32(1 << 30)
	for _, r := range h.reports {
		d := int32(ts - r.RTPTime) //nolint:gosec // modulo 2^32
		if abs := max(d, -d); has && abs < best {
			best, ok = abs, true
			sec, frac := int64(r.NTPTime>>32)-2208988800, int64((r.NTPTime&0xffffffff)*1e9>>32) //nolint:gosec // 32 bits each
			at = time.Unix(sec, frac).Add(media.FromTicks(int64(d), 90000))
		}
	}
	return at, ok
}

// A picture has the same programme time over HLS, WHEP at once and later, and RTSP, to the millisecond: that of
// its unit, which recordings keep.
func TestOneProgrammeTimeForAllWaysOut(t *testing.T) {
	gate := media.GateFunc(func(media.Access) error { return nil })
	hub := media.NewHub(media.HubConfig{Keep: time.Second})
	t.Cleanup(hub.Close)
	door := rtsp.New(hub, gate, rtsp.Config{Address: "127.0.0.1:0", NoUDP: true})
	if err := door.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(door.Close)
	transport := rtc.New(rtc.Config{Address: "127.0.0.1:0"})
	if err := transport.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	lists := hls.New(hub, gate, hls.Config{})
	t.Cleanup(lists.Close)
	signals := whip.New(hub, gate, transport, whip.Config{Delays: []time.Duration{700 * time.Millisecond}})
	t.Cleanup(signals.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("/live/{name}/whep", signals.ServeWHEP)
	mux.Handle("/live/{name}/{file}", lists)
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)

	pub, err := hub.Publish(media.PublishRequest{Name: "hall", Protocol: "test", Tracks: []media.Track{{Codec: media.H264}}})
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	began := time.Now().Add(-234567 * time.Microsecond)
	sps := []byte{0x67, 0x42, 0xc0, 0x0a, 0xd9, 0x04, 0x26, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x48, 0x99, 0x20}
	// Ends with the test. The source's clock runs 300 ppm fast, so that the mapping bends.
	go func() {
		defer close(done)
		tick := time.NewTicker(40 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			picture := append([]byte{0x41}, fmt.Sprintf("%s%08d%180s", pictureMark, n, "")...)
			payload := [][]byte{picture}
			if n%25 == 0 {
				picture[0] = 0x65
				payload = [][]byte{sps, {0x68, 0xcb, 0x83, 0xcb, 0x20}, picture}
			}
			pts := time.Duration(n) * 40012 * time.Microsecond
			if pub.Write(0, media.Sample{PTS: pts, DTS: pts, HasDTS: true, Capture: began.Add(time.Duration(n) * 40 * time.Millisecond), Payload: payload}) != nil {
				return
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-done })

	truth := map[int]time.Time{}
	r := pub.Stream().NewReader()
	viewers := map[string]*heardTimes{"RTSP": playRTSP(t, "rtsp://"+door.Addr().String()+"/live/hall")}
	for name, query := range map[string]string{"WHEP": "", "WHEP, delayed": "?delay=700"} {
		viewers[name] = playWHEP(t, web.URL+"/live/hall/whep"+query)
	}
	const last = 150 // a key frame
	var epoch uint32
	for len(truth) <= last {
		u, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		truth[pictureIn(u.Payload[len(u.Payload)-1])], epoch = u.Time, u.Epoch
	}
	if epoch != 0 {
		t.Fatalf("epoch %d", epoch)
	}
	within := func(what string, n int, at time.Time) {
		t.Helper()
		if d := at.Sub(truth[n]); d.Abs() > time.Millisecond {
			t.Errorf("%s, picture %d: %v off", what, n, d)
		}
	}
	for name, v := range viewers {
		deadline := time.Now().Add(20 * time.Second)
		for {
			v.mu.Lock()
			_, has := v.stamps[last]
			v.mu.Unlock()
			if has {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: picture %d did not come", name, last)
			}
			time.Sleep(10 * time.Millisecond)
		}
		compared := 0
		for n := last - 75; n <= last; n++ { // those before are a newcomer's, squeezed
			if at, ok := v.programme(n); ok {
				compared++
				within(name, n, at)
			}
		}
		if compared < 70 {
			t.Errorf("%s: %d pictures came", name, compared)
		}
	}
	_, list := do(t, "GET", web.URL+"/live/hall/media.m3u8", "", "")
	var at time.Time
	compared := 0
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok {
			if at, err = time.Parse(time.RFC3339Nano, v); err != nil {
				t.Fatal(err)
			}
		}
		if line == "" || line[0] == '#' {
			continue
		}
		_, body := do(t, "GET", web.URL+"/live/hall/"+line, "", "")
		if n := pictureIn([]byte(body)); n >= 0 && n <= last {
			compared++
			within("HLS", n, at)
		}
	}
	if compared < 4 {
		t.Errorf("HLS: %d segments in\n%s", compared, list)
	}
}

// playRTSP begins to play a stream of one picture track.
func playRTSP(t *testing.T, address string) *heardTimes {
	t.Helper()
	h := &heardTimes{stamps: map[int]uint32{}}
	u, err := base.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	tcp := gortsplib.TransportTCP
	c := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Transport: &tcp}
	if err := c.Start2(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	desc, _, err := c.Describe(u)
	if err != nil {
		t.Fatal(err)
	}
	m := desc.Medias[0]
	if _, err := c.Setup(desc.BaseURL, m, 0, 0); err != nil {
		t.Fatal(err)
	}
	c.OnPacketRTP(m, m.Formats[0], h.packet)
	c.OnPacketRTCP(m, func(p rtcp.Packet) {
		if sr, ok := p.(*rtcp.SenderReport); ok {
			h.report(sr)
		}
	})
	if _, err := c.Play(nil); err != nil {
		t.Fatal(err)
	}
	return h
}

// playWHEP begins to watch.
func playWHEP(t *testing.T, address string) *heardTimes {
	t.Helper()
	h := &heardTimes{stamps: map[int]uint32{}}
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	e := webrtc.SettingEngine{}
	e.SetIncludeLoopbackCandidate(true)
	e.SetIPFilter(net.IP.IsLoopback)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.GracefulClose() })
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go func() { // ends with the connection
			for {
				pkts, _, err := receiver.ReadRTCP()
				if err != nil {
					return
				}
				for _, p := range pkts {
					if sr, ok := p.(*rtcp.SenderReport); ok {
						h.report(sr)
					}
				}
			}
		}()
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			h.packet(p)
		}
	})
	o, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(o); err != nil {
		t.Fatal(err)
	}
	<-gathered
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(pc.LocalDescription().SDP))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/sdp")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %d %s %v", address, res.StatusCode, answer.String(), err)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.String()}); err != nil {
		t.Fatal(err)
	}
	return h
}
