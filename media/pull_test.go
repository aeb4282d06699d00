package media

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fakeSource publishes one key frame a second until ctx ends, or fails at once.
type fakeSource struct {
	runs atomic.Int32
	fail atomic.Bool
}

func (f *fakeSource) Run(ctx context.Context, publish func([]Track) (*Publisher, error)) error {
	f.runs.Add(1)
	if f.fail.Load() {
		return errors.New("connection refused")
	}
	p, err := publish([]Track{h264Track})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := p.Write(0, key(time.Duration(i)*time.Second)); err != nil {
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestPullReconnectsWithBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		f := &fakeSource{}
		f.fail.Store(true)
		p, err := h.Pull("cam", "rtsp://camera", false, f)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		time.Sleep(2 * time.Minute)
		// 1, 2, 4, 8, 16, 30, 30 ... s and up to a quarter more.
		if n := f.runs.Load(); n < 6 || n > 9 {
			t.Errorf("runs in two minutes: got %d, want 6 to 9", n)
		}
		if p.Failure() == nil {
			t.Error("no failure is told")
		}
		f.fail.Store(false)
		time.Sleep(time.Minute)
		if s, err := h.Lookup("cam"); err != nil || !s.Ready() {
			t.Errorf("not on air after the source came back: %v", err)
		}
		if _, err := h.Pull("cam", "rtsp://other", false, f); !errors.Is(err, ErrBusy) {
			t.Errorf("a second source of the name: got %v, want ErrBusy", err)
		}
	})
}

func TestPullOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		f := &fakeSource{}
		p, err := h.Pull("cam", "rtsp://camera", true, f)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		time.Sleep(time.Minute)
		if f.runs.Load() != 0 {
			t.Fatal("the source ran without readers")
		}
		s, err := h.Open(t.Context(), "cam")
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.NewSession("rtsp", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if f.runs.Load() != 1 || !s.Live() {
			t.Fatalf("runs %d, live %v while somebody reads", f.runs.Load(), s.Live())
		}
		x.Leave()
		time.Sleep(30 * time.Second)
		if s.Live() || s.Ended() == nil {
			t.Error("the source still runs 30 s after the last reader left")
		}
		if _, err := h.Open(t.Context(), "cam"); err != nil || f.runs.Load() != 2 {
			t.Errorf("second demand: %v, runs %d", err, f.runs.Load())
		}
	})
}

func TestPullOnDemandThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		defer h.Close()
		f := &fakeSource{}
		f.fail.Store(true)
		p, err := h.Pull("cam", "rtsp://camera", true, f)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if _, err := h.Open(t.Context(), "cam"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound with the reason", err)
		}
	})
}
