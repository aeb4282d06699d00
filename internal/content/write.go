package content

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Limits of what somebody writes.
const (
	MaxTitle    = 120       // characters
	MaxSummary  = 500       // characters
	MaxText     = 1 << 20   // bytes
	MaxMarkdown = 256 << 10 // bytes; as much as package clean reads
	MaxPictures = 100
	MaxFiles    = 30
)

// autosave is how long what is saved by itself goes into the same revision.
const autosave = 2 * time.Minute

// Writing is what somebody saves.
type Writing struct {
	ID       ArticleID // 0: a new article
	Version  int64     // of the article as it was opened; a new one has none
	Site     site.ID   // where a new one stands; else not looked at
	Slug     string    // of the column, whose kind is the article's
	Head     Head
	Format   Format
	Text     string
	Autosave bool   // not asked for by a person: joins their revision of the last two minutes
	Note     string // why the revision was made
}

// Save keeps a text as a new revision. Visitors see nothing of it until it is published.
func (d *Desk) Save(ctx context.Context, by Actor, w Writing) (Article, error) {
	now := d.Now().UTC()
	var a Article
	if w.ID == 0 {
		a = Article{Site: w.Site, Owner: by.Who.Account, State: Draft, Created: now}
		if !d.may(by, site.Write, &a) {
			return a, fmt.Errorf("write on site %d: %w", w.Site, errs.Denied)
		}
	} else {
		var err error
		if a, err = d.take(ctx, by, site.Write, w.ID, w.Version); err != nil {
			return a, err
		}
	}
	col, err := d.check(&a, &w)
	if err != nil {
		return a, err
	}
	a.Slug, a.Kind = col.Slug, col.Kind
	r := Revision{
		Head: w.Head, Format: w.Format, Text: w.Text, Body: d.cleaned(w.Format, w.Text),
		By: by.Who.Account, At: now, Note: w.Note,
	}
	join, err := d.joins(ctx, by, &a, &w, now)
	if err != nil {
		return a, err
	}
	e := Edit{Revision: &r}
	if join.IsZero() {
		a.Newest++
		e.Entries = []site.Entry{by.entry(a.Site, "article.save", "", "")}
	} else {
		r.At = join
	}
	r.N = a.Newest
	a.Title = r.Head.Title
	a.State = d.stateAfterSave(by, &a)
	if a.State != Scheduled {
		a.PublishAt = time.Time{}
	}
	e.Article = a
	return d.keep(ctx, e)
}

// stateAfterSave: a new text has its way before it. What waits for a reviewer goes on waiting; what was
// approved stays so only in the hands of somebody who may approve.
func (d *Desk) stateAfterSave(by Actor, a *Article) State {
	switch {
	case a.State == Review:
		return Review
	case a.State == Scheduled && d.may(by, site.Publish, a):
		return Scheduled
	case a.State == Scheduled:
		return Review
	}
	return Draft
}

// joins returns when the revision began that an autosave goes into; zero: it makes a new one.
func (d *Desk) joins(ctx context.Context, by Actor, a *Article, w *Writing, now time.Time) (time.Time, error) {
	if !w.Autosave || a.ID == 0 || a.Newest == a.LiveN || a.State != Draft {
		return time.Time{}, nil
	}
	last, err := d.Articles.Revision(ctx, a.ID, a.Newest)
	if err != nil {
		return time.Time{}, fmt.Errorf("article %d: %w", a.ID, err)
	}
	if last.By != by.Who.Account || now.Sub(last.At) > autosave || last.Note != "" {
		return time.Time{}, nil
	}
	// What was offered to a site above stays as it was offered.
	open, err := d.Offers.Offers(ctx, OfferFilter{Article: a.ID, State: OfferOpen})
	if err != nil {
		return time.Time{}, fmt.Errorf("article %d: %w", a.ID, err)
	}
	for i := range open {
		if open[i].N == a.Newest {
			return time.Time{}, nil
		}
	}
	return last.At, nil
}

