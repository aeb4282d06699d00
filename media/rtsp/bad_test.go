package rtsp

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"

	"xianfeng/media"
)

func TestBadNames(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	root := "rtsp://" + f.srv.Addr().String()
	for path, want := range map[string]base.StatusCode{
		"/live/..":                         base.StatusBadRequest,
		"/live/a..b":                       base.StatusBadRequest,
		"/live/%2e%2e%2fetc":               base.StatusBadRequest,
		"/live/":                           base.StatusBadRequest,
		"/elsewhere/a":                     base.StatusBadRequest,
		"/live/a/b":                        base.StatusBadRequest,
		"/live/" + strings.Repeat("a", 99): base.StatusBadRequest,
		"/live/nobody":                     base.StatusNotFound,
	} {
		got := f.raw().do(base.Describe, root+path, nil, nil)
		if got.StatusCode != want {
			t.Errorf("DESCRIBE %.40q: got %d %s, want %d", path, got.StatusCode, got.StatusMessage, want)
		}
		if got.StatusMessage == "" {
			t.Errorf("DESCRIBE %.40q: no reason", path)
		}
	}
	if n := f.count("request refused"); n != 8 {
		t.Errorf("log lines about refusals: got %d, want 8", n)
	}
}

// dial returns a plain connection to the server.
func (f *fixture) dial() net.Conn {
	f.t.Helper()
	nc, err := net.Dial("tcp", f.srv.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(bound)); err != nil {
		f.t.Fatal(err)
	}
	return nc
}

