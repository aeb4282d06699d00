package content

import (
	"context"
	"time"

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
	// Public returns public articles with higher numbers, by number.
	Public(ctx context.Context, after ArticleID, limit int) ([]Item, error)
	Find(ctx context.Context, q Match) ([]Hit, error)
}
