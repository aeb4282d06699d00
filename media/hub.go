package media

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// HubConfig says how a hub treats its streams. The zero value of a field takes the default.
type HubConfig struct {
	// Grace is how long a stream outlives its publisher, so that readers survive a reconnect.
	// Default 10 s.
	Grace time.Duration
	// Takeover: a second publisher of a name replaces the first, instead of being refused.
	Takeover bool
	// MaxStreams bounds the streams alive at once. Default 1000.
	MaxStreams int
	// Keep is how much later streams may be shown to somebody and yet begin at once; see Stream.Keep.
	Keep time.Duration
	Log  *slog.Logger
}

// Hub owns all streams of the process by name.
type Hub struct {
	cfg HubConfig
	log *slog.Logger

	totals *totals

	mu       sync.Mutex // guards all below; taken before Stream.mu
	streams  map[string]*entry
	demand   map[string]*Puller
	onStream []func(*Stream)
	closed   bool

	onNews []func(name string) // fixed before the first Publish
}

// entry is a stream with the timer that ends it.
type entry struct {
	s     *Stream
	timer *time.Timer // runs while nobody publishes
}

// NewHub returns a hub without streams. Close ends it.
func NewHub(cfg HubConfig) *Hub {
	if cfg.Grace == 0 {
		cfg.Grace = 10 * time.Second
	}
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 1000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{cfg: cfg, log: cfg.Log, totals: newTotals(), streams: map[string]*entry{}, demand: map[string]*Puller{}}
}

// Log returns the hub's logger, for the protocols around it.
func (h *Hub) Log() *slog.Logger { return h.log }

// OnStream registers f to be called for every stream that begins, before its first unit, in the order
// of registration. Call it before the first Publish. f must not block and must not call the hub.
func (h *Hub) OnStream(f func(*Stream)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onStream = append(h.onStream, f)
}

// OnNews registers f to be called with a stream's name when what viewers go by is another: it is live or
// is not any more, its epoch or its mapping to programme time changed (StreamInfo.Map). Call it before the
// first Publish. f must not block and must not call the hub; it may be called for nothing.
func (h *Hub) OnNews(f func(name string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onNews = append(h.onNews, f)
}

// tell says that there is news of a stream.
func (h *Hub) tell(name string) {
	for _, f := range h.onNews {
		f(name)
	}
}

// PublishRequest is what a protocol tells of a publisher that it has let in.
type PublishRequest struct {
	Name     string
	Protocol string
	Remote   string
	Tracks   []Track // at most one picture and one sound
	// Trust is how old a unit may be, by its Sample.Capture, when it arrives: an older one's clock is
	// taken to be wrong. Default 1 s.
	Trust time.Duration
	// Close is called at most once, when the hub wants the publisher gone; it must not block.
	// It may be called before Publish returns.
	Close func(error)
}

// Publish makes the caller the publisher of a stream. It fails with ErrBadName, ErrBadTracks, ErrBusy
// or ErrLimit. Where the name has a stream whose publisher left within the grace time and the tracks
// are of the same kinds, the stream and its readers go on; else they end and a new stream begins.
func (h *Hub) Publish(r PublishRequest) (*Publisher, error) {
	if err := CheckName(r.Name); err != nil {
		return nil, fmt.Errorf("publish %.80q: %w", r.Name, err)
	}
	if err := checkTracks(r.Tracks); err != nil {
		return nil, fmt.Errorf("publish %q: %w", r.Name, err)
	}
	p, old, ended, err := h.attach(r)
	if old != nil {
		old.Kick(fmt.Errorf("publish %q: %w", r.Name, ErrReplaced))
	}
	if ended != nil {
		ended.end(fmt.Errorf("stream %q: %w: its tracks changed", r.Name, ErrEnded))
	}
	if err != nil {
		return nil, fmt.Errorf("publish %q: %w", r.Name, err)
	}
	h.tell(r.Name)
	h.log.Info("publisher came", "stream", r.Name, "protocol", r.Protocol, "remote", r.Remote, "tracks", codecList(r.Tracks))
	return p, nil
}

// attach does the locked part of Publish. It returns the publisher that was replaced and the stream
// that has to end, if any.
func (h *Hub) attach(r PublishRequest) (p, old *Publisher, ended *Stream, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, nil, ErrEnded
	}
	e := h.streams[r.Name]
	if e != nil {
		e.s.mu.Lock()
		old = e.s.pub
		e.s.mu.Unlock()
		if old != nil && !h.cfg.Takeover {
			return nil, nil, nil, ErrBusy
		}
		if e.timer != nil {
			e.timer.Stop()
			e.timer = nil
		}
		if !e.s.fits(r.Tracks) {
			ended, e = e.s, nil
		}
	} else if len(h.streams) >= h.cfg.MaxStreams {
		return nil, nil, nil, fmt.Errorf("%w: %d streams are on air", ErrLimit, len(h.streams))
	}
	fresh := e == nil
	if fresh {
		e = &entry{s: newStream(r.Name, slices.Clone(r.Tracks), h.totals)}
		e.s.keep = h.cfg.Keep
		h.streams[r.Name] = e
	}
	p = &Publisher{Protocol: r.Protocol, Remote: r.Remote, Since: time.Now(), hub: h, s: e.s, close: r.Close, trust: r.Trust}
	if p.trust == 0 {
		p.trust = captureAge
	}
	p.state = make([]trackState, len(r.Tracks))
	for i := range r.Tracks {
		p.state[i] = trackState{track: &e.s.tracks[i], shape: newShaper(&r.Tracks[i])}
	}
	e.s.mu.Lock()
	e.s.pub = p
	if !fresh {
		e.s.epoch++
	}
	p.epoch = e.s.epoch
	e.s.wakeLocked()
	e.s.mu.Unlock()
	if fresh {
		for _, f := range h.onStream {
			f(e.s)
		}
	}
	return p, old, ended, nil
}

