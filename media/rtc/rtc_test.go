package rtc

import (
	"encoding/binary"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds waiting for what must happen; nothing is measured by it.
const patience = 20 * time.Second

// 64x64 baseline at 25 pictures a second, made by x264.
var (
	testSPS = []byte{0x67, 0x42, 0xc0, 0x0a, 0xd9, 0x04, 0x26, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x48, 0x99, 0x20}
	testPPS = []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
)

var (
	h264Track = media.Track{Codec: media.H264}
	opusTrack = media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}
)

// picture makes one picture of a codec, of about n bytes, that carries id at its end.
func picture(c media.Codec, key bool, id uint32, n int) [][]byte {
	body := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(id)))
	for i := range body {
		body[i] = byte(r.Uint32()) | 1 // no start codes
	}
	binary.BigEndian.PutUint32(body[n-4:], id)
	switch c {
	case media.VP8:
		copy(body, []byte{0x11, 0, 0})
		if key {
			copy(body, []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0})
		}
		return [][]byte{body}
	case media.VP9:
		copy(body, []byte{0x86, 0, 0, 0})
		if key {
			copy(body, []byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x77, 0xf0, 0x32, 0x34, 0x30, 0x38, 0x24, 0x1c, 0x19, 0x40, 0x18, 0x03, 0x40, 0x5f, 0xb4})
		}
		return [][]byte{body}
	}
	body[0] = 0x41
	if key {
		body[0] = 0x65
		return [][]byte{testSPS, testPPS, body}
	}
	return [][]byte{body}
}

// world is a hub, a transport and a publisher of one stream.
type world struct {
	t    testing.TB
	hub  *media.Hub
	rtc  *Transport
	pub  *media.Publisher
	pics uint32
	pts  time.Duration
}

func newWorld(t testing.TB, cfg Config, tracks ...media.Track) *world {
	t.Helper()
	w := &world{t: t, hub: media.NewHub(media.HubConfig{Grace: time.Minute})}
	cfg.Address = "127.0.0.1:0"
	for { // somebody may have the port over TCP
		w.rtc = New(cfg)
		if err := w.rtc.Start(); err != nil {
			t.Fatal(err)
		}
		if w.rtc.tcp != nil {
			break
		}
		w.rtc.Close()
	}
	t.Cleanup(func() { w.rtc.Close(); w.hub.Close() })
	if len(tracks) == 0 {
		tracks = []media.Track{h264Track, opusTrack}
	}
	w.publish(tracks)
	return w
}

func (w *world) publish(tracks []media.Track) {
	w.t.Helper()
	p, err := w.hub.Publish(media.PublishRequest{Name: "bars", Protocol: "test", Tracks: tracks})
	if err != nil {
		w.t.Fatal(err)
	}
	w.pub = p
}

// show writes the next picture and the sound of its time.
func (w *world) show(key bool, size int) {
	w.t.Helper()
	if err := w.write(key, size); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(key bool, size int) error {
	tracks := w.pub.Stream().Tracks()
	for i := range tracks {
		x := media.Sample{PTS: w.pts, DTS: w.pts, HasDTS: true}
		switch {
		case tracks[i].Codec.Video():
			x.Payload = picture(tracks[i].Codec, key, w.pics, size)
		case tracks[i].Codec == media.Opus:
			x.Payload = [][]byte{{0xfc, 0xff, 0xfe}}
		default:
			x.Payload = [][]byte{make([]byte, 160)}
		}
		if err := w.pub.Write(i, x); err != nil {
			return err
		}
	}
	w.pics++
	w.pts += 40 * time.Millisecond
	return nil
}

// play shows pictures, a key frame each n, until the test or the stream ends.
func (w *world) play(n uint32, size int) {
	stop, done := make(chan struct{}), make(chan struct{})
	// Ends with the test, which waits for it.
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				if w.write(w.pics%n == 0, size) != nil {
					return
				}
			}
		}
	}()
	w.t.Cleanup(func() { close(stop); <-done })
}

