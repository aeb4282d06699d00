package content

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// ColumnKeeper keeps columns. Package store is one.
type ColumnKeeper interface {
	Columns(ctx context.Context) ([]Column, error)
	// SaveColumns adds columns (ID 0) and changes others. A slug that the site has already is errs.Exists.
	SaveColumns(ctx context.Context, cols []Column, entries ...site.Entry) ([]Column, error)
	// DeleteColumn is errs.Exists where articles stand in the column.
	DeleteColumn(ctx context.Context, c Column, entries ...site.Entry) error
}

// Columns is a picture of the columns of all sites, replaced with every change. It is safe for all goroutines.
type Columns struct {
	keep    ColumnKeeper
	network *site.Network
	own     atomic.Pointer[map[site.ID][]Column] // as defined, by position; nobody changes it
	changed func(tags []string)                  // nil: nobody listens

	mu sync.Mutex // one change at a time
}

// OpenColumns reads the columns.
func OpenColumns(ctx context.Context, keep ColumnKeeper, network *site.Network) (*Columns, error) {
	c := &Columns{keep: keep, network: network}
	if err := c.Reload(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Listen has fn called with the tags of every change, on the goroutine that saved it, when the picture is the
// new one: the database tells before that. It is called once, before the first change.
func (c *Columns) Listen(fn func(tags []string)) { c.changed = fn }

// Ahead reads the columns again if tags of another process say that they changed. It is called before the
// tags are told to others.
func (c *Columns) Ahead(ctx context.Context, tags []string) error {
	for _, t := range tags {
		if strings.HasPrefix(t, "cols:") || t == NetworkTag {
			return c.Reload(ctx)
		}
	}
	return nil
}

// Reload reads the columns again: another process changed them.
func (c *Columns) Reload(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reloadLocked(ctx)
}

func (c *Columns) reloadLocked(ctx context.Context) error {
	all, err := c.keep.Columns(ctx)
	if err != nil {
		return fmt.Errorf("read the columns: %w", err)
	}
	own := map[site.ID][]Column{}
	for _, col := range all {
		own[col.Site] = append(own[col.Site], col)
	}
	for _, cols := range own {
		slices.SortFunc(cols, byPosition)
	}
	c.own.Store(&own)
	return nil
}

// replaceLocked puts a new picture in the place of the old one after a change of some sites' columns.
func (c *Columns) replaceLocked(ctx context.Context, sites ...site.ID) error {
	if err := c.reloadLocked(ctx); err != nil {
		return err
	}
	if c.changed != nil {
		tags := make([]string, len(sites))
		for i, id := range sites {
			tags[i] = ColumnsTag(id)
		}
		c.changed(tags)
	}
	return nil
}

func byPosition(a, b Column) int {
	return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Slug, b.Slug))
}

// Own returns the columns that a site defines itself, by position. Nobody changes the slice.
func (c *Columns) Own(id site.ID) []Column { return (*c.own.Load())[id] }

// All returns the columns that hold for a site, hidden ones as well, by position: its own, and those of the
// sites above that are inherited. The nearest definition of a slug holds.
func (c *Columns) All(n *site.Node) []Column {
	own := *c.own.Load()
	var out []Column
	for up := n; up != nil; up = up.Above {
		for _, col := range own[up.ID] {
			if up != n && !col.Inherit {
				continue
			}
			if !slices.ContainsFunc(out, func(x Column) bool { return x.Slug == col.Slug }) {
				out = append(out, col)
			}
		}
	}
	slices.SortStableFunc(out, byPosition)
	return out
}

// Of returns the columns that visitors of a site see, by position.
func (c *Columns) Of(n *site.Node) []Column {
	return slices.DeleteFunc(c.All(n), func(col Column) bool { return col.Hidden })
}

// Find returns the column that a slug means on a site, also where it is hidden.
func (c *Columns) Find(n *site.Node, slug string) (Column, bool) {
	own := *c.own.Load()
	for up := n; up != nil; up = up.Above {
		for _, col := range own[up.ID] {
			if col.Slug == slug && (up == n || col.Inherit) {
				return col, true
			}
		}
	}
	return Column{}, false
}

// Save adds a column (ID 0) or changes one. Its site and slug stay as they are.
func (c *Columns) Save(ctx context.Context, by Actor, col Column) (Column, error) {
	if !c.network.Tree().May(by.Who, site.ManageColumns, site.Object{Site: col.Site}) {
		return col, fmt.Errorf("columns of site %d: %w", col.Site, errs.Denied)
	}
	if err := col.check(); err != nil {
		return col, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if col.ID != 0 {
		old := slices.IndexFunc(c.Own(col.Site), func(x Column) bool { return x.ID == col.ID })
		if old < 0 {
			return col, fmt.Errorf("column %d: %w", col.ID, errs.NotFound)
		}
		if x := c.Own(col.Site)[old]; x.Slug != col.Slug || x.Kind != col.Kind {
			return col, errs.Problems{{Field: "slug", Code: "fixed", Value: x.Slug}}
		}
	} else if up := c.network.Tree().Get(col.Site).Above; up != nil {
		// Articles that are pushed from above know the column by its slug: it has to hold the same things.
		if above, ok := c.Find(up, col.Slug); ok && above.Inherit && above.Kind != col.Kind {
			return col, errs.Problems{{Field: "kind", Code: "kind", Value: string(above.Kind)}}
		}
	}
	kept, err := c.keep.SaveColumns(ctx, []Column{col}, by.entry(col.Site, "column.change", "column:"+col.Slug, ""))
	if err != nil {
		return col, fmt.Errorf("column %s of site %d: %w", col.Slug, col.Site, err)
	}
	return kept[0], c.replaceLocked(ctx, col.Site)
}

// Delete takes a column away that no article stands in.
func (c *Columns) Delete(ctx context.Context, by Actor, at site.ID, slug string) error {
	if !c.network.Tree().May(by.Who, site.ManageColumns, site.Object{Site: at}) {
		return fmt.Errorf("columns of site %d: %w", at, errs.Denied)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, col := range c.Own(at) {
		if col.Slug != slug {
			continue
		}
		if err := c.keep.DeleteColumn(ctx, col, by.entry(at, "column.change", "column:"+slug, `{"deleted":true}`)); err != nil {
			return fmt.Errorf("column %s of site %d: %w", slug, at, err)
		}
		return c.replaceLocked(ctx, at)
	}
	return fmt.Errorf("column %s of site %d: %w", slug, at, errs.NotFound)
}

// Install gives sites the standard columns that they have neither themselves nor from above. Whoever makes
// a new top site calls it; for others it changes nothing.
func (c *Columns) Install(ctx context.Context, by Actor, sites ...site.ID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var missing []Column
	var entries []site.Entry
	for _, id := range sites {
		n := c.network.Tree().Get(id)
		if n == nil {
			return fmt.Errorf("columns of site %d: %w", id, errs.NotFound)
		}
		if n.Above != nil || n.Level == site.Partner {
			continue
		}
		had := len(missing)
		for _, col := range Standard() {
			if _, ok := c.Find(n, col.Slug); !ok {
				col.Site = id
				missing = append(missing, col)
			}
		}
		if len(missing) > had {
			entries = append(entries, by.entry(id, "column.change", "site:"+n.Code, `{"standard":true}`))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := c.keep.SaveColumns(ctx, missing, entries...); err != nil {
		return fmt.Errorf("standard columns: %w", err)
	}
	return c.replaceLocked(ctx, sites...)
}