// fits reports whether a publisher of tracks can go on with the stream.
func (s *Stream) fits(tracks []Track) bool {
	return slices.EqualFunc(s.tracks, tracks, func(a, b Track) bool { return a.fits(&b) })
}

// left is called once for each publisher that is gone.
func (h *Hub) left(p *Publisher) {
	defer h.tell(p.s.name) // last, without the lock
	h.mu.Lock()
	defer h.mu.Unlock()
	s := p.s
	s.mu.Lock()
	h.totals.publisher(p)
	current := s.pub == p
	if current {
		s.pub = nil
		s.wakeLocked()
	}
	s.mu.Unlock()
	h.log.Info("publisher left", "stream", s.name, "protocol", p.Protocol, "remote", p.Remote)
	e := h.streams[s.name]
	if !current || e == nil || e.s != s {
		return
	}
	e.timer = time.AfterFunc(h.cfg.Grace, func() { h.expire(e) })
}

// expire ends a stream whose publisher did not come back.
func (h *Hub) expire(e *entry) {
	h.mu.Lock()
	if h.streams[e.s.name] != e || e.s.Live() {
		h.mu.Unlock()
		return
	}
	delete(h.streams, e.s.name)
	h.mu.Unlock()
	e.s.end(fmt.Errorf("stream %q: %w", e.s.name, ErrEnded))
	h.tell(e.s.name)
	h.log.Info("stream ended", "stream", e.s.name)
}

// Lookup returns the stream of that name, or ErrNotFound. It starts nothing.
func (h *Hub) Lookup(name string) (*Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.streams[name]; e != nil {
		return e.s, nil
	}
	return nil, fmt.Errorf("stream %.80q: %w", name, ErrNotFound)
}

// Open returns the stream of that name once a reader can begin, for protocols that are about to add
// one. It starts a source that is pulled on demand, and waits until ctx ends for the first key frame.
// It fails with ErrBadName, ErrNotFound, or the context's error.
func (h *Hub) Open(ctx context.Context, name string) (*Stream, error) {
	if err := CheckName(name); err != nil {
		return nil, fmt.Errorf("open %.80q: %w", name, err)
	}
	s, err := h.Lookup(name)
	if err != nil {
		h.mu.Lock()
		puller := h.demand[name]
		h.mu.Unlock()
		if puller == nil {
			return nil, err
		}
		if s, err = puller.demand(ctx); err != nil {
			return nil, fmt.Errorf("open %q: %w", name, err)
		}
	}
	for {
		wait := s.Changed()
		if err := s.Ended(); err != nil {
			return nil, err
		}
		if s.Ready() {
			return s, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, fmt.Errorf("open %q: no key frame yet: %w", name, ctx.Err())
		}
	}
}

// Streams returns all streams, by name.
func (h *Hub) Streams() []*Stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*Stream, 0, len(h.streams))
	for _, e := range h.streams {
		out = append(out, e.s)
	}
	slices.SortFunc(out, func(a, b *Stream) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return out
}

// Kick closes the publisher of a stream, if any, and ends the stream with all its readers at once.
func (h *Hub) Kick(name string) error {
	h.mu.Lock()
	e := h.streams[name]
	delete(h.streams, name)
	h.mu.Unlock()
	if e == nil {
		return fmt.Errorf("kick %.80q: %w", name, ErrNotFound)
	}
	h.finish(e, fmt.Errorf("stream %q: %w", name, ErrKicked))
	return nil
}

func (h *Hub) finish(e *entry, err error) {
	e.s.mu.Lock()
	p := e.s.pub
	e.s.mu.Unlock()
	if p != nil {
		p.Kick(err)
	}
	h.mu.Lock()
	if e.timer != nil {
		e.timer.Stop()
	}
	h.mu.Unlock()
	e.s.end(err)
	h.tell(e.s.name)
}

// Close ends all streams. Nobody can publish afterwards.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	all := h.streams
	h.streams = map[string]*entry{}
	h.mu.Unlock()
	for _, e := range all {
		h.finish(e, fmt.Errorf("stream %q: %w: the server stops", e.s.name, ErrEnded))
	}
}

func codecList(tracks []Track) []string {
	out := make([]string, len(tracks))
	for i := range tracks {
		out[i] = tracks[i].Codec.String()
	}
	return out
}
