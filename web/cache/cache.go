package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	staleFor   = 10 * time.Minute // how long an old page may stand in for one that can't be made
	renderTime = 15 * time.Second
	maxJoins   = 3 // renderings of others that one request waits for before it makes its own
)

// Config is what a Cache needs. The zero value is usable.
type Config struct {
	Bytes int64 // that all pages may take; 0: 64 MiB
	Log   *slog.Logger
	Now   func() time.Time
	// Answer reports whether an error says what is so (there is no such page any more), rather than that the page
	// can't be made. No old page stands in for an answer. nil: none is one.
	Answer func(error) bool
}

// Page is what rendering gives.
type Page struct {
	Status  int
	Header  http.Header // of the answer; Cache keeps it
	Body    []byte      // Cache keeps it
	NoStore bool        // for this visitor only, or not worth keeping
}

// Deps is what a page was made of.
type Deps struct {
	tags  []string
	until time.Time
}

// On notes tags that the page depends on. It may be called before or after the data are read.
func (d *Deps) On(tags ...string) { d.tags = append(d.tags, tags...) }

// Until notes that the page will be another one at a time, without anybody changing anything. The earliest
// time holds; the zero time means nothing.
func (d *Deps) Until(t time.Time) {
	if !t.IsZero() && (d.until.IsZero() || t.Before(d.until)) {
		d.until = t
	}
}

// Render makes a page.
type Render func(ctx context.Context, d *Deps) (Page, error)

// Stats are what a Cache counts.
type Stats struct {
	Hits, Misses, Joined, Stale, Evicted uint64
	Pages                                int
	Bytes                                int64
}

// Cache keeps pages. It is safe for all goroutines and has none of its own.
type Cache struct {
	tags ledger
	max  int64
	log  *slog.Logger
	time func() time.Time
	told func(error) bool // Config.Answer

	mu      sync.RWMutex // guards pages, flights, ring; ledger.mu may be taken under it
	pages   map[string]*entry
	flights map[string]*flight
	ring    sieve

	hits, misses, joined, stale, evicted atomic.Uint64
}

// flight is a rendering under way.
type flight struct {
	done  chan struct{} // closed when entry and err are there
	began uint64        // epoch
	entry *entry
	old   bool // entry stands in for one that could not be made
	err   error
}

// New returns an empty cache.
func New(cfg Config) *Cache {
	if cfg.Bytes == 0 {
		cfg.Bytes = 64 << 20
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Answer == nil {
		cfg.Answer = func(error) bool { return false }
	}
	return &Cache{
		tags: ledger{bumped: map[string]uint64{}}, max: cfg.Bytes, log: cfg.Log, time: cfg.Now, told: cfg.Answer,
		pages: map[string]*entry{}, flights: map[string]*flight{},
	}
}

// Bump tells that what the tags stand for has changed, after the change is kept. When it returns, nobody who
// asks from then on gets a page that was made of what was before. The tag "network" stands for everything.
func (c *Cache) Bump(tags []string) { c.tags.bump(tags) }

// Stats returns what was counted.
func (c *Cache) Stats() Stats {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Stats{
		Hits: c.hits.Load(), Misses: c.misses.Load(), Joined: c.joined.Load(), Stale: c.stale.Load(), Evicted: c.evicted.Load(),
		Pages: len(c.pages), Bytes: c.ring.bytes,
	}
}

// Serve answers with the page of key, which is rendered where there is no good one. It borrows key until it
// returns. An error is render's; nothing has been answered then. A hit allocates nothing beyond what net/http
// does: BenchmarkHit.
func (c *Cache) Serve(w http.ResponseWriter, r *http.Request, key []byte, render Render) error {
	e, err := c.page(r.Context(), key, render)
	if err != nil {
		return err
	}
	e.write(w, r)
	return nil
}

func (c *Cache) page(ctx context.Context, key []byte, render Render) (*entry, error) {
	for joins := 0; ; {
		c.mu.RLock()
		e := c.pages[string(key)]
		c.mu.RUnlock()
		if e != nil && c.good(e) {
			e.visit()
			c.hits.Add(1)
			return e, nil
		}
		f, mine := c.board(string(key), joins >= maxJoins)
		if mine {
			c.misses.Add(1)
			return c.fly(ctx, string(key), f, e, render)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the page: %w", ctx.Err())
		}
		if f.err != nil && f.began == c.tags.now() {
			return nil, f.err
		}
		// It may have begun before something changed that this visitor must see.
		if f.err == nil && (f.old || c.good(f.entry)) {
			c.joined.Add(1)
			return f.entry, nil
		}
		joins++
	}
}

// good reports whether an entry may be shown to who asks now.
func (c *Cache) good(e *entry) bool {
	if !e.until.IsZero() && !c.time().Before(e.until) {
		return false
	}
	if e.checked.Load() == c.tags.now() {
		return true
	}
	at, ok := c.tags.unchanged(e.tags, e.began)
	if ok {
		e.checked.Store(at)
	}
	return ok
}

// board returns the flight for a key, and whether it is the caller's own to fly. Alone: one that nobody joins.
func (c *Cache) board(key string, alone bool) (f *flight, mine bool) {
	if alone {
		return &flight{done: make(chan struct{})}, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	c.flights[key] = f
	return f, true
}

// fly renders, keeps the page and wakes those who wait. old may stand in for it; it may be nil.
func (c *Cache) fly(ctx context.Context, key string, f *flight, old *entry, render Render) (*entry, error) {
	defer func() {
		if f.entry == nil && f.err == nil { // render panicked
			f.err = errPanicked
		}
		c.mu.Lock()
		if c.flights[key] == f {
			delete(c.flights, key)
		}
		c.mu.Unlock()
		close(f.done)
	}()
	f.began = c.tags.now()
	var d Deps
	// Others may wait for it: that this visitor leaves must not take it from them.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renderTime)
	defer cancel()
	p, err := guard(ctx, &d, render)
	if err != nil {
		if e := c.standIn(old, err); e != nil {
			f.entry, f.old = e, true
			return e, nil
		}
		f.err = err
		return nil, err
	}
	e, err := newEntry(key, &p, &d, f.began)
	if err != nil {
		f.err = err
		return nil, err
	}
	f.entry = e
	if !p.NoStore && e.size <= c.max/8 {
		c.keep(e)
	}
	return e, nil
}

var errPanicked = errors.New("rendering panicked")

// guard turns a panic of a template's method into an error: the page of one site must not take others' visitors along.
func guard(ctx context.Context, d *Deps, render Render) (p Page, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanicked, x, debug.Stack())
		}
	}()
	return render(ctx, d)
}

// standIn returns the old page where it is young enough to be shown in place of the one that failed.
func (c *Cache) standIn(old *entry, cause error) *entry {
	if old == nil || c.told(cause) {
		return nil
	}
	now := c.time().UnixNano()
	since := old.spoilt.Load()
	if since == 0 {
		old.spoilt.CompareAndSwap(0, now)
		since = old.spoilt.Load()
	}
	if time.Duration(now-since) > staleFor {
		return nil
	}
	c.stale.Add(1)
	c.log.Warn("an old page stands in for one that can't be made", "page", old.key, "error", cause)
	return old
}

// keep puts a page in its place and makes room. Where a newer rendering was quicker, its page stays.
func (c *Cache) keep(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.pages[e.key]; old != nil {
		if old.began > e.began {
			return
		}
		c.ring.remove(old)
	}
	c.pages[e.key] = e
	c.ring.add(e)
	for c.ring.bytes > c.max {
		gone := c.ring.evict()
		delete(c.pages, gone.key)
		c.evicted.Add(1)
	}
}
