package hls

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/media"
)

var openGate = media.GateFunc(func(media.Access) error { return nil })

// stand is a server with one stream, "cam", whose units the test pushes by itself.
type stand struct {
	server *Server
	feed   *feed
	pub    *media.Publisher
	hub    *media.Hub
	script *script
	at     time.Duration
	cookie string
}

func newStand(t testing.TB, gate media.Gate, cfg Config) *stand {
	t.Helper()
	hub := media.NewHub(media.HubConfig{})
	cfg.OnDemand = true
	s := New(hub, gate, cfg)
	pub, err := hub.Publish(media.PublishRequest{Name: "cam", Protocol: "test", Tracks: []media.Track{videoTrack(), soundTrack()}, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	x := &stand{server: s, pub: pub, hub: hub, script: newScript(t, testPPS), at: media.Origin}
	x.feed = newFeed(s, pub.Stream(), nil)
	s.mu.Lock()
	s.feeds["cam"] = x.feed // without its goroutine: the test is the one that pushes
	s.mu.Unlock()
	t.Cleanup(func() { hub.Close(); s.Close() })
	return x
}

// play pushes another length of 25 fps with key frames every second.
func (x *stand) play(length time.Duration) {
	x.script.units = nil
	for end := x.at + length; x.at < end; x.at += 40 * time.Millisecond {
		i := int((x.at - media.Origin) / (40 * time.Millisecond))
		x.script.add(0, i%25 == 0, x.at, 1000)
		x.script.add(1, true, x.at, 300)
	}
	for _, u := range x.script.units {
		x.feed.mux.push(u)
	}
}

func (x *stand) snap() *snapshot { return x.feed.mux.now.Load() }

type header map[string]string

func (x *stand) request(ctx context.Context, method, target string, h header) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, "/live/cam/"+target, nil)
	r.SetPathValue("name", "cam")
	r.SetPathValue("file", r.URL.Path[len("/live/cam/"):])
	for k, v := range h {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	x.server.ServeHTTP(w, r)
	return w
}

func (x *stand) get(t testing.TB, target string, h header, status int) *httptest.ResponseRecorder {
	t.Helper()
	w := x.request(t.Context(), http.MethodGet, target, h)
	if w.Code != status {
		t.Fatalf("GET %s: got %d %s, want %d", target, w.Code, w.Body, status)
	}
	return w
}

func TestHeaders(t *testing.T) {
	x := newStand(t, openGate, Config{})
	x.play(5 * time.Second)
	g := x.snap().kept[1]
	seg := fileName(x.snap().id, 's', g.msn)
	var whole []byte
	for _, p := range g.parts {
		whole = append(whole, p.body...)
	}
	for _, target := range []string{"index.m3u8", "media.m3u8", seg, g.parts[1].name, g.init.name} {
		w := x.get(t, target, nil, 200)
		if got, want := w.Header().Get("Content-Length"), fmt.Sprint(w.Body.Len()); got != want {
			t.Errorf("%s: Content-Length: got %q, want %q", target, got, want)
		}
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: CORS: got %q", target, got)
		}
		etag := w.Header().Get("Etag")
		if len(etag) < 3 {
			t.Fatalf("%s: Etag: got %q", target, etag)
		}
		if w := x.get(t, target, header{"If-None-Match": `"x", W/` + etag}, 304); w.Body.Len() > 0 {
			t.Errorf("%s: 304 with a body", target)
		}
		h := x.request(t.Context(), http.MethodHead, target, nil)
		if h.Code != 200 || h.Body.Len() > 0 || h.Header().Get("Content-Length") != w.Header().Get("Content-Length") {
			t.Errorf("%s: HEAD: got %d, %d bytes, %v", target, h.Code, h.Body.Len(), h.Header())
		}
		if strings.HasSuffix(target, ".m3u8") {
			if c := w.Header().Get("Cache-Control"); c != "no-cache" && c != "no-store" {
				t.Errorf("%s: Cache-Control: got %q", target, c)
			}
			if got := w.Header().Get("Content-Type"); got != "application/vnd.apple.mpegurl" {
				t.Errorf("%s: Content-Type: got %q", target, got)
			}
			z := x.get(t, target, header{"Accept-Encoding": "br, gzip"}, 200)
			if z.Header().Get("Content-Encoding") != "gzip" || z.Header().Get("Etag") == etag || z.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: gzip headers: got %v", target, z.Header())
			}
			r, err := gzip.NewReader(z.Body)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(r); err != nil || !bytes.Equal(b, w.Body.Bytes()) {
				t.Errorf("%s: gzip holds something else (%v)", target, err)
			}
			if bytes.Contains(w.Body.Bytes(), []byte("?")) {
				t.Errorf("%s: an address with a query in it", target)
			}
			continue
		}
		if c := w.Header().Get("Cache-Control"); !strings.Contains(c, "immutable") {
			t.Errorf("%s: Cache-Control: got %q", target, c)
		}
		if got := w.Header().Get("Content-Type"); got != "video/mp4" {
			t.Errorf("%s: Content-Type: got %q", target, got)
		}
	}
	if got := x.get(t, seg, nil, 200).Body.Bytes(); !bytes.Equal(got, whole) {
		t.Error("the segment is not its parts")
	}
	n := len(whole)
	for _, c := range []struct {
		header   string
		from, to int
	}{{"bytes=0-0", 0, 1}, {"bytes=100-", 100, n}, {"bytes=-10", n - 10, n}, {fmt.Sprintf("bytes=5-%d", n+5), 5, n}, {fmt.Sprintf("bytes=%d-%d", n/3, 2*n/3), n / 3, 2*n/3 + 1}} {
		w := x.get(t, seg, header{"Range": c.header}, 206)
		if !bytes.Equal(w.Body.Bytes(), whole[c.from:c.to]) {
			t.Errorf("%s: other bytes", c.header)
		}
		if got, want := w.Header().Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", c.from, c.to-1, n); got != want {
			t.Errorf("%s: Content-Range: got %q, want %q", c.header, got, want)
		}
		if got, want := w.Header().Get("Content-Length"), fmt.Sprint(c.to-c.from); got != want {
			t.Errorf("%s: Content-Length: got %q, want %q", c.header, got, want)
		}
	}
	w := x.get(t, seg, header{"Range": fmt.Sprintf("bytes=%d-", n)}, 416)
	if got, want := w.Header().Get("Content-Range"), fmt.Sprintf("bytes */%d", n); got != want {
		t.Errorf("416: Content-Range: got %q, want %q", got, want)
	}
	for _, ignored := range []string{"bytes=0-1,3-4", "lines=1-2", "bytes=x", "bytes=5-2"} {
		x.get(t, seg, header{"Range": ignored}, 200)
	}
	x.get(t, seg, header{"Range": "bytes=0-9", "If-Range": `"other"`}, 200)
}

