package recordings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/media"
	"xianfeng/media/fmp4"
)

const (
	liveSegment = 2 * time.Second // a killed process loses the segment in the making
	heartbeat   = 10 * time.Second
	lookAgain   = 250 * time.Millisecond // for a stream that was there
)

// Meta says what a recording is.
type Meta struct {
	Title string // "": the stream's name
	// Item is a recording to go on with, as after a restart in the middle of a broadcast; "": a new one.
	Item string
}

// Recorder records streams into a library while they are on air.
type Recorder struct {
	library *Library
	hub     *media.Hub
	log     *slog.Logger

	mu   sync.Mutex // guards open, done
	open map[*Recording]struct{}
	done bool
}

// NewRecorder returns a recorder. A stream that ends and comes again under its name in hub is recorded on.
func NewRecorder(l *Library, hub *media.Hub, log *slog.Logger) *Recorder {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Recorder{library: l, hub: hub, log: log, open: map[*Recording]struct{}{}}
}

// Close ends all recordings and waits for them.
func (r *Recorder) Close() {
	r.mu.Lock()
	r.done = true
	var all []*Recording
	for x := range r.open {
		all = append(all, x)
	}
	r.mu.Unlock()
	for _, x := range all {
		x.cancel()
	}
	for _, x := range all {
		<-x.over
	}
}

// Recording is one in the making.
type Recording struct {
	recorder *Recorder
	name     string
	id       string
	log      *slog.Logger
	cancel   context.CancelFunc
	over     chan struct{} // closed when the goroutine has ended

	// Of the goroutine, and of everybody once over is closed.
	item *Item
	err  error
	cut  *cutter
}

// Start records a stream from its newest key frame on, until ctx ends or Stop is called. Its item can be watched at
// once. What is lost where the disk can't keep up is lost up to the next key frame, and marked.
func (r *Recorder) Start(ctx context.Context, stream *media.Stream, meta Meta) (*Recording, error) {
	it, err := r.begin(ctx, stream, meta)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", stream.Name(), err)
	}
	ctx, cancel := context.WithCancel(ctx)
	x := &Recording{
		recorder: r, name: stream.Name(), id: it.ID, item: it, cancel: cancel, over: make(chan struct{}),
		log: r.log.With("stream", stream.Name(), "item", it.ID),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		cancel()
		return nil, fmt.Errorf("record %s: the server stops: %w", stream.Name(), errs.Denied)
	}
	r.open[x] = struct{}{}
	go x.run(ctx, stream) // ends with ctx; Stop and Close wait for it
	return x, nil
}

// begin returns the item to record into, saved.
func (r *Recorder) begin(ctx context.Context, stream *media.Stream, meta Meta) (*Item, error) {
	if !slices.ContainsFunc(stream.Tracks(), func(t media.Track) bool { return fmp4.Carries(t.Codec) }) {
		return nil, fmt.Errorf("%w", media.ErrCodec)
	}
	now := r.library.now().UTC()
	it := &Item{ID: newID(), Title: cleanTitle(meta.Title, stream.Name()), Origin: FromBroadcast, Source: stream.Name(), Created: now}
	if meta.Item != "" {
		old, err := r.library.Item(ctx, meta.Item)
		if err != nil {
			return nil, err
		}
		if old.Origin != FromBroadcast || old.Growing(now) {
			return nil, fmt.Errorf("item %s can't be recorded on: %w", old.ID, errs.Conflict)
		}
		again := *old
		again.Segments = slices.Clone(old.Segments)
		it = &again
	}
	it.Open, it.Touched = true, now
	return it, r.library.save(ctx, it)
}

// ID names the item.
func (x *Recording) ID() string { return x.id }

// Stop ends the recording and returns its item, which is whole. errs.NotFound: nothing came that could be recorded.
func (x *Recording) Stop() (Item, error) {
	x.cancel()
	<-x.over
	if x.err != nil {
		return *x.item, fmt.Errorf("record %s: %w", x.name, x.err)
	}
	return *x.item, nil
}

// Over is closed when the recording has ended, by Stop or by itself.
func (x *Recording) Over() <-chan struct{} { return x.over }

func (x *Recording) run(ctx context.Context, stream *media.Stream) {
	defer func() {
		x.recorder.mu.Lock()
		delete(x.recorder.open, x)
		x.recorder.mu.Unlock()
		x.cancel()
		close(x.over)
	}()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	var err error
	for err == nil && ctx.Err() == nil {
		if stream != nil {
			err = x.follow(ctx, stream, tick.C)
		}
		stream = x.next(ctx, tick.C)
	}
	x.err = errors.Join(err, x.end(err))
	if x.err != nil {
		x.log.Error("recording ended", "error", x.err)
		return
	}
	x.log.Info("recording ended", "duration", x.item.Duration)
}

// follow records one stream until it ends; the error is one of writing.
func (x *Recording) follow(ctx context.Context, stream *media.Stream, tick <-chan time.Time) (err error) {
	x.cut = newCutter(stream.Tracks(), liveSegment, x.keep)
	if len(x.cut.tracks) == 0 {
		return nil // it came again in a form that can't be recorded
	}
	x.cut.disc = len(x.item.Segments) > 0
	x.note(stream)
	reader := stream.NewReader()
	var units []*media.Unit
	for {
		var changed <-chan struct{}
		var ended error
		units, changed, ended = reader.Drain(units[:0])
		for _, u := range units {
			if err := x.cut.push(u); err != nil {
				return err
			}
		}
		clear(units)
		if ended != nil {
			return x.cut.finish()
		}
		select {
		case <-changed:
		case <-tick:
			if err := x.touch(); err != nil {
				return err
			}
		case <-ctx.Done():
			return x.cut.finish()
		}
	}
}

// note describes the tracks, where they are not yet.
func (x *Recording) note(stream *media.Stream) {
	if len(x.item.Tracks) > 0 {
		return
	}
	for _, t := range x.cut.tracks {
		x.item.Tracks = append(x.item.Tracks, newTrack(t.Track, stream.Params()))
	}
}

// next waits for a stream of the same name.
func (x *Recording) next(ctx context.Context, tick <-chan time.Time) *media.Stream {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
		if s, err := x.recorder.hub.Lookup(x.name); err == nil && s.Ended() == nil {
			return s
		}
		if x.touch() != nil {
			return nil
		}
	}
}

// touch says that the recording goes on although nothing comes.
func (x *Recording) touch() error {
	now := x.recorder.library.now()
	if now.Sub(x.item.Touched) < heartbeat {
		return nil
	}
	x.item.Touched = now.UTC()
	return x.recorder.library.save(context.Background(), x.item) // also where the broadcast is just over
}

// keep keeps a segment. It is not for ctx to keep it from being whole.
func (x *Recording) keep(p piece) error {
	l, ctx := x.recorder.library, context.Background()
	if len(x.item.Segments) == 0 && p.At != 0 {
		x.item.Began = time.UnixMilli(p.At).UTC()
	}
	if err := l.put(ctx, x.item, p); err != nil {
		return err
	}
	x.item.Touched = l.now().UTC()
	return l.save(ctx, x.item)
}

// end closes the item, with what there is of it.
func (x *Recording) end(failed error) error {
	l, ctx := x.recorder.library, context.Background()
	if len(x.item.Segments) == 0 && failed == nil {
		return errors.Join(fmt.Errorf("nothing came that could be recorded: %w", errs.NotFound), l.Delete(ctx, x.id))
	}
	x.item.Open, x.item.Touched = false, l.now().UTC()
	return l.save(ctx, x.item)
}
