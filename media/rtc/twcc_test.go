package rtc

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

// told reads a report with newArrivals.
func told(p []byte) map[uint16]time.Duration {
	a, ok := newArrivals(p)
	if !ok {
		return nil
	}
	out := map[uint16]time.Duration{}
	for {
		number, at, received, ok := a.next()
		if !ok {
			return out
		}
		if received {
			out[number] = at
		}
	}
}

func TestPionsReportsAreRead(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, loss := range []float64{0, 0.01, 0.3, 0.9} {
		recorder := twcc.NewRecorder(1)
		at := int64(64000 * 1000)
		number := uint16(65500)
		for range 20 {
			want := map[uint16]time.Duration{}
			for range 1 + r.IntN(200) {
				at += r.Int64N(20) * 250
				if r.IntN(20) == 0 {
					at += 200_000 // more than a small delta holds
				}
				if r.Float64() >= loss {
					recorder.Record(2, number, at)
					want[number] = time.Duration(at) * time.Microsecond
				}
				number++
			}
			got := map[uint16]time.Duration{}
			for _, p := range recorder.BuildFeedbackPacket() {
				b, err := p.(*rtcp.TransportLayerCC).Marshal()
				if err != nil {
					t.Fatal(err)
				}
				maps.Copy(got, told(b))
			}
			if !maps.Equal(got, want) {
				t.Fatalf("loss %v: got %v, want %v", loss, got, want)
			}
		}
	}
}

func TestReportsThatLieAreCutShort(t *testing.T) {
	frame := func(body ...byte) []byte {
		return append([]byte{0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2}, body...)
	}
	for name, x := range map[string]struct {
		b    []byte
		want int // packets received; -1: refused
	}{
		"no count":               {frame(0, 9, 0, 0, 0, 0, 1, 0), 0},
		"too short":              {frame(0, 9, 0, 2), -1},
		"a huge count":           {frame(0, 9, 0xff, 0xff, 0, 0, 1, 0, 0x3f, 0xff, 0x3f, 0xff, 0x3f, 0xff, 0x3f, 0xff, 0x3f, 0xff, 0x3f, 0xff, 0x3f, 0xff, 0x3f, 0xff), -1},
		"chunks that are absent": {frame(0, 9, 0, 50, 0, 0, 1, 0, 0x20, 2), -1},
		"deltas that are absent": {frame(0, 9, 0, 5, 0, 0, 1, 0, 0x20, 5, 4, 4), 2},
		"half a large delta":     {frame(0, 9, 0, 2, 0, 0, 1, 0, 0x40, 2, 4, 4, 4), 1},
		"the reserved symbol":    {frame(0, 9, 0, 2, 0, 0, 1, 0, 0x60, 2, 4, 4), 0},
		"empty runs":             {frame(0, 9, 0, 1, 0, 0, 1, 0, 0, 0, 0x20, 0, 0x20, 1, 4, 0), 1},
		"time before zero":       {frame(0, 9, 0, 1, 0x80, 0, 0, 0, 0x40, 1, 0x80, 0), 1},
	} {
		got := told(x.b)
		if (got == nil) != (x.want < 0) || got != nil && len(got) != x.want {
			t.Errorf("%s: got %v, want %d packets", name, got, x.want)
		}
	}
}

func FuzzTWCC(f *testing.F) {
	f.Add([]byte{0, 9, 0, 2, 0, 0, 1, 0, 0x20, 2, 4, 4}, uint16(9))
	f.Add([]byte{0, 9, 0, 7, 0, 0, 1, 0, 0xd5, 0x55, 4, 4, 4, 4, 4, 4, 4}, uint16(0))
	f.Add([]byte{0xff, 0xf0, 0, 14, 0xff, 0xff, 1, 0, 0xbf, 0xff, 4, 4}, uint16(65530))
	f.Fuzz(func(t *testing.T, b []byte, first uint16) {
		p := append([]byte{0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2}, b...)
		a, ok := newArrivals(p)
		if !ok {
			return
		}
		n := 0
		for x := a; ; n++ {
			if _, _, _, ok := x.next(); !ok {
				break
			}
		}
		if n > maxStatuses {
			t.Fatalf("%d packets in one report", n)
		}
		var log sentLog
		e := estimator{log: &log}
		for i := range uint16(200) {
			log.note(first+i, 1200, time.Hour+time.Duration(i/10)*time.Millisecond)
		}
		e.take(time.Hour+time.Second, &a)
		if d, r := e.room(), e.rate.Load(); d < minDepth || d > maxDepth || r < 0 || r > maxRate {
			t.Fatalf("depth %d, rate %d", d, r)
		}
	})
}

