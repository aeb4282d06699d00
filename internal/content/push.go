package content

import (
	"context"
	"encoding/json"
	"fmt"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// PushDown shows an article on each of some sites with everything below (下发): one row and one tag for each,
// however many sites there are below. slug is the column there; "": the article's.
func (d *Desk) PushDown(ctx context.Context, by Actor, id ArticleID, slug string, targets ...site.ID) (Article, error) {
	a, err := d.pushable(ctx, by, id, targets)
	if err != nil {
		return a, err
	}
	if slug == "" {
		slug = a.Slug
	}
	t := d.Network.Tree()
	var p errs.Problems
	for _, id := range targets {
		n := t.Get(id)
		if col, ok := d.Columns.Find(n, slug); !ok || col.Kind != a.Kind {
			p.Add("targets", "column", n.Name)
		}
	}
	if err := p.Err(); err != nil {
		return a, err
	}
	e := Edit{Article: a, Entries: []site.Entry{by.entry(a.Site, "article.push", "", targetDetail(targets))}}
	for _, t := range targets {
		e.Push = append(e.Push, Placement{Article: a.ID, Site: t, Slug: slug, Below: true, By: by.Who.Account})
	}
	return d.place(ctx, e)
}

// Unpush takes an article back from sites that it was pushed to.
func (d *Desk) Unpush(ctx context.Context, by Actor, id ArticleID, targets ...site.ID) (Article, error) {
	a, err := d.pushable(ctx, by, id, targets)
	if err != nil {
		return a, err
	}
	return d.place(ctx, Edit{Article: a, Unpush: targets, Entries: []site.Entry{by.entry(a.Site, "article.unpush", "", targetDetail(targets))}})
}

// place keeps where an article is shown, with its words: they are found there as well.
func (d *Desk) place(ctx context.Context, e Edit) (Article, error) {
	if a := &e.Article; a.LiveN > 0 {
		r, err := d.Articles.Revision(ctx, a.ID, a.LiveN)
		if err != nil {
			return *a, fmt.Errorf("article %d: %w", a.ID, err)
		}
		words := Index(r.Head.Title, d.Cleaner.Text(r.Body))
		e.Words = &words
	}
	return d.keep(ctx, e)
}

// pushable returns an article that somebody may push to all of some sites, or take back.
func (d *Desk) pushable(ctx context.Context, by Actor, id ArticleID, targets []site.ID) (Article, error) {
	a, err := d.Get(ctx, by, id)
	if err != nil {
		return a, err
	}
	if len(targets) == 0 {
		return a, errs.Problems{{Field: "targets", Code: "missing"}}
	}
	if !d.may(by, site.PushDown, &a) {
		return a, fmt.Errorf("article %d: %w", id, errs.Denied)
	}
	t := d.Network.Tree()
	for _, id := range targets {
		if !t.May(by.Who, site.PushDown, site.Object{Site: id}) {
			return a, fmt.Errorf("push to site %d: %w", id, errs.Denied)
		}
	}
	return a, nil
}

func targetDetail(targets []site.ID) string {
	b, err := json.Marshal(map[string][]site.ID{"sites": targets})
	if err != nil {
		return "{}" // numbers can always be written
	}
	return string(b)
}
