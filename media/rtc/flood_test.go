package rtc

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"
)

func TestAFloodOfNACKsDisturbsNobodyElse(t *testing.T) {
	w := newWorld(t, Config{})
	for range 20 {
		w.show(w.pics == 0, 4000)
	}
	greedy, other := newClient(t, clientConfig{}), newClient(t, clientConfig{})
	v := w.watch(greedy)
	u := w.watch(other)
	for _, c := range []*client{greedy, other} {
		c.until("media", func() bool { return len(c.ids()) == 20 })
	}
	greedy.mu.Lock()
	first := greedy.packets[webrtc.RTPCodecTypeVideo][0].SequenceNumber
	greedy.mu.Unlock()
	begun, before, beforeOther := time.Now(), v.Session().Sent.Load(), u.Session().Sent.Load()
	w.play(1000, 4000)

	// The flood goes on until the other viewer has had 50 pictures more, so that they come during it.
	var enough atomic.Bool
	var asked atomic.Int64
	done := make(chan struct{})
	// Ends with enough.
	go func() {
		defer close(done)
		for n := 0; n < 100_000 || !enough.Load(); n++ {
			v.ears.nack(v.ssrcs[videoLane], first+uint16(n%60), 0xffff) //nolint:gosec // below 60
			asked.Store(int64(n))
			if n%64 == 63 {
				runtime.Gosched() // a datagram's worth
			}
		}
	}()
	other.until("pictures during the flood", func() bool { return len(other.ids()) >= 70 })
	enough.Store(true)
	<-done
	if n := asked.Load(); n < 99_999 {
		t.Errorf("%d NACKs were sent", n)
	}
	took := time.Since(begun)
	extra := int64(v.Session().Sent.Load()-before) - int64(u.Session().Sent.Load()-beforeOther) //nolint:gosec // no exabytes
	// Both got the same but for what was asked for, and what is on its way between the two readings.
	if most := int64(2*resendBurst+resendRate*took.Seconds()) * maxDatagram; extra > most {
		t.Errorf("%d bytes were sent again in %v, want at most %d", extra, took, most)
	}
	other.mu.Lock()
	defer other.mu.Unlock()
	list := other.packets[webrtc.RTPCodecTypeVideo]
	for i, p := range list[1:] {
		if p.SequenceNumber != list[i].SequenceNumber+1 {
			t.Fatalf("the other viewer lost packets before %d", p.SequenceNumber)
		}
	}
}

func TestLettersOfOneViewerLeaveRoomForOthers(t *testing.T) {
	_, g := testGroup(t)
	a, b := &Viewer{g: g}, &Viewer{g: g}
	for range 2 * mailLimit {
		g.post(letter{v: a})
	}
	g.post(letter{v: b})
	if n := len(g.mail); n != mailOf+1 {
		t.Errorf("%d letters wait, want %d", n, mailOf+1)
	}
	g.takeMail()
	g.post(letter{v: a})
	if n := len(g.mail); n != 1 {
		t.Errorf("%d letters wait after the first were taken, want 1", n)
	}
}

