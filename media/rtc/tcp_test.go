package rtc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"
)

var overTCP = []webrtc.NetworkType{webrtc.NetworkTypeTCP4}

func isOverTCP(v *Viewer) bool {
	to := v.to.Load()
	return to != nil && to.Via() != nil
}

func TestViewersOverTCPAndUDPOfOneStream(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 3000)
	a, b := newClient(t, clientConfig{networks: overTCP}), newClient(t, clientConfig{})
	both := newClient(t, clientConfig{networks: []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4}})
	va, vb, vBoth := w.watch(a), w.watch(b), w.watch(both)
	w.play(50, 30000)
	for name, c := range map[string]*client{"TCP": a, "UDP": b, "both": both} {
		c.until("media over "+name, func() bool {
			return len(c.ids()) >= 100 && c.count(webrtc.RTPCodecTypeAudio) >= 100 && len(c.reports) > 0
		})
	}
	if !isOverTCP(va) || isOverTCP(vb) || isOverTCP(vBoth) {
		t.Errorf("over TCP: %v, %v, %v; want the first alone", isOverTCP(va), isOverTCP(vb), isOverTCP(vBoth))
	}
	a.mu.Lock()
	for k, list := range a.packets {
		for i, p := range list[1:] {
			if p.SequenceNumber != list[i].SequenceNumber+1 || int32(p.Timestamp-list[i].Timestamp) < 0 {
				t.Fatalf("%v: packet %d does not follow the one before", k, i+1)
			}
		}
	}
	a.mu.Unlock()
	// A client's goodbye may be lost with its connection; ours is not.
	va.Close(errors.New("enough"))
	a.until("our goodbye", func() bool { return a.state == webrtc.PeerConnectionStateClosed })
	vBoth.Close(errors.New("enough"))
	w.noConns()
}

// noConns waits until no connection is left.
func (w *world) noConns() {
	w.t.Helper()
	l := w.rtc.tcp.l
	w.until("the end of all connections", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.conns) == 0 && l.unproven == 0 && len(l.unprovenOf) == 0
	})
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%s: did not happen", what)
		}
	}
}

func TestOurGoodbyeArrivesOverTCP(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := newClient(t, clientConfig{networks: overTCP})
	v := w.watch(c)
	c.until("media", func() bool { return len(c.ids()) >= 1 })
	v.Close(errors.New("enough"))
	c.until("our goodbye", func() bool { return c.state == webrtc.PeerConnectionStateClosed })
	w.noConns()
}

func TestICERestartOverTCP(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := newClient(t, clientConfig{networks: overTCP})
	v, answer, err := w.rtc.View(w.stream(), []byte(c.offer()), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	c.accept(string(answer))
	w.play(50, 500)
	c.until("media", func() bool { return len(c.ids()) >= 5 })
	before := v.to.Load()
	o, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetLocalDescription(o); err != nil {
		t.Fatal(err)
	}
	w.rtc.mu.Lock()
	oldUfrag, oldPwd := v.ufrag, string(v.integrity)
	w.rtc.mu.Unlock()
	_, theirs, _ := strings.Cut(o.SDP, "a=ice-ufrag:")
	ufrag, pwd := v.Restart(strings.Fields(theirs)[0])
	c.accept(strings.NewReplacer(oldUfrag, ufrag, oldPwd, pwd).Replace(string(answer)))
	w.until("another connection", func() bool { return v.to.Load() != before })
	c.mu.Lock()
	n := len(c.ids())
	c.mu.Unlock()
	c.until("media over it", func() bool { return len(c.ids()) >= n+20 })
	if !isOverTCP(v) {
		t.Error("media does not go over TCP")
	}
}

// keyed is a viewer without an agent and without DTLS: its test makes the checks and has the keys.
type keyed struct {
	w         *world
	v         *Viewer
	user, pwd string

	mu   sync.Mutex // guards open
	open *srtp.Context
}

func (w *world) keyed() *keyed {
	w.t.Helper()
	v, _, err := w.rtc.View(w.stream(), []byte(shortOffer), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { v.Close(errors.New("enough")) })
	k, open := testKeys(w.t, dtls.SRTP_AEAD_AES_128_GCM)
	v.connect(k, &association{})
	w.rtc.mu.Lock()
	defer w.rtc.mu.Unlock()
	return &keyed{w: w, v: v, user: v.ufrag + ":" + v.remoteUfrag, pwd: string(v.integrity), open: open}
}

// keyedConn is the viewer's end of a connection.
type keyedConn struct {
	net.Conn
	b  *keyed
	in *unframer
}

func (b *keyed) dial() *keyedConn {
	b.w.t.Helper()
	c, err := net.Dial("tcp", b.w.rtc.tcp.l.Addr().String())
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.w.t.Cleanup(func() { c.Close() }) //nolint:errcheck // a test's end
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		b.w.t.Fatal(err)
	}
	return &keyedConn{Conn: c, b: b, in: &unframer{r: c}}
}

