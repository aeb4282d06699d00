package broadcast

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Recorder records streams.
type Recorder interface {
	// Record records a live stream of this process; item is a recording to go on with, "": a new one. Where the
	// stream is not on air here, it is errs.NotFound.
	Record(ctx context.Context, stream, title, item string) (Recording, error)
}

// Recording is one in the making.
type Recording interface {
	ID() string // of the item
	Over() <-chan struct{}
	// Stop ends it. errs.NotFound: nothing came that could be recorded.
	Stop() error
}

// Recordings has what is on air recorded where that is wanted. After a restart they go on in the same item.
type Recordings struct {
	Programme *Programme
	Recorder  Recorder
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger

	open  map[ID]Recording // of the goroutine of Run
	later map[ID]time.Time // not before, after a failure
}

// How often it is looked for what is to be recorded, and how long not after a failure.
const (
	recordEvery = 500 * time.Millisecond
	recordAgain = 10 * time.Second
)

// Run starts and ends recordings until ctx ends; the caller owns the goroutine. Those that are open then are the
// recorder's to end.
func (r *Recordings) Run(ctx context.Context) {
	r.open, r.later = map[ID]Recording{}, map[ID]time.Time{}
	tick := time.NewTicker(recordEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.look(ctx)
		}
	}
}

func (r *Recordings) look(ctx context.Context) {
	on := r.Programme.now.Load().byID
	for id, x := range r.open {
		select {
		case <-x.Over(): // by itself: the disk is full
			delete(r.open, id)
			r.later[id] = r.now().Add(recordAgain)
			continue
		default:
		}
		if b := on[id]; b == nil || b.State != OnAir {
			delete(r.open, id)
			if err := x.Stop(); errors.Is(err, errs.NotFound) {
				r.set(ctx, id, "")
			} else if err != nil {
				r.Log.Error("end the recording of a broadcast", "broadcast", id, "error", err)
			}
		}
	}
	for id, b := range on {
		if b.State != OnAir || !b.Record || b.Source.Kind != Stream || r.open[id] != nil || r.later[id].After(r.now()) {
			continue
		}
		x, err := r.Recorder.Record(ctx, b.Source.Name, b.Title, b.Replay)
		switch {
		case errors.Is(err, errs.NotFound): // its stream comes yet, or is another process's
		case err != nil:
			r.later[id] = r.now().Add(recordAgain)
			r.Log.Error("record a broadcast", "broadcast", id, "error", err)
		default:
			r.open[id] = x
			delete(r.later, id)
			if x.ID() != b.Replay {
				r.set(ctx, id, x.ID())
			}
		}
	}
}

// set notes a broadcast's recording.
func (r *Recordings) set(ctx context.Context, id ID, item string) {
	var err error
	for range 5 { // somebody may change it meanwhile
		var b Broadcast
		if b, err = r.Programme.keep.Broadcast(ctx, id); err != nil {
			break
		}
		b.Replay = item
		entry := Actor{Who: site.Who{Account: site.System}}.entry(&b, "record", map[string]any{"item": item})
		if _, err = r.Programme.keep.KeepBroadcast(ctx, Change{Broadcast: b, Entries: []site.Entry{entry}}); !errors.Is(err, errs.Conflict) {
			break
		}
	}
	if err != nil {
		r.Log.Error("note the recording of a broadcast", "broadcast", id, "item", item, "error", fmt.Errorf("keep it: %w", err))
	}
}

func (r *Recordings) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}
