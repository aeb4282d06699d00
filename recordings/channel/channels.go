package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/media"
	"xianfeng/recordings"
	"xianfeng/recordings/channel/slate"
)

// Setting is the name of the setting of a site that has its channels.
const Setting = "channels"

// Keep keeps settings of sites.
type Keep interface {
	Settings(ctx context.Context, name string) (map[site.ID]json.RawMessage, error)
	SetSetting(ctx context.Context, at site.ID, name string, value json.RawMessage, entries ...site.Entry) error
}

// Items tells of items.
type Items interface {
	Item(ctx context.Context, id string) (*recordings.Item, error)
	Has(ctx context.Context, id string) bool
}

// Config is what Channels need. Now and Log may be left out.
type Config struct {
	Keep  Keep
	Items Items
	Zone  string // of the clock on the wall
	Now   func() time.Time
	Log   *slog.Logger
}

// Owned is a channel and whose it is.
type Owned struct {
	*Timeline

	Site site.ID
}

// Channels is all channels of the network, as they were last read. It is safe for all goroutines.
type Channels struct {
	cfg   Config
	slate *slate.Slate
	all   atomic.Pointer[map[string]Owned]

	mu sync.Mutex // one change at a time, of this process; taken before reading

	reading sync.Mutex // guards raw; one reads at a time, so that the newest stays
	raw     map[site.ID]json.RawMessage
}

// Open reads the channels.
func Open(ctx context.Context, cfg Config) (*Channels, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s, err := slate.New()
	if err != nil {
		return nil, err
	}
	c := &Channels{cfg: cfg, slate: s}
	c.all.Store(&map[string]Owned{})
	return c, c.Reload(ctx)
}

// Reload reads the channels anew, as after a change by another process.
func (c *Channels) Reload(ctx context.Context) error {
	c.reading.Lock()
	defer c.reading.Unlock()
	set, err := c.cfg.Keep.Settings(ctx, Setting)
	if err != nil {
		return fmt.Errorf("read the channels: %w", err)
	}
	if c.raw != nil && maps.EqualFunc(set, c.raw, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		return nil // something else of a site was changed
	}
	old, all := *c.all.Load(), map[string]Owned{}
	for _, at := range slices.Sorted(maps.Keys(set)) {
		docs, err := read(set[at])
		if err != nil {
			return fmt.Errorf("channels of site %d: %w", at, err)
		}
		for name, doc := range docs {
			if x, ok := old[name]; ok && x.Site == at && x.channel.Edition == doc.Edition && len(x.channel.Versions) > 0 && len(doc.Versions) > 0 &&
				x.channel.Versions[0].From == doc.Versions[0].From {
				all[name] = x // what it has worked out so far is kept
				continue
			}
			t, err := New(doc)
			if err != nil { // the others go on
				c.cfg.Log.Error("channel can't be used", "channel", name, "error", err)
				continue
			}
			if _, taken := all[name]; !taken { // two processes made it at once: that of the elder site is it, everywhere
				all[name] = Owned{t, at}
			}
		}
	}
	c.all.Store(&all)
	c.raw = set
	return nil
}

func read(b json.RawMessage) (map[string]*Channel, error) {
	docs := map[string]*Channel{}
	if len(b) == 0 {
		return docs, nil
	}
	if err := json.Unmarshal(b, &docs); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	for name, doc := range docs {
		if doc == nil || doc.Name != name {
			return nil, fmt.Errorf("channel %q: its name is another", name)
		}
	}
	return docs, nil
}

// Get returns a channel.
func (c *Channels) Get(name string) (Owned, error) {
	if x, ok := (*c.all.Load())[name]; ok {
		return x, nil
	}
	return Owned{}, fmt.Errorf("channel %.80q: %w", name, errs.NotFound)
}

// All returns the channels by name.
func (c *Channels) All() []Owned {
	all := *c.all.Load()
	out := make([]Owned, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name])
	}
	return out
}

