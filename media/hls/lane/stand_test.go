package lane

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"xianfeng/media"
	"xianfeng/media/hls"
)

var (
	testSPS = []byte{0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc9, 0x20}
	testPPS = []byte{0x68, 0xce, 0x3c, 0x80}
)

var openGate = media.GateFunc(func(media.Access) error { return nil })

// stand is an HLS server with the stream "cam", behind a lane, and behind net/http alone to compare with.
type stand struct {
	hls         *hls.Server
	pub         *media.Publisher
	srv         *http.Server
	lane, plain string       // addresses
	slow        atomic.Int64 // requests that net/http answered behind the lane
	pictures    int
	size        int // of a picture
}

type options struct {
	hls    hls.Config
	gate   media.Gate
	admits func(host, origin string) bool
	change func(*http.Server, *shared)
	size   int
}

func newStand(t testing.TB, o options) *stand {
	t.Helper()
	if o.gate == nil {
		o.gate = openGate
	}
	x := &stand{size: max(o.size, 1000)}
	hub := media.NewHub(media.HubConfig{})
	x.hls = hls.New(hub, o.gate, o.hls)
	pub, err := hub.Publish(media.PublishRequest{Name: "cam", Protocol: "test", Tracks: []media.Track{{Codec: media.H264}}, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	x.pub = pub

	mux := http.NewServeMux()
	mux.Handle("GET /live/{name}/{file}", x.hls)
	mux.Handle("OPTIONS /live/{name}/{file}", x.hls)
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body) //nolint:errcheck // the test sees what is missing
	})
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) {
		w.Write(bytes.Repeat([]byte("page "), 4000)) //nolint:errcheck // the test sees what is missing
	})
	mux.HandleFunc("GET /hijack", hijack)
	handler := func(count *atomic.Int64) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			w.Header().Set("X-Content-Type-Options", "nosniff")
			mux.ServeHTTP(w, r)
		})
	}
	x.srv = &http.Server{Handler: handler(&x.slow), ReadHeaderTimeout: time.Minute, WriteTimeout: time.Minute}
	reference := &http.Server{Handler: handler(new(atomic.Int64)), ReadHeaderTimeout: time.Minute}
	for _, s := range []struct {
		srv     *http.Server
		address *string
	}{{x.srv, &x.lane}, {reference, &x.plain}} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*s.address = ln.Addr().String()
		if s.srv == x.srv {
			l, end := prepare(s.srv, ln, Config{HLS: x.hls, Lines: "X-Content-Type-Options: nosniff\r\n", Admits: o.admits})
			if o.change != nil {
				o.change(s.srv, l.shared)
			}
			ln = l
			t.Cleanup(end)
		}
		done := make(chan struct{})
		go func() { // ends with the server
			defer close(done)
			if err := s.srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		}()
		t.Cleanup(func() { s.srv.Close(); <-done }) //nolint:errcheck // nothing depends on it
	}
	t.Cleanup(func() { x.hls.Close(); hub.Close() })
	x.write(t, 2500*time.Millisecond)
	polls := 0
	until(t, "a playlist", func() bool {
		if polls++; polls%1000 == 0 { // the cutter got to run late, and began with the newest key frame
			x.write(t, time.Second)
		}
		return x.edge(t) != ""
	})
	x.settle(t)
	return x
}

// hijack answers with what the client sends after the request, outside of HTTP.
func hijack(w http.ResponseWriter, _ *http.Request) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close() //nolint:errcheck // nothing depends on it
	io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
	line, err := rw.ReadString('\n')
	if err == nil {
		io.WriteString(c, "got "+line)
	}
}

// play publishes another length of 25 fps with key frames every second, and waits until it is cut.
func (x *stand) play(t testing.TB, length time.Duration) {
	t.Helper()
	before := x.edge(t)
	x.write(t, length)
	until(t, "parts", func() bool { return x.edge(t) != before })
	x.settle(t)
}

// settle waits until the cutter seems to have no more to do.
func (x *stand) settle(t testing.TB) {
	t.Helper()
	last, same := "", 0
	until(t, "the end of cutting", func() bool {
		now := x.edge(t)
		if same++; now != last {
			last, same = now, 0
		}
		return same == 30
	})
}

// write is play without the wait.
func (x *stand) write(t testing.TB, length time.Duration) {
	t.Helper()
	for range length / (40 * time.Millisecond) {
		picture := bytes.Repeat([]byte{0x41}, x.size)
		au := [][]byte{picture}
		if x.pictures%25 == 0 {
			picture[0] = 0x65
			au = [][]byte{testSPS, testPPS, picture}
		}
		if err := x.pub.Write(0, media.Sample{PTS: time.Duration(x.pictures) * 40 * time.Millisecond, Payload: au}); err != nil {
			t.Fatal(err)
		}
		x.pictures++
		if x.pictures%25 == 0 {
			time.Sleep(time.Millisecond) // the cutter must not fall behind the ring
		}
	}
}

// edge is the name of the part that comes next.
func (x *stand) edge(t testing.TB) string {
	a := hls.Answer{}
	if !x.hls.Answer(&hls.Request{Name: "cam", File: "media.m3u8", Remote: "127.0.0.1:1"}, &a) {
		return ""
	}
	defer a.Done(0)
	m := hintOf.FindSubmatch(a.Body[0])
	if m == nil {
		t.Fatalf("no hint in\n%s", a.Body[0])
	}
	return string(m[1])
}

var (
	hintOf = regexp.MustCompile(`PRELOAD-HINT:TYPE=PART,URI="([^"]+)"`)
	partOf = regexp.MustCompile(`EXT-X-PART:DURATION=[^,]+,URI="([^"]+)"`)
	segOf  = regexp.MustCompile(`(?m)^(\S+_s\d+\.mp4)$`)
	initOf = regexp.MustCompile(`EXT-X-MAP:URI="([^"]+)"`)
	seqOf  = regexp.MustCompile(`_s(\d+)\.mp4$`)
)

// until waits for f; it fails after far longer than it can take.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// client is one connection that speaks HTTP as the test wants.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, address string) *client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(30 * time.Second)) //nolint:errcheck // a bound for a failing test
	t.Cleanup(func() { c.Close() })                 //nolint:errcheck // nothing depends on it
	return &client{c, bufio.NewReader(c)}
}

func (c *client) send(t testing.TB, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (c *client) answer(t testing.TB, method string) answer {
	t.Helper()
	a, err := c.next(method)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (c *client) next(method string) (answer, error) {
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		return answer{}, err
	}
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(b)}, err
}

// ask sends one request as a browser would and reads its answer.
func (c *client) ask(t testing.TB, target, more string) answer {
	t.Helper()
	c.send(t, get(target, more))
	return c.answer(t, "GET")
}

func get(target, more string) string {
	return fmt.Sprintf("GET /live/cam/%s HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: test\r\n%s\r\n", target, more)
}

// find returns the first (or with last the last) group of a match in the playlist.
func (x *stand) find(t testing.TB, what *regexp.Regexp) string {
	t.Helper()
	a := dial(t, x.plain).ask(t, "media.m3u8", "")
	m := what.FindAllStringSubmatch(a.body, -1)
	if m == nil {
		t.Fatalf("no %s in\n%s", what, a.body)
	}
	return m[len(m)-1][1]
}
