package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/metrics"
)

// ask makes one request over the protocols that p allows.
func ask(t *testing.T, p *http.Protocols, url string) *http.Response {
	t.Helper()
	tr := &http.Transport{Protocols: p}
	t.Cleanup(tr.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() }) //nolint:errcheck // nothing depends on it
	return res
}

func TestHTTPVersions(t *testing.T) {
	_, base := begin(t, "", nil)
	one, two := new(http.Protocols), new(http.Protocols)
	one.SetHTTP1(true)
	two.SetUnencryptedHTTP2(true)
	for major, p := range map[int]*http.Protocols{1: one, 2: two} {
		res := ask(t, p, base+"/live/nobody/media.m3u8")
		if res.ProtoMajor != major || res.StatusCode != http.StatusNotFound || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("HTTP/%d: got %v", major, res)
		}
	}
}

// In the open mode pages of other sites get nothing, whoever would answer.
func TestOpenModeGuardsTheLane(t *testing.T) {
	s, base := begin(t, "", func(o *Options) { o.Open = true })
	s.startDemo()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := s.hub.Lookup(demoStream); err == nil {
			break // the first request waits for the rest
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	for origin, want := range map[string]int{"": 200, base: 200, "https://other.example": 403} {
		for range 2 { // the second time the connection is the lane's
			req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/live/demo/media.m3u8", nil)
			if err != nil {
				t.Fatal(err)
			}
			if origin != "" {
				req.Header.Set("Origin", origin)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			res.Body.Close() //nolint:errcheck // read to its end
			if err != nil || res.StatusCode != want || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("origin %q: got %d %v, %v, want %d: %.80s", origin, res.StatusCode, res.Header, err, want, b)
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/live/demo/media.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = strings.Replace(req.URL.Host, "127.0.0.1", "other.example", 1)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != 403 {
		t.Errorf("another host: got %d, want 403", res.StatusCode)
	}
}

func TestFiguresOfThePartsAreScraped(t *testing.T) {
	s, _ := begin(t, "", nil)
	w := httptest.NewRecorder()
	metrics.Handler(s.hub, s.figures()...).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for _, want := range []string{
		"xianfeng_hls_waiting 0", "xianfeng_hls_waiting_refused_total 0",
		`xianfeng_refused_datagrams_total{protocol="rtsp"} 0`, `xianfeng_refused_datagrams_total{protocol="webrtc"} 0`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
}