// Playlist returns a channel's playlist as it is now, with its entity tag.
func (c *Channels) Playlist(ctx context.Context, name string) (b []byte, tag string, err error) {
	x, err := c.Get(name)
	if err != nil {
		return nil, "", err
	}
	gone := uint64(0)
	b, first, last := x.Timeline.Playlist(make([]byte, 0, 4096), c.cfg.Now(), func(id string) bool {
		ok := c.cfg.Items.Has(ctx, id)
		if gone <<= 1; !ok {
			gone |= 1
		}
		return ok
	})
	tag = `"` + name + "-" + strconv.Itoa(x.channel.Edition) + "-" + strconv.FormatUint(first, 36) + "-" + strconv.FormatUint(last, 36) + "-" + strconv.FormatUint(gone, 36) + `"`
	return b, tag, nil
}

// Slate returns a file of the slate.
func (c *Channels) Slate(file string) ([]byte, error) { return c.slate.File(file) }

// Has reports whether an item is there.
func (c *Channels) Has(ctx context.Context, id string) bool { return c.cfg.Items.Has(ctx, id) }

// Save makes a channel of a site, or gives it another plan. edition is that which the plan was made from, 0 for a new
// one. What is wrong is errs.Problems; another's change in the meantime errs.Conflict; a name that is in use errs.Exists.
func (c *Channels) Save(ctx context.Context, at site.ID, name, title string, p Plan, edition int, by site.Entry) (*Channel, error) {
	var wrong errs.Problems
	if media.CheckName(name) != nil {
		wrong.Add("name", "bad", name)
	}
	if title = strings.Join(strings.Fields(title), " "); title == "" {
		wrong.Add("title", "missing", "")
	} else if utf8.RuneCountInString(title) > 100 {
		wrong.Add("title", "long", "100")
	}
	if p.check() != nil {
		wrong.Add("entries", "bad", "")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	docs, err := c.read(ctx, at, name)
	if err != nil {
		return nil, err
	}
	old := docs[name]
	switch {
	case old == nil && edition != 0, old != nil && edition != 0 && old.Edition != edition:
		return nil, fmt.Errorf("channel %s: %w", name, errs.Conflict)
	case old != nil && edition == 0:
		return nil, fmt.Errorf("channel %s: %w", name, errs.Exists)
	case old == nil:
		old = &Channel{Name: name}
	}
	layouts := c.layouts(ctx, &p, old, &wrong)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	doc, err := old.With(p, title, c.cfg.Zone, layouts, c.cfg.Now())
	if err != nil {
		return nil, err
	}
	docs[name] = doc
	return doc, c.write(ctx, at, docs, by)
}

// layouts looks the plan's items up. One that was in it before and is gone may stay.
func (c *Channels) layouts(ctx context.Context, p *Plan, old *Channel, wrong *errs.Problems) map[string]Layout {
	out := map[string]Layout{}
	for _, id := range p.items() {
		it, err := c.cfg.Items.Item(ctx, id)
		switch _, known := old.Layouts[id]; {
		case err == nil && it.Growing(c.cfg.Now()):
			wrong.Add("items", "growing", it.Title)
		case err == nil && len(it.Segments) > 0:
			out[id] = NewLayout(it)
		case !known:
			wrong.Add("items", "unknown", id)
		}
	}
	return out
}

// Delete takes a channel away.
func (c *Channels) Delete(ctx context.Context, at site.ID, name string, by site.Entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	docs, err := c.read(ctx, at, name)
	if err != nil {
		return err
	}
	if docs[name] == nil {
		return fmt.Errorf("channel %.80q: %w", name, errs.NotFound)
	}
	delete(docs, name)
	return c.write(ctx, at, docs, by)
}

// read reads the channels of a site, and makes sure that no other has one of that name.
func (c *Channels) read(ctx context.Context, at site.ID, name string) (map[string]*Channel, error) {
	set, err := c.cfg.Keep.Settings(ctx, Setting)
	if err != nil {
		return nil, fmt.Errorf("read the channels: %w", err)
	}
	for other, b := range set {
		if docs, err := read(b); err == nil && other != at && docs[name] != nil {
			return nil, fmt.Errorf("channel %s: %w", name, errs.Exists)
		}
	}
	return read(set[at])
}

func (c *Channels) write(ctx context.Context, at site.ID, docs map[string]*Channel, by site.Entry) error {
	var b json.RawMessage
	if len(docs) > 0 {
		var err error
		if b, err = json.Marshal(docs); err != nil {
			return fmt.Errorf("write the channels: %w", err)
		}
	}
	err := c.cfg.Keep.SetSetting(ctx, at, Setting, b, by)
	return errors.Join(err, c.Reload(ctx))
}
