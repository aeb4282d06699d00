package recordings_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/media"
	"xianfeng/media/testcard"
	"xianfeng/recordings"
	"xianfeng/recordings/disk"
)

// honest fails the test where an index names what is not there: whenever a process is killed, what is named can be
// played.
type honest struct {
	recordings.Store
	t *testing.T

	mu      sync.Mutex // guards indexes
	indexes int
}

func (h *honest) Put(ctx context.Context, id, piece string, b []byte) error {
	if err := h.Store.Put(ctx, id, piece, b); err != nil || piece != recordings.Index {
		return err
	}
	h.mu.Lock()
	h.indexes++
	h.mu.Unlock()
	it, err := recordings.New(h.Store, nil).Item(ctx, id)
	if err != nil {
		h.t.Errorf("an index that can't be read: %v", err)
		return nil
	}
	for i := range it.Segments {
		for _, name := range []string{recordings.SegmentName(i), recordings.InitName(it.Segments[i].Init)} {
			c, err := h.Open(ctx, id, name)
			if err != nil {
				h.t.Errorf("named and not there: %v", err)
				continue
			}
			c.Close()
		}
	}
	return nil
}

func card(t *testing.T, hub *media.Hub) (s *media.Stream, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- testcard.Run(ctx, hub, "card") }() // ends with stop
	synctest.Wait()
	s, err := hub.Lookup("card")
	if err != nil {
		t.Fatal(err)
	}
	return s, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestRecordingIsWhatWasSeen(t *testing.T) {
	root := filepath.Join(t.TempDir(), "library")
	var it recordings.Item
	synctest.Test(t, func(t *testing.T) {
		hub := media.NewHub(media.HubConfig{})
		defer hub.Close()
		time.Sleep(7*time.Second + 321*time.Millisecond)
		stream, stop := card(t, hub)
		store := &honest{Store: disk.New(root), t: t}
		l := recordings.New(store, nil)
		r := recordings.NewRecorder(l, hub, nil)
		defer r.Close()
		x, err := r.Start(t.Context(), stream, recordings.Meta{Title: "大会"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		half, err := l.Item(t.Context(), x.ID())
		if err != nil || !half.Growing(time.Now()) || half.Duration < 10*time.Second {
			t.Fatalf("while it runs: %+v, %v", half, err)
		}
		if p := string(half.AppendPlaylist(nil, time.Now())); strings.Contains(p, "ENDLIST") || !strings.Contains(p, "EVENT") {
			t.Errorf("while it runs: %s", p)
		}
		time.Sleep(15 * time.Second)
		if it, err = x.Stop(); err != nil {
			t.Fatal(err)
		}
		if p := string(it.AppendPlaylist(nil, time.Now())); !strings.Contains(p, "ENDLIST") {
			t.Errorf("afterwards: %s", p)
		}
		stop()
	})
	if it.Title != "大会" || it.Origin != recordings.FromBroadcast || it.Open || it.Inits != 1 || len(it.Tracks) != 2 {
		t.Errorf("got %+v", it)
	}
	if it.Duration < 27*time.Second || it.Duration > 31*time.Second {
		t.Errorf("30 s were recorded, it lasts %v", it.Duration)
	}
	for i := 1; i < len(it.Segments); i++ {
		s, before := it.Segments[i], it.Segments[i-1]
		if d := time.UnixMilli(s.At).Sub(time.UnixMilli(before.At).Add(before.Duration)); d.Abs() > 2*time.Millisecond || s.Break || s.Mid {
			t.Errorf("segment %d begins %v after the end of the one before: %+v", i, d, s)
		}
	}
	// The clock that is burnt into the picture says what the playlist says.
	for _, i := range []int{0, 3, len(it.Segments) - 2} {
		raw, err := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-i",
			"concat:"+filepath.Join(root, it.ID, recordings.InitName(0))+"|"+filepath.Join(root, it.ID, recordings.SegmentName(i)),
			"-frames:v", "1", "-vf", "scale=320:180:flags=area", "-pix_fmt", "gray", "-f", "rawvideo", "-").Output()
		if err != nil || len(raw) != 320*180 {
			t.Fatalf("segment %d: %d bytes, %v", i, len(raw), err)
		}
		n, ok := testcard.ReadBlocks(&image.Gray{Pix: raw, Stride: 320, Rect: image.Rect(0, 0, 320, 180)})
		at := float64(it.Segments[i].At%60000) / 1000
		if shown := float64(n) / testcard.Rate; !ok || math.Abs(shown-at) > 0.002 {
			t.Errorf("segment %d: the picture says %.3f, the playlist %.3f", i, shown, at)
		}
	}
	if p := probe(t, playlist(t, root, &it)); p.pictures < 27*25 || math.Abs(p.last[0]-p.last[1]) > 0.2 {
		t.Errorf("got %+v", p)
	}
}

func TestRecordingGoesOnWhenTheStreamDoes(t *testing.T) {
	root := filepath.Join(t.TempDir(), "library")
	synctest.Test(t, func(t *testing.T) {
		hub := media.NewHub(media.HubConfig{Grace: time.Second})
		defer hub.Close()
		stream, stop := card(t, hub)
		l := recordings.New(&honest{Store: disk.New(root), t: t}, nil)
		r := recordings.NewRecorder(l, hub, nil)
		defer r.Close()
		x, err := r.Start(t.Context(), stream, recordings.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(8 * time.Second)
		stop() // and longer than the grace time
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if it, err := l.Item(t.Context(), x.ID()); err != nil || !it.Growing(time.Now()) {
			t.Errorf("while nothing comes: %+v, %v", it, err)
		}
		_, stop = card(t, hub)
		time.Sleep(10 * time.Second)
		it, err := x.Stop()
		if err != nil {
			t.Fatal(err)
		}
		breaks := 0
		for _, s := range it.Segments {
			if s.Break {
				breaks++
			}
		}
		if breaks != 1 || it.Duration < 14*time.Second || it.Duration > 19*time.Second {
			t.Errorf("%d breaks, %v long: %+v", breaks, it.Duration, it.Segments)
		}
		// And after a restart of the server.
		stream, err = hub.Lookup("card")
		if err != nil {
			t.Fatal(err)
		}
		if x, err = r.Start(t.Context(), stream, recordings.Meta{Item: it.ID}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		more, err := x.Stop()
		if err != nil || more.ID != it.ID || more.Duration < it.Duration+3*time.Second || !more.Segments[len(it.Segments)].Break {
			t.Errorf("recorded on: %+v, %v", more, err)
		}
		stop()
		hub.Close()
	})
}

func TestKilledRecordingIsClosed(t *testing.T) {
	root := filepath.Join(t.TempDir(), "library")
	synctest.Test(t, func(t *testing.T) {
		hub := media.NewHub(media.HubConfig{})
		stream, stop := card(t, hub)
		l := recordings.New(disk.New(root), nil)
		r := recordings.NewRecorder(l, hub, nil)
		x, err := r.Start(t.Context(), stream, recordings.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Second)
		synctest.Wait()
		killed, err := l.Item(t.Context(), x.ID())
		if err != nil {
			t.Fatal(err)
		}
		lost := time.Since(time.UnixMilli(killed.Segments[len(killed.Segments)-1].At).Add(killed.Segments[len(killed.Segments)-1].Duration))
		if lost > 2100*time.Millisecond {
			t.Errorf("the last %v would be lost", lost)
		}
		r.Close()
		stop()
		hub.Close()
		// As the killed process would have left it.
		store := disk.New(root)
		open := *killed
		if err := store.Put(t.Context(), open.ID, recordings.Index, encoded(t, &open)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(31 * time.Second)
		if p := string(killed.AppendPlaylist(nil, time.Now())); !strings.Contains(p, "ENDLIST") {
			t.Error("it waits for what will not come")
		}
		other := recordings.New(store, nil)
		if thrown, closed, err := other.Sweep(t.Context()); thrown != 0 || closed != 1 || err != nil {
			t.Errorf("swept %d, %d, %v", thrown, closed, err)
		}
		if it, err := other.Item(t.Context(), open.ID); err != nil || it.Open || len(it.Segments) != len(killed.Segments) {
			t.Errorf("got %+v, %v", it, err)
		}
	})
}

func TestAFullDiskEndsTheRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := media.NewHub(media.HubConfig{})
		stream, stop := card(t, hub)
		full := &fullStore{Store: disk.New(filepath.Join(t.TempDir(), "library")), left: 8}
		l := recordings.New(full, nil)
		r := recordings.NewRecorder(l, hub, nil)
		x, err := r.Start(t.Context(), stream, recordings.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		<-x.Over()
		it, err := x.Stop()
		if !errors.Is(err, errs.Full) || len(it.Segments) == 0 {
			t.Errorf("got %+v, %v", it, err)
		}
		r.Close()
		stop()
		hub.Close()
	})
}

type fullStore struct {
	recordings.Store
	left int
}

func (f *fullStore) Put(ctx context.Context, id, piece string, b []byte) error {
	if f.left--; f.left < 0 {
		return fmt.Errorf("write: %w", errs.Full)
	}
	return f.Store.Put(ctx, id, piece, b)
}