func TestTransportWideFeedbackIsAgreedOn(t *testing.T) {
	offer := newClient(t, clientConfig{nack: true, twcc: true}).offer()
	if !strings.Contains(offer, "transport-cc") || !strings.Contains(offer, twccURI) {
		t.Fatalf("not offered:\n%s", offer)
	}
	w := newWorld(t, Config{})
	for name, x := range map[string]struct {
		edit       func(string) string
		twcc, remb bool
	}{
		"all":          {func(o string) string { return o }, true, false},
		"no extension": {func(o string) string { return strings.ReplaceAll(o, twccURI, "urn:x") }, false, true},
		"no feedback":  {func(o string) string { return strings.ReplaceAll(o, "transport-cc", "none") }, false, true},
		"no RTX":       {func(o string) string { return strings.ReplaceAll(o, "rtx/90000", "none/90000") }, false, true},
		"neither": {func(o string) string {
			return strings.ReplaceAll(strings.ReplaceAll(o, "transport-cc", "none"), "goog-remb", "none")
		}, false, false},
	} {
		v, answer, err := w.rtc.View(w.stream(), []byte(x.edit(offer)), Request{Protocol: "whep"})
		if err != nil {
			t.Fatal(err)
		}
		a := string(answer)
		if got := strings.Contains(a, " transport-cc\r\n") && strings.Contains(a, " "+twccURI+"\r\n"); got != x.twcc || (v.send.log != nil) != x.twcc {
			t.Errorf("%s: transport-wide feedback: got %v, want %v", name, got, x.twcc)
		}
		if got := strings.Contains(a, "goog-remb"); got != x.remb {
			t.Errorf("%s: REMB: got %v, want %v", name, got, x.remb)
		}
		for i, l := range v.send.lanes {
			if l.twcc != 0 && l.rtxPT == 0 {
				t.Errorf("%s: lane %d has numbers, but no stream for retransmissions", name, i)
			}
		}
		v.Close(nil)
	}
}

func TestExtensionOfAnOffer(t *testing.T) {
	for value, want := range map[string]uint8{
		"4 " + twccURI: 4, "14/recvonly " + twccURI: 14, "3/sendrecv " + twccURI: 3,
		"15 " + twccURI: 0, "0 " + twccURI: 0, "x " + twccURI: 0, "4/sendonly " + twccURI: 0, "4": 0, "4 urn:x": 0,
	} {
		var x section
		if x.extension(value); x.twcc != want {
			t.Errorf("%q: got %d, want %d", value, x.twcc, want)
		}
	}
}

func TestViewersReportsAreHeard(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 3000)
	c := newClient(t, clientConfig{nack: true, twcc: true})
	v := w.watch(c)
	w.play(50, 3000)
	heard := func() bool {
		v.ears.mu.Lock()
		defer v.ears.mu.Unlock()
		return v.ears.line.primed
	}
	c.until("reports", func() bool { return len(c.ids()) >= 20 && heard() })
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[uint16]bool{}
	for _, p := range c.packets[webrtc.RTPCodecTypeVideo] {
		if !p.Extension {
			continue
		}
		var x rtp.TransportCCExtension
		if err := x.Unmarshal(p.GetExtension(v.send.lanes[videoLane].twcc)); err != nil {
			t.Fatalf("packet without a number: %v", err)
		}
		if seen[x.TransportSequence] {
			t.Errorf("number %d twice", x.TransportSequence)
		}
		seen[x.TransportSequence] = true
	}
	if len(seen) < 10 {
		t.Errorf("only %d packets have numbers", len(seen))
	}
	for _, p := range c.packets[webrtc.RTPCodecTypeAudio] {
		if p.Extension {
			t.Fatal("sound has an extension that it did not agree on")
		}
	}
}

