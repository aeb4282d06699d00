package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestKeyInTheAddressBecomesACookie(t *testing.T) {
	h, hub := newServer(t, func(c *Config) { c.Gate = needKey })
	publish(t, hub, "hall")

	r := do(t, h, "GET", "/live/hall?key=read&via=hls", header{"X-Forwarded-Proto": "https"}, "")
	if got := r.Header.Get("Location"); r.StatusCode != http.StatusSeeOther || got != "/live/hall?via=hls" {
		t.Fatalf("got %d to %q, want 303 to the address without the key", r.StatusCode, got)
	}
	if len(r.Cookies()) != 1 {
		t.Fatalf("got cookies %v, want one", r.Cookies())
	}
	c := r.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/live/hall" || !c.Secure || strings.Contains(c.Value, "read") {
		t.Errorf("cookie: got %v", c)
	}
	if r := do(t, h, "GET", "/live/hall/status", header{"Cookie": c.Name + "=" + c.Value}, ""); r.StatusCode != 200 {
		t.Errorf("status with the cookie: got %d", r.StatusCode)
	}
	if r := do(t, h, "GET", "/live/hall/status", nil, ""); r.StatusCode != 401 {
		t.Errorf("status without: got %d, want 401", r.StatusCode)
	}
	if r := do(t, h, "GET", "/live/hall/status", header{"Authorization": "Bearer read"}, ""); r.StatusCode != 200 {
		t.Errorf("status with the key: got %d", r.StatusCode)
	}
	for _, path := range []string{"/live/hall?key=wrong", "/live/hall?key=", "/live/hall?key=" + strings.Repeat("k", 10_000)} {
		if r := do(t, h, "GET", path, nil, ""); r.StatusCode != http.StatusSeeOther || len(r.Cookies()) != 0 || strings.Contains(r.Header.Get("Location"), "key") {
			t.Errorf("GET %.40s: got %d, cookies %v", path, r.StatusCode, r.Cookies())
		}
	}
	// A player that is given the playlist's address only.
	if r := do(t, h, "GET", "/live/hall/index.m3u8?key=read", nil, ""); len(r.Cookies()) != 1 || text(t, r) != "hls GET hall index.m3u8" {
		t.Errorf("playlist with key: cookies %v", r.Cookies())
	}
}

func TestKeyTyped(t *testing.T) {
	h, _ := newServer(t, func(c *Config) { c.Gate = needKey })
	form := func(extra header) header {
		out := header{"Content-Type": "application/x-www-form-urlencoded"}
		for k, v := range extra {
			out[k] = v
		}
		return out
	}
	if r := do(t, h, "POST", "/live/hall/key", form(nil), "key=read"); r.StatusCode != 204 || len(r.Cookies()) != 1 {
		t.Errorf("right key: got %d", r.StatusCode)
	}
	for body, want := range map[string]int{"key=wrong": 401, "": 400, "key=" + strings.Repeat("k", 10_000): 400} {
		if r := do(t, h, "POST", "/live/hall/key", form(nil), body); r.StatusCode != want || len(r.Cookies()) != 0 {
			t.Errorf("%.20q: got %d, want %d", body, r.StatusCode, want)
		}
	}
	if r := do(t, h, "POST", "/live/hall/key", form(header{"Sec-Fetch-Site": "cross-site"}), "key=read"); r.StatusCode != 403 {
		t.Errorf("from a page of another site: got %d, want 403", r.StatusCode)
	}
}

func TestKeyFrom(t *testing.T) {
	const cookie = keyCookie + "=Y29va2ll" // "cookie"
	for _, c := range []struct {
		name, method, target string
		head                 header
		want                 string
	}{
		{"nothing", "GET", "/live/a/index.m3u8", nil, ""},
		{"bearer first", "GET", "/live/a/index.m3u8?key=q", header{"Authorization": "Bearer b", "Cookie": cookie}, "b"},
		{"cookie before query", "GET", "/live/a/index.m3u8?key=q", header{"Cookie": cookie}, "cookie"},
		{"query", "GET", "/live/a/index.m3u8?key=q", nil, "q"},
		{"no query in POST", "POST", "/live/a/whep?key=q", nil, ""},
		{"cookie of nowhere", "GET", "/api/streams/a", header{"Cookie": cookie}, ""},
		{"broken cookie", "GET", "/live/a", header{"Cookie": keyCookie + "=%%%"}, ""},
		{"huge query", "GET", "/live/a?key=" + strings.Repeat("k", 10_000), nil, ""},
		{"huge bearer", "GET", "/live/a", header{"Authorization": "Bearer " + strings.Repeat("k", 10_000)}, ""},
	} {
		r, err := http.NewRequest(c.method, c.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range c.head {
			r.Header.Set(k, v)
		}
		if got := KeyFrom(r, "a"); got != c.want {
			t.Errorf("%s: got %.20q, want %q", c.name, got, c.want)
		}
	}
}
