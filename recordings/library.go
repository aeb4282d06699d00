package recordings

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
)

const (
	maxIndex   = 64 << 20 // bytes
	maxKept    = 512      // items whose index is kept in memory; full: one of them goes, whichever
	halfMade   = 24 * time.Hour
	maxTitle   = 200 // characters
	idAlphabet = "abcdefghijklmnopqrstuvwxyz234567"
)

// Library is all items of a store. It is safe for all goroutines, and several may share a store, in several processes.
type Library struct {
	store Store
	now   func() time.Time

	mu   sync.Mutex // guards kept
	kept map[string]kept
}

// kept is an item as it was read, for as long as its index is the same.
type kept struct {
	version string
	item    *Item
}

// New returns the library of a store; now is the clock, nil for the usual one.
func New(store Store, now func() time.Time) *Library {
	if now == nil {
		now = time.Now
	}
	return &Library{store: store, now: now, kept: map[string]kept{}}
}

// Item returns an item. It must not be changed. What another process adds or takes away is seen at once.
func (l *Library) Item(ctx context.Context, id string) (*Item, error) {
	version, err := l.store.Version(ctx, id)
	if err != nil {
		l.mu.Lock()
		delete(l.kept, id)
		l.mu.Unlock()
		return nil, err //nolint:wrapcheck // it says what
	}
	l.mu.Lock()
	k, ok := l.kept[id]
	l.mu.Unlock()
	if ok && k.version == version {
		return k.item, nil
	}
	b, err := l.read(ctx, id, Index, maxIndex)
	if err != nil {
		return nil, err
	}
	it, err := decode(id, b)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for other := range l.kept {
		if len(l.kept) < maxKept {
			break
		}
		delete(l.kept, other)
	}
	l.kept[id] = kept{version, it}
	return it, nil
}

// Piece opens an initialization section or a segment.
func (l *Library) Piece(ctx context.Context, id, piece string) (Content, error) {
	if piece == Index {
		return nil, fmt.Errorf("item %s, piece %s: %w", id, piece, errs.NotFound)
	}
	return l.store.Open(ctx, id, piece) //nolint:wrapcheck // it says what
}

func (l *Library) read(ctx context.Context, id, piece string, most int64) ([]byte, error) {
	c, err := l.store.Open(ctx, id, piece)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what
	}
	defer c.Close() //nolint:errcheck // it was read
	if c.Size() > most {
		return nil, fmt.Errorf("item %s, piece %s: %w", id, piece, errs.TooLarge)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		return nil, fmt.Errorf("item %s, piece %s: %w", id, piece, err)
	}
	return b, nil
}

// Items returns all items, the newest first. One that can't be read is left out.
func (l *Library) Items(ctx context.Context) ([]*Item, error) {
	var out []*Item
	err := l.store.List(ctx, func(id string, whole bool, _ time.Time) error {
		if !whole {
			return nil
		}
		if it, err := l.Item(ctx, id); err == nil {
			out = append(out, it)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b *Item) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, err //nolint:wrapcheck // it says what
}

// Delete takes an item away.
func (l *Library) Delete(ctx context.Context, id string) error {
	return l.store.Delete(ctx, id) //nolint:wrapcheck // it says what
}

// Sweep throws away what was given up before it was an item, a day ago or more, and closes the recordings of
// processes that were killed. It returns how many of each.
func (l *Library) Sweep(ctx context.Context) (thrown, closed int, err error) {
	var half, open []string
	now := l.now()
	err = l.store.List(ctx, func(id string, whole bool, newest time.Time) error {
		switch {
		case !whole && now.Sub(newest) > halfMade:
			half = append(half, id)
		case whole:
			if it, err := l.Item(ctx, id); err == nil && it.Open && !it.Growing(now) {
				open = append(open, id)
			}
		}
		return nil
	})
	for _, id := range half {
		if e := l.store.Delete(ctx, id); e != nil {
			err = errors.Join(err, e)
			continue
		}
		thrown++
	}
	for _, id := range open {
		it, e := l.Item(ctx, id)
		if e == nil {
			over := *it
			over.Open = false
			e = l.save(ctx, &over)
		}
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		closed++
	}
	return thrown, closed, err
}

// save writes an item's index.
func (l *Library) save(ctx context.Context, it *Item) error {
	b, err := it.encode()
	if err != nil {
		return err
	}
	return l.store.Put(ctx, it.ID, Index, b) //nolint:wrapcheck // it says what
}

// Rename gives an item another title.
func (l *Library) Rename(ctx context.Context, id, title string) error {
	it, err := l.Item(ctx, id)
	if err != nil {
		return err
	}
	if it.Growing(l.now()) {
		return fmt.Errorf("item %s is being recorded: %w", id, errs.Conflict)
	}
	other := *it
	other.Title = cleanTitle(title, it.Source)
	return l.save(ctx, &other)
}

// put keeps a segment, and the initialization section that comes with it, and adds it to the item.
func (l *Library) put(ctx context.Context, it *Item, p piece) error {
	if p.init != nil {
		if err := l.store.Put(ctx, it.ID, InitName(it.Inits), p.init); err != nil {
			return err //nolint:wrapcheck // it says what
		}
		it.Inits++
	}
	if err := l.store.Put(ctx, it.ID, SegmentName(len(it.Segments)), p.body); err != nil {
		return err //nolint:wrapcheck // it says what
	}
	p.Init = it.Inits - 1
	it.Segments = append(it.Segments, p.Segment)
	it.Duration += p.Duration
	return nil
}

// newID returns the name of a new item: a hundred random bits, so that knowing it is what one needs to watch it.
func newID() string {
	var b [13]byte
	rand.Read(b[:]) //nolint:errcheck // never fails (crypto/rand)
	return base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding).EncodeToString(b[:])[:20]
}

// cleanTitle makes one line of what somebody calls an item.
func cleanTitle(title, other string) string {
	for _, t := range []string{title, other, "—"} {
		t = strings.Join(strings.Fields(strings.ToValidUTF8(t, "")), " ")
		if t == "" {
			continue
		}
		if utf8.RuneCountInString(t) > maxTitle {
			t = string([]rune(t)[:maxTitle])
		}
		return t
	}
	return ""
}

// Has reports whether an item is there.
func (l *Library) Has(ctx context.Context, id string) bool {
	_, err := l.store.Version(ctx, id)
	return err == nil
}
