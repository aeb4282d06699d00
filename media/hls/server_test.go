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
	"testing"
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
