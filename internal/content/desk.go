package content

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Desk is what people who are signed in do with articles. It decides who may do what and what becomes of an
// article; what it decides is kept by the store. It is safe for all goroutines.
//
// An article that somebody may not see is errs.NotFound, one that they may not change errs.Denied.
type Desk struct {
	DeskConfig
}

// DeskConfig is what a desk works with.
type DeskConfig struct {
	Articles Articles
	Trails   Trails
	Offers   Offers
	Network  *site.Network
	Columns  *Columns
	Cleaner  Cleaner
	Now      func() time.Time // nil: time.Now
}

// NewDesk returns a desk.
func NewDesk(c DeskConfig) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Desk{c}
}

// Get returns an article to somebody who may read drafts of it, or change it.
func (d *Desk) Get(ctx context.Context, by Actor, id ArticleID) (Article, error) {
	a, err := d.Articles.Article(ctx, id)
	if err != nil {
		return Article{}, fmt.Errorf("article %d: %w", id, err)
	}
	if !a.Deleted.IsZero() || !d.may(by, site.ReadDraft, &a) {
		return Article{}, fmt.Errorf("article %d: %w", id, errs.NotFound)
	}
	return a, nil
}

// May reports whether somebody may do something to an article.
func (d *Desk) May(by Actor, act site.Action, a *Article) bool { return d.may(by, act, a) }

func (d *Desk) may(by Actor, act site.Action, a *Article) bool {
	return d.Network.Tree().May(by.Who, act, site.Object{Site: a.Site, Owner: a.Owner})
}

// take returns an article as somebody saw it, for a change that needs a right. It is a StaleError where the
// article has another version now.
func (d *Desk) take(ctx context.Context, by Actor, act site.Action, id ArticleID, version int64) (Article, error) {
	a, err := d.Get(ctx, by, id)
	if err != nil {
		return a, err
	}
	if !d.may(by, act, &a) {
		return a, fmt.Errorf("article %d: %w", id, errs.Denied)
	}
	if a.Version != version {
		return a, d.stale(ctx, &a)
	}
	return a, nil
}

func (d *Desk) stale(ctx context.Context, a *Article) error {
	r, err := d.Articles.Revision(ctx, a.ID, a.Newest)
	if err != nil {
		return fmt.Errorf("article %d: %w", a.ID, err)
	}
	return &StaleError{Article: a.ID, Version: a.Version, N: a.Newest, By: r.By, At: a.Updated}
}

// Revision returns a revision; n 0: the newest.
func (d *Desk) Revision(ctx context.Context, by Actor, id ArticleID, n int) (Revision, error) {
	a, err := d.Get(ctx, by, id)
	if err != nil {
		return Revision{}, err
	}
	if n == 0 {
		n = a.Newest
	}
	r, err := d.Articles.Revision(ctx, id, n)
	if err != nil {
		return Revision{}, fmt.Errorf("revision %d of article %d: %w", n, id, err)
	}
	return r, nil
}

// Revisions returns all revisions, newest first, without their texts.
func (d *Desk) Revisions(ctx context.Context, by Actor, id ArticleID) ([]Revision, error) {
	if _, err := d.Get(ctx, by, id); err != nil {
		return nil, err
	}
	return d.Articles.Revisions(ctx, id)
}

// Compare returns what is different between two revisions of the text.
func (d *Desk) Compare(ctx context.Context, by Actor, id ArticleID, from, to int) ([]Line, error) {
	a, err := d.Revision(ctx, by, id, from)
	if err != nil {
		return nil, err
	}
	b, err := d.Revision(ctx, by, id, to)
	if err != nil {
		return nil, err
	}
	return Diff(d.plain(&a), d.plain(&b)), nil
}

func (d *Desk) plain(r *Revision) string { return r.Head.Title + "\n" + d.Cleaner.Text(r.Body) }

// Preview returns a text as it will look.
func (d *Desk) Preview(f Format, text string) string { return d.cleaned(f, text) }

func (d *Desk) cleaned(f Format, text string) string {
	if f == Markdown {
		return d.Cleaner.Markdown(text)
	}
	return d.Cleaner.HTML(text)
}

// List returns articles that somebody may read drafts of: all on the sites where they may, else their own.
func (d *Desk) List(ctx context.Context, by Actor, q Filter) ([]Article, error) {
	t := d.Network.Tree()
	reach := t.Reach(by.Who, site.ReadDraft)
	var may []site.ID
	if q.Sites == nil {
		may = below(t, reach)
		if may == nil { // authors
			q.Owner = by.Who.Account
			may = below(t, ownSites(t, by))
		}
	} else {
		for _, id := range q.Sites {
			switch {
			case t.May(by.Who, site.ReadDraft, site.Object{Site: id}):
			case t.May(by.Who, site.ReadDraft, site.Object{Site: id, Owner: by.Who.Account}):
				q.Owner = by.Who.Account
			default:
				continue
			}
			may = append(may, id)
		}
	}
	if len(may) == 0 {
		return nil, nil
	}
	if len(may) == t.Len() {
		may = nil
	}
	q.Sites = may
	return d.Articles.Articles(ctx, q)
}

// ownSites are the sites on which somebody may read what they wrote themself.
func ownSites(t *site.Tree, by Actor) []*site.Node {
	var out []*site.Node
	for _, g := range by.Who.Grants {
		if n := t.Get(g.Site); n != nil && t.May(by.Who, site.ReadDraft, site.Object{Site: n.ID, Owner: by.Who.Account}) {
			out = append(out, n)
		}
	}
	return out
}

// below returns the sites of some subtrees, each once.
func below(t *site.Tree, tops []*site.Node) []site.ID {
	seen := map[site.ID]bool{}
	var out []site.ID
	for _, top := range tops {
		for _, n := range t.Subtree(top) {
			if !seen[n.ID] {
				seen[n.ID] = true
				out = append(out, n.ID)
			}
		}
	}
	return out
}

func object(id ArticleID) string { return fmt.Sprintf("article:%d", id) }
