package whip

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"xianfeng/media"
	"xianfeng/media/rtc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds waiting for what must happen; nothing is measured by it.
const patience = 20 * time.Second

const rightKey = "right"

type world struct {
	t    testing.TB
	hub  *media.Hub
	rtc  *rtc.Transport
	whip *Server
	url  string
	http *http.Client
}

func newWorld(t testing.TB, cfg Config) *world {
	t.Helper()
	w := &world{t: t, hub: media.NewHub(media.HubConfig{Grace: time.Nanosecond})}
	for { // somebody may have the port over TCP
		w.rtc = rtc.New(rtc.Config{Address: "127.0.0.1:0"})
		if err := w.rtc.Start(); err != nil {
			t.Fatal(err)
		}
		if w.rtc.TCPMux() != nil {
			break
		}
		w.rtc.Close()
	}
	gate := media.GateFunc(func(a media.Access) error {
		if a.Key != rightKey {
			return fmt.Errorf("%s %q: %w", a.Action, a.Stream, media.ErrDenied)
		}
		return nil
	})
	w.whip = New(w.hub, gate, w.rtc, cfg)
	t.Cleanup(func() {
		w.whip.Close()
		w.rtc.Close()
		w.hub.Close()
	})
	w.serve(w.whip)
	return w
}

// serve makes s the one that answers.
func (w *world) serve(s *Server) {
	w.t.Helper()
	mux := http.NewServeMux()
	for _, tail := range []string{"", "/{session}"} {
		mux.HandleFunc("/live/{name}/whip"+tail, s.ServeWHIP)
		mux.HandleFunc("/live/{name}/whep"+tail, s.ServeWHEP)
	}
	srv := httptest.NewServer(mux)
	w.url, w.http = srv.URL, srv.Client()
	w.t.Cleanup(srv.Close)
}

type answer struct {
	status  int
	header  http.Header
	body    string
	problem problem
}

func (w *world) do(method, path, contentType, body string, header ...string) answer {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Authorization", "Bearer "+rightKey)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := w.http.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // a test
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(b)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(b, &a.problem); err != nil {
			w.t.Fatal(err)
		}
	}
	return a
}

// peerConn is a publisher or a viewer made with pion.
type peerConn struct {
	w        *world
	pc       *webrtc.PeerConnection
	location string
	etag     string

	mu      sync.Mutex
	packets map[webrtc.RTPCodecType][]*rtp.Packet
	plis    int
	state   webrtc.PeerConnectionState
	changed chan struct{}
}

func (w *world) peer(networks ...webrtc.NetworkType) *peerConn {
	w.t.Helper()
	if networks == nil {
		networks = []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	}
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		w.t.Fatal(err)
	}
	for _, k := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: captureURI}, k); err != nil {
			w.t.Fatal(err)
		}
	}
	r := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(m, r); err != nil {
		w.t.Fatal(err)
	}
	e := webrtc.SettingEngine{LoggerFactory: quiet{}}
	e.SetIncludeLoopbackCandidate(true)
	e.SetIPFilter(net.IP.IsLoopback)
	e.SetNetworkTypes(networks)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		w.t.Fatal(err)
	}
	p := &peerConn{w: w, pc: pc, packets: map[webrtc.RTPCodecType][]*rtp.Packet{}, changed: make(chan struct{})}
	w.t.Cleanup(func() {
		if err := pc.GracefulClose(); err != nil {
			w.t.Error(err)
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { p.note(func() { p.state = s }) })
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			x, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			p.note(func() { p.packets[track.Kind()] = append(p.packets[track.Kind()], x) })
		}
	})
	return p
}

func (p *peerConn) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *peerConn) until(what string, ok func() bool) {
	p.w.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		done, changed := ok(), p.changed
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.w.t.Fatalf("%s: did not happen (state %v)", what, p.pc.ConnectionState())
		}
	}
}