func (w *world) stream() *media.Stream { return w.pub.Stream() }

// client is a viewer made with pion.
type client struct {
	t  testing.TB
	pc *webrtc.PeerConnection

	mu      sync.Mutex
	packets map[webrtc.RTPCodecType][]*rtp.Packet
	reports []rtcp.Packet
	state   webrtc.PeerConnectionState
	changed chan struct{}
}

type clientConfig struct {
	profiles []dtls.SRTPProtectionProfile
	nack     bool
	twcc     bool
	kinds    []webrtc.RTPCodecType
	networks []webrtc.NetworkType // nil: UDP
}

func newClient(t testing.TB, cfg clientConfig) *client {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	r := &interceptor.Registry{}
	if cfg.nack {
		if err := webrtc.ConfigureNackWithOptions(m, r, []nack.GeneratorOption{nack.GeneratorInterval(10 * time.Millisecond)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := webrtc.ConfigureRTCPReports(r); err != nil {
		t.Fatal(err)
	}
	if cfg.twcc {
		if err := webrtc.ConfigureTWCCSender(m, r); err != nil {
			t.Fatal(err)
		}
	}
	e := webrtc.SettingEngine{LoggerFactory: quietFactory{}}
	e.SetIncludeLoopbackCandidate(true)
	e.SetIPFilter(net.IP.IsLoopback)
	if cfg.networks == nil {
		cfg.networks = []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	}
	e.SetNetworkTypes(cfg.networks)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetICETimeouts(30*time.Second, 30*time.Second, 200*time.Millisecond)
	if cfg.profiles != nil {
		e.SetSRTPProtectionProfiles(cfg.profiles...)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, pc: pc, packets: map[webrtc.RTPCodecType][]*rtp.Packet{}, changed: make(chan struct{})}
	t.Cleanup(func() {
		if err := pc.GracefulClose(); err != nil {
			t.Error(err)
		}
	})
	if cfg.kinds == nil {
		cfg.kinds = []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio}
	}
	for _, k := range cfg.kinds {
		if _, err := pc.AddTransceiverFromKind(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { c.note(func() { c.state = s }) })
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		// Ends with the connection.
		go func() {
			for {
				pkts, _, err := receiver.ReadRTCP()
				if err != nil {
					return
				}
				c.note(func() { c.reports = append(c.reports, pkts...) })
			}
		}()
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			c.note(func() { c.packets[track.Kind()] = append(c.packets[track.Kind()], p) })
		}
	})
	return c
}

// note changes c and wakes those who wait.
func (c *client) note(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.changed)
	c.changed = make(chan struct{})
}

// until waits for what ok, called under the lock, reports.
func (c *client) until(what string, ok func() bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		done, changed := ok(), c.changed
		c.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.t.Fatalf("%s: did not happen", what)
		}
	}
}

func (c *client) offer() string {
	c.t.Helper()
	o, err := c.pc.CreateOffer(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(o); err != nil {
		c.t.Fatal(err)
	}
	<-gathered
	return c.pc.LocalDescription().SDP
}

func (c *client) accept(answer string) {
	c.t.Helper()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		c.t.Fatalf("%v in:\n%s", err, answer)
	}
}

