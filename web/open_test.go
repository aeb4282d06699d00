package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"xianfeng/media"
)

// Nothing protects the open mode but where a request comes from.
func TestOpenModeIsForThisMachine(t *testing.T) {
	hub := media.NewHub(media.HubConfig{})
	defer hub.Close()
	s, err := New(Config{Hub: hub, Gate: media.GateFunc(func(media.Access) error { return nil }), Open: true})
	if err != nil {
		t.Fatal(err)
	}
	h := s.Handler()
	for _, c := range []struct {
		host, origin string
		want         int
	}{
		{"localhost:8080", "", http.StatusOK},
		{"127.0.0.1:8080", "http://127.0.0.1:8080", http.StatusOK},
		{"[::1]:8080", "http://localhost:3000", http.StatusOK},
		{"localhost:8080", "https://evil.example", http.StatusForbidden},
		{"evil.example", "", http.StatusForbidden},
		{"127.0.0.1.evil.example", "", http.StatusForbidden},
		{"localhost:8080", "null", http.StatusForbidden},
	} {
		r := httptest.NewRequest(http.MethodGet, "/api/streams", nil)
		r.Host = c.host
		r.RemoteAddr = "127.0.0.1:5000"
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("host %q, origin %q: got %d, want %d", c.host, c.origin, w.Code, c.want)
		}
	}
}
