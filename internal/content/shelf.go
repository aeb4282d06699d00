package content

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Item is an article in a list.
type Item struct {
	ID        ArticleID
	Site      site.ID // its home
	Slug      string  // of the column in which it is shown here
	Kind      Kind
	Head      Head
	Pinned    bool
	Published time.Time
	Expires   time.Time // zero: never
}

// List is a page of a list.
type List struct {
	Items []Item
	Page  int // from 1
	More  bool
}

// Shown is an article as visitors read it.
type Shown struct {
	Item
	N       int    // the revision
	Body    string // clean HTML
	Updated time.Time
	Views   int64
}

// Want is how many articles of a column a front page wants.
type Want struct {
	Slug string
	N    int
}

// Place is a site with those above it, nearest first: where something is looked for.
type Place []site.ID

// PlaceOf returns a site's place.
func PlaceOf(n *site.Node) Place {
	p := make(Place, 0, 6)
	for ; n != nil; n = n.Above {
		p = append(p, n.ID)
	}
	return p
}

// Shelves keeps what visitors read. Package store has one.
type Shelves interface {
	// Placed returns, for each want, what is shown at a place, best first, after an offset.
	Placed(ctx context.Context, at Place, wants []Want, offset int) (map[string][]Item, error)
	// Shown returns an article that is shown at a place, else errs.NotFound.
	Shown(ctx context.Context, at Place, id ArticleID) (Shown, error)
	// Beside returns the articles before (newer) and after (older) one in a column; nil: none.
	Beside(ctx context.Context, at Place, it *Item) (newer, older *Item, err error)
	// Public returns public articles with higher numbers, by number, and where they are placed.
	Public(ctx context.Context, after ArticleID, limit int) ([]Hit, error)
	// Find returns public articles by their words.
	Find(ctx context.Context, q Match) (Hits, error)
}

// Shelf is what visitors read. It is safe for all goroutines.
//
// It answers errs.NotFound for everything that is not public on the site where it is asked for.
type Shelf struct {
	keep    Shelves
	network *site.Network
	columns *Columns
	clean   Cleaner
}

// NewShelf returns a shelf.
func NewShelf(keep Shelves, network *site.Network, columns *Columns, clean Cleaner) *Shelf {
	return &Shelf{keep: keep, network: network, columns: columns, clean: clean}
}

// maxOffset is how deep lists go: what is further down is found by searching.
const maxOffset = 5000

// Latest returns a page of a column of a site, pinned ones first, then the newest. Pages are counted from 1.
func (s *Shelf) Latest(ctx context.Context, n *site.Node, slug string, page, size int) (List, error) {
	page, size = max(page, 1), min(max(size, 1), 100)
	l := List{Page: page}
	offset := (page - 1) * size
	if col, ok := s.columns.Find(n, slug); !ok || col.Hidden || offset > maxOffset {
		return l, fmt.Errorf("page %d of column %s of site %s: %w", page, slug, n.Code, errs.NotFound)
	}
	found, err := s.keep.Placed(ctx, PlaceOf(n), []Want{{slug, size + 1}}, offset)
	if err != nil {
		return l, fmt.Errorf("column %s of site %s: %w", slug, n.Code, err)
	}
	l.Items = found[slug]
	if len(l.Items) > size {
		l.Items, l.More = l.Items[:size], true
	}
	return l, nil
}

// Blocks returns the first articles of several columns of a site. Columns without any are not in the answer.
func (s *Shelf) Blocks(ctx context.Context, n *site.Node, wants ...Want) (map[string][]Item, error) {
	wants = slices.DeleteFunc(slices.Clone(wants), func(w Want) bool {
		col, ok := s.columns.Find(n, w.Slug)
		return !ok || col.Hidden || w.N < 1
	})
	if len(wants) == 0 {
		return map[string][]Item{}, nil
	}
	found, err := s.keep.Placed(ctx, PlaceOf(n), wants, 0)
	if err != nil {
		return nil, fmt.Errorf("blocks of site %s: %w", n.Code, err)
	}
	return found, nil
}

// Recent returns the newest articles of all columns of a site.
func (s *Shelf) Recent(ctx context.Context, n *site.Node, size int) ([]Item, error) {
	var wants []Want
	for _, col := range s.columns.Of(n) {
		wants = append(wants, Want{col.Slug, size})
	}
	found, err := s.Blocks(ctx, n, wants...)
	if err != nil {
		return nil, err
	}
	var out []Item
	seen := map[ArticleID]bool{}
	for _, w := range wants {
		for _, it := range found[w.Slug] {
			if !seen[it.ID] {
				seen[it.ID] = true
				out = append(out, it)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Item) int {
		return cmp.Or(b.Published.Compare(a.Published), cmp.Compare(b.ID, a.ID))
	})
	return out[:min(len(out), size)], nil
}

// Filled returns which columns of a site have something in them. The others are not shown.
func (s *Shelf) Filled(ctx context.Context, n *site.Node) (map[string]bool, error) {
	var wants []Want
	for _, col := range s.columns.Of(n) {
		wants = append(wants, Want{col.Slug, 1})
	}
	found, err := s.Blocks(ctx, n, wants...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(found))
	for slug, items := range found {
		out[slug] = len(items) > 0
	}
	return out, nil
}

// Live returns an article that is shown on a site.
func (s *Shelf) Live(ctx context.Context, n *site.Node, id ArticleID) (Shown, error) {
	a, err := s.keep.Shown(ctx, PlaceOf(n), id)
	if err == nil {
		if col, ok := s.columns.Find(n, a.Slug); !ok || col.Hidden {
			err = errs.NotFound
		}
	}
	if err != nil {
		return Shown{}, fmt.Errorf("article %d on site %s: %w", id, n.Code, err)
	}
	return a, nil
}

// Beside returns the articles before (newer) and after (older) one in its column on a site; nil: none.
func (s *Shelf) Beside(ctx context.Context, n *site.Node, it *Item) (newer, older *Item, err error) {
	newer, older, err = s.keep.Beside(ctx, PlaceOf(n), it)
	if err != nil {
		err = fmt.Errorf("beside article %d on site %s: %w", it.ID, n.Code, err)
	}
	return newer, older, err
}

// Walk returns public articles with higher numbers than after, by number, that can be read on some site, each
// with the site and column where it is best read: for site maps. There are fewer than limit only at the end.
func (s *Shelf) Walk(ctx context.Context, after ArticleID, limit int) ([]Found, error) {
	var out []Found
	for read := limit; len(out) < limit; read = min(2*read, max(limit, 1000)) { // many in a row may be hidden
		list, err := s.keep.Public(ctx, after, read)
		if err != nil {
			return nil, fmt.Errorf("articles after %d: %w", after, err)
		}
		for i := range list {
			h := &list[i]
			after = h.ID
			if at, slug := s.readAt(nil, h); at != nil && len(out) < limit {
				h.Slug = slug
				out = append(out, Found{Item: h.Item, At: at.ID})
			}
		}
		if len(list) < read {
			break
		}
	}
	return out, nil
}