// What is not RTSP is closed, logged, and leaves nothing behind; a stream beside it goes on.
func TestGarbageAndSilence(t *testing.T) {
	f := newFixture(t, openGate, Config{Idle: 300 * time.Millisecond}, media.HubConfig{})
	x := feed{t: t, p: f.publisher("a", h264Track), keyEvery: 10, size: 100}
	x.write(5)
	p := f.mustPlay(f.url("a"), gortsplib.TransportTCP)

	rnd := rand.New(rand.NewPCG(1, 2))
	garbage := make([]byte, 20000)
	for i := range garbage {
		garbage[i] = byte(rnd.Uint32())
	}
	inputs := map[string][]byte{
		"random bytes":      garbage,
		"HTTP":              []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"half a request":    []byte("DESCRIBE rtsp://x/live/a RTSP/1.0\r\nCSeq: 1\r\n"),
		"long name":         []byte("DESCRIBE rtsp://x/live/" + strings.Repeat("a", 10000) + " RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
		"long header":       []byte("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nX: " + strings.Repeat("a", 100000) + "\r\n\r\n"),
		"many headers":      []byte("OPTIONS * RTSP/1.0\r\n" + strings.Repeat("X: y\r\n", 1000) + "\r\n"),
		"huge body":         []byte("ANNOUNCE rtsp://x/live/a RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999999\r\n\r\n"),
		"frames for nobody": []byte("$\x00\x00\x04abcd"),
		"a response":        []byte("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
		"broken address":    []byte("DESCRIBE rtsp://x/live/a?key=hushhush&x=%zz\x7f RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
		"no CSeq":           []byte("OPTIONS rtsp://x/live/a RTSP/1.0\r\n\r\n"),
		"no session":        []byte("PLAY rtsp://x/live/a RTSP/1.0\r\nCSeq: 1\r\nSession: 42\r\n\r\n"),
		"nothing":           nil,
	}
	for i := range 100 {
		inputs[fmt.Sprintf("silence %d", i)] = nil
	}
	conns := map[string]net.Conn{}
	for name, b := range inputs {
		conns[name] = f.dial()
		conns[name].Write(b) //nolint:errcheck // the server may have closed already
	}
	for name, nc := range conns {
		if _, err := io.Copy(io.Discard, nc); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: the connection was not closed", name)
		}
	}
	f.eventually("only the reader's connection is left", func() bool { return f.srv.conns.Load() == 1 })
	before := len(p.packets(0))
	x.write(5)
	f.eventually("the reader goes on", func() bool { return len(p.packets(0)) >= before+5 })
	if f.count("hushhush") != 0 {
		t.Error("the log contains a key")
	}
	if n := strings.Count(f.log.String(), `level=WARN msg="connection closed"`); n < len(inputs)-4 {
		t.Errorf("log lines about bad connections: got %d for %d", n, len(inputs))
	}
}

// A connection that was set up but never plays is closed, and gives up its place.
func TestSetUpAndSilent(t *testing.T) {
	f := newFixture(t, openGate, Config{Idle: 300 * time.Millisecond}, media.HubConfig{})
	x := feed{t: t, p: f.publisher("a", h264Track), keyEvery: 10, size: 100}
	x.write(5)
	setupTCP(f.raw(), f.url("a"), 0, 0)
	f.eventually("the egress is gone", func() bool {
		f.srv.mu.Lock()
		defer f.srv.mu.Unlock()
		return f.srv.conns.Load() == 0 && len(f.srv.egresses) == 0
	})
}

// Requests in the wrong order or state get a status, not a crash.
func TestRequestsOutOfOrder(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	x := feed{t: t, p: f.publisher("a", h264Track, opusTrack), keyEvery: 10, size: 100}
	x.write(5)
	x2 := feed{t: t, p: f.publisher("b", h264Track), keyEvery: 10, size: 100}
	x2.write(5)
	sdp, err := descriptionOf(t, h264Track).Marshal(false)
	if err != nil {
		t.Fatal(err)
	}
	tcp := base.Header{"Transport": base.HeaderValue{"RTP/AVP/TCP;unicast;interleaved=0-1"}}
	with := func(h base.Header) base.Header {
		out := base.Header{}
		for k, v := range h {
			out[k] = v
		}
		return out
	}
	announce := base.Header{"Content-Type": base.HeaderValue{"application/sdp"}}
	type step struct {
		method base.Method
		url    string
		header base.Header
		body   []byte
	}
	for name, steps := range map[string][]step{
		"play without setup":     {{base.Play, f.url("a"), nil, nil}},
		"record without setup":   {{base.Announce, f.url("n"), announce, sdp}, {base.Record, f.url("n"), nil, nil}},
		"setup of no such track": {{base.Setup, f.url("a") + "/trackID=7", tcp, nil}},
		"setup of two streams":   {{base.Setup, f.url("a") + "/trackID=7", tcp, nil}},
		"setup twice":            {{base.Setup, f.url("a") + "/trackID=0", tcp, nil}, {base.Setup, f.url("a") + "/trackID=0", tcp, nil}},
		"multicast":              {{base.Setup, f.url("a") + "/trackID=0", base.Header{"Transport": base.HeaderValue{"RTP/AVP;multicast"}}, nil}},
		"UDP without ports":      {{base.Setup, f.url("a") + "/trackID=0", base.Header{"Transport": base.HeaderValue{"RTP/AVP;unicast"}}, nil}},
		"channel out of range":   {{base.Setup, f.url("a") + "/trackID=0", base.Header{"Transport": base.HeaderValue{"RTP/AVP/TCP;unicast;interleaved=300-301"}}, nil}, {base.Play, f.url("a"), nil, nil}},
		"announce while reading": {{base.Setup, f.url("a") + "/trackID=0", tcp, nil}, {base.Announce, f.url("n"), announce, sdp}},
		"another path":           {{base.Setup, f.url("a") + "/trackID=0", tcp, nil}, {base.Play, f.url("b"), nil, nil}},
	} {
		r := f.raw()
		var res *base.Response
		for _, s := range steps {
			res = r.do(s.method, s.url, with(s.header), s.body)
		}
		if res.StatusCode < 400 {
			t.Errorf("%s: got %d %s, want a refusal", name, res.StatusCode, res.StatusMessage)
		}
		r.nc.Close()
	}
	f.eventually("nothing is left", func() bool {
		f.srv.mu.Lock()
		defer f.srv.mu.Unlock()
		return f.srv.conns.Load() == 0 && len(f.srv.egresses) == 0
	})
}

func TestTooManyConnections(t *testing.T) {
	f := newFixture(t, openGate, Config{MaxConns: 2}, media.HubConfig{})
	a, b := f.raw(), f.raw()
	for _, r := range []*rawClient{a, b} {
		if res := r.do(base.Options, f.url("a"), nil, nil); res.StatusCode != base.StatusOK {
			t.Fatalf("OPTIONS: got %d", res.StatusCode)
		}
	}
	if n, err := f.dial().Read(make([]byte, 1)); err == nil {
		t.Errorf("a third connection got %d bytes", n)
	}
	a.nc.Close()
	f.eventually("there is room again", func() bool { return f.srv.conns.Load() == 1 })
	if res := f.raw().do(base.Options, f.url("a"), nil, nil); res.StatusCode != base.StatusOK {
		t.Errorf("OPTIONS: got %d", res.StatusCode)
	}
}

// A reader who takes nothing is closed; one who comes late goes on at a key frame, with whole frames.
func TestReaderThatFallsBehind(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	x := feed{t: t, p: f.publisher("a", h264Track), keyEvery: 25, size: 200_000, step: 5 * time.Millisecond}
	x.write(1)
	r := f.raw()
	setupTCP(r, f.url("a"), 0, 0)
	if res := r.do(base.Play, f.url("a"), nil, nil); res.StatusCode != base.StatusOK {
		t.Fatalf("PLAY: %d", res.StatusCode)
	}
	// Sockets on this machine may hold several MiB: write until what is kept has gone past the reader.
	s := f.ready("a")
	for range 40 {
		x.write(25)
		f.pumped(uint64((x.n-1)/25*25 + 1))
	}
	last := -1
	jumps := 0
	for last < x.n-1 {
		fr := r.frame()
		if fr.Channel != 0 {
			continue
		}
		// Only the packet that begins a picture has its number, in the first fragment behind FU-A.
		if p := fr.Payload[12:]; p[0]&0x1f == 28 && p[1]&0x80 != 0 {
			n := number(media.H264, [][]byte{p[1:]})
			if n != last+1 {
				jumps++
				if n%25 != 0 || n < last {
					t.Fatalf("after picture %d came %d, which is no key frame", last, n)
				}
			}
			last = n
		}
	}
	if jumps == 0 {
		t.Error("the reader never fell behind: the test writes too little")
	}
	// The last bytes may be here before the sender has done its sums.
	f.eventually("what the reader missed is counted", func() bool { return s.Info(true).Sessions[0].Lost > 0 })
}

func TestReaderThatTakesNothing(t *testing.T) {
	f := newFixture(t, openGate, Config{Stalled: 200 * time.Millisecond}, media.HubConfig{})
	x := feed{t: t, p: f.publisher("a", h264Track), keyEvery: 25, size: 200_000}
	x.write(1)
	r := f.raw()
	setupTCP(r, f.url("a"), 0, 0)
	if res := r.do(base.Play, f.url("a"), nil, nil); res.StatusCode != base.StatusOK {
		t.Fatalf("PLAY: %d", res.StatusCode)
	}
	f.eventually("the reader is closed", func() bool {
		x.write(10)
		return f.srv.conns.Load() == 0
	})
	if f.count("reader takes nothing") != 1 {
		t.Error("there is no log line about it")
	}
}
