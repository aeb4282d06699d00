package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Keep keeps a change of an article, with everything that follows from it: its placements and their order,
// the words of the search, the log, and the tags of the pages that are different now.
func (db *DB) Keep(ctx context.Context, e content.Edit) (content.Article, error) {
	var out content.Article
	err := db.do(ctx, func(x *tx) error {
		ix := indexing{x: x}
		var err error
		if out, err = x.keep(e, &ix); err != nil {
			return err
		}
		return ix.finish()
	})
	return out, err
}

// KeepAll keeps many changes at once, all or none: for imports.
func (db *DB) KeepAll(ctx context.Context, edits []content.Edit) ([]content.Article, error) {
	out := make([]content.Article, len(edits))
	err := db.do(ctx, func(x *tx) error {
		ix := indexing{x: x}
		for i := range edits {
			a, err := x.keep(edits[i], &ix)
			if err != nil {
				return fmt.Errorf("change %d: %w", i+1, err)
			}
			out[i] = a
		}
		slices.Sort(x.tags)
		x.tags = slices.Compact(x.tags)
		return ix.finish()
	})
	return out, err
}

func (x *tx) keep(e content.Edit, ix *indexing) (content.Article, error) {
	a := e.Article
	if a.Updated.IsZero() {
		a.Updated = x.now
	}
	var was content.Article
	var before []placed
	if a.ID != 0 {
		var err error
		if was, err = scanArticle(x.row("SELECT "+articleColumns+" FROM articles WHERE id = ?", a.ID)); err != nil {
			return a, err
		}
		if was.Version != a.Version {
			return a, x.stale(&was)
		}
		if before, err = x.placed(a.ID); err != nil {
			return a, err
		}
	}
	if e.Delete {
		return a, x.deleteArticle(&a, before, e.Entries)
	}
	if err := x.saveArticle(&a); err != nil {
		return a, err
	}
	if !a.Deleted.IsZero() {
		if err := x.exec(withdrawOffers, a.ID); err != nil {
			return a, err
		}
	}
	if e.Revision != nil {
		if err := x.saveRevision(&a, e.Revision); err != nil {
			return a, err
		}
	}
	if err := x.placeArticle(&a, &e); err != nil {
		return a, err
	}
	after, err := x.placed(a.ID)
	if err != nil {
		return a, err
	}
	x.touchPlaced(&was, &a, before, after)
	if err := ix.article(&was, &a, before, after, e.Words); err != nil {
		return a, err
	}
	if e.Offer != nil {
		e.Offer.Result = a.ID
		if err := x.answer(e.Offer); err != nil {
			return a, err
		}
	}
	if e.Remark != nil {
		if err := x.remark(a.ID, e.Remark); err != nil {
			return a, err
		}
	}
	return a, x.noteArticle(a.ID, e.Entries)
}

// stale says who was faster.
func (x *tx) stale(a *content.Article) error {
	err := &content.StaleError{Article: a.ID, Version: a.Version, N: a.Newest, At: a.Updated}
	if e := x.row("SELECT by_id FROM revisions WHERE article_id = ? AND n = ?", a.ID, a.Newest).Scan(&err.By); e != nil {
		return e
	}
	return err
}

func (x *tx) noteArticle(id content.ArticleID, entries []site.Entry) error {
	entries = slices.Clone(entries)
	for i := range entries {
		if entries[i].Object == "" {
			entries[i].Object = fmt.Sprintf("article:%d", id)
		}
	}
	return x.note(entries...)
}

func (x *tx) saveArticle(a *content.Article) error {
	live := ""
	if a.LiveN > 0 {
		b, err := json.Marshal(a.Live)
		if err != nil {
			return fmt.Errorf("live head: %w", err)
		}
		live = string(b)
	}
	if a.ID == 0 {
		if a.Created.IsZero() {
			a.Created = x.now
		}
		a.Version = 1
		return x.row("INSERT INTO articles (site_id, slug, kind, state, owner_id, head_n, head_title, live_n, live, pinned, publish_at, published, expires, origin_id, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
			a.Site, a.Slug, a.Kind, a.State, a.Owner, a.Newest, a.Title, a.LiveN, live, flag(a.Pinned), millis(a.PublishAt), millis(a.Published), millis(a.Expires), a.Origin, millis(a.Created), millis(a.Updated)).Scan(&a.ID)
	}
	a.Version++
	return x.exec("UPDATE articles SET slug = ?, kind = ?, state = ?, owner_id = ?, head_n = ?, head_title = ?, live_n = ?, live = ?, pinned = ?, publish_at = ?, published = ?, expires = ?, updated = ?, version = ?, deleted = ? WHERE id = ?",
		a.Slug, a.Kind, a.State, a.Owner, a.Newest, a.Title, a.LiveN, live, flag(a.Pinned), millis(a.PublishAt), millis(a.Published), millis(a.Expires), millis(a.Updated), a.Version, millis(a.Deleted), a.ID)
}

func (x *tx) saveRevision(a *content.Article, r *content.Revision) error {
	head, err := json.Marshal(r.Head)
	if err != nil {
		return fmt.Errorf("head: %w", err)
	}
	at := r.At
	if at.IsZero() {
		at = x.now
	}
	return x.exec("INSERT INTO revisions (article_id, n, title, head, format, text, body, by_id, at, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (article_id, n) DO UPDATE SET title = excluded.title, head = excluded.head, format = excluded.format, text = excluded.text, body = excluded.body, note = excluded.note",
		a.ID, a.Newest, r.Head.Title, string(head), r.Format, r.Text, r.Body, r.By, millis(at), r.Note)
}

