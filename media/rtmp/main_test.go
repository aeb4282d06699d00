package rtmp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib"
	"go.uber.org/goleak"

	"xianfeng/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what has to happen; nothing is measured with it.
const patience = 30 * time.Second

// logs collects what a server writes to its log.
type logs struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// testKey opens everything; "open" gates ask for nothing.
const testKey = "s3cret+key"

func keyGate(a media.Access) error {
	if a.Key != testKey {
		return fmt.Errorf("%s %q: %w: wrong key", a.Action, a.Stream, media.ErrDenied)
	}
	return nil
}

func openGate(media.Access) error { return nil }

type house struct {
	hub  *media.Hub
	srv  *Server
	logs *logs
}

// newHouse starts a server on a port of its own.
func newHouse(t testing.TB, gate media.GateFunc, cfg Config) *house {
	t.Helper()
	h := &house{logs: &logs{}}
	h.hub = media.NewHub(media.HubConfig{Log: slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	cfg.Address = "127.0.0.1:0"
	h.srv = New(h.hub, gate, cfg)
	if err := h.srv.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.srv.Close()
		h.hub.Close()
		if t.Failed() {
			t.Logf("log:\n%s", h.logs)
		}
		if strings.Contains(h.logs.String(), testKey) {
			t.Error("the log shows the key")
		}
	})
	return h
}

// url returns the address of a stream; query may be empty.
func (h *house) url(name, query string) string {
	u := fmt.Sprintf("rtmp://%s/live/%s", h.srv.Addr(), name)
	if query != "" {
		u += "?" + query
	}
	return u
}

// eventually waits until ok, or fails.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// waitReady returns a stream once a reader can begin.
func (h *house) waitReady(t testing.TB, name string) *media.Stream {
	t.Helper()
	var s *media.Stream
	eventually(t, "stream "+name+" is ready", func() bool {
		var err error
		s, err = h.hub.Lookup(name)
		return err == nil && s.Ready()
	})
	return s
}

// connect returns a gortmplib client that publishes or plays; the test closes it.
func connect(t testing.TB, address string, publish bool) (*gortmplib.Client, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := &gortmplib.Client{URL: u, Publish: publish}
	if err := c.Initialize(ctx); err != nil {
		return nil, err
	}
	c.NetConn().SetDeadline(time.Now().Add(patience)) //nolint:errcheck // then the test fails anyway
	t.Cleanup(c.Close)
	return c, nil
}

func mustConnect(t testing.TB, address string, publish bool) *gortmplib.Client {
	t.Helper()
	c, err := connect(t, address, publish)
	if err != nil {
		t.Fatalf("connect to %s: %v", address, err)
	}
	return c
}

// program is a running ffmpeg or ffprobe.
type program struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	err  logs
	done chan struct{}
	exit error
}

// start runs a program; the end of the test stops it.
func start(t testing.TB, name string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() { // ends with the program, which stop kills; the test's end waits for it
		p.exit = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.stop)
	return p
}

func (p *program) stop() {
	p.cmd.Process.Kill() //nolint:errcheck // it may be gone
	<-p.done
}

// wait waits for the program's end and returns its output.
func (p *program) wait(t testing.TB) (string, error) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * patience):
		p.stop()
		return "", errors.New("it does not end")
	}
	if p.exit != nil {
		return p.out.String(), fmt.Errorf("%w: %s", p.exit, p.err.String())
	}
	return p.out.String(), nil
}

// publisher runs an ffmpeg that publishes a moving picture with B-frames and a tone, for ever.
func publisher(t testing.TB, address string) *program {
	t.Helper()
	return start(t, "ffmpeg", "-hide_banner", "-loglevel", "error", "-re",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p", "-b:v", "300k",
		"-c:a", "aac", "-ac", "2", "-b:a", "64k", "-f", "flv", address)
}
