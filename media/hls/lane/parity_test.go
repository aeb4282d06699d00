package lane

import (
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"xianfeng/media"
	"xianfeng/media/hls"
)

// Whoever answers, the answer is the same.
func TestSameAnswersAsNetHTTP(t *testing.T) {
	gate := media.GateFunc(func(a media.Access) error {
		if a.Key == "wrong" {
			return media.ErrDenied
		}
		return nil
	})
	key := func(r *http.Request, _ string) string {
		return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	x := newStand(t, options{gate: gate, hls: hls.Config{KeyFrom: key}})
	part, seg, start := x.find(t, partOf), x.find(t, segOf), x.find(t, initOf)
	msn := seqOf.FindStringSubmatch(seg)[1]
	etag := dial(t, x.plain).ask(t, "media.m3u8", "").header.Get("Etag")
	cookie, _, _ := strings.Cut(dial(t, x.plain).ask(t, "index.m3u8", "").header.Get("Set-Cookie"), ";")

	for _, c := range []struct {
		name, target, more string
		status             int
		hot                bool
	}{
		{"playlist", "media.m3u8", "", 200, true},
		{"playlist, gzip", "media.m3u8", "Accept-Encoding: gzip, deflate, br\r\n", 200, true},
		{"gzip not wanted", "media.m3u8", "Accept-Encoding: gzip;q=0\r\n", 200, true},
		{"reload", "media.m3u8?_HLS_msn=" + msn + "&_HLS_part=0", "", 200, true},
		{"delta, gzip", "media.m3u8?_HLS_msn=" + msn + "&_HLS_skip=YES", "accept-encoding: gzip\r\n", 200, true},
		{"not changed", "media.m3u8", "If-None-Match: " + etag + "\r\n", 304, true},
		{"not changed, one of many", "media.m3u8", `If-None-Match: "a", W/` + etag + "\r\n", 304, true},
		{"changed", "media.m3u8", `If-None-Match: "a"` + "\r\n", 200, true},
		{"part", part, "", 200, true},
		{"part not changed", part, `If-None-Match: "` + part + `"` + "\r\n", 304, true},
		{"segment", seg, "", 200, true},
		{"initialization", start, "", 200, true},
		{"with a cookie", "media.m3u8", "Cookie: a=b; " + cookie + "\r\n", 200, true},
		{"with a cookie and a key", "media.m3u8", "Cookie: " + cookie + "\r\nAuthorization: Bearer wrong\r\n", 200, true},
		{"keep alive", part, "Connection: keep-alive\r\n", 200, true},
		{"unknown headers", part, "X-Forwarded-For: 10.0.0.1\r\nVia: 1.1 proxy\r\nOrigin: https://a.example\r\n", 200, true},

		{"with a key", "media.m3u8", "Authorization: Bearer right\r\n", 200, false},
		{"with a wrong key", "media.m3u8", "Authorization: Bearer wrong\r\n", 401, false},
		{"another cookie", "media.m3u8", "Cookie: a=b\r\n", 200, false},
		{"key in the query", "media.m3u8?key=k", "", 200, false},
		{"range", part, "Range: bytes=5-9\r\n", 206, false},
		{"close", part, "Connection: close\r\n", 200, false},
		{"master, cookie known", "index.m3u8", "Cookie: " + cookie + "\r\n", 200, false},
		{"no such file", "other.mp4", "", 404, false},
		{"no such part", strings.Replace(part, "_p", "_p9", 1), "", 404, false},
		{"bad query", "media.m3u8?_HLS_part=1", "", 400, false},
		{"too far", "media.m3u8?_HLS_msn=9999999999", "", 400, false},
		{"escape", "medi%61.m3u8", "", 200, false},
		{"empty query", part + "?", "", 200, false},
		{"query of a part", part + "?a=b", "", 200, false},
		{"path to clean", "../cam/media.m3u8", "", 307, false},
		{"path to clean at the end", "./media.m3u8", "", 307, false},
		{"two cookies", "media.m3u8", "Cookie: a=b\r\nCookie: " + cookie + "\r\n", 200, false},
		{"two If-None-Match", part, "If-None-Match: \"x\"\r\nIf-None-Match: \"" + part + "\"\r\n", 304, false},
		{"two If-None-Match, one empty", part, "If-None-Match:\r\nIf-None-Match: \"" + part + "\"\r\n", 304, false},
		{"strange host", part, "", 200, true},
	} {
		before := x.slow.Load()
		ours := dial(t, x.lane).ask(t, c.target, c.more)
		slow := x.slow.Load() - before
		theirs := dial(t, x.plain).ask(t, c.target, c.more)
		if ours.status != c.status || (slow == 0) != c.hot {
			t.Errorf("%s: got %d, answered by net/http %d times; want %d, hot %v", c.name, ours.status, slow, c.status, c.hot)
		}
		for _, h := range []http.Header{ours.header, theirs.header} {
			if h.Get("Date") == "" {
				t.Errorf("%s: no Date in %v", c.name, h)
			}
			h.Del("Date")
		}
		if ours.status != theirs.status || ours.body != theirs.body || !reflect.DeepEqual(ours.header, theirs.header) {
			t.Errorf("%s: got %d %v, %d bytes\nnet/http: %d %v, %d bytes", c.name, ours.status, ours.header, len(ours.body), theirs.status, theirs.header, len(theirs.body))
		}
	}
}

func TestStreamsNotForEverybody(t *testing.T) {
	gate := media.GateFunc(func(a media.Access) error {
		if a.Key != "right" {
			return media.ErrDenied
		}
		return nil
	})
	x := newStand(t, options{gate: media.GateFunc(func(a media.Access) error {
		if a.Remote == "127.0.0.1:1" {
			return nil // the stand itself
		}
		return gate(a)
	})})
	c := dial(t, x.lane)
	if got := c.ask(t, "media.m3u8", "").status; got != 401 {
		t.Errorf("without a key: got %d, want 401", got)
	}
	cookie, _, _ := strings.Cut(c.ask(t, "index.m3u8", "Authorization: Bearer right\r\n").header.Get("Set-Cookie"), ";")
	before := x.slow.Load()
	a := c.ask(t, "media.m3u8?_HLS_msn=1", "Cookie: "+cookie+"\r\n")
	if a.status != 200 || a.header.Get("Cache-Control") != "private, max-age=1" || x.slow.Load() != before {
		t.Errorf("with the cookie: got %d %v", a.status, a.header)
	}
	x.hls.Forget()
	if got := c.ask(t, "media.m3u8", "Cookie: "+cookie+"\r\n").status; got != 401 {
		t.Errorf("after the rules changed: got %d, want 401", got)
	}
}

func TestAdmits(t *testing.T) {
	x := newStand(t, options{admits: func(host, origin string) bool { return host == "localhost:8080" && origin != "https://other.example" }})
	for more, hot := range map[string]bool{"": true, "Origin: https://same.example\r\n": true, "Origin: https://other.example\r\n": false} {
		before := x.slow.Load()
		dial(t, x.lane).ask(t, "media.m3u8", more)
		if got := x.slow.Load() == before; got != hot {
			t.Errorf("%q: hot: got %v, want %v", more, got, hot)
		}
	}
}

// The lane goes on working on a connection after net/http answered something on it.
func TestConnectionComesBack(t *testing.T) {
	x := newStand(t, options{})
	part := x.find(t, partOf)
	c := dial(t, x.lane)
	slow := int64(0)
	check := func(what string, hot bool) {
		t.Helper()
		if !hot {
			slow++
		}
		if got := x.slow.Load(); got != slow {
			t.Fatalf("%s: net/http answered %d, want %d", what, got, slow)
		}
	}
	for range 20 {
		c.send(t, "GET /page HTTP/1.1\r\nHost: a\r\n\r\n")
		if a := c.answer(t, "GET"); a.status != 200 || len(a.body) != 20000 {
			t.Fatalf("page: got %d, %d bytes", a.status, len(a.body))
		}
		check("page", false)
		c.ask(t, "media.m3u8", "")
		check("playlist after a page", true)
		c.ask(t, "nothing.mp4", "")
		check("failure", false)
		c.ask(t, part, "")
		check("part after a failure", true)
		c.send(t, "HEAD /live/cam/"+part+" HTTP/1.1\r\nHost: a\r\n\r\n")
		c.answer(t, "HEAD")
		check("HEAD", false)
		c.ask(t, part, "")
		check("part after HEAD", true)
	}
	// After a body net/http keeps the connection: where it ended is not for the lane to know.
	c.send(t, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
	if a := c.answer(t, "POST"); a.body != "hello" {
		t.Errorf("POST: got %+v", a)
	}
	check("POST", false)
	if a := c.ask(t, part, ""); a.status != 200 {
		t.Errorf("part after POST: got %+v", a)
	}
	check("part after POST", false)
}

func TestHijack(t *testing.T) {
	x := newStand(t, options{})
	for name, early := range map[string]bool{"later": false, "with the request": true} {
		c := dial(t, x.lane)
		c.ask(t, "media.m3u8", "")
		if early {
			c.send(t, "GET /hijack HTTP/1.1\r\nHost: a\r\n\r\nline\n")
		} else {
			c.send(t, "GET /hijack HTTP/1.1\r\nHost: a\r\n\r\n")
			if _, err := c.r.Peek(1); err != nil {
				t.Fatal(err)
			}
			c.send(t, "line\n")
		}
		b, err := io.ReadAll(c.r)
		if err != nil || !strings.HasSuffix(string(b), "\r\n\r\ngot line\n") {
			t.Errorf("%s: got %q, %v", name, b, err)
		}
	}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	ask := func(x *stand) (*http.Response, error) {
		tr := &http.Transport{Protocols: new(http.Protocols)}
		tr.Protocols.SetUnencryptedHTTP2(true)
		defer tr.CloseIdleConnections()
		return tr.RoundTrip(must(http.NewRequestWithContext(t.Context(), "GET", "http://"+x.lane+"/live/cam/media.m3u8", nil)))
	}
	res, err := ask(newStand(t, options{}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if res.Body.Close(); err != nil || res.ProtoMajor != 2 || res.StatusCode != 200 || !strings.HasPrefix(string(b), "#EXTM3U") {
		t.Errorf("from this machine: got %v, %q, %v", res, b, err)
	}
	x := newStand(t, options{change: func(_ *http.Server, s *shared) { s.here = func(net.Addr) bool { return false } }})
	if res, err := ask(x); err == nil {
		res.Body.Close() //nolint:errcheck // nothing depends on it
		t.Errorf("from elsewhere: got %v", res)
	}
	c := dial(t, x.lane)
	for _, piece := range []string{"P", "RI * HT", "TP/2.0\r\n\r\nSM\r\n\r\n"} {
		c.send(t, piece)
	}
	if a := c.answer(t, "PRI"); a.status != 505 {
		t.Errorf("from elsewhere, in pieces: got %d, want 505", a.status)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
