package sound

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xianfeng/media"
	"xianfeng/media/mpegts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// aac publishes a tone, as fast as it is read, until the test ends.
func aac(t *testing.T, h *media.Hub) *media.Stream {
	t.Helper()
	ts, err := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=20",
		"-c:a", "aac", "-ac", "2", "-f", "mpegts", "-").Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	in, err := mpegts.NewReader(bytes.NewReader(ts))
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Publish(media.PublishRequest{Name: "tone", Protocol: "test", Tracks: in.Tracks()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			err := in.Read(func(track int, x media.Sample) {
				select {
				case <-time.After(10 * time.Millisecond): // twice as fast as it sounds
				case <-ctx.Done():
				}
				p.Write(track, x) //nolint:errcheck // the hub is closed while this ends
			})
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return p.Stream()
}

func TestAACBecomesOpusAtTheSameTimes(t *testing.T) {
	h := media.NewHub(media.HubConfig{})
	defer h.Close()
	s := aac(t, h)
	x := New("ffmpeg", slog.New(slog.DiscardHandler))
	defer x.Close()
	d, release, err := x.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	again, releaseAgain, err := x.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	if again != d {
		t.Error("a second listener got a child of its own")
	}
	releaseAgain()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r := d.NewReader()
	var last *media.Unit
	for i := range 100 {
		u, err := r.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if step := u.PTS - last.PTS; step < 19*time.Millisecond || step > 21*time.Millisecond {
				t.Fatalf("packet %d: %v after the one before, want 20 ms", i, step)
			}
		}
		if i == 0 {
			// The child begins with whole AAC frames, and Opus with 312 samples of priming before them.
			const frame, priming = 1024 * time.Second / 48000, 312 * time.Second / 48000
			began := u.PTS - time.Duration(u.Seq)*20*time.Millisecond // a reader begins at the newest packet
			since := began + priming - media.Origin
			if off := (since+frame/2)%frame - frame/2; since < 0 || since > 20*time.Second || off < -time.Millisecond || off > time.Millisecond {
				t.Fatalf("first packet at %v, which is %v off the times of the AAC", began, off)
			}
		}
		last = u
	}
}

func TestChildStopsWithTheLastListener(t *testing.T) {
	h := media.NewHub(media.HubConfig{})
	defer h.Close()
	s := aac(t, h)
	x := New("ffmpeg", slog.New(slog.DiscardHandler))
	defer x.Close()
	d, release, err := x.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r := d.NewReader()
	if _, err := r.Next(ctx); err != nil {
		t.Fatal(err)
	}
	release()
	for {
		if _, err := r.Next(ctx); err != nil {
			if !errors.Is(err, media.ErrEnded) {
				t.Fatalf("got %v, want ErrEnded", err)
			}
			break
		}
	}
	x.jobs.Wait()
}

func TestRefusals(t *testing.T) {
	h := media.NewHub(media.HubConfig{})
	defer h.Close()
	p, err := h.Publish(media.PublishRequest{Name: "o", Tracks: []media.Track{{Codec: media.Opus, SampleRate: 48000, Channels: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	x := New("ffmpeg", slog.New(slog.DiscardHandler))
	if _, _, err := x.Open(p.Stream()); !errors.Is(err, media.ErrCodec) {
		t.Errorf("Opus: got %v, want ErrCodec", err)
	}
	x.Close()
	s := aac(t, h)
	if _, _, err := x.Open(s); !errors.Is(err, media.ErrEnded) {
		t.Errorf("after Close: got %v, want ErrEnded", err)
	}
	if _, _, err := New("no-such-program", slog.New(slog.DiscardHandler)).Open(s); err == nil {
		t.Error("opened without a program")
	}
}