// watch makes c a viewer of the world's stream.
func (w *world) watch(c *client) *Viewer {
	w.t.Helper()
	v, answer, err := w.rtc.View(w.stream(), []byte(c.offer()), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
	if err != nil {
		w.t.Fatal(err)
	}
	c.accept(string(answer))
	return v
}

func (c *client) count(k webrtc.RTPCodecType) int { return len(c.packets[k]) }

// frames puts the video packets together: the ids of whole pictures by timestamp, in order of arrival
// of their last packet.
func (c *client) ids() (ids []uint32) {
	for _, p := range c.packets[webrtc.RTPCodecTypeVideo] {
		if p.Marker && len(p.Payload) >= 4 {
			ids = append(ids, binary.BigEndian.Uint32(p.Payload[len(p.Payload)-4:]))
		}
	}
	return ids
}

func gone(t *testing.T, v *Viewer, want error) {
	t.Helper()
	select {
	case <-v.Done():
		if !errors.Is(v.Err(), want) {
			t.Errorf("viewer ended with %v, want %v", v.Err(), want)
		}
	case <-time.After(patience):
		t.Fatal("the viewer is still there")
	}
}

func TestViewerGetsPictureAndSound(t *testing.T) {
	pcmu := media.Track{Codec: media.PCMU, SampleRate: 8000, Channels: 1}
	pcma := media.Track{Codec: media.PCMA, SampleRate: 8000, Channels: 1}
	gcm := []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80, dtls.SRTP_AEAD_AES_128_GCM}
	cm := []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80}
	for name, x := range map[string]struct {
		tracks   []media.Track
		profiles []dtls.SRTPProtectionProfile
		profile  string
	}{
		"H264, Opus, GCM": {[]media.Track{h264Track, opusTrack}, gcm, "SRTP_AEAD_AES_128_GCM"},
		"H264, Opus, CM":  {[]media.Track{h264Track, opusTrack}, cm, "SRTP_AES128_CM_HMAC_SHA1_80"},
		"VP8, PCMA":       {[]media.Track{{Codec: media.VP8}, pcma}, nil, "SRTP_AEAD_AES_128_GCM"},
		"VP9, PCMU":       {[]media.Track{{Codec: media.VP9}, pcmu}, nil, "SRTP_AEAD_AES_128_GCM"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{}, x.tracks...)
			w.show(true, 3000)
			c := newClient(t, clientConfig{profiles: x.profiles})
			v := w.watch(c)
			w.play(50, 3000)
			c.until("media", func() bool {
				return len(c.ids()) >= 20 && c.count(webrtc.RTPCodecTypeAudio) >= 20 && len(c.reports) > 0
			})
			if got := v.Profile(); got != x.profile {
				t.Errorf("SRTP profile: got %s, want %s", got, x.profile)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			for i, id := range c.ids() {
				if id != uint32(i) {
					t.Fatalf("picture %d is number %d", i, id)
				}
			}
			for k, list := range c.packets {
				for i, p := range list[1:] {
					if p.SequenceNumber != list[i].SequenceNumber+1 {
						t.Fatalf("%v: sequence number %d after %d", k, p.SequenceNumber, list[i].SequenceNumber)
					}
					if int32(p.Timestamp-list[i].Timestamp) < 0 {
						t.Fatalf("%v: timestamp went back", k)
					}
				}
			}
			if v.Session().Sent.Load() == 0 {
				t.Error("nothing is counted as sent")
			}
		})
	}
}

func TestSenderReportsPutTracksOnOneClock(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	w.play(50, 500)
	type point struct {
		at time.Duration
		ok bool
	}
	zero := func(lane int, rate int) (out point) {
		for _, r := range c.reports {
			if sr, ok := r.(*rtcp.SenderReport); ok && sr.SSRC == v.ssrcs[lane] {
				wall := time.Duration(sr.NTPTime>>32)*time.Second + time.Duration((sr.NTPTime&0xffffffff)*uint64(time.Second)>>32)
				out = point{wall - media.FromTicks(int64(sr.RTPTime), rate), true}
			}
		}
		return out
	}
	c.until("reports of both tracks", func() bool { return zero(0, 90000).ok && zero(1, 48000).ok })
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := (zero(0, 90000).at - zero(1, 48000).at).Abs(); d > 20*time.Millisecond {
		t.Errorf("the tracks' reports are %v apart", d)
	}
}