func (p *peerConn) offer(o *webrtc.OfferOptions) string {
	p.w.t.Helper()
	d, err := p.pc.CreateOffer(o)
	if err != nil {
		p.w.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(d); err != nil {
		p.w.t.Fatal(err)
	}
	<-gathered
	return p.pc.LocalDescription().SDP
}

// begin posts an offer and takes the answer.
func (p *peerConn) begin(path string) answer {
	p.w.t.Helper()
	a := p.w.do("POST", path, typeSDP, p.offer(nil))
	if a.status != http.StatusCreated {
		p.w.t.Fatalf("POST %s: got %d %s", path, a.status, a.body)
	}
	p.location, p.etag = a.header.Get("Location"), a.header.Get("ETag")
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.body}); err != nil {
		p.w.t.Fatalf("%v in:\n%s", err, a.body)
	}
	return a
}

// viewer begins to watch.
func (w *world) viewer(name string) *peerConn {
	w.t.Helper()
	return w.viewerAt("/live/" + name + "/whep")
}

func (w *world) viewerAt(path string) *peerConn {
	w.t.Helper()
	p := w.peer()
	for _, k := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := p.pc.AddTransceiverFromKind(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			w.t.Fatal(err)
		}
	}
	p.begin(path)
	return p
}

// sender begins to publish video of a codec and sound of another. The goroutine ends with the test.
func (w *world) sender(name, video, audio string, networks ...webrtc.NetworkType) *peerConn {
	w.t.Helper()
	p := w.peer(networks...)
	var tracks []*webrtc.TrackLocalStaticRTP
	for _, mime := range []string{video, audio} {
		if mime == "" {
			continue
		}
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime, "stream")
		if err != nil {
			w.t.Fatal(err)
		}
		s, err := p.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			w.t.Fatal(err)
		}
		tracks = append(tracks, track)
		// Ends with the connection.
		go func() {
			for {
				pkts, _, err := s.Sender().ReadRTCP()
				if err != nil {
					return
				}
				for _, x := range pkts {
					if _, ok := x.(*rtcp.PictureLossIndication); ok {
						p.note(func() { p.plis++ })
					}
				}
			}
		}()
	}
	p.begin("/live/" + name + "/whip")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		p.send(tracks, stop)
	}()
	w.t.Cleanup(func() { close(stop); <-done })
	w.begun(name)
	return p
}

// send sends a picture and a packet of sound each 10 ms, key frames only when asked.
func (p *peerConn) send(tracks []*webrtc.TrackLocalStaticRTP, stop chan struct{}) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	answered := 0
	for i := uint32(0); ; i++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		p.mu.Lock()
		key := p.plis > answered
		answered = p.plis
		p.mu.Unlock()
		for _, t := range tracks {
			x := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i), Marker: true}}
			switch t.Codec().MimeType {
			case webrtc.MimeTypeVP8:
				frame := []byte{0x11, 0, 0, 0, 0, 0, 0, 0}
				if key {
					frame = []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0, 0, 0, 0, 0}
				}
				binary.BigEndian.PutUint32(frame[len(frame)-4:], i)
				x.Timestamp, x.Payload = i*900, append([]byte{0x10}, frame...)
			default:
				x.Timestamp, x.Payload = i*480, []byte{0xfc, byte(i >> 8), byte(i)}
			}
			if err := t.WriteRTP(x); err != nil {
				return
			}
		}
	}
}

func (p *peerConn) count(k webrtc.RTPCodecType) int { return len(p.packets[k]) }

