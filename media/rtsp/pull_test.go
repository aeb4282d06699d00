package rtsp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"xianfeng/media"
)

func TestPullFromAnotherServer(t *testing.T) {
	for _, transport := range []string{"tcp", "udp", "auto"} {
		t.Run(transport, func(t *testing.T) {
			camera := newFixture(t, strictGate, Config{}, media.HubConfig{})
			x := feed{t: t, p: camera.publisher("cam", h264Track, opusTrack), keyEvery: 20, size: 3000}
			x.write(15)
			f := newFixture(t, openGate, Config{}, media.HubConfig{})
			src, err := NewSource(strings.Replace(camera.url("cam"), "rtsp://", "rtsp://user:sesame@", 1), transport, f.hub.Log())
			if err != nil {
				t.Fatal(err)
			}
			puller, err := f.hub.Pull("a", src.Remote(), false, src)
			if err != nil {
				t.Fatal(err)
			}
			defer puller.Close()
			s := f.ready("a")
			r := s.NewReader()
			ctx, cancel := context.WithTimeout(context.Background(), bound)
			defer cancel()
			want, more := 0, sync.OnceFunc(func() { x.write(15) })
			for want < 30 {
				if want == 15 {
					more()
				}
				u, err := r.Next(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if u.Track != 0 {
					continue
				}
				if got := number(media.H264, u.Payload); got != want {
					t.Fatalf("picture: got %d, want %d", got, want)
				}
				want++
			}
			if f.count("sesame") != 0 || camera.count("sesame") != 0 {
				t.Error("a log contains the password")
			}
		})
	}
}

func TestPullFailures(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	camera := newFixture(t, strictGate, Config{}, media.HubConfig{})
	for name, c := range map[string]struct{ url, want string }{
		"nobody listens": {"rtsp://user:secret@127.0.0.1:1/x", "refused"},
		"wrong password": {strings.Replace(camera.url("cam"), "rtsp://", "rtsp://user:secret@", 1), "40"},
		"no stream":      {strings.Replace(camera.url("cam"), "rtsp://", "rtsp://user:sesame@", 1), "404"},
		"never answers":  {"rtsp://user:secret@" + silent.Addr().String() + "/x", "terminated"},
	} {
		t.Run(name, func(t *testing.T) {
			src, err := NewSource(c.url, "tcp", slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if name == "never answers" {
				time.AfterFunc(50*time.Millisecond, cancel)
			}
			err = src.Run(ctx, func([]media.Track) (*media.Publisher, error) {
				t.Error("published")
				return nil, media.ErrBusy
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(src.Remote(), "user") {
				t.Errorf("the password shows: %v, %v", err, src.Remote())
			}
		})
	}
}

func TestSourceAddresses(t *testing.T) {
	for _, bad := range []string{"", "http://x/y", "rtsp:///x", "rtsp://user:secret@[::1/x", "rtsp://user:secret@h:x/"} {
		if _, err := NewSource(bad, "tcp", slog.Default()); err == nil {
			t.Errorf("%q was accepted", bad)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the password shows: %v", err)
		}
	}
	if _, err := NewSource("rtsp://h/x", "pigeon", slog.Default()); err == nil {
		t.Error("transport pigeon was accepted")
	}
}

// The puller sees its source fail when the camera's stream ends, and comes back with it.
func TestPullEndsWithTheSource(t *testing.T) {
	camera := newFixture(t, openGate, Config{}, media.HubConfig{Grace: time.Millisecond})
	x := feed{t: t, p: camera.publisher("cam", h264Track), keyEvery: 20, size: 300}
	x.write(5)
	src, err := NewSource(camera.url("cam"), "tcp", slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	hub := media.NewHub(media.HubConfig{})
	defer hub.Close()
	published := make(chan *media.Publisher, 1)
	done := make(chan error, 1)
	go func() { // ends with the source
		done <- src.Run(context.Background(), func(tracks []media.Track) (*media.Publisher, error) {
			p, err := hub.Publish(media.PublishRequest{Name: "a", Protocol: "pull", Tracks: tracks, Close: func(error) {}})
			published <- p
			return p, err
		})
	}()
	p := <-published
	x.p.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(bound):
		t.Fatal("the source goes on without a stream")
	}
	p.Close()
}
