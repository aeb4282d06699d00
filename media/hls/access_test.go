package hls

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"xianfeng/media"
)

// keyed lets in who brings the key.
func keyed(key string) media.GateFunc {
	return func(a media.Access) error {
		if a.Key != key {
			return media.ErrDenied
		}
		return nil
	}
}

func TestForgetAsksTheGateAgain(t *testing.T) {
	x := newStand(t, keyed("right-key"), Config{KeyFrom: func(r *http.Request, _ string) string { return r.Header.Get("Key") }})
	x.play(5 * time.Second)
	w := x.get(t, "index.m3u8", header{"Key": "right-key"}, http.StatusOK)
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	if !strings.HasPrefix(cookie, cookieName+"=") {
		t.Fatalf("got cookie %q", cookie)
	}
	x.get(t, "media.m3u8", header{"Cookie": cookie}, http.StatusOK)
	x.server.Forget()
	x.get(t, "media.m3u8", header{"Cookie": cookie}, http.StatusUnauthorized)
	x.get(t, "media.m3u8", header{"Cookie": cookie, "Key": "right-key"}, http.StatusOK)
}

// Who watches without a cookie is counted by place; naming that place in a cookie lets nobody in.
func TestACookieCanNotNameSomebodyElse(t *testing.T) {
	x := newStand(t, keyed("right-key"), Config{KeyFrom: func(r *http.Request, _ string) string { return r.Header.Get("Key") }})
	x.play(5 * time.Second)
	x.get(t, "media.m3u8", header{"Key": "right-key", "User-Agent": "player"}, http.StatusOK)
	x.feed.viewers.mu.RLock()
	var places []string
	for k := range x.feed.viewers.byKey {
		places = append(places, k)
	}
	x.feed.viewers.mu.RUnlock()
	if len(places) != 1 {
		t.Fatalf("viewers: %q", places)
	}
	for _, v := range []string{places[0], strings.TrimPrefix(places[0], "; ")} {
		x.get(t, "media.m3u8", header{"Cookie": cookieName + "=" + v}, http.StatusUnauthorized)
	}
}