// withdrawOffers takes back what nobody has answered yet of an article that goes.
const withdrawOffers = "UPDATE offers SET state = 'withdrawn' WHERE article_id = ? AND state = 'open'"

func (x *tx) deleteArticle(a *content.Article, before []placed, entries []site.Entry) error {
	for _, p := range before {
		if p.rank > 0 {
			return fmt.Errorf("article %d is public: %w", a.ID, errs.Conflict)
		}
	}
	for _, statement := range []string{
		"DELETE FROM articles WHERE id = ?", "DELETE FROM revisions WHERE article_id = ?", "DELETE FROM placements WHERE article_id = ?",
		"DELETE FROM remarks WHERE article_id = ?", "DELETE FROM views WHERE article_id = ?",
		withdrawOffers,
	} {
		if err := x.exec(statement, a.ID); err != nil {
			return err
		}
	}
	return x.noteArticle(a.ID, entries)
}

func (x *tx) remark(id content.ArticleID, r *content.Remark) error {
	return x.exec("INSERT INTO remarks (article_id, by_id, at, action, text) VALUES (?, ?, ?, ?, ?)", id, r.By, millis(r.At), r.Action, r.Text)
}

// placed is a placement with its place in lists.
type placed struct {
	content.Placement
	rank int64
}

func (x *tx) placed(id content.ArticleID) ([]placed, error) {
	rows, err := x.rows("SELECT site_id, slug, below, rank, by_id FROM placements WHERE article_id = ? ORDER BY site_id", id)
	if err != nil {
		return nil, err
	}
	var out []placed
	err = each(rows, func() error {
		p := placed{Placement: content.Placement{Article: id}}
		var down int
		if err := rows.Scan(&p.Site, &p.Slug, &down, &p.rank, &p.By); err != nil {
			return err
		}
		p.Below = down != 0
		out = append(out, p)
		return nil
	})
	return out, err
}

// pinnedRank puts pinned articles above all times.
const pinnedRank = 1 << 50

// rank is an article's place in lists; 0: it is in none.
func rank(published time.Time, pinned bool) int64 {
	n := millis(published)
	if pinned {
		n += pinnedRank
	}
	return n
}

// placeArticle brings an article's placements up to date.
func (x *tx) placeArticle(a *content.Article, e *content.Edit) error {
	const upsert = "INSERT INTO placements (article_id, site_id, slug, below, rank, by_id) VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (article_id, site_id) DO UPDATE SET slug = excluded.slug"
	if err := x.exec(upsert, a.ID, a.Site, a.Slug, 0, a.Owner); err != nil {
		return err
	}
	for _, p := range e.Push {
		if p.Site == a.Site {
			p.Slug = a.Slug // at home it stands in its own column
		}
		if err := x.exec(upsert+", below = excluded.below, by_id = excluded.by_id", a.ID, p.Site, p.Slug, flag(p.Below), p.By); err != nil {
			return err
		}
	}
	for _, id := range e.Unpush {
		if id == a.Site {
			if err := x.exec("UPDATE placements SET below = 0 WHERE article_id = ? AND site_id = ?", a.ID, id); err != nil {
				return err
			}
			continue
		}
		if err := x.exec("DELETE FROM placements WHERE article_id = ? AND site_id = ?", a.ID, id); err != nil {
			return err
		}
	}
	var n int64
	if a.LiveN > 0 {
		n = rank(a.Published, a.Pinned)
	}
	return x.exec("UPDATE placements SET rank = ? WHERE article_id = ? AND rank <> ?", n, a.ID, n)
}

// touchPlaced notes the pages that show something else now.
func (x *tx) touchPlaced(was, is *content.Article, before, after []placed) {
	same := was.LiveN == is.LiveN && was.Expires.Equal(is.Expires) && reflect.DeepEqual(was.Live, is.Live)
	shown := func(list []placed, p placed) bool { return slices.Contains(list, p) }
	n := len(x.tags)
	for _, p := range before {
		if p.rank > 0 && (!same || !shown(after, p)) {
			x.touch(placementTag(&p.Placement))
		}
	}
	for _, p := range after {
		if p.rank > 0 && (!same || !shown(before, p)) {
			x.touch(placementTag(&p.Placement))
		}
	}
	if len(x.tags) > n || was.LiveN > 0 && !same {
		x.touch(content.ArticleTag(is.ID))
	}
	slices.Sort(x.tags[n:])
	x.tags = append(x.tags[:n], slices.Compact(x.tags[n:])...)
}

func placementTag(p *content.Placement) string {
	if p.Below {
		return content.DownTag(p.Site, p.Slug)
	}
	return content.ListTag(p.Site, p.Slug)
}

var errNoWords = errors.New("a public article was placed anew without its words")

// What package content asks of a store.
var (
	_ content.Articles     = (*DB)(nil)
	_ content.Trails       = (*DB)(nil)
	_ content.Offers       = (*DB)(nil)
	_ content.Shelves      = (*DB)(nil)
	_ content.ColumnKeeper = (*DB)(nil)
	_ content.LinkKeeper   = (*DB)(nil)
	_ content.ViewKeeper   = (*DB)(nil)
	_ content.HealthKeeper = (*DB)(nil)
	_ content.FigureKeeper = (*DB)(nil)
	_ content.Placer       = (*DB)(nil)
	_ content.Batch        = (*DB)(nil)
)
