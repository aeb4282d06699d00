package srt

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xianfeng/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what should happen soon; it only makes a failing test end.
const patience = 30 * time.Second

// keys lets those in who know it.
func gate(a media.Access) error {
	if a.Key != "right" && a.Stream == "locked" {
		return media.ErrDenied
	}
	return nil
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type world struct {
	*testing.T
	hub  *media.Hub
	s    *Server
	logs *logBuffer
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	w := &world{T: t, logs: &logBuffer{}}
	w.hub = media.NewHub(media.HubConfig{Log: slog.New(slog.NewTextHandler(w.logs, nil))})
	cfg.Address = "127.0.0.1:0"
	w.s = New(w.hub, media.GateFunc(gate), cfg)
	if err := w.s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.s.Close()
		w.hub.Close()
		if t.Failed() {
			t.Logf("server log:\n%s", w.logs)
		}
	})
	return w
}

// address returns the SRT address for a streamid; the streamid must need no escaping.
func (w *world) address(streamid string) string {
	return "srt://" + w.s.Addr().String() + "?streamid=" + streamid
}

// start starts a program that is killed, if need be, at the end of the test.
func (w *world) start(name string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	w.Helper()
	c := exec.Command(name, args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if c.ProcessState == nil {
			c.Process.Kill() //nolint:errcheck // it may be gone
			c.Wait()         //nolint:errcheck // killed
		}
	})
	return c, &out
}

// stop kills a program and waits until it is gone.
func stop(c *exec.Cmd) {
	c.Process.Signal(os.Kill) //nolint:errcheck // it may be gone
	c.Wait()                  //nolint:errcheck // killed
}

// publishArgs is an endless programme with B-frames, one key frame each second, and sound.
func publishArgs(address string) []string {
	return strings.Fields("-hide_banner -loglevel error -re -f lavfi -i testsrc=size=320x180:rate=25 -f lavfi -i sine=sample_rate=48000 " +
		"-c:v libx264 -preset ultrafast -bf 2 -b_strategy 0 -g 25 -pix_fmt yuv420p -c:a aac -f mpegts " + address)
}

// eventually waits until f holds.
func (w *world) eventually(what string, f func() bool) {
	w.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline.C:
			w.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// stream waits until a stream is on air and ready.
func (w *world) stream(name string) *media.Stream {
	w.Helper()
	var st *media.Stream
	w.eventually("stream "+name+" on air", func() bool {
		s, err := w.hub.Lookup(name)
		if err == nil && s.Live() && s.Ready() {
			st = s
		}
		return st != nil
	})
	return st
}
