package whip

import (
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

func TestCaptureTime(t *testing.T) {
	half := time.Unix(1_700_000_000, 5e8)
	for in, want := range map[string]time.Time{
		"e8fe6f80" + "80000000":                      half,
		"e8fe6f80" + "80000000" + "0000000000000000": half,
		"e8fe6f80" + "80000000" + "0000000180000000": half.Add(1500 * time.Millisecond),
		"e8fe6f80" + "80000000" + "fffffffe80000000": half.Add(-1500 * time.Millisecond),
		"0000000000000000":                           {},
		"e8fe6f8080000000ff":                         {},
		"":                                           {},
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := captureTime(b); ok == want.IsZero() || !got.Equal(want) {
			t.Errorf("%s: got %v, %v; want %v", in, got, ok, want)
		}
	}
}

func FuzzCaptureTime(f *testing.F) {
	f.Add([]byte{0xe8, 0xfe, 0x4f, 0x80, 0x80, 0, 0, 0})
	f.Add([]byte{0xe8, 0xfe, 0x4f, 0x80, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe, 0x80, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		at, ok := captureTime(b)
		if !ok {
			return
		}
		if y := at.UTC().Year(); y < 1830 || y > 2110 {
			t.Fatalf("%x is in the year %d", b, y)
		}
		var all clocks
		c := &clock{all: &all, rate: 90000}
		now := time.Unix(1_700_000_000, 0)
		c.capture(1000, at, now)
		if _, got := c.time(1090, now); got.Sub(at) != time.Millisecond {
			t.Fatalf("%x: a millisecond later it is %v", b, got.Sub(at))
		}
	})
}

// The clock of a track goes on where RTP timestamps wrap, and so do its capture times.
func TestClockOverAWrap(t *testing.T) {
	var all clocks
	c := &clock{all: &all, rate: 90000}
	start := time.Unix(1_700_000_000, 0)
	ts := uint32(1<<32 - 90000*5)
	var first time.Duration
	for i := range 1000 {
		at := start.Add(time.Duration(i) * 40 * time.Millisecond)
		if i%125 == 0 {
			c.report(ntpOf(at.Add(-time.Hour)), ts)
		}
		pts, captured := c.time(ts, at)
		if i == 0 {
			first = pts
			ts += 3600
			continue // the report before came too early
		}
		if want := first + at.Sub(start); pts != want {
			t.Fatalf("packet %d: got %v, want %v", i, pts, want)
		}
		if d := captured.Sub(at.Add(-time.Hour)); i >= 125 && d.Abs() > time.Microsecond {
			t.Fatalf("packet %d: captured %v off", i, d)
		}
		ts += 3600
	}
}

// When a publisher says when it captured something, that is its programme time.
func TestCaptureTimeReachesTheStream(t *testing.T) {
	w := newWorld(t, Config{})
	p := w.peer()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "a")
	if err != nil {
		t.Fatal(err)
	}
	x, err := p.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	p.begin("/live/cam/whip")
	var id uint8
	for _, e := range x.Sender().GetParameters().HeaderExtensions {
		if e.URI == captureURI {
			id = uint8(e.ID) //nolint:gosec // below 15
		}
	}
	if id == 0 {
		t.Fatal("the answer does not accept abs-capture-time")
	}
	const old = 300 * time.Millisecond
	base := time.Now().Add(-old)
	captured := func(i int) time.Time { return base.Add(time.Duration(i) * 20 * time.Millisecond) }
	stop, done := make(chan struct{}), make(chan struct{})
	// Ends with the test.
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
			// The capturer's clock is 2 s behind the sender's. Once the stream has begun one packet in five tells.
			pkt := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(i) * 960}, Payload: []byte{0xfc, byte(i >> 8), byte(i)}} //nolint:gosec // small
			if i < 100 || i%5 == 0 {
				ext := binary.BigEndian.AppendUint64(nil, ntpOf(captured(i).Add(-2*time.Second)))
				if err := pkt.SetExtension(id, binary.BigEndian.AppendUint64(ext, 2<<32)); err != nil {
					t.Error(err)
					return
				}
			}
			if track.WriteRTP(pkt) != nil {
				return
			}
		}
	}()
	defer func() { close(stop); <-done }()
	w.begun("cam")
	s, err := w.hub.Lookup("cam")
	if err != nil {
		t.Fatal(err)
	}
	r := s.NewReader()
	for n := 0; n < 150; n++ {
		u, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := int(u.Payload[0][1])<<8 | int(u.Payload[0][2])
		if d := u.Time.Sub(captured(i)).Abs(); d > time.Millisecond {
			t.Fatalf("packet %d: programme time is %v off", i, d)
		}
	}
}

func TestViewersMayAskForADelay(t *testing.T) {
	w := newWorld(t, Config{Delays: []time.Duration{time.Second, 2700 * time.Millisecond}})
	w.sender("cam", webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	for _, q := range []string{"1", "-1000", "1000.0", "999999999999999999999", "x", "2700ms"} {
		if a := w.do("POST", "/live/cam/whep?delay="+q, typeSDP, "v=0\r\n"); a.status != http.StatusBadRequest || a.problem.Type != "urn:xianfeng:problem:delay" {
			t.Errorf("delay %s: got %d %s", q, a.status, a.body)
		}
	}
	for _, q := range []string{"", "?delay=0", "?delay=1000", "?delay=2700"} {
		p := w.viewerAt("/live/cam/whep" + q)
		p.until("media", func() bool {
			return p.count(webrtc.RTPCodecTypeVideo) > 5 && p.count(webrtc.RTPCodecTypeAudio) > 5
		})
		if a := w.do("DELETE", p.location, "", ""); a.status != http.StatusOK {
			t.Errorf("DELETE %s: got %d", p.location, a.status)
		}
	}
}