func TestPreflightAndMethods(t *testing.T) {
	x := newStand(t, openGate, Config{})
	w := x.request(t.Context(), http.MethodOptions, "index.m3u8", header{"Access-Control-Request-Headers": "authorization"})
	if w.Code != 204 || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("OPTIONS: got %d, %v", w.Code, w.Header())
	}
	if w := x.request(t.Context(), http.MethodPost, "index.m3u8", nil); w.Code != 405 {
		t.Errorf("POST: got %d, want 405", w.Code)
	}
}

func TestRefusals(t *testing.T) {
	gate := media.GateFunc(func(a media.Access) error {
		if a.Key != "right" || a.Action != media.Read || a.Protocol != "hls" {
			return fmt.Errorf("read %q: %w", a.Stream, media.ErrDenied)
		}
		return nil
	})
	x := newStand(t, gate, Config{})
	x.play(3 * time.Second)
	good := header{"Authorization": "Bearer right"}
	x.get(t, "index.m3u8", nil, 401)
	x.get(t, "media.m3u8", header{"Authorization": "Bearer wrong"}, 401)
	x.get(t, "media.m3u8", good, 200)
	x.get(t, "media.m3u8?_HLS_part=1", good, 400)
	x.get(t, "media.m3u8?_HLS_msn=x", good, 400)
	x.get(t, "media.m3u8?_HLS_msn=-1", good, 400)
	x.get(t, "other.mp4", good, 404)
	x.get(t, fileName(x.snap().id, 'p', 100000), good, 404)
	x.get(t, fileName(x.snap().id, 's', x.snap().msn), good, 404)
	x.get(t, fileName("other", 'p', 1), good, 404)

	// Who was let in once plays on without the key, as players on iOS do.
	cookie := x.get(t, "index.m3u8", good, 200).Result().Cookies()[0]
	if cookie.Name != cookieName || cookie.Path != "/live/cam" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie: got %v", cookie)
	}
	x.get(t, "media.m3u8", header{"Cookie": "a=b; " + cookieName + "=" + cookie.Value}, 200)
	x.get(t, "media.m3u8", header{"Cookie": cookieName + "=" + strings.Repeat("0", len(cookie.Value))}, 401)

	for _, name := range []string{"..", strings.Repeat("a", 10000), "a/b", "nobody", "\x00"} {
		r := httptest.NewRequest(http.MethodGet, "/live/x/index.m3u8", nil)
		r.SetPathValue("name", name)
		r.SetPathValue("file", "index.m3u8")
		r.Header.Set("Authorization", "Bearer right")
		w := httptest.NewRecorder()
		x.server.ServeHTTP(w, r)
		if want := map[bool]int{true: 404, false: 400}[name == "nobody"]; w.Code != want {
			t.Errorf("name %.20q: got %d, want %d", name, w.Code, want)
		}
	}
}

