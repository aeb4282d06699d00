package srt

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	gosrt "github.com/datarhei/gosrt"
	"github.com/datarhei/gosrt/circular"
	"github.com/datarhei/gosrt/packet"

	"xianfeng/media"
)

// caller does handshakes by hand, wrongly if wanted.
type caller struct {
	*testing.T
	conn net.Conn
	id   uint32
}

func (w *world) caller() *caller {
	w.Helper()
	conn, err := net.Dial("udp", w.s.Addr().String())
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { conn.Close() }) //nolint:errcheck // a test's socket
	return &caller{T: w.T, conn: conn, id: rand.Uint32()}
}

// send sends a handshake, changed by spoil, which may be nil.
func (c *caller) send(h packet.CIFHandshake, spoil func([]byte) []byte) {
	c.Helper()
	p := packet.NewPacket(nil)
	p.Header().IsControlPacket = true
	p.Header().ControlType = packet.CTRLTYPE_HANDSHAKE
	h.InitialPacketSequenceNumber = circular.New(1, packet.MAX_SEQUENCENUMBER)
	h.SRTSocketId = c.id
	if h.MaxTransmissionUnitSize == 0 {
		h.MaxTransmissionUnitSize = 1500
	}
	h.PeerIP.FromNetAddr(c.conn.LocalAddr())
	if err := p.MarshalCIF(&h); err != nil {
		c.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Marshal(&b); err != nil {
		c.Fatal(err)
	}
	raw := b.Bytes()
	if spoil != nil {
		raw = spoil(raw)
	}
	if _, err := c.conn.Write(raw); err != nil {
		c.Fatal(err)
	}
}

// receive returns the next handshake, or nil if none comes before the deadline.
func (c *caller) receive(deadline time.Time) *packet.CIFHandshake {
	c.Helper()
	b := make([]byte, 2048)
	for {
		if err := c.conn.SetReadDeadline(deadline); err != nil {
			c.Fatal(err)
		}
		n, err := c.conn.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			c.Fatal(err)
		}
		p, err := packet.NewPacketFromData(nil, b[:n])
		if err != nil || !p.Header().IsControlPacket || p.Header().ControlType != packet.CTRLTYPE_HANDSHAKE {
			continue
		}
		h := &packet.CIFHandshake{}
		if err := p.UnmarshalCIF(h); err != nil {
			c.Fatal(err)
		}
		return h
	}
}

// cookie does the first half of a handshake.
func (c *caller) cookie() uint32 {
	c.Helper()
	c.send(packet.CIFHandshake{IsRequest: true, Version: 4, ExtensionField: 2, HandshakeType: packet.HSTYPE_INDUCTION}, nil)
	h := c.receive(time.Now().Add(patience))
	if h == nil {
		c.Fatal("no answer to an induction")
	}
	return h.SynCookie
}

// conclusion is the second half.
func conclusion(cookie uint32, streamid string) packet.CIFHandshake {
	return packet.CIFHandshake{
		IsRequest: true, Version: 5, HandshakeType: packet.HSTYPE_CONCLUSION, SynCookie: cookie, HasHS: true,
		SRTHS: &packet.CIFHandshakeExtension{
			SRTVersion:     gosrt.SRT_VERSION,
			SRTFlags:       packet.CIFHandshakeExtensionFlags{TSBPDSND: true, TSBPDRCV: true, CRYPT: true, TLPKTDROP: true, PERIODICNAK: true, REXMITFLG: true},
			RecvTSBPDDelay: 120, SendTSBPDDelay: 120,
		},
		HasSID: streamid != "", StreamId: streamid,
	}
}

// answer makes a whole handshake and returns what it came to.
func (c *caller) answer(h packet.CIFHandshake) packet.HandshakeType {
	c.Helper()
	c.send(h, nil)
	got := c.receive(time.Now().Add(patience))
	if got == nil {
		c.Fatalf("no answer to streamid %.80q", h.StreamId)
	}
	return got.HandshakeType
}