func TestFromWHIPToWHEP(t *testing.T) {
	w := newWorld(t, Config{})
	pub := w.sender("cam", webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	view := w.viewer("cam")
	view.until("media", func() bool {
		return view.count(webrtc.RTPCodecTypeVideo) > 30 && view.count(webrtc.RTPCodecTypeAudio) > 30
	})
	view.mu.Lock()
	first := view.packets[webrtc.RTPCodecTypeVideo][0].Payload
	view.mu.Unlock()
	if first[0]&0x10 == 0 || first[1]&1 != 0 {
		t.Errorf("the viewer begins with %x, want a key frame", first)
	}
	s, err := w.hub.Lookup("cam")
	if err != nil {
		t.Fatal(err)
	}
	info := s.Info(true)
	if info.Publisher == nil || info.Publisher.Protocol != "whip" || len(info.Tracks) != 2 || info.Readers["whep"] != 1 {
		t.Errorf("got %+v", info)
	}
	if a := w.do("DELETE", pub.location, "", ""); a.status != http.StatusOK {
		t.Errorf("DELETE: got %d %s", a.status, a.body)
	}
	if a := w.do("DELETE", pub.location, "", ""); a.status != http.StatusNotFound {
		t.Errorf("DELETE again: got %d", a.status)
	}
	view.until("the end", func() bool { return view.state == webrtc.PeerConnectionStateClosed })
}

func TestPublisherWithoutUDP(t *testing.T) {
	w := newWorld(t, Config{})
	w.sender("cam", webrtc.MimeTypeVP8, webrtc.MimeTypeOpus, webrtc.NetworkTypeTCP4)
	view := w.viewer("cam")
	view.until("media", func() bool { return view.count(webrtc.RTPCodecTypeVideo) > 30 })
}

func TestSoundAlone(t *testing.T) {
	w := newWorld(t, Config{})
	w.sender("radio", "", webrtc.MimeTypeOpus)
	view := w.viewer("radio")
	view.until("sound", func() bool { return view.count(webrtc.RTPCodecTypeAudio) > 10 })
}

// eventually looks again and again until ok, for what has no event.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: did not happen", what)
		}
	}
}

// begun waits for a stream's first key frame.
func (w *world) begun(name string) {
	w.t.Helper()
	eventually(w.t, name+" begins", func() bool { _, err := w.hub.Lookup(name); return err == nil })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := w.hub.Open(ctx, name); err != nil {
		w.t.Fatal(err)
	}
}

