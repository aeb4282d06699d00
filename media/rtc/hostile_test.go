package rtc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"xianfeng/media"
)

// path is a stretch of network between viewers and the port that can lose packets and, like a NAT,
// give the viewer another address.
type path struct {
	front  *net.UDPConn // the viewer's side
	server netip.AddrPort
	lose   func(b []byte) bool // of what goes to the viewer; called on one goroutine at a time
	wg     sync.WaitGroup

	mu     sync.Mutex // guards back, viewer, closed
	back   *net.UDPConn
	viewer netip.AddrPort
	closed bool
}

func newPath(t *testing.T, w *world, lose func([]byte) bool) *path {
	t.Helper()
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := &path{front: front, server: w.rtc.sock.Local(), lose: lose}
	p.rebind(t)
	p.wg.Add(1)
	// Ends when front is closed.
	go func() {
		defer p.wg.Done()
		b := make([]byte, 2048)
		for {
			n, from, err := front.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			p.mu.Lock()
			p.viewer = from
			p.back.WriteToUDPAddrPort(b[:n], p.server) //nolint:errcheck // a network
			p.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		front.Close() //nolint:errcheck // a test's end
		p.mu.Lock()
		p.closed = true
		p.back.Close() //nolint:errcheck // a test's end
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

// rebind gives the viewer another address, as the server sees it.
func (p *path) rebind(t *testing.T) {
	t.Helper()
	back, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	old := p.back
	p.back = back
	p.mu.Unlock()
	if old != nil {
		old.Close() //nolint:errcheck // replaced
	}
	p.wg.Add(1)
	// Ends when back is closed.
	go func() {
		defer p.wg.Done()
		b := make([]byte, 2048)
		for {
			n, _, err := back.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			p.mu.Lock()
			if p.viewer.IsValid() && !(p.lose != nil && p.lose(b[:n])) {
				p.front.WriteToUDPAddrPort(b[:n], p.viewer) //nolint:errcheck // a network
			}
			p.mu.Unlock()
		}
	}()
}

// through makes c a viewer by way of p.
func (p *path) through(w *world, c *client) *Viewer {
	w.t.Helper()
	v, answer, err := w.rtc.View(w.stream(), []byte(c.offer()), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
	if err != nil {
		w.t.Fatal(err)
	}
	front := p.front.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP socket
	c.accept(strings.ReplaceAll(string(answer), fmt.Sprintf(" %d typ host", p.server.Port()), fmt.Sprintf(" %d typ host", front)))
	return v
}

func TestLostPacketsAreSentAgain(t *testing.T) {
	for name, edit := range map[string]func(string) string{
		"on an RTX stream": func(o string) string { return o },
		"on the stream itself": func(o string) string {
			return strings.ReplaceAll(o, "rtx/90000", "none/90000")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{})
			w.show(true, 4000)
			n := 0
			p := newPath(t, w, func(b []byte) bool {
				n++
				return b[0] >= 128 && n > 50 && n%10 == 0
			})
			c := newClient(t, clientConfig{nack: true})
			offer := c.offer()
			v, answer, err := w.rtc.View(w.stream(), []byte(edit(offer)), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
			if err != nil {
				t.Fatal(err)
			}
			port := p.front.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP socket
			c.accept(strings.ReplaceAll(string(answer), fmt.Sprintf(" %d typ host", p.server.Port()), fmt.Sprintf(" %d typ host", port)))
			w.play(1000, 4000)
			const enough = 400
			c.until("a stretch without gaps", func() bool {
				list := c.packets[webrtc.RTPCodecTypeVideo]
				if len(list) == 0 {
					return false
				}
				got := map[uint16]bool{}
				for _, x := range list {
					got[x.SequenceNumber-list[0].SequenceNumber] = true
				}
				for i := range uint16(enough) {
					if !got[i] {
						return false
					}
				}
				return true
			})
			if (v.send.lanes[videoLane].rtxPT != 0) != (name == "on an RTX stream") {
				t.Error("RTX is not as offered")
			}
		})
	}
}

func TestViewerBehindANATThatRebinds(t *testing.T) {
	w := newWorld(t, Config{})
	w.rtc.rebind = 300 * time.Millisecond
	w.show(true, 1000)
	p := newPath(t, w, nil)
	c := newClient(t, clientConfig{})
	v := p.through(w, c)
	w.play(50, 1000)
	c.until("media", func() bool { return len(c.ids()) >= 5 })
	before := v.to.Load().AddrPort
	p.rebind(t)
	c.mu.Lock()
	n := len(c.ids())
	c.mu.Unlock()
	c.until("media at the new address", func() bool { return len(c.ids()) >= n+50 })
	if after := v.to.Load().AddrPort; after == before {
		t.Error("the address did not change")
	}
}

func TestKeyFrameIsSentAgain(t *testing.T) {
	w := newWorld(t, Config{})
	wanted := make(chan *media.Stream, 16)
	w.rtc.OnKeyFrameWanted(func(s *media.Stream) {
		select {
		case wanted <- s:
		default:
		}
	})
	for range 10 {
		w.show(w.pics == 0, 1000)
	}
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	c.until("media", func() bool { return len(c.ids()) == 10 })
	for range 5 { // throttled: once is enough
		v.ears.keyFrame(v.ssrcs[videoLane])
	}
	c.until("the pictures once more", func() bool { return len(c.ids()) == 20 })
	w.show(false, 1000)
	c.until("the next picture", func() bool { return len(c.ids()) == 21 })
	if s := <-wanted; s != w.stream() {
		t.Errorf("a key frame is wanted of %v", s)
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

// knock sends one datagram to the port and returns the answer, or nil if the port, asked something
// that it must answer afterwards, answers that first.
func knock(t *testing.T, w *world, b []byte, proof func() []byte) []byte {
	t.Helper()
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(w.rtc.sock.Local()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test
	for _, x := range [][]byte{b, proof()} {
		if _, err := conn.Write(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func binding(t testing.TB, user, pwd string, extra ...stun.Setter) []byte {
	t.Helper()
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(user)}, append(extra, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func TestOnlyTheRightPasswordIsAnswered(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	offer := newClient(t, clientConfig{}).offer()
	v, _, err := w.rtc.View(w.stream(), []byte(offer), Request{Protocol: "whep"})
	if err != nil {
		t.Fatal(err)
	}
	w.rtc.mu.Lock()
	user, pwd := v.ufrag+":"+v.remoteUfrag, string(v.integrity)
	w.rtc.mu.Unlock()
	unsigned, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(user), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	last := binding(t, user, pwd)
	for name, b := range map[string][]byte{
		"wrong password":    binding(t, user, "wrongwrongwrongwrongwrong"),
		"unsigned":          unsigned.Raw,
		"somebody else":     binding(t, v.ufrag+":nobody", pwd),
		"no such viewer":    binding(t, "nobody:"+v.remoteUfrag, pwd),
		"no colon":          binding(t, v.ufrag, pwd),
		"random":            []byte("\x00\x01random bytes that begin like STUN"),
		"DTLS from nowhere": append([]byte{22, 254, 253}, make([]byte, 100)...),
		"RTP from nowhere":  append([]byte{128, 96}, make([]byte, 100)...),
	} {
		got := knock(t, w, b, func() []byte { return last })
		m := &stun.Message{Raw: got}
		if err := m.Decode(); err != nil || m.Type != stun.BindingSuccess || string(m.TransactionID[:]) != string(last[8:20]) {
			t.Errorf("%s: it was answered: %v, %v", name, m, err)
		}
	}
	// Roles: we are lite, so the other side must control (RFC 8445 §7.3.1.1).
	b := binding(t, user, pwd, stun.RawAttribute{Type: stun.AttrICEControlled, Value: make([]byte, 8), Length: 8})
	m := &stun.Message{Raw: knock(t, w, b, func() []byte { return last })}
	if err := m.Decode(); err != nil || m.Type.Class != stun.ClassErrorResponse {
		t.Errorf("role conflict: got %v, %v", m, err)
	}
	v.Close(errors.New("enough"))
}

// inject hands over a datagram as if it had come from an address. Nothing else may come meanwhile.
func (w *world) inject(b []byte, from netip.AddrPort) { w.rtc.handle(b, from) }

func TestAReplayedCheckDoesNotMoveAViewer(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	v, _, err := w.rtc.View(w.stream(), []byte(newClient(t, clientConfig{}).offer()), Request{Protocol: "whep"})
	if err != nil {
		t.Fatal(err)
	}
	w.rtc.mu.Lock()
	user, pwd := v.ufrag+":"+v.remoteUfrag, string(v.integrity)
	w.rtc.mu.Unlock()
	nominated := binding(t, user, pwd, stun.RawAttribute{Type: stun.AttrUseCandidate})
	here, there := netip.MustParseAddrPort("127.0.0.1:1001"), netip.MustParseAddrPort("127.0.0.1:1002")
	w.inject(nominated, here)
	w.inject(nominated, there)
	if got := v.to.Load().AddrPort; got != here {
		t.Errorf("a replayed check moved the viewer to %v", got)
	}
	w.inject(binding(t, user, pwd, stun.RawAttribute{Type: stun.AttrUseCandidate}), there)
	if got := v.to.Load().AddrPort; got != there {
		t.Errorf("a fresh check left the viewer at %v", got)
	}
	v.Close(errors.New("enough"))
}

func TestWrongFingerprintIsRefused(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := newClient(t, clientConfig{})
	offer := c.offer()
	i := strings.Index(offer, "a=fingerprint:sha-256 ") + len("a=fingerprint:sha-256 ")
	other := "00"
	if offer[i:i+2] == other {
		other = "11"
	}
	v, answer, err := w.rtc.View(w.stream(), []byte(offer[:i]+other+offer[i+2:]), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	c.accept(string(answer))
	select {
	case <-v.Done():
		if !strings.Contains(v.Err().Error(), "certificate") {
			t.Errorf("got %v, want that the certificate is not the promised one", v.Err())
		}
	case <-time.After(patience):
		t.Fatal("the viewer is still there")
	}
	if v.keys.Load() != nil {
		t.Error("keys were taken")
	}
}

func TestViewersThatDoNotConnectAreBoundedAndLetGo(t *testing.T) {
	w := newWorld(t, Config{MaxHandshakes: 2})
	w.show(true, 500)
	offer := []byte(newClient(t, clientConfig{}).offer())
	var all []*Viewer
	for range 2 {
		v, _, err := w.rtc.View(w.stream(), offer, Request{Protocol: "whep"})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if _, _, err := w.rtc.View(w.stream(), offer, Request{Protocol: "whep"}); !errors.Is(err, media.ErrLimit) {
		t.Errorf("the third: got %v, want ErrLimit", err)
	}
	if late := w.rtc.overdue(time.Now().Add(handshakeTime - time.Second)); len(late) != 0 {
		t.Errorf("%d viewers are overdue too early", len(late))
	}
	for v, err := range w.rtc.overdue(time.Now().Add(handshakeTime + time.Second)) {
		v.Close(err)
	}
	for _, v := range all {
		gone(t, v, errNoStart)
	}
	if v, _, err := w.rtc.View(w.stream(), offer, Request{Protocol: "whep"}); err != nil {
		t.Errorf("afterwards: %v", err)
	} else {
		v.Close(errors.New("enough"))
	}
}

func TestOneAddressDoesNotTakeAllPlaces(t *testing.T) {
	w := newWorld(t, Config{MaxHandshakesOf: 2})
	w.show(true, 500)
	offer := []byte(newClient(t, clientConfig{}).offer())
	ask := func(remote string) (*Viewer, error) {
		v, _, err := w.rtc.View(w.stream(), offer, Request{Protocol: "whep", Remote: remote})
		return v, err
	}
	var first *Viewer
	for i, x := range []struct {
		remote  string
		refused bool
	}{
		{"192.0.2.1:1", false},
		{"192.0.2.1:2", false},
		{"192.0.2.1:3", true},
		{"192.0.2.2:1", false},
		{"[2001:db8::1]:1", false},
		{"[2001:db8::2]:1", false},
		{"[2001:db8::3]:1", true},
		{"[2001:db8:0:1::1]:1", false},
	} {
		v, err := ask(x.remote)
		if errors.Is(err, media.ErrLimit) != x.refused || err != nil && !x.refused {
			t.Errorf("%s: got %v, want refused: %v", x.remote, err, x.refused)
		}
		if i == 0 {
			first = v
		}
	}
	first.Close(errors.New("enough"))
	if _, err := ask("192.0.2.1:4"); err != nil {
		t.Errorf("after one left: %v", err)
	}
	// Who is connected holds no place.
	c := newClient(t, clientConfig{})
	w.watch(c)
	c.until("media", func() bool { return len(c.ids()) >= 1 })
	for v, err := range w.rtc.overdue(time.Now().Add(handshakeTime + time.Second)) {
		v.Close(err)
	}
	w.rtc.mu.Lock()
	defer w.rtc.mu.Unlock()
	if w.rtc.waiting != 0 || len(w.rtc.waitingOf) != 0 {
		t.Errorf("%d places from %d sources are held", w.rtc.waiting, len(w.rtc.waitingOf))
	}
}

func TestConsentExpires(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	c.until("media", func() bool { return len(c.ids()) >= 1 })
	if late := w.rtc.overdue(time.Now().Add(consentTime / 2)); len(late) != 0 {
		t.Error("overdue too early")
	}
	for v, err := range w.rtc.overdue(time.Now().Add(consentTime + time.Second)) {
		v.Close(err)
	}
	gone(t, v, errSilent)
}

func TestNACKFloodIsBounded(t *testing.T) {
	w := newWorld(t, Config{})
	for range 50 {
		w.show(w.pics == 0, 4000)
	}
	c := newClient(t, clientConfig{})
	v := w.watch(c)
	c.until("media", func() bool { return len(c.ids()) == 50 })
	c.mu.Lock()
	first := c.packets[webrtc.RTPCodecTypeVideo][0].SequenceNumber
	c.mu.Unlock()
	before := v.Session().Sent.Load()
	for range 1000 {
		for i := range uint16(12) {
			v.ears.nack(v.ssrcs[videoLane], first+17*i, 0xffff)
		}
	}
	w.play(1000, 100)
	c.until("the next picture", func() bool { return len(c.ids()) > 50 })
	// What was sent besides: a few small pictures and reports.
	if sent := v.Session().Sent.Load() - before; sent > 2*resendBurst*maxDatagram {
		t.Errorf("%d bytes were sent for a flood of NACKs", sent)
	}
}