func TestNothingToCarry(t *testing.T) {
	hub := media.NewHub(media.HubConfig{})
	s := New(hub, openGate, Config{})
	defer s.Close()
	defer hub.Close()
	pub, err := hub.Publish(media.PublishRequest{Name: "cam", Protocol: "test", Tracks: []media.Track{{Codec: media.VP8}, {Codec: media.PCMU, SampleRate: 8000, Channels: 1}}, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	x := &stand{server: s, pub: pub}
	x.get(t, "index.m3u8", nil, 415)
	x.get(t, "media.m3u8", nil, 415)
	if got, want := pub.Stream().Info(false).Notes["hls"], "VP8 and PCMU can't be carried over HLS"; got != want {
		t.Errorf("note: got %q, want %q", got, want)
	}
}

func TestBlockingReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		x.play(3500 * time.Millisecond)
		s := x.snap()
		msn, part := s.msn, len(s.parts)

		ask := func(query string) chan *httptest.ResponseRecorder {
			ch := make(chan *httptest.ResponseRecorder, 1)
			go func() { ch <- x.request(t.Context(), http.MethodGet, "media.m3u8?"+query, nil) }() // ends with the answer
			synctest.Wait()
			return ch
		}
		waiting := func(ch chan *httptest.ResponseRecorder, what string, want bool) {
			t.Helper()
			synctest.Wait()
			if got := len(ch) == 0; got != want {
				t.Fatalf("%s: waits: got %v, want %v", what, got, want)
			}
		}
		next := ask(fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", msn, part))
		whole := ask(fmt.Sprintf("_HLS_msn=%d", msn))
		past := ask(fmt.Sprintf("_HLS_msn=%d&_HLS_part=7", msn)) // the segment will have five
		waiting(next, "next part", true)
		x.play(200 * time.Millisecond)
		waiting(next, "next part", false)
		if w := <-next; w.Code != 200 || !strings.Contains(w.Body.String(), fmt.Sprintf("_p%d.mp4\"\n", s.hint)) || w.Header().Get("Cache-Control") != "max-age=1" {
			t.Errorf("next part: got %d %v\n%s", w.Code, w.Header(), w.Body)
		}
		waiting(whole, "whole segment", true)
		x.play(400 * time.Millisecond)
		waiting(whole, "whole segment", false)
		waiting(past, "part past the end", true)
		x.play(200 * time.Millisecond)
		waiting(past, "part past the end", false)

		msn = x.snap().msn
		for query, want := range map[string]int{
			fmt.Sprintf("_HLS_msn=%d", msn+2):             400,
			fmt.Sprintf("_HLS_msn=%d&_HLS_part=0", msn+2): 400,
			fmt.Sprintf("_HLS_msn=%d&_HLS_part=99", msn):  400,
			fmt.Sprintf("_HLS_msn=%d", msn-1):             200,
			fmt.Sprintf("_HLS_msn=%d&_HLS_part=2", msn-1): 200,
			"_HLS_msn=1":                           200, // expired: the present playlist says where things are
			"_HLS_msn=1&_HLS_part=3&_HLS_skip=YES": 200,
		} {
			if w := x.request(t.Context(), http.MethodGet, "media.m3u8?"+query, nil); w.Code != want {
				t.Errorf("%s: got %d, want %d", query, w.Code, want)
			}
		}

		// A viewer who leaves does not go on waiting.
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan int, 1)
		go func() { // ends with ctx
			gone <- x.request(ctx, http.MethodGet, fmt.Sprintf("media.m3u8?_HLS_msn=%d", msn+1), nil).Code
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if len(gone) == 0 {
			t.Error("a cancelled request goes on waiting")
		}

		// Without a publisher the present playlist comes in time for players to ask again.
		stale := ask(fmt.Sprintf("_HLS_msn=%d", msn+1))
		time.Sleep(x.feed.patience() + time.Millisecond)
		waiting(stale, "outage", false)
		if w := <-stale; w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("outage: got %d, %v", w.Code, w.Header())
		}
	})
}

func TestHintedPartBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		x.play(3500 * time.Millisecond)
		hint := x.snap().hint
		if w := x.request(t.Context(), http.MethodGet, fileName(x.snap().id, 'p', hint+1), nil); w.Code != 404 {
			t.Errorf("the part after the hinted one: got %d, want 404", w.Code)
		}
		ch := make(chan *httptest.ResponseRecorder, 1)
		go func() { ch <- x.request(t.Context(), http.MethodGet, fileName(x.snap().id, 'p', hint), nil) }() // ends with the answer
		synctest.Wait()
		if len(ch) > 0 {
			t.Fatal("the hinted part was answered before it was there")
		}
		x.play(200 * time.Millisecond)
		w := <-ch
		p, ok := x.snap().findPart(hint)
		if w.Code != 200 || !ok || !bytes.Equal(w.Body.Bytes(), p.body) {
			t.Errorf("hinted part: got %d, %d bytes", w.Code, w.Body.Len())
		}
		go func() { ch <- x.request(t.Context(), http.MethodGet, fileName(x.snap().id, 'p', x.snap().hint), nil) }() // ends with the answer
		time.Sleep(x.feed.timeout() + time.Second)
		if w := <-ch; w.Code != 404 {
			t.Errorf("a hinted part that never comes: got %d, want 404", w.Code)
		}
	})
}

func TestOnePartWakesAThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		x.play(3500 * time.Millisecond)
		s := x.snap()
		query := fmt.Sprintf("media.m3u8?_HLS_msn=%d&_HLS_part=%d", s.msn, len(s.parts))
		var wg sync.WaitGroup
		var mu sync.Mutex
		bodies := map[string]int{}
		for i := range 1000 {
			wg.Go(func() { // ends with the answer
				w := x.request(t.Context(), http.MethodGet, query, header{"User-Agent": fmt.Sprint(i), "Accept-Encoding": "gzip"})
				mu.Lock()
				defer mu.Unlock()
				bodies[w.Body.String()]++
			})
		}
		synctest.Wait()
		if len(bodies) > 0 {
			t.Fatal("answered too early")
		}
		if got := x.pub.Stream().Info(false).Viewers; got != 1000 {
			t.Errorf("viewers: got %d, want 1000", got)
		}
		x.play(200 * time.Millisecond)
		wg.Wait()
		if len(bodies) != 1 {
			t.Errorf("got %d different answers, want one", len(bodies))
		}
	})
}

func TestFirstRequestWaitsForTheFirstPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		codes := make(chan [2]int, 1)
		go func() { // ends with the second answer
			a := x.request(t.Context(), http.MethodGet, "index.m3u8", nil).Code
			b := x.request(t.Context(), http.MethodGet, "media.m3u8", nil).Code
			codes <- [2]int{a, b}
		}()
		synctest.Wait()
		x.play(1200 * time.Millisecond) // one segment is enough
		if got := <-codes; got != [2]int{200, 200} {
			t.Errorf("got %v, want 200 twice", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		began := time.Now()
		w := x.request(t.Context(), http.MethodGet, "index.m3u8", nil)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("not ready: got %d, %v", w.Code, w.Header())
		}
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("waited %v, want 10 s", d)
		}
	})
}

func TestViewersAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{MaxViewers: 3})
		x.play(3 * time.Second)
		count := func(want int) {
			t.Helper()
			if got := x.pub.Stream().Info(false).Viewers; got != want {
				t.Fatalf("viewers: got %d, want %d", got, want)
			}
		}
		cookie := x.get(t, "index.m3u8", nil, 200).Result().Cookies()[0]
		count(0) // an address that is only looked up is no viewer
		h := header{"Cookie": cookieName + "=" + cookie.Value}
		for range 3 {
			x.get(t, "media.m3u8", h, 200)
		}
		count(1)
		if c := x.get(t, "index.m3u8", h, 200).Result().Cookies(); len(c) > 0 {
			t.Errorf("a second cookie: %v", c)
		}
		x.get(t, x.snap().parts[0].name, h, 200)
		info := x.pub.Stream().Info(true).Sessions[0]
		if want := uint64(len(x.snap().parts[0].body)); info.Sent <= want || info.Protocol != "hls" {
			t.Errorf("session: got %+v, want more than %d bytes", info, want)
		}
		x.get(t, "media.m3u8", header{"User-Agent": "a"}, 200)
		x.get(t, "media.m3u8", header{"User-Agent": "b"}, 200)
		count(3)
		x.get(t, "media.m3u8", header{"User-Agent": "c"}, 200) // served, not counted
		count(3)
		for range 6 {
			time.Sleep(2 * time.Second)
			x.get(t, "media.m3u8", h, 200)
		}
		count(1)
		if err := x.pub.Stream().KickSession(info.ID, media.ErrKicked); err != nil {
			t.Fatal(err)
		}
		x.get(t, "media.m3u8", h, 403)
		time.Sleep(12 * time.Second)
		count(0)
		if got := x.server.counted.Load(); got != 0 {
			t.Errorf("counted: got %d, want 0", got)
		}
	})
}