func TestRejections(t *testing.T) {
	w := newWorld(t, Config{Silence: patience})
	pub, err := w.hub.Publish(media.PublishRequest{Name: "taken", Tracks: []media.Track{{Codec: media.PCMA, SampleRate: 8000, Channels: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	if err := pub.Write(0, media.Sample{PTS: time.Second, Payload: [][]byte{make([]byte, 160)}}); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		id   string
		want gosrt.RejectionReason
	}{
		{"", gosrt.REJX_BAD_REQUEST},
		{"x", gosrt.REJX_BAD_REQUEST},
		{"publish:x", gosrt.REJX_BAD_REQUEST},
		{"publish:live/../x", gosrt.REJX_BAD_REQUEST},
		{"publish:live/" + strings.Repeat("x", 490), gosrt.REJX_BAD_REQUEST},
		{"publish:live/x?key=%zz", gosrt.REJX_BAD_REQUEST},
		{"write:live/x", gosrt.REJX_BAD_MODE},
		{"#!::r=live/x,m=bidirectional", gosrt.REJX_BAD_MODE},
		{"#!::r=live/x,t=file", gosrt.REJX_NOTSUP_MEDIA},
		{"#!::nothing", gosrt.REJX_BAD_REQUEST},
		{"publish:live/locked", gosrt.REJX_UNAUTHORIZED},
		{"publish:live/locked?key=wrong", gosrt.REJX_UNAUTHORIZED},
		{"#!::r=live/locked,m=publish,s=wrong", gosrt.REJX_UNAUTHORIZED},
		{"read:live/locked?key=wrong", gosrt.REJX_UNAUTHORIZED},
		{"read:live/locked?key=right", gosrt.REJX_NOTFOUND},
		{"read:live/none", gosrt.REJX_NOTFOUND},
		{"publish:live/taken", gosrt.REJX_CONFLICT},
		{"read:live/taken", gosrt.REJX_UNACCEPTABLE},
	} {
		c := w.caller()
		if got := c.answer(conclusion(c.cookie(), x.id)); got != packet.HandshakeType(x.want) {
			t.Errorf("streamid %.60q: got %d, want %d", x.id, got, x.want)
		}
	}
	w.eventually("nothing held", func() bool { return len(w.s.slots) == 0 })
	if s := w.logs.String(); strings.Contains(s, "wrong") {
		t.Errorf("a key is in the log:\n%s", s)
	}
	for _, key := range []string{"publish:live/locked?key=right", "#!::m=publish,r=live/free,s=any"} {
		c := w.caller()
		if got := c.answer(conclusion(c.cookie(), key)); got != packet.HSTYPE_CONCLUSION {
			t.Errorf("streamid %q: got %d, want to be let in", key, got)
		}
	}
}

func TestOverload(t *testing.T) {
	w := newWorld(t, Config{MaxConns: 1, Silence: patience})
	c := w.caller()
	if got := c.answer(conclusion(c.cookie(), "publish:live/x")); got != packet.HSTYPE_CONCLUSION {
		t.Fatalf("first: got %d, want to be let in", got)
	}
	c = w.caller()
	if got := c.answer(conclusion(c.cookie(), "publish:live/y")); got != packet.HandshakeType(gosrt.REJX_OVERLOAD) {
		t.Errorf("second: got %d, want %d", got, gosrt.REJX_OVERLOAD)
	}
}

// TestHostileHandshakes sends what would stop the library, and looks whether the server still answers.
func TestHostileHandshakes(t *testing.T) {
	w := newWorld(t, Config{})
	for size := range uint32(232) {
		c := w.caller()
		h := conclusion(c.cookie(), "publish:live/x")
		h.MaxTransmissionUnitSize = max(size, 1)
		if size == 0 {
			h.MaxTransmissionUnitSize = 2
		}
		if got := c.answer(h); got != packet.HandshakeType(gosrt.REJ_ROGUE) {
			t.Fatalf("packets of %d bytes: got %d, want %d", h.MaxTransmissionUnitSize, got, gosrt.REJ_ROGUE)
		}
	}
	c := w.caller()
	h := conclusion(c.cookie(), "")
	h.Version, h.HasHS = 4, false
	h.ExtensionField = 2
	if got := c.answer(h); got != packet.HandshakeType(gosrt.REJ_VERSION) {
		t.Errorf("version 4: got %d, want %d", got, gosrt.REJ_VERSION)
	}
	// Extensions that end within a header.
	for cut := 1; cut < 48; cut++ {
		c := w.caller()
		c.send(conclusion(c.cookie(), "publish:live/x"), func(b []byte) []byte { return b[:len(b)-cut] })
	}
	w.eventually("a line for a malformed handshake", func() bool { return strings.Contains(w.logs.String(), errMalformed.Error()) })
	c = w.caller()
	if got := c.answer(conclusion(c.cookie(), "read:live/none")); got != packet.HandshakeType(gosrt.REJX_NOTFOUND) {
		t.Errorf("afterwards: got %d, want %d", got, gosrt.REJX_NOTFOUND)
	}
}

func TestRandomBytesAndHalfHandshakes(t *testing.T) {
	w := newWorld(t, Config{PeerIdle: time.Second})
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := make([]byte, r.IntN(1500))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if len(b) > 16 && r.IntN(2) == 0 {
			copy(b, []byte{0x80, 0, 0, 0})
			copy(b[12:], []byte{0, 0, 0, 0})
		}
		c := w.caller()
		if _, err := c.conn.Write(b); err != nil {
			t.Fatal(err)
		}
		c.conn.Close() //nolint:errcheck // a test's socket
	}
	for range 100 {
		w.caller().cookie() // and nothing more
	}
	// Let in, and then silent.
	for i := range 50 {
		c := w.caller()
		if got := c.answer(conclusion(c.cookie(), fmt.Sprintf("publish:live/x%d", i))); got != packet.HSTYPE_CONCLUSION {
			t.Fatalf("got %d, want to be let in", got)
		}
	}
	w.eventually("nothing held", func() bool { return len(w.s.slots) == 0 })
	if n := len(w.hub.Streams()); n != 0 {
		t.Errorf("got %d streams, want none", n)
	}
}

// TestSilentPublisher keeps its connection alive but sends nothing.
func TestSilentPublisher(t *testing.T) {
	w := newWorld(t, Config{Silence: 100 * time.Millisecond})
	c := w.caller()
	if got := c.answer(conclusion(c.cookie(), "publish:live/x")); got != packet.HSTYPE_CONCLUSION {
		t.Fatalf("got %d, want to be let in", got)
	}
	w.eventually("nothing held", func() bool { return len(w.s.slots) == 0 })
	if s := w.logs.String(); !strings.Contains(s, errSilent.Error()) {
		t.Errorf("got no line that says why:\n%s", s)
	}
}
