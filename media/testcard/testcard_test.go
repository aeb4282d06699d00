package testcard

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"os/exec"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"xianfeng/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collect publishes the card from the bubble's present time on and returns what was written to it for d.
func collect(t *testing.T, d time.Duration) []*media.Unit {
	t.Helper()
	hub := media.NewHub(media.HubConfig{})
	defer hub.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- Run(ctx, hub, "card") }()
	synctest.Wait()
	s, err := hub.Lookup("card")
	if err != nil {
		t.Fatal(err)
	}
	var units []*media.Unit
	reader, stop := s.NewReader(), time.Now().Add(d)
	for time.Now().Before(stop) {
		u, err := reader.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if now := time.Now(); u.Time.Sub(now).Abs() > time.Millisecond {
			t.Fatalf("unit %d says %v, the clock %v", u.Seq, u.Time, now)
		}
		units = append(units, u)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v after its context ended, want nil", err)
	}
	return units
}

func TestTimeIsContinuousOverTheSeam(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(50*time.Second + 123*time.Millisecond) // into the minute, and not on a picture
		units := collect(t, 80*time.Second)
		step := []time.Duration{FrameTime, 20 * time.Millisecond}
		last := []*media.Unit{nil, nil}
		for _, u := range units {
			if p := last[u.Track]; p != nil {
				if got := u.PTS - p.PTS; (got - step[u.Track]).Abs() > time.Microsecond {
					t.Fatalf("track %d: unit %d comes %v after the one before, want %v", u.Track, u.Seq, got, step[u.Track])
				}
				if u.Epoch != p.Epoch {
					t.Fatalf("unit %d begins a new epoch", u.Seq)
				}
			}
			if u.Track == 0 {
				second := time.Duration(u.Time.UnixNano() % int64(Length)).Round(time.Millisecond)
				if want := second%(2*time.Second) == 0; u.Key != want {
					t.Fatalf("key = %v at second %v of the minute", u.Key, second)
				}
			}
			last[u.Track] = u
		}
		if got := len(units); got < 75*(Rate+50) {
			t.Errorf("%d units in 80 s, want %d or so", got, 79*(Rate+50))
		}
	})
}

func TestSeekFindsTheNextKeyFrame(t *testing.T) {
	c, err := loadClip(clipFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, ms := range []int64{0, 1, 1999, 2000, 2001, 57999, 58000, 58001, 59999, 60000, 1_700_000_000_123} {
		now := time.UnixMilli(ms)
		minute, i := c.seek(now)
		wait := minute.Add(c.items[i].at).Sub(now)
		if !c.items[i].key || wait < 0 || wait >= 2*time.Second {
			t.Errorf("seek(%d ms): item %d, key %v, due in %v", ms, i, c.items[i].key, wait)
		}
	}
}

func TestRunEndsWhenKicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := media.NewHub(media.HubConfig{})
		defer hub.Close()
		ended := make(chan error)
		go func() { ended <- Run(t.Context(), hub, "card") }()
		synctest.Wait()
		if err := Run(t.Context(), hub, "card"); !errors.Is(err, media.ErrBusy) {
			t.Errorf("second Run = %v, want ErrBusy", err)
		}
		if err := hub.Kick("card"); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, media.ErrKicked) {
			t.Errorf("Run = %v, want ErrKicked", err)
		}
	})
}

func TestBlocksCanBeReadBack(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 320, 180))
	for n := range Frames {
		for i, one := range Blocks(n) {
			p := BlockCentre(i, 320, 180)
			v := color.Gray{30}
			if one {
				v.Y = 200
			}
			img.SetGray(p.X, p.Y, v)
		}
		if got, ok := ReadBlocks(img); got != n || !ok {
			t.Fatalf("ReadBlocks = %d, %v; want %d", got, ok, n)
		}
	}
	if n, ok := ReadBlocks(image.NewGray(image.Rect(0, 0, 320, 180))); ok {
		t.Errorf("ReadBlocks of a black picture = %d", n)
	}
}

// TestDecodes has ffmpeg decode the loop and some seconds of its next round, and reads every picture's blocks.
func TestDecodes(t *testing.T) {
	c, err := loadClip(clipFile)
	if err != nil {
		t.Fatal(err)
	}
	const more = 2 * Rate
	var es []byte
	write := func(nalu []byte) { es = append(append(es, 0, 0, 0, 1), nalu...) }
	write(c.tracks[0].Params.SPS)
	write(c.tracks[0].Params.PPS)
	pictures := 0
	for round := 0; pictures < Frames+more; round++ {
		for _, it := range c.items {
			if it.track != 0 || pictures == Frames+more {
				continue
			}
			pictures++
			for _, nalu := range it.payload {
				write(nalu)
			}
		}
	}
	const width, height = 320, 180
	raw := ffmpeg(t, es, "-f", "h264", "-i", "pipe:0", "-vf", fmt.Sprintf("scale=%d:%d:flags=area", width, height), "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1")
	if got := len(raw) / (width * height); got != Frames+more {
		t.Fatalf("ffmpeg decoded %d pictures, want %d", got, Frames+more)
	}
	for n := range Frames + more {
		img := &image.Gray{Pix: raw[n*width*height:][:width*height], Stride: width, Rect: image.Rect(0, 0, width, height)}
		if got, ok := ReadBlocks(img); !ok || got != n%Frames {
			t.Fatalf("picture %d: ReadBlocks = %d, %v; want %d", n, got, ok, n%Frames)
		}
	}
}

func TestSoundTicksOnTheSecond(t *testing.T) {
	const rate = 48000
	const cut = 312 // RFC 7845 §4.2: the pre-skip, which ffmpeg cuts off and a live decoder does not
	raw := ffmpeg(t, clipFile, "-f", "mp4", "-i", "pipe:0", "-map", "0:a", "-ac", "1", "-ar", strconv.Itoa(rate), "-f", "s16le", "pipe:1")
	loud := func(from, to int) (v int) {
		for i := from; i < to; i++ {
			x := int(int16(binary.LittleEndian.Uint16(raw[2*i:])))
			v = max(v, x, -x)
		}
		return v
	}
	// The first second has the chime in it.
	for s := 2; s < 59; s++ {
		if before, after := loud(s*rate-cut-rate/50, s*rate-cut-rate/200), loud(s*rate-cut, s*rate-cut+rate/100); after < 8*before || after < 4000 {
			t.Errorf("second %d: loudness %d before and %d after, want a tick", s, before, after)
		}
	}
}

func ffmpeg(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-v", "error", "-xerror"}, args...)...)
	var complaints bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, complaints.Bytes())
	}
	return out
}
