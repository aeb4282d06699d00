package hls

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func FuzzParseReload(f *testing.F) {
	for _, s := range []string{"", "_HLS_msn=1", "_HLS_msn=1&_HLS_part=2&_HLS_skip=YES", "_HLS_part=2", "a=b&&=&_HLS_skip=v2", "_HLS_msn=99999999999999999999", "_HLS_msn=1&_HLS_msn=1", "_HLS_msn=%31"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseReload(raw)
		if err != nil {
			if q != (reload{}) {
				t.Fatalf("%q: got %+v with an error", raw, q)
			}
			return
		}
		if q.part >= 0 && !q.blocking || q.part < -1 || !q.blocking && q.msn != 0 {
			t.Fatalf("%q: got %+v", raw, q)
		}
		if v, err := url.ParseQuery(raw); err == nil && !strings.Contains(raw, "%") && v.Has("_HLS_msn") != q.blocking {
			t.Fatalf("%q: blocking: got %v", raw, q.blocking)
		}
		// Whatever was asked, there is an answer without waiting for ever.
		s := &snapshot{msn: 5, parts: make([]*part, 3), part: 1}
		if s.has(q.msn, q.part) && s.tooFar(q.msn, q.part) {
			t.Fatalf("%q: there and too far", raw)
		}
	})
}

func FuzzParseFile(f *testing.F) {
	for _, s := range []string{"ID_p1.mp4", "ID_i0.mp4", "ID_s99999999999999999999.mp4", "ID_p01.mp4", "ID_p+1.mp4", "ID_p.mp4", "ID_", "../ID_p1.mp4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if kind, num, ok := parseFile("ID", name); ok && fileName("ID", kind, num) != name {
			t.Fatalf("%q is another name of %s", name, fileName("ID", kind, num))
		}
	})
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-5", "bytes=5-", "bytes=0-1,2-3", "bytes=9-1", "bytes=-0", "bytes=99999999999999999999-", "lines=1"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, h string, size int) {
		if size < 0 {
			return
		}
		from, to, ok, err := parseRange(h, size)
		if ok && (err != nil || from < 0 || from >= to || to > size) {
			t.Fatalf("%q of %d: got %d to %d, %v", h, size, from, to, err)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("xf_viewer=abc; b=c", `"a", W/"b"`, "gzip;q=0, br")
	f.Add(";;xf_viewer=", "*", "*")
	var s Server
	s.Forget()
	f.Fuzz(func(t *testing.T, cookie, match, accept string) {
		if v := cookieValue([]string{cookie}); strings.Contains(v, ";") {
			t.Fatalf("%q: got %q", cookie, v)
		}
		matches([]string{match}, `"x"`)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Accept-Encoding"] = []string{accept}
		takesGzip(r.Header["Accept-Encoding"])
		s.signed("cam", cookie)
	})
}