func (c *keyedConn) send(all ...[]byte) {
	c.b.w.t.Helper()
	if _, err := c.Write(inFrames(all...)); err != nil {
		c.b.w.t.Fatal(err)
	}
}

func (b *keyed) check(extra ...stun.Setter) []byte {
	b.w.t.Helper()
	return binding(b.w.t, b.user, b.pwd, extra...)
}

var nominate = stun.RawAttribute{Type: stun.AttrUseCandidate}

// ask makes a check and waits for its answer; media that comes before is let go.
func (c *keyedConn) ask(extra ...stun.Setter) *stun.Message {
	c.b.w.t.Helper()
	q := c.b.check(extra...)
	c.send(q)
	for {
		b, err := c.in.next()
		if err != nil {
			c.b.w.t.Fatalf("no answer: %v", err)
		}
		m := &stun.Message{Raw: bytes.Clone(b)}
		if b[0] <= 3 && m.Decode() == nil && bytes.Equal(m.TransactionID[:], q[8:20]) {
			return m
		}
	}
}

// media returns the next RTP packet.
func (c *keyedConn) media() *rtp.Packet {
	c.b.w.t.Helper()
	for {
		b, err := c.in.next()
		if err != nil {
			c.b.w.t.Fatalf("no media: %v", err)
		}
		if b[0] < 128 || b[1] >= 192 && b[1] <= 223 {
			continue
		}
		c.b.mu.Lock()
		plain, err := c.b.open.DecryptRTP(nil, b, nil)
		c.b.mu.Unlock()
		p := &rtp.Packet{}
		if err != nil || p.Unmarshal(plain) != nil {
			c.b.w.t.Fatalf("a packet can't be opened: %v", err)
		}
		return p
	}
}

func TestAnswersOverTCPCarryTheAddress(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := w.keyed().dial()
	m := c.ask()
	var a stun.XORMappedAddress
	if err := a.GetFrom(m); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%v:%d", a.IP, a.Port), c.LocalAddr().String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if m := c.ask(stun.RawAttribute{Type: stun.AttrICEControlled, Value: make([]byte, 8), Length: 8}); m.Type.Class != stun.ClassErrorResponse {
		t.Errorf("role conflict: got %v", m)
	}
}

func TestViewerMovesBetweenTCPAndUDP(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	b := w.keyed()
	udp, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(w.rtc.sock.Local()))
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close() //nolint:errcheck // a test
	if err := udp.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// media waits for media over UDP.
	media := func() {
		t.Helper()
		for buf := make([]byte, 2048); ; {
			n, err := udp.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if n > 2 && buf[0] >= 128 {
				return
			}
		}
	}
	tcp := b.dial()
	tcp.ask(nominate)
	w.play(50, 500)
	tcp.media()
	if _, err := udp.Write(b.check()); err != nil { // not nominated
		t.Fatal(err)
	}
	tcp.ask()
	if !isOverTCP(b.v) {
		t.Error("a check moved the viewer")
	}
	for range 2 {
		if _, err := udp.Write(b.check(nominate)); err != nil {
			t.Fatal(err)
		}
		w.until("UDP", func() bool { return !isOverTCP(b.v) })
		media()
		tcp.ask(nominate)
		tcp.media()
		if !isOverTCP(b.v) {
			t.Error("media does not go over TCP")
		}
	}
	// When the connection in use ends, any way that is checked will do.
	tcp.Close() //nolint:errcheck // a test
	w.until("the end of the connection", func() bool {
		w.rtc.mu.Lock()
		defer w.rtc.mu.Unlock()
		return len(b.v.conns) == 0
	})
	if _, err := udp.Write(b.check()); err != nil {
		t.Fatal(err)
	}
	w.until("UDP", func() bool { return !isOverTCP(b.v) })
	if b.v.Err() != nil {
		t.Errorf("the viewer ended: %v", b.v.Err())
	}
}