// check tidies what somebody wrote and says what is wrong with it. A draft may be without a title.
func (d *Desk) check(a *Article, w *Writing) (Column, error) {
	var p errs.Problems
	w.Head.Title = strings.Join(strings.Fields(w.Head.Title), " ")
	w.Head.Summary = strings.TrimSpace(w.Head.Summary)
	if utf8.RuneCountInString(w.Head.Title) > MaxTitle {
		p.Add("title", "long", strconv.Itoa(MaxTitle))
	}
	if utf8.RuneCountInString(w.Head.Summary) > MaxSummary {
		p.Add("summary", "long", strconv.Itoa(MaxSummary))
	}
	most := MaxText
	if w.Format == Markdown {
		most = MaxMarkdown
	}
	if len(w.Text) > most {
		p.Add("text", "long", strconv.Itoa(most))
	}
	if !utf8.ValidString(w.Text) || !utf8.ValidString(w.Head.Title) || strings.ContainsRune(w.Text, 0) || strings.ContainsRune(w.Head.Title, 0) {
		p.Add("text", "encoding", "")
	}
	if len(w.Head.Pictures) > MaxPictures {
		p.Add("pictures", "many", strconv.Itoa(MaxPictures))
	}
	if len(w.Head.Files) > MaxFiles {
		p.Add("files", "many", strconv.Itoa(MaxFiles))
	}
	switch w.Format {
	case HTML, Markdown:
	case "":
		w.Format = HTML
	default:
		p.Add("format", "unknown", string(w.Format))
	}
	n := d.Network.Tree().Get(a.Site)
	if n == nil {
		return Column{}, fmt.Errorf("site %d: %w", a.Site, errs.NotFound)
	}
	if w.Slug == "" {
		w.Slug = a.Slug
	}
	col, ok := d.Columns.Find(n, w.Slug)
	switch {
	case !ok:
		p.Add("slug", "unknown", w.Slug)
	case a.LiveN > 0 && a.Slug != w.Slug:
		p.Add("slug", "public", "") // visitors would see it move before it is published again: see Refile
	case a.ID != 0 && a.Kind != col.Kind && a.LiveN > 0:
		p.Add("slug", "kind", string(a.Kind))
	}
	if col.Kind != Produce {
		w.Head.Produce = nil
	}
	return col, p.Err()
}

// Restore makes a new revision out of an old one.
func (d *Desk) Restore(ctx context.Context, by Actor, id ArticleID, version int64, n int) (Article, error) {
	a, err := d.take(ctx, by, site.Write, id, version)
	if err != nil {
		return a, err
	}
	old, err := d.Articles.Revision(ctx, id, n)
	if err != nil {
		return a, fmt.Errorf("revision %d of article %d: %w", n, id, err)
	}
	a.Newest++
	r := Revision{
		N: a.Newest, Head: old.Head, Format: old.Format, Text: old.Text, Body: d.cleaned(old.Format, old.Text),
		By: by.Who.Account, At: d.Now().UTC(), Note: fmt.Sprintf("restored from %d", n),
	}
	a.Title = r.Head.Title
	a.State = d.stateAfterSave(by, &a)
	if a.State != Scheduled {
		a.PublishAt = time.Time{}
	}
	return d.keep(ctx, Edit{Article: a, Revision: &r, Entries: []site.Entry{by.entry(a.Site, "article.restore", "", fmt.Sprintf(`{"n":%d}`, n))}})
}

// Delete takes an article away that visitors do not see. Undelete brings it back, until the schedule sweeps it.
func (d *Desk) Delete(ctx context.Context, by Actor, id ArticleID, version int64) error {
	a, err := d.take(ctx, by, site.Write, id, version)
	if err != nil {
		return err
	}
	if a.LiveN > 0 || a.State == Scheduled {
		return errs.Problems{{Field: "", Code: "public"}}
	}
	a.Deleted = d.Now().UTC()
	_, err = d.keep(ctx, Edit{Article: a, Entries: []site.Entry{by.entry(a.Site, "article.delete", "", "")}})
	return err
}

// Undelete brings an article back that was deleted, as it was. What it was offered to is not offered again.
func (d *Desk) Undelete(ctx context.Context, by Actor, id ArticleID) (Article, error) {
	a, err := d.Articles.Article(ctx, id)
	if err != nil {
		return Article{}, fmt.Errorf("article %d: %w", id, err)
	}
	switch {
	case a.Deleted.IsZero(), !d.may(by, site.ReadDraft, &a):
		return Article{}, fmt.Errorf("deleted article %d: %w", id, errs.NotFound)
	case !d.may(by, site.Write, &a):
		return Article{}, fmt.Errorf("deleted article %d: %w", id, errs.Denied)
	}
	a.Deleted = time.Time{}
	return d.keep(ctx, Edit{Article: a, Entries: []site.Entry{by.entry(a.Site, "article.undelete", "", "")}})
}

// keep has an edit kept. Where somebody was faster, it says who.
func (d *Desk) keep(ctx context.Context, e Edit) (Article, error) {
	e.Article.Updated = d.Now().UTC()
	a, err := d.Articles.Keep(ctx, e)
	if err == nil {
		return a, nil
	}
	return a, fmt.Errorf("keep article %d: %w", e.Article.ID, err)
}
