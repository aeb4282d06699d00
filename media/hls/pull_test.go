package hls

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"xianfeng/media"
)

func TestPullOwnServer(t *testing.T) {
	c := newClip(t)
	far := media.NewHub(media.HubConfig{})
	_, url := serve(t, far, Config{})
	p := publish(t, far, "cam", c.tracks())
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { // ends with stop
		defer close(done)
		began := time.Now()
		c.write(p, 0, time.Hour, func(at time.Duration) bool {
			select {
			case <-time.After(time.Until(began.Add(at))):
				return true
			case <-stop:
				return false
			}
		})
	}()
	defer func() { close(stop); <-done }()

	near := media.NewHub(media.HubConfig{})
	defer near.Close()
	source, err := NewSource(url+"/live/cam/index.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := source.Remote(), url+"/live/cam/index.m3u8"; got != want {
		t.Errorf("remote: got %q, want %q", got, want)
	}
	puller, err := near.Pull("copy", source.Remote(), false, source)
	if err != nil {
		t.Fatal(err)
	}
	defer puller.Close()
	until(t, "pulled stream", func() bool {
		s, err := near.Lookup("copy")
		return err == nil && s.Ready()
	})
	s, err := near.Lookup("copy")
	if err != nil {
		t.Fatal(err)
	}
	r := s.NewReader()
	var pictures, sound int
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for pictures < 30 || sound < 50 {
		u, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("after %d pictures and %d packets of sound: %v", pictures, sound, err)
		}
		if s.Tracks()[u.Track].Codec.Video() {
			pictures++
			if u.Params.Width != 320 {
				t.Fatalf("width: got %d, want 320", u.Params.Width)
			}
		} else {
			sound++
		}
	}
}

func TestPullFailures(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"not found":       {func(w http.ResponseWriter, _ *http.Request) { http.NotFound(w, nil) }, "404"},
		"not a playlist":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "pull HLS"},
		"endless":         {func(w http.ResponseWriter, r *http.Request) { endless(w, r) }, "size exceeds"},
		"huge and honest": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999999") }, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			h := httptest.NewServer(c.answer)
			defer h.Close()
			source, err := NewSource(h.URL+"/x.m3u8?secret=word", nil)
			if err != nil {
				t.Fatal(err)
			}
			err = source.Run(t.Context(), func([]media.Track) (*media.Publisher, error) { return nil, errors.New("not reached") })
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "word") {
				t.Errorf("got %v, want %q in it and no secret", err, c.want)
			}
		})
	}
	for _, address := range []string{"", "rtsp://host/x", "http://", "http://user:word@[::", "/x.m3u8"} {
		if _, err := NewSource(address, nil); err == nil || strings.Contains(err.Error(), "word") {
			t.Errorf("%q: got %v, want an error without a secret", address, err)
		}
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	line := []byte(strings.Repeat("#", 1023) + "\n")
	_, _ = w.Write([]byte("#EXTM3U\n"))
	for r.Context().Err() == nil {
		if _, err := w.Write(line); err != nil {
			return
		}
	}
}

func TestPullObeysItsContext(t *testing.T) {
	block := make(chan struct{})
	h := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-block:
		case <-r.Context().Done():
		}
	}))
	defer h.Close()
	defer close(block)
	source, err := NewSource(h.URL+"/x.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx, nil) }() // ends with ctx
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
