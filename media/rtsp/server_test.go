package rtsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xianfeng/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bound is how long anything in these tests may take at the very most.
const bound = 60 * time.Second

// fixture is a hub with an RTSP server on free ports of the loopback interface.
type fixture struct {
	t   *testing.T
	hub *media.Hub
	srv *Server
	log *lockedLog
}

// gateFunc lets everybody in who has no key or the right one.
func openGate(a media.Access) error {
	if a.Key != "" && a.Key != "sesame" {
		return fmt.Errorf("%s %q: %w", a.Action, a.Stream, media.ErrDenied)
	}
	return nil
}

func strictGate(a media.Access) error {
	if a.Key != "sesame" {
		return fmt.Errorf("%s %q: %w", a.Action, a.Stream, media.ErrDenied)
	}
	return nil
}

func newFixture(t *testing.T, gate media.GateFunc, cfg Config, hub media.HubConfig) *fixture {
	t.Helper()
	f := &fixture{t: t, log: &lockedLog{}}
	hub.Log = slog.New(slog.NewTextHandler(io.MultiWriter(f.log, testWriter{t}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	f.hub = media.NewHub(hub)
	cfg.Address, cfg.RTPAddress = "127.0.0.1:0", "127.0.0.1:0"
	f.srv = New(f.hub, gate, cfg)
	if err := f.srv.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.srv.Close()
		f.hub.Close()
	})
	return f
}

func (f *fixture) url(name string) string {
	return fmt.Sprintf("rtsp://%s/live/%s", f.srv.Addr(), name)
}

// eventually waits until ok reports true.
func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	for end := time.Now().Add(bound); time.Now().Before(end); {
		if ok() {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	f.t.Fatalf("never came true: %s\n%s", what, f.log.String())
}

// ready waits until readers of a stream can begin.
func (f *fixture) ready(name string) *media.Stream {
	f.t.Helper()
	var s *media.Stream
	f.eventually("stream "+name+" is ready", func() bool {
		var err error
		s, err = f.hub.Lookup(name)
		return err == nil && s.Ready()
	})
	return s
}

// pumped waits until the newest key frame among the bursts of the only egress is number seq.
func (f *fixture) pumped(seq uint64) {
	f.t.Helper()
	f.eventually("the pump has come to the key frame", func() bool {
		f.srv.mu.Lock()
		defer f.srv.mu.Unlock()
		for _, e := range f.srv.egresses {
			if k := e.key.Load(); k != nil && k.seq == seq {
				return true
			}
		}
		return false
	})
}

// ffmpeg starts ffmpeg and ends it with the test.
func (f *fixture) ffmpeg(args ...string) *exec.Cmd {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)...)
	out := &lockedLog{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		cancel()
		cmd.Wait() //nolint:errcheck // killed
		if s := out.String(); s != "" {
			f.t.Logf("ffmpeg: %s", s)
		}
	})
	return cmd
}

// run runs a program to its end and returns what it prints.
func (f *fixture) run(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if ctx.Err() != nil {
		err = errors.Join(err, ctx.Err())
	}
	return string(out), err
}

// count returns how often text is in the log.
func (f *fixture) count(text string) int { return strings.Count(f.log.String(), text) }
