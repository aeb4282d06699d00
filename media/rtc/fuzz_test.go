package rtc

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/pion/sdp/v3"
	"github.com/pion/stun/v4"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

const shortOffer = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 102 103\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
	"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n" +
	"a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:102 H264/90000\r\n" +
	"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\na=rtcp-fb:102 nack\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"

// testGroup is a group of a stream that nobody publishes to.
func testGroup(t testing.TB) (*Transport, *Group) {
	t.Helper()
	hub := media.NewHub(media.HubConfig{})
	t.Cleanup(hub.Close)
	p, err := hub.Publish(media.PublishRequest{Name: "bars", Tracks: []media.Track{h264Track, opusTrack}})
	if err != nil {
		t.Fatal(err)
	}
	tr := New(Config{})
	tr.sock = &datagram.Socket{}
	tr.workers = []*worker{newWorker(tr.sock)}
	g := tr.placeLocked(showing{s: p.Stream()})
	g.users = 1 << 30
	g.tracks[videoLane], g.tracks[audioLane] = g.newTrack(g.s, 0), g.newTrack(g.s, 1)
	return tr, g
}

func FuzzOffer(f *testing.F) {
	f.Add(shortOffer)
	f.Add(strings.ReplaceAll(shortOffer, "a=group:BUNDLE 0 1\r\n", ""))
	f.Add(strings.ReplaceAll(shortOffer, "m=video 9", "m=application 0"))
	f.Add("v=0\r\n")
	f.Add("")
	tr, g := testGroup(f)
	f.Fuzz(func(t *testing.T, s string) {
		o, err := parseOffer([]byte(s))
		if err != nil {
			return
		}
		a, err := choose(o, g)
		if err != nil {
			return
		}
		v := newViewer(tr, g, o, a)
		defer v.cancel(nil)
		out := a.render(v, "a=end-of-candidates\r\n")
		var d sdp.SessionDescription
		if err := d.Unmarshal(out); err != nil {
			t.Fatalf("our answer can't be read: %v\n%s", err, out)
		}
		if len(d.MediaDescriptions) != len(o.sections) {
			t.Fatalf("%d sections answer %d", len(d.MediaDescriptions), len(o.sections))
		}
	})
}

// tally counts feedback.
type tally struct{ n int }

func (c *tally) report(reception)            { c.n++ }
func (c *tally) nack(uint32, uint16, uint16) { c.n++ }
func (c *tally) keyFrame(uint32)             { c.n++ }
func (c *tally) arrived([]byte)              { c.n++ }
func (c *tally) remb(int64)                  { c.n++ }

func FuzzRTCP(f *testing.F) {
	f.Add([]byte{0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 10, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0xff, 0xff})
	f.Add([]byte{0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2})
	f.Add([]byte{0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0})
	f.Add([]byte{0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, 0x2f, 0xff, 0xff, 0, 0, 0, 2})
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 2, 0, 0, 1, 0, 0x20, 2, 4, 4})
	f.Add([]byte{0x81, 201, 0xff, 0xff, 0, 0, 0, 1})
	f.Add([]byte{0x80, 200, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c tally
		parseRTCP(b, &c)
		if c.n > len(b) {
			t.Fatalf("%d reports in %d bytes", c.n, len(b))
		}
	})
}

func TestRTCPIsRead(t *testing.T) {
	b := []byte{0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 10, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	b = append(b, 0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0xff, 0xff)
	b = append(b, 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2)
	b = append(b, 0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0)
	b = append(b, 0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, 0x2f, 0xff, 0xff, 0, 0, 0, 2)
	b = append(b, 0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 2, 0, 0, 1, 0, 0x20, 2, 4, 4)
	var c tally
	parseRTCP(b, &c)
	if c.n != 6 {
		t.Errorf("got %d reports, want 6", c.n)
	}
}

// FuzzDatagram feeds the receive path with a viewer there, from its address and with its keys.
func FuzzDatagram(f *testing.F) {
	tr := New(Config{Address: "127.0.0.1:0"})
	if err := tr.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(tr.Close)
	_, g := testGroup(f)
	g.t = tr
	o, err := parseOffer([]byte(shortOffer))
	if err != nil {
		f.Fatal(err)
	}
	a, err := choose(o, g)
	if err != nil {
		f.Fatal(err)
	}
	v := newViewer(tr, g, o, a)
	if v.session, err = g.s.NewSession("whep", "", nil); err != nil {
		f.Fatal(err)
	}
	k, _ := testKeys(f, dtls.SRTP_AEAD_AES_128_GCM)
	from := netip.MustParseAddrPort("127.0.0.1:9")
	v.ufrag, v.integrity, v.admitted, v.connected = "user", stun.NewShortTermIntegrity("password"), true, true
	v.keys.Store(k)
	tr.mu.Lock()
	tr.byUfrag[v.ufrag] = v
	v.listenLocked(from)
	v.pipe = newPipe(v) // DTLS itself is pion's
	tr.mu.Unlock()
	f.Cleanup(func() { v.Close(nil) })
	good, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername("user:abcd"), v.integrity, stun.Fingerprint)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.Raw)
	f.Add(append([]byte{128, 201}, make([]byte, 40)...))
	f.Add([]byte{22, 254, 253, 0, 0})
	f.Add([]byte{0, 1})
	conn, theirs := pair(f)
	conn.p.t, conn.viewer = tr, v
	done := make(chan struct{})
	// Ends with the connection.
	go func() {
		defer close(done)
		io.Copy(io.Discard, theirs) //nolint:errcheck // a sink
	}()
	f.Cleanup(func() { conn.Conn.Close(); <-done }) //nolint:errcheck // a test's end
	var c demux                                     // the fuzzer runs beside the receive loop, whose memory this is
	f.Fuzz(func(t *testing.T, b []byte) {
		conn.handle(bytes.Clone(b))
		if len(b) >= 2 && b[0] >= 128 {
			v.ears.hear(b)
			return
		}
		if len(b) >= 20 && b[0] <= 3 {
			c.in.Raw = append(c.in.Raw[:0], b...)
			if c.in.Decode() == nil {
				tr.check(&c.in, "user", "abcd", way{from: from})
			}
			binary.BigEndian.PutUint16(b, 1)
		}
		if len(b) > 0 && b[0] > 3 {
			tr.handle(b, from)
		}
	})
}