// onceSealer fails when it is to seal two different packets with one nonce.
type onceSealer struct {
	t    *testing.T
	seen map[string][]byte
}

func (o *onceSealer) seal(dst []byte, n int, payload []byte, index uint64, ssrc uint32, _ *[12]byte) (int, error) {
	nonce := fmt.Sprint(ssrc, " ", index)
	packet := append(bytes.Clone(dst[:n]), payload...)
	if old := o.seen[nonce]; old != nil && !bytes.Equal(old, packet) {
		o.t.Fatalf("stream and index %s stand for two packets", nonce)
	}
	o.seen[nonce] = packet
	return n + copy(dst[n:], payload) + maxTag, nil
}

// TestNoNonceIsUsedForTwoPackets lets a viewer ask for everything again and again, with and without
// numbers in the packets.
func TestNoNonceIsUsedForTwoPackets(t *testing.T) {
	for name, shape := range map[string]lane{
		"RTX and numbers": {on: true, waits: true, pt: 96, ssrc: 1, rtxPT: 97, rtxSSRC: 2, twcc: 4},
		"RTX":             {on: true, waits: true, pt: 96, ssrc: 1, rtxPT: 97, rtxSSRC: 2},
		"neither":         {on: true, waits: true, pt: 96, ssrc: 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 8))
			once := &onceSealer{t: t, seen: map[string][]byte{}}
			_, g := testGroup(t)
			g.t = New(Config{})
			session, err := g.s.NewSession("test", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			w := &worker{batch: datagram.NewDiscard(), now: time.Now()}
			v := newViewer(g.t, g, &offer{}, &answer{})
			v.session = session
			v.to.Store(&datagram.Peer{})
			k, _ := testKeys(t, dtls.SRTP_AEAD_AES_128_GCM)
			k.seal = once
			v.keys.Store(k)
			v.send.lanes[videoLane] = shape
			if shape.twcc != 0 {
				v.send.log = &sentLog{}
			}
			track := g.tracks[videoLane]
			for i := range 2000 {
				w.now = w.now.Add(5 * time.Millisecond)
				if i%8 == 0 {
					g.add(w, videoLane, track, unit(time.Duration(i)*5*time.Millisecond, i%400 == 0, 1000+r.IntN(20000)))
				}
				g.joined = i == 0
				g.viewers = append(g.viewers[:0], v)
				g.serveAll(w)
				l := &v.send.lanes[videoLane]
				for range r.IntN(20) {
					g.resend(w, v, videoLane, uint16(l.next())-uint16(r.IntN(2000))) //nolint:gosec // a test
				}
				if r.IntN(100) == 0 {
					g.answerKey(w, v, videoLane)
				}
				g.serveLate(w)
				w.batch.Flush()
			}
			if n := v.send.number; (n > 0) != (shape.twcc != 0) {
				t.Errorf("%d packets have numbers", n)
			}
			if len(once.seen) < 1000 {
				t.Errorf("only %d packets", len(once.seen))
			}
		})
	}
}

func unit(at time.Duration, key bool, n int) *media.Unit {
	return &media.Unit{PTS: at, DTS: at, Key: key, Payload: picture(media.H264, key, uint32(at/time.Millisecond), n)} //nolint:gosec // small
}

func TestPionReadsTheExtension(t *testing.T) {
	for _, profile := range []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80} {
		k, remote := testKeys(t, profile)
		dst := make([]byte, maxDatagram)
		header(dst, 96, true, 7, 90, 1)
		extension(dst, 4, 0xabcd)
		var nonce [12]byte
		n, err := k.seal.seal(dst, headerSize+extensionSize, []byte("media"), 7, 1, &nonce)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := remote.DecryptRTP(nil, dst[:n], nil)
		if err != nil {
			t.Fatal(err)
		}
		var p rtp.Packet
		if err := p.Unmarshal(plain); err != nil {
			t.Fatal(err)
		}
		if got := p.GetExtension(4); !bytes.Equal(got, []byte{0xab, 0xcd}) || string(p.Payload) != "media" {
			t.Errorf("%v: got extension %x, payload %q", profile, got, p.Payload)
		}
	}
}