func TestAConnectionThatEndsIsReplacedByAnother(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	b := w.keyed()
	first := b.dial()
	first.ask(nominate)
	w.play(50, 500)
	p := first.media()
	half := inFrames(b.check())
	if _, err := first.Write(half[:len(half)/2]); err != nil { // ends in the middle of a frame
		t.Fatal(err)
	}
	first.Close() //nolint:errcheck // a test
	w.until("the end of the connection", func() bool {
		w.rtc.mu.Lock()
		defer w.rtc.mu.Unlock()
		return len(b.v.conns) == 0
	})
	second := b.dial()
	second.ask()
	if q := second.media(); q.SSRC == p.SSRC && q.SequenceNumber == p.SequenceNumber {
		t.Error("the same packet again")
	}
	if b.v.Err() != nil {
		t.Errorf("the viewer ended: %v", b.v.Err())
	}
}

func TestAViewerThatStopsReadingTCPIsClosedAndNobodyNotices(t *testing.T) {
	w := newWorld(t, Config{})
	w.rtc.tcp.stall = 300 * time.Millisecond
	w.show(true, 500)
	other, over := newClient(t, clientConfig{}), newClient(t, clientConfig{networks: overTCP})
	w.watch(other)
	w.watch(over)
	b := w.keyed()
	c := b.dial()
	if err := c.Conn.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil { //nolint:forcetypeassert // as dialled
		t.Fatal(err)
	}
	c.ask(nominate)
	w.play(50, 20000)
	gone(t, b.v, errStalled)
	for _, x := range []*client{other, over} {
		x.until("media", func() bool { return len(x.ids()) >= 50 })
	}
	over.mu.Lock()
	list := over.packets[webrtc.RTPCodecTypeVideo]
	for i, p := range list[1:] {
		if p.SequenceNumber != list[i].SequenceNumber+1 {
			t.Errorf("sequence number %d after %d", p.SequenceNumber, list[i].SequenceNumber)
		}
	}
	over.mu.Unlock()
	w.until("the end of the connection", func() bool {
		w.rtc.tcp.l.mu.Lock()
		defer w.rtc.tcp.l.mu.Unlock()
		return len(w.rtc.tcp.l.conns) == 1
	})
}

func TestASlowLineOverTCPHasWholePictures(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 20000)
	b := w.keyed()
	c := b.dial()
	if err := c.Conn.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil { //nolint:forcetypeassert // as dialled
		t.Fatal(err)
	}
	c.ask(nominate)
	w.play(20, 20000) // 2 MB/s
	c.in.r = &slowReader{c.Conn, 4 << 10}
	var last *rtp.Packet
	var lastID uint32
	skipped := false
	for whole := 0; whole < 30 || !skipped; {
		p := c.media()
		if p.SSRC != b.v.ssrcs[videoLane] {
			continue
		}
		if last != nil && (p.SequenceNumber != last.SequenceNumber+1 || int32(p.Timestamp-last.Timestamp) < 0) {
			t.Fatalf("packet %d at %d after %d at %d", p.SequenceNumber, p.Timestamp, last.SequenceNumber, last.Timestamp)
		}
		last = p
		if !p.Marker {
			continue
		}
		id := binary.BigEndian.Uint32(p.Payload[len(p.Payload)-4:])
		if whole > 0 && id != lastID+1 {
			if id%20 != 0 {
				t.Fatalf("picture %d after %d: it is no key frame", id, lastID)
			}
			skipped = true
		}
		lastID = id
		whole++
	}
	if b.v.Session().Lost.Load() == 0 {
		t.Error("what was skipped is not counted")
	}
}

// slowReader reads n bytes at most, and not often.
type slowReader struct {
	r io.Reader
	n int
}

func (r *slowReader) Read(b []byte) (int, error) {
	<-time.After(4 * time.Millisecond)
	return r.r.Read(b[:min(len(b), r.n)])
}

func TestCandidatesOverTCP(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	_, answer, err := w.rtc.View(w.stream(), []byte(shortOffer), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	port := w.rtc.sock.Local().Port()
	if port != netip.MustParseAddrPort(w.rtc.tcp.l.Addr().String()).Port() {
		t.Error("TCP has another port")
	}
	udp := fmt.Sprintf("a=candidate:1 1 udp 2130706431 127.0.0.1 %d typ host\r\n", port)
	tcp := fmt.Sprintf("a=candidate:2 1 tcp 2116026367 127.0.0.1 %d typ host tcptype passive\r\n", port)
	if !strings.Contains(string(answer), udp+tcp) {
		t.Errorf("want %s%sin\n%s", udp, tcp, answer)
	}
}
