package rtmp

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib"

	"xianfeng/media"
)

func equal(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

const (
	soon   = 10 // within the span that the ring keeps of sound
	enough = 80 // more than the two seconds that gortmplib's Reader looks at
)

// Every codec through the whole server: gortmplib publishes and gortmplib plays.
func TestEveryCodecArrivesAsItWasPublished(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.codec.String(), func(t *testing.T) {
			count := soon
			if k.codec.Video() {
				count = enough
			}
			h := newHouse(t, keyGate, Config{})
			pub := mustConnect(t, h.url("cam", "key="+testKey), true)
			track := k.track()
			w := &gortmplib.Writer{Conn: pub, Tracks: []*gortmplib.Track{track}}
			if err := w.Initialize(); err != nil {
				t.Fatal(err)
			}
			for i := range count {
				if err := k.publish(w, track, i); err != nil {
					t.Fatal(err)
				}
			}
			s := h.waitReady(t, "cam")
			if got := s.Tracks()[0].Codec; got != k.codec || len(s.Tracks()) != 1 {
				t.Fatalf("got %d tracks, first %s; want %s alone", len(s.Tracks()), got, k.codec)
			}
			if k.codec.Video() {
				checkUnits(t, s, k, count)
			}
			checkPlayed(t, h, k, w, track, count)
		})
	}
}

func checkUnits(t *testing.T, s *media.Stream, k kind, count int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := s.NewReader()
	for i := range count {
		u, err := r.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(u.Payload, k.want(i)) || u.Key != (i == 0) {
			t.Fatalf("unit %d: got key %v and %d elements; want what was published", i, u.Key, len(u.Payload))
		}
	}
}

// checkPlayed plays, and publishes on until it got enough: sound is not kept, so that a player of sound
// alone begins with what comes.
func checkPlayed(t *testing.T, h *house, k kind, w *gortmplib.Writer, track *gortmplib.Track, count int) {
	t.Helper()
	player := mustConnect(t, h.url("cam", "key="+testKey), false)
	s := h.waitReady(t, "cam")
	eventually(t, "the player is counted", func() bool { return s.Info(false).Readers[Protocol] == 1 })
	if !k.codec.Video() {
		// One by one, or the player would rightly skip: the ring keeps two seconds of sound.
		sent := func() uint64 { return s.Info(true).Sessions[0].Sent }
		for i := count; i < count+enough; i++ {
			before := sent()
			if err := k.publish(w, track, i); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the player is sent what came", func() bool { return sent() > before })
		}
	}
	r := &gortmplib.Reader{Conn: player}
	if err := r.Initialize(); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Tracks()); n != 1 {
		t.Fatalf("the player got %d tracks, want 1", n)
	}
	const want = 50
	got, last := 0, -time.Second
	from := -1
	k.subscribe(r, r.Tracks()[0], func(at time.Duration, payload [][]byte) {
		if got == 0 && k.codec.Video() && len(payload) > 1 && from < 0 && !equal(payload, k.want(0)) {
			return // gortmplib hands decoder configurations out as frames
		}
		if from < 0 {
			for from = 0; !equal(payload, k.want(from)); from++ {
				if from > count+enough {
					t.Fatal("the first frame played was never published")
				}
			}
			if at != 0 {
				t.Errorf("the first frame is at %v, want 0", at)
			}
		}
		if !equal(payload, k.want(from+got)) {
			t.Fatalf("frame %d: what was played is not what was published", from+got)
		}
		if at <= last {
			t.Errorf("frame %d: %v after %v", from+got, at, last)
		}
		last = at
		got++
	})
	for got < want {
		if err := r.Read(); err != nil {
			t.Fatalf("after %d frames: %v", got, err)
		}
	}
}
