package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"xianfeng/media"
)

const operatorKey = "operator's key"

// newServer returns a server with one stream, "hall", and what was done to its config.
func newServer(t *testing.T, change func(*Config)) (http.Handler, *media.Hub) {
	t.Helper()
	hub := media.NewHub(media.HubConfig{})
	t.Cleanup(hub.Close)
	cfg := Config{
		Hub: hub, Gate: media.GateFunc(func(media.Access) error { return nil }),
		APIKey: operatorKey, RTSPPort: 8554, RTMPPort: 1935, SRTPort: 8890,
		HLS: echo("hls"), WHIP: echo("whip"), WHEP: echo("whep"),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(), hub
}

// echo answers with what the media handlers are promised to find.
func echo(kind string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s %s%s", kind, r.Method, r.PathValue("name"), r.PathValue("file"), r.PathValue("session"))
	})
}

func publish(t *testing.T, hub *media.Hub, name string) *media.Publisher {
	t.Helper()
	p, err := hub.Publish(media.PublishRequest{
		Name: name, Protocol: "rtsp", Remote: "192.0.2.7:4000",
		Tracks: []media.Track{{Codec: media.VP8}, {Codec: media.Opus, SampleRate: 48000, Channels: 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// needKey is a gate whose streams need "read" to be read and "publish" to be published.
var needKey = media.GateFunc(func(a media.Access) error {
	if a.Key == string(a.Action) {
		return nil
	}
	return fmt.Errorf("%s %q: %w", a.Action, a.Stream, media.ErrDenied)
})

type header map[string]string

func do(t *testing.T, h http.Handler, method, target string, head header, body string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "live.example:8080"
	for k, v := range head {
		if k == "Host" {
			r.Host = v
			continue
		}
		if k == "Remote" {
			r.RemoteAddr = v
			continue
		}
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func decode[T any](t *testing.T, r *http.Response) T {
	t.Helper()
	var v T
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Fatalf("decode %s: %v", r.Status, err)
	}
	return v
}
