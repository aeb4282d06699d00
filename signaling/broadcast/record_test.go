package broadcast_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/signaling/broadcast"
)

// tape is a recorder that writes down what it was asked for.
type tape struct {
	mu    sync.Mutex // guards all below
	live  bool
	fails error
	empty bool
	said  []string
	last  *reel
}

type reel struct {
	t    *tape
	id   string
	over chan struct{}
}

// with runs fn while nobody else has the tape.
func (t *tape) with(fn func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fn()
}

func (t *tape) Record(_ context.Context, stream, title, item string) (broadcast.Recording, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.live:
		return nil, errs.NotFound
	case t.fails != nil:
		t.said = append(t.said, "failed")
		return nil, t.fails
	}
	if item == "" {
		item = "new"
	}
	t.said = append(t.said, "record "+stream+" "+title+" "+item)
	t.last = &reel{t, item, make(chan struct{})}
	return t.last, nil
}

func (r *reel) ID() string            { return r.id }
func (r *reel) Over() <-chan struct{} { return r.over }
func (r *reel) Stop() error {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	r.t.said = append(r.t.said, "stop "+r.id)
	if r.t.empty {
		return errs.NotFound
	}
	return nil
}

func TestBroadcastsAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		s.now = time.Now()
		by := editorOf(city)
		x := &tape{}
		run := func() func() {
			ctx, stop := context.WithCancel(t.Context())
			r := &broadcast.Recordings{Programme: s.programme, Recorder: x, Log: slog.New(slog.DiscardHandler)}
			go r.Run(ctx) // ends with ctx, which the test waits for
			return func() { stop(); synctest.Wait() }
		}
		said := func(want string) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			x.mu.Lock()
			defer x.mu.Unlock()
			if got := strings.Join(x.said, ", "); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			x.said = nil
		}
		stop := run()
		start := s.desk.StartNow
		b := must[broadcast.Broadcast](t)(start(t.Context(), by, broadcast.Broadcast{Site: city, Title: "会", Source: stream("a"), Record: true}))
		must[broadcast.Broadcast](t)(start(t.Context(), by, broadcast.Broadcast{Site: city, Source: stream("b")}))
		must[broadcast.Broadcast](t)(start(t.Context(), by, broadcast.Broadcast{Site: city, Source: broadcast.Source{Kind: broadcast.Channel, Name: "c"}, Record: true}))
		said("") // its stream is not there yet
		x.with(func() { x.live, x.fails = true, errors.New("full") })
		said("failed") // once in ten seconds
		x.with(func() { x.fails = nil })
		time.Sleep(9 * time.Second)
		said("record a 会 new")
		if got := must[broadcast.Broadcast](t)(s.keep.Broadcast(t.Context(), b.ID)); got.Replay != "new" {
			t.Errorf("its recording: got %q", got.Replay)
		}
		x.with(func() { close(x.last.over) }) // by itself
		time.Sleep(10 * time.Second)
		said("record a 会 new")
		stop() // the server comes again: it goes on in the same item
		stop = run()
		said("record a 会 new")
		must[broadcast.Broadcast](t)(s.desk.End(t.Context(), by, b.ID, 0))
		said("stop new")
		c := must[broadcast.Broadcast](t)(start(t.Context(), by, broadcast.Broadcast{Site: city, Title: "空", Source: stream("e"), Record: true}))
		said("record e 空 new")
		x.with(func() { x.empty = true })
		must[broadcast.Broadcast](t)(s.desk.End(t.Context(), by, c.ID, 0))
		said("stop new")
		if got := must[broadcast.Broadcast](t)(s.keep.Broadcast(t.Context(), c.ID)); got.Replay != "" || got.State != broadcast.Ended {
			t.Errorf("of nothing: %+v", got)
		}
		stop()
	})
}