func TestKickEndsPublisherAndViewers(t *testing.T) {
	w := newWorld(t, Config{})
	pub := w.sender("cam", webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	view := w.viewer("cam")
	view.until("media", func() bool { return view.count(webrtc.RTPCodecTypeVideo) > 5 })
	if err := w.hub.Kick("cam"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*peerConn{pub, view} {
		p.until("the end", func() bool { return p.state == webrtc.PeerConnectionStateClosed })
	}
	eventually(t, "the sessions are gone", func() bool {
		w.whip.mu.Lock()
		defer w.whip.mu.Unlock()
		return len(w.whip.sessions)+len(w.whip.viewers)+len(w.whip.pubs) == 0
	})
}

func TestPublisherIsAskedForAKeyFrame(t *testing.T) {
	w := newWorld(t, Config{})
	pub := w.sender("cam", webrtc.MimeTypeVP8, "")
	view := w.viewer("cam")
	view.until("media", func() bool { return view.count(webrtc.RTPCodecTypeVideo) > 5 })
	pub.mu.Lock()
	before := pub.plis
	pub.mu.Unlock()
	for _, r := range view.pc.GetReceivers() {
		if r.Track() != nil && r.Track().Kind() == webrtc.RTPCodecTypeVideo {
			if err := view.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(r.Track().SSRC())}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	pub.until("a request", func() bool { return pub.plis > before })
}

// fragmentOf makes the SDP fragment of a description: credentials and candidates.
func fragmentOf(sdp string) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		for _, k := range []string{"a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=mid:", "m="} {
			if strings.HasPrefix(line, k) {
				b.WriteString(line)
			}
		}
	}
	return b.String() + "a=end-of-candidates\r\n"
}

// restart does an ICE restart over PATCH (RFC 9725 §4.3.3).
func (p *peerConn) restart(t *testing.T, description string) {
	t.Helper()
	offer := p.offer(&webrtc.OfferOptions{ICERestart: true})
	a := p.w.do("PATCH", p.location, typeFragment, fragmentOf(offer), "If-Match", "*")
	if a.status != http.StatusOK || a.header.Get("ETag") == p.etag || !strings.HasPrefix(a.header.Get("Content-Type"), typeFragment) {
		t.Fatalf("PATCH: got %d %v %s", a.status, a.header, a.body)
	}
	ufrag, pwd := credentials(a.body)
	oldUfrag, oldPwd := credentials(description)
	if ufrag == oldUfrag || pwd == oldPwd || ufrag == "" || pwd == "" {
		t.Fatalf("the credentials are not new: %s", a.body)
	}
	answer := strings.ReplaceAll(strings.ReplaceAll(description, oldUfrag, ufrag), oldPwd, pwd)
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
}

func TestICERestart(t *testing.T) {
	w := newWorld(t, Config{})
	pub := w.sender("cam", webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	view := w.viewer("cam")
	view.until("media", func() bool { return view.count(webrtc.RTPCodecTypeVideo) > 5 })
	for name, p := range map[string]*peerConn{"viewer": view, "publisher": pub} {
		p.restart(t, p.pc.RemoteDescription().SDP)
		view.mu.Lock()
		n := view.count(webrtc.RTPCodecTypeVideo)
		view.mu.Unlock()
		view.until("media after the restart of the "+name, func() bool { return view.count(webrtc.RTPCodecTypeVideo) > n+100 })
	}
}

func TestTrickle(t *testing.T) {
	w := newWorld(t, Config{})
	pub := w.sender("cam", webrtc.MimeTypeVP8, "")
	view := w.viewer("cam")
	for _, p := range []*peerConn{pub, view} {
		f := fragmentOf(p.pc.LocalDescription().SDP)
		for _, match := range []string{"", p.etag, "*"} {
			h := []string{}
			if match != "" {
				h = []string{"If-Match", match}
			}
			if a := w.do("PATCH", p.location, typeFragment, f, h...); a.status != http.StatusNoContent {
				t.Errorf("PATCH with If-Match %q: got %d %s", match, a.status, a.body)
			}
		}
		if a := w.do("PATCH", p.location, typeFragment, f, "If-Match", `"other"`); a.status != http.StatusPreconditionFailed {
			t.Errorf("PATCH of another ICE session: got %d", a.status)
		}
		if a := w.do("PATCH", p.location, typeFragment, "nonsense\r\n"); a.status != http.StatusBadRequest {
			t.Errorf("PATCH of nonsense: got %d", a.status)
		}
		if a := w.do("PATCH", p.location, typeSDP, f); a.status != http.StatusUnsupportedMediaType {
			t.Errorf("PATCH of another type: got %d", a.status)
		}
	}
	if a := w.do("PATCH", strings.Replace(pub.location, "whip", "whep", 1), typeFragment, ""); a.status != http.StatusNotFound {
		t.Errorf("PATCH of another's session: got %d", a.status)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, Config{MaxViewers: 1})
	pub := w.sender("cam", webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	view := w.viewer("cam")
	view.until("media", func() bool { return view.count(webrtc.RTPCodecTypeVideo) > 5 })
	offer := view.pc.LocalDescription().SDP
	sends := pub.pc.LocalDescription().SDP
	alien := strings.NewReplacer("VP8/90000", "X/90000", "H264/90000", "X/90000", "VP9/90000", "X/90000", "AV1/90000", "X/90000", "H265/90000", "X/90000",
		"opus/48000/2", "X/48000/2", "PCMU/8000", "X/8000", "PCMA/8000", "X/8000", "G722/8000", "X/8000", "SAVPF 111 9 0 8", "SAVPF 111")
	for name, x := range map[string]struct {
		method, path, contentType, body string
		header                          []string
		status                          int
		kind                            string
	}{
		"no key, WHEP":            {"POST", "/live/cam/whep", typeSDP, offer, []string{"Authorization", ""}, 401, "denied"},
		"wrong key, WHIP":         {"POST", "/live/new/whip", typeSDP, sends, []string{"Authorization", "Bearer wrong"}, 401, "denied"},
		"no such stream":          {"POST", "/live/none/whep", typeSDP, offer, nil, 404, "not-found"},
		"busy":                    {"POST", "/live/cam/whip", typeSDP, sends, nil, 409, "busy"},
		"bad name":                {"POST", "/live/a..b/whep", typeSDP, offer, nil, 400, "name"},
		"long name":               {"POST", "/live/" + strings.Repeat("a", 10000) + "/whep", typeSDP, offer, nil, 400, "name"},
		"no type":                 {"POST", "/live/cam/whep", "", offer, nil, 415, "content-type"},
		"wrong type":              {"POST", "/live/new/whip", "text/plain", sends, nil, 415, "content-type"},
		"too large":               {"POST", "/live/cam/whep", typeSDP, strings.Repeat("a", maxBody+1), nil, 413, "too-large"},
		"garbage, WHEP":           {"POST", "/live/cam/whep", typeSDP, "garbage", nil, 400, "offer"},
		"garbage, WHIP":           {"POST", "/live/new/whip", typeSDP, "garbage", nil, 400, "offer"},
		"empty, WHIP":             {"POST", "/live/new/whip", typeSDP, "", nil, 400, "offer"},
		"no codec, WHEP":          {"POST", "/live/cam/whep", typeSDP, alien.Replace(offer), nil, 406, "codec"},
		"no codec, WHIP":          {"POST", "/live/new/whip", typeSDP, alien.Replace(sends), nil, 406, "codec"},
		"no picture, WHIP":        {"POST", "/live/new/whip", typeSDP, strings.ReplaceAll(alien.Replace(sends), "X/48000/2", "opus/48000/2"), nil, 406, "codec"},
		"nothing to send, WHIP":   {"POST", "/live/new/whip", typeSDP, offer, nil, 406, "codec"},
		"too many viewers":        {"POST", "/live/cam/whep", typeSDP, offer, nil, 503, "limit"},
		"GET":                     {"GET", "/live/cam/whep", "", "", nil, 405, "method"},
		"POST to a session":       {"POST", view.location, typeSDP, offer, nil, 405, "method"},
		"DELETE of the endpoint":  {"DELETE", "/live/cam/whip", "", "", nil, 405, "method"},
		"DELETE of nothing":       {"DELETE", "/live/cam/whep/0123", "", "", nil, 404, "session"},
		"DELETE across protocols": {"DELETE", strings.Replace(view.location, "whep", "whip", 1), "", "", nil, 404, "session"},
		"DELETE across streams":   {"DELETE", strings.Replace(view.location, "cam", "other", 1), "", "", nil, 404, "session"},
	} {
		a := w.do(x.method, x.path, x.contentType, x.body, x.header...)
		if a.status != x.status || !strings.HasSuffix(a.problem.Type, ":"+x.kind) || a.problem.Detail == "" {
			t.Errorf("%s: got %d %s, want %d %s", name, a.status, a.body, x.status, x.kind)
		}
		if a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: pages can't read the reason", name)
		}
		if (a.status == 401) != (a.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: WWW-Authenticate is %q", name, a.header.Get("WWW-Authenticate"))
		}
	}
	if view.pc.ConnectionState() != webrtc.PeerConnectionStateConnected || pub.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		t.Error("the refusals disturbed somebody")
	}
}

func TestPreflight(t *testing.T) {
	w := newWorld(t, Config{})
	a := w.do("OPTIONS", "/live/cam/whep", "", "", "Origin", "https://example.org", "Access-Control-Request-Method", "POST")
	if a.status != http.StatusNoContent || !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "PATCH") ||
		!strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "If-Match") || a.header.Get("Accept-Post") != typeSDP {
		t.Errorf("got %d %v", a.status, a.header)
	}
}

func TestPublisherThatNeverConnectsIsLetGo(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.peer()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "v", "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.pc.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	a := w.do("POST", "/live/cam/whip", typeSDP, p.offer(nil))
	if a.status != http.StatusCreated {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	w.whip.mu.Lock()
	pub := w.whip.pubs["cam"]
	w.whip.mu.Unlock()
	pub.overdue(time.Now().Add(connectTime + time.Second))
	<-pub.ctx.Done()
	if !errors.Is(pub.reason(), errNoMedia) {
		t.Errorf("got %v, want %v", pub.reason(), errNoMedia)
	}
}
