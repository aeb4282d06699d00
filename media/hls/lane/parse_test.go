package lane

import (
	"bufio"
	"bytes"
	"net/http"
	"path"
	"strings"
	"testing"
)

const browser = "GET /live/cam/media.m3u8?_HLS_msn=5&_HLS_part=1 HTTP/1.1\r\nHost: localhost:8080\r\nConnection: keep-alive\r\n" +
	"sec-ch-ua: \"Chromium\";v=\"140\"\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nReferer: http://localhost:8080/live/cam\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: zh-CN,zh;q=0.9\r\nCookie: xf_viewer=c085dabffe96fe9a5349abd9e7ca2e93\r\n\r\n"

func TestParse(t *testing.T) {
	const line, host = "GET /live/cam/a.mp4 HTTP/1.1\r\n", "Host: a\r\n"
	for head, want := range map[string]kind{
		browser:              hot,
		line + host + "\r\n": hot,
		"HEAD /live/cam/a.mp4 HTTP/1.1\r\n" + host + "\r\n":        plain,
		"GET /live/cam/a.txt HTTP/1.1\r\n" + host + "\r\n":         plain,
		"GET /live/cam/b/a.mp4 HTTP/1.1\r\n" + host + "\r\n":       plain,
		"GET /live//a.mp4 HTTP/1.1\r\n" + host + "\r\n":            plain,
		"GET /live/../a.mp4 HTTP/1.1\r\n" + host + "\r\n":          plain,
		"GET /live/%63am/a.mp4 HTTP/1.1\r\n" + host + "\r\n":       plain,
		"GET /live/cam/a.mp4?x=%41 HTTP/1.1\r\n" + host + "\r\n":   plain,
		"GET /live/cam/a.mp4#x HTTP/1.1\r\n" + host + "\r\n":       plain,
		line + host + "Range: bytes=0-\r\n\r\n":                    plain,
		line + host + "Connection: close\r\n\r\n":                  plain,
		line + "Host: a/b\r\n\r\n":                                 plain,
		line + host + host + "\r\n":                                foreign,
		line + "\r\n":                                              foreign,
		line + "Host:\r\n\r\n":                                     foreign,
		line + host + "Content-Length: 0\r\n\r\n":                  foreign,
		line + host + "content-length: 5\r\n\r\n":                  foreign,
		line + host + "Transfer-Encoding: x\r\n\r\n":               foreign,
		line + host + "Expect: 100-continue\r\n\r\n":               foreign,
		line + host + "Upgrade: websocket\r\n\r\n":                 foreign,
		line + host + "Trailer: x\r\n\r\n":                         foreign,
		line + host + " folded: 1\r\n\r\n":                         foreign,
		line + host + "A : 1\r\n\r\n":                              foreign,
		line + host + "A\r\n\r\n":                                  foreign,
		line + host + ": 1\r\n\r\n":                                foreign,
		line + host + "A: \x00\r\n\r\n":                            foreign,
		line + host + "A: 1\rB: 2\r\n\r\n":                         foreign,
		line + "Host: a\nB: 2\r\n\r\n":                             foreign,
		"GET /live/cam/a.mp4 HTTP/1.1\n" + host + "\n\r\n\r\n":     foreign,
		"GET  /live/cam/a.mp4 HTTP/1.1\r\n" + host + "\r\n":        foreign,
		"GET /live/cam/a.mp4 HTTP/1.0\r\n" + host + "\r\n":         foreign,
		"GET /live/cam/a.mp4\r\n" + host + "\r\n":                  foreign,
		"get /live/cam/a.mp4 HTTP/1.1\r\n" + host + "\r\n":         foreign,
		"GET http://a/live/cam/a.mp4 HTTP/1.1\r\n" + host + "\r\n": foreign,
		"POST /live/cam/a.mp4 HTTP/1.1\r\n" + host + "\r\n":        foreign,
		"\r\n" + line + host + "\r\n":                              foreign,
		"":                                                         foreign, "\r\n\r\n": foreign,
	} {
		var r request
		if got := parse(head, &r); got != want {
			t.Errorf("%q: got %d, want %d", head, got, want)
		}
	}
	var r request
	parse(browser, &r)
	if r.Name != "cam" || r.File != "media.m3u8" || r.Query != "_HLS_msn=5&_HLS_part=1" || r.host != "localhost:8080" ||
		r.Cookie != "xf_viewer=c085dabffe96fe9a5349abd9e7ca2e93" || !strings.HasPrefix(r.AcceptEncoding, "gzip") {
		t.Errorf("got %+v", r)
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	var r request
	if n := testing.AllocsPerRun(100, func() { parse(browser, &r) }); n > 0 {
		t.Errorf("got %v allocations", n)
	}
}

func BenchmarkParse(b *testing.B) {
	var r request
	b.ReportAllocs()
	b.SetBytes(int64(len(browser)))
	for b.Loop() {
		parse(browser, &r)
	}
}

// FuzzParse compares with net/http: what is not foreign is one request for both, and the same one.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		browser, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /live/a/b.mp4 HTTP/1.1\r\nHost: [::1]:80\r\nX: \xff\r\n\r\n",
		"GET /live/a/b.mp4 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "GET /live/a/b.mp4 HTTP/1.1\nHost: a\n\n\r\n\r\n",
		"GET /live/a/b.mp4?a=b&c_d HTTP/1.1\r\nHost: a\r\nCookie:\t x=y \r\nAuthorization: \r\nIf-None-Match: *\r\nAccept-Encoding: br\r\nUser-Agent: z\r\nOrigin: null\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i := bytes.Index(b, []byte("\r\n\r\n"))
		if i < 0 {
			return
		}
		head := string(b[:i+4])
		var r request
		k := parse(head, &r)
		if k == foreign {
			return
		}
		const next = "the next request"
		in := bufio.NewReader(strings.NewReader(head + next))
		q, err := http.ReadRequest(in)
		if err != nil {
			// Net/http closes the connection after an error: no two readers, no two opinions. But nothing
			// hot may be wrong.
			if k == hot {
				t.Fatalf("%q: hot, but net/http says %v", head, err)
			}
			return
		}
		if rest, _ := in.Peek(len(next)); string(rest) != next || in.Buffered() != len(next) || q.Body != http.NoBody || q.ContentLength != 0 || len(q.TransferEncoding) > 0 {
			t.Fatalf("%q: net/http leaves %q, body %v", head, rest, q.Body)
		}
		if k != hot {
			return
		}
		for what, pair := range map[string][2]string{
			"method": {q.Method, "GET"}, "path": {q.URL.Path, "/live/" + r.Name + "/" + r.File}, "clean path": {path.Clean(q.URL.Path), q.URL.Path},
			"query": {q.URL.RawQuery, r.Query}, "raw path": {q.URL.RawPath, ""}, "host": {q.Host, r.host},
			"user agent": {q.UserAgent(), r.UserAgent}, "cookie": {strings.Join(q.Header["Cookie"], "|"), r.Cookie},
			"accept encoding": {strings.Join(q.Header["Accept-Encoding"], "|"), r.AcceptEncoding}, "if none match": {strings.Join(q.Header["If-None-Match"], "|"), r.IfNoneMatch},
			"origin": {strings.Join(q.Header["Origin"], "|"), r.origin},
		} {
			if pair[0] != pair[1] {
				t.Fatalf("%q: %s: net/http has %q, we %q", head, what, pair[0], pair[1])
			}
		}
		if _, there := q.Header["Authorization"]; there != r.Authorized {
			t.Fatalf("%q: authorized: %v", head, r.Authorized)
		}
	})
}