func TestJoinInTheMiddleBeginsWithTheKeyFrame(t *testing.T) {
	w := newWorld(t, Config{})
	// Several slices of catching up, but not more than a client's socket holds while it is busy.
	const pictures, size = 60, 1500
	for range pictures {
		w.show(w.pics == 0, size)
	}
	c := newClient(t, clientConfig{})
	w.watch(c)
	c.until("catching up", func() bool { return len(c.ids()) == pictures })
	w.show(false, size)
	c.until("the live picture", func() bool { return len(c.ids()) == pictures+1 })
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.packets[webrtc.RTPCodecTypeVideo]
	if p := list[0].Payload; p[0]&0x1f != 24 || p[3]&0x1f != 7 { // RFC 6184 §5.7.1: STAP-A with the SPS first
		t.Errorf("the first packet is %x..., want the parameter sets", p[:4])
	}
	for i, id := range c.ids() {
		if id != uint32(i) {
			t.Fatalf("picture %d is number %d", i, id)
		}
	}
	live := list[len(list)-1].Timestamp
	for i, p := range list {
		if i > 0 && (p.SequenceNumber != list[i-1].SequenceNumber+1 || int32(p.Timestamp-list[i-1].Timestamp) < 0) {
			t.Fatalf("packet %d does not follow the one before", i)
		}
		if back := live - p.Timestamp; back > 90*300 {
			t.Fatalf("packet %d is %d ticks before the live picture: not squeezed", i, back)
		}
	}
}

func TestFallbacksOfTheKernel(t *testing.T) {
	for name, best := range map[string]datagram.Mode{
		"no GSO":      datagram.Multiple,
		"no sendmmsg": datagram.Plain,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{Sending: best})
			w.show(true, 5000)
			c := newClient(t, clientConfig{})
			w.watch(c)
			w.play(50, 5000)
			c.until("media", func() bool { return len(c.ids()) >= 10 && c.count(webrtc.RTPCodecTypeAudio) >= 10 })
		})
	}
}

func TestTwoViewersAndTheirSessions(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 2000)
	a, b := newClient(t, clientConfig{}), newClient(t, clientConfig{kinds: []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}})
	va, vb := w.watch(a), w.watch(b)
	w.play(50, 2000)
	for _, c := range []*client{a, b} {
		c.until("media", func() bool { return len(c.ids()) >= 10 })
	}
	if n := w.stream().Info(false).Readers["whep"]; n != 2 {
		t.Errorf("got %d sessions, want 2", n)
	}
	if err := a.pc.Close(); err != nil { // says goodbye by DTLS
		t.Fatal(err)
	}
	gone(t, va, errGoodbye)
	b.mu.Lock()
	n := len(b.ids())
	b.mu.Unlock()
	b.until("more media for the other", func() bool { return len(b.ids()) >= n+10 })
	if n := w.stream().Info(false).Readers["whep"]; n != 1 {
		t.Errorf("got %d sessions, want 1", n)
	}
	if err := w.hub.Kick("bars"); err != nil {
		t.Fatal(err)
	}
	gone(t, vb, media.ErrKicked)
	b.until("our goodbye", func() bool { return b.state == webrtc.PeerConnectionStateClosed })
	w.rtc.mu.Lock()
	defer w.rtc.mu.Unlock()
	if len(w.rtc.byAddr)+len(w.rtc.byUfrag)+len(w.rtc.groups)+w.rtc.waiting != 0 {
		t.Errorf("something is left: %d addresses, %d names, %d groups, %d waiting", len(w.rtc.byAddr), len(w.rtc.byUfrag), len(w.rtc.groups), w.rtc.waiting)
	}
}