// report is a receiver report of the viewer's picture.
func report(t *testing.T, v *Viewer, lost uint32) []byte {
	t.Helper()
	b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: v.ssrcs[videoLane], TotalLost: lost}}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReportsThatAreForgedReplayedOrCut(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	cert := testCertificate(t)
	b := newBare(t, w, cert)
	defer b.close()
	if err := b.shake(cert); err != nil {
		t.Fatal(err)
	}
	connected(t, b.v)
	seal := func(plain []byte) []byte {
		t.Helper()
		out, err := b.keys.EncryptRTCP(nil, plain, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	lost := &b.v.session.Lost
	first := seal(report(t, b.v, 5))
	b.v.ears.hear(bytes.Clone(first))
	b.v.ears.hear(seal(report(t, b.v, 1)))
	if n := lost.Load(); n != 5 {
		t.Fatalf("%d lost, want 5: reports are not heard", n)
	}
	whole := seal(report(t, b.v, 50))
	for i := range whole {
		b.v.ears.hear(bytes.Clone(whole[:i]))
		x := bytes.Clone(whole)
		x[i] ^= 1
		b.v.ears.hear(x)
	}
	for range 3 {
		b.v.ears.hear(bytes.Clone(first))
	}
	// Lengths that lie, in packets that are authentic.
	for _, n := range []uint16{0, 1, 2, 8, 100, 0xffff} {
		lie := report(t, b.v, 60)
		binary.BigEndian.PutUint16(lie[2:], n)
		if n < 7 {
			lie[0] = lie[0]&^31 | 31 // more reports than there is room for
		}
		b.v.ears.hear(seal(lie))
	}
	if n := lost.Load(); n != 5 {
		t.Errorf("%d lost, want 5: something was believed that is not true", n)
	}
	b.v.ears.hear(whole)
	if n := lost.Load(); n != 54 {
		t.Errorf("%d lost, want 54: the real report was not heard", n)
	}
	// More sources than a viewer has: each would cost a replay window.
	for i := range uint32(100) {
		x := report(t, b.v, 54)
		binary.BigEndian.PutUint32(x[4:], 1000+i)
		b.v.ears.hear(seal(x))
	}
	if n := len(b.v.ears.sources); n > maxSources {
		t.Errorf("%d sources are remembered", n)
	}
}

func TestChecksThatAreNotGoodDoNotMoveAViewer(t *testing.T) {
	w := newWorld(t, Config{})
	w.rtc.rebind = 0 // the old address counts as silent
	w.show(true, 500)
	v, _, err := w.rtc.View(w.stream(), []byte(shortOffer), Request{Protocol: "whep"})
	if err != nil {
		t.Fatal(err)
	}
	w.rtc.mu.Lock()
	user, theirs, pwd := v.ufrag+":"+v.remoteUfrag, v.remoteUfrag, string(v.integrity)
	w.rtc.mu.Unlock()
	nominate := stun.RawAttribute{Type: stun.AttrUseCandidate}
	good := binding(t, user, pwd, nominate)
	here, there := netip.MustParseAddrPort("127.0.0.1:1001"), netip.MustParseAddrPort("127.0.0.1:1002")
	w.inject(good, here)
	w.rtc.mu.Lock()
	heard := v.heard
	w.rtc.mu.Unlock()
	unsigned, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(user), nominate, stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"wrong password": binding(t, user, "wrongwrongwrongwrongwrong", nominate),
		"not signed":     unsigned.Raw,
		"wrong fragment": binding(t, v.ufrag+":nobody", pwd, nominate),
		"swapped":        binding(t, theirs+":"+v.ufrag, pwd, nominate),
		"an empty half":  binding(t, v.ufrag+":", pwd, nominate),
		"changed":        changed(good, 9), // the transaction
		"cut":            good[:len(good)-8],
	} {
		w.inject(b, there)
		w.rtc.mu.Lock()
		if got := v.to.Load().AddrPort; got != here {
			t.Errorf("%s: the viewer moved to %v", name, got)
		}
		if !v.heard.Equal(heard) || w.rtc.byAddr[there] != nil {
			t.Errorf("%s: it counted as heard", name)
		}
		w.rtc.mu.Unlock()
	}
	// Consent and the addresses listened to are bounded whatever a viewer does.
	for i := range uint16(100) {
		w.inject(binding(t, user, pwd), netip.AddrPortFrom(here.Addr(), 2000+i))
	}
	w.rtc.mu.Lock()
	if n := len(w.rtc.byAddr); n > maxAddrs {
		t.Errorf("%d addresses of one viewer", n)
	}
	w.rtc.mu.Unlock()
	v.Close(errGoodbye)
}

// Each range of RFC 7983 §7, from a viewer's address and from nowhere.
func TestRandomBytesOfEveryKind(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 1000)
	p := newPath(t, w, nil)
	c := newClient(t, clientConfig{})
	v := p.through(w, c)
	w.play(50, 1000)
	c.until("media", func() bool { return len(c.ids()) >= 5 })
	stranger, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(w.rtc.sock.Local()))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()           //nolint:errcheck // a test
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a test
	for _, x := range []struct{ low, high int }{{0, 3}, {4, 15}, {16, 19}, {20, 63}, {64, 79}, {80, 127}, {128, 191}, {192, 255}} {
		for range 500 {
			b := make([]byte, r.IntN(1400))
			for j := range b {
				b[j] = byte(r.Uint32())
			}
			if len(b) > 0 {
				b[0] = byte(x.low + r.IntN(x.high-x.low+1))
			}
			if len(b) > recordHeader && r.IntN(2) == 0 { // more like what it pretends to be
				switch {
				case isDTLS(b[0]):
					copy(b[1:], []byte{254, 253, 0, byte(r.IntN(3))})
					binary.BigEndian.PutUint16(b[11:], uint16(r.IntN(len(b)))) //nolint:gosec // small
				case b[0] <= 3:
					binary.BigEndian.PutUint16(b[2:], uint16(len(b)-20)&^3) //nolint:gosec // may wrap
					binary.BigEndian.PutUint32(b[4:], 0x2112a442)
				case b[0] >= 128:
					b[1] = byte(200 + r.IntN(8))
				}
			}
			stranger.Write(b) //nolint:errcheck // a network
			p.mu.Lock()
			p.back.WriteToUDPAddrPort(b, p.server) //nolint:errcheck // from the viewer's own address
			p.mu.Unlock()
		}
		c.mu.Lock()
		n := len(c.ids())
		c.mu.Unlock()
		c.until("media goes on", func() bool { return len(c.ids()) >= n+5 })
	}
	if v.Err() != nil {
		t.Errorf("the viewer ended: %v", v.Err())
	}
	// The first answer that the stranger gets is to a check that must be answered.
	w.rtc.mu.Lock()
	last := binding(t, v.ufrag+":"+v.remoteUfrag, string(v.integrity))
	w.rtc.mu.Unlock()
	if _, err := stranger.Write(last); err != nil {
		t.Fatal(err)
	}
	if err := stranger.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1500)
	if n, err := stranger.Read(answer); err != nil || n < 20 || !bytes.Equal(answer[8:20], last[8:20]) {
		t.Errorf("the stranger got %x, %v", answer[:n], err)
	}
	w.rtc.mu.Lock()
	defer w.rtc.mu.Unlock()
	if len(w.rtc.byUfrag) != 1 || w.rtc.waiting != 0 {
		t.Errorf("%d viewers, %d waiting", len(w.rtc.byUfrag), w.rtc.waiting)
	}
}