func TestViewersStayWhenThePublisherComesBack(t *testing.T) {
	w := newWorld(t, Config{})
	for range 5 {
		w.show(w.pics == 0, 1000)
	}
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	c.until("media", func() bool { return len(c.ids()) == 5 })
	tracks := w.stream().Tracks()
	w.pub.Close()
	w.publish(tracks)
	w.pts = 0 // its clock begins anew
	for i := range 5 {
		w.show(i == 0, 1000)
	}
	c.until("media again", func() bool { return len(c.ids()) == 10 })
	if v.Err() != nil {
		t.Errorf("the viewer ended: %v", v.Err())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.packets[webrtc.RTPCodecTypeVideo]
	for i, x := range list[1:] {
		if x.SequenceNumber != list[i].SequenceNumber+1 || int32(x.Timestamp-list[i].Timestamp) < 0 {
			t.Fatalf("packet %d does not follow the one before", i+1)
		}
	}
}

func TestPicturesInAnotherOrderAreRefused(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	c.until("media", func() bool { return len(c.ids()) >= 1 })
	for i, at := range []time.Duration{4, 2, 1, 3} {
		w.pub.Write(0, media.Sample{ //nolint:errcheck // can't fail here
			PTS: w.pts + at*40*time.Millisecond, DTS: w.pts + time.Duration(i)*40*time.Millisecond, HasDTS: true,
			Payload: picture(media.H264, false, 9, 100),
		})
	}
	gone(t, v, media.ErrReordered)
	_, _, err := w.rtc.View(w.stream(), []byte(newClient(t, clientConfig{}).offer()), Request{Protocol: "whep"})
	if !errors.Is(err, media.ErrReordered) {
		t.Errorf("got %v, want ErrReordered", err)
	}
}

func TestNoCodecInCommon(t *testing.T) {
	w := newWorld(t, Config{})
	offer := newClient(t, clientConfig{}).offer()
	for name, o := range map[string]string{
		"no H264":    strings.ReplaceAll(offer, "H264/90000", "H263/90000"),
		"sends only": strings.ReplaceAll(offer, "a=recvonly", "a=sendonly"),
	} {
		_, _, err := w.rtc.View(w.stream(), []byte(o), Request{Protocol: "whep"})
		if !errors.Is(err, media.ErrCodec) || !strings.Contains(err.Error(), "H264") {
			t.Errorf("%s: got %v, want ErrCodec that names the stream's codecs", name, err)
		}
	}
	w.rtc.mu.Lock()
	defer w.rtc.mu.Unlock()
	if len(w.rtc.groups) != 0 {
		t.Error("a refused offer left a group behind")
	}
}

// sound is a SoundProvider.
type sound struct {
	d        *media.Derived
	err      error
	released chan struct{}
}

func (s *sound) Open(parent *media.Stream) (*media.Stream, func(), error) {
	if s.err != nil {
		return nil, nil, s.err
	}
	s.d = parent.Derive(opusTrack)
	return s.d.Stream(), func() { s.d.End(media.ErrEnded); close(s.released) }, nil
}

func TestAACBecomesOpus(t *testing.T) {
	aac := media.Track{Codec: media.PCMA, SampleRate: 16000, Channels: 1} // as little playable over WebRTC as AAC
	provider := &sound{released: make(chan struct{})}
	w := newWorld(t, Config{Sound: provider}, h264Track, aac)
	w.show(true, 500)
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	c.until("the picture", func() bool { return len(c.ids()) >= 1 })
	for i := range 5 {
		provider.d.Write(media.Origin+time.Duration(i)*20*time.Millisecond, 0, []byte{0xfc, 0xff, byte(i)})
		c.until("the sound", func() bool { return c.count(webrtc.RTPCodecTypeAudio) == i+1 })
	}
	v.Close(errors.New("enough"))
	select {
	case <-provider.released:
	case <-time.After(patience):
		t.Error("the sound was not given back")
	}
}

func TestWithoutSoundThePictureGoesOn(t *testing.T) {
	track := media.Track{Codec: media.PCMA, SampleRate: 16000, Channels: 1}
	w := newWorld(t, Config{Sound: &sound{err: errors.New("no ffmpeg")}, Log: slog.New(slog.DiscardHandler)}, h264Track, track)
	w.show(true, 500)
	c := newClient(t, clientConfig{})
	w.watch(c)
	c.until("the picture", func() bool { return len(c.ids()) >= 1 })
	if note := w.stream().Info(false).Notes["sound"]; !strings.Contains(note, "no ffmpeg") {
		t.Errorf("note: got %q, want the reason", note)
	}
}
