package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

const articleColumns = "id, site_id, slug, kind, state, owner_id, head_n, head_title, live_n, live, pinned, publish_at, published, expires, origin_id, created, updated, version, deleted"

type scanner interface{ Scan(dest ...any) error }

func scanArticle(r scanner) (content.Article, error) {
	var a content.Article
	var live string
	var at, published, expires, created, updated, deleted int64
	var pinned int
	if err := r.Scan(&a.ID, &a.Site, &a.Slug, &a.Kind, &a.State, &a.Owner, &a.Newest, &a.Title, &a.LiveN, &live, &pinned,
		&at, &published, &expires, &a.Origin, &created, &updated, &a.Version, &deleted); err != nil {
		return a, err
	}
	a.Pinned = pinned != 0
	a.PublishAt, a.Published, a.Expires = fromMillis(at), fromMillis(published), fromMillis(expires)
	a.Created, a.Updated, a.Deleted = fromMillis(created), fromMillis(updated), fromMillis(deleted)
	if live != "" {
		if err := json.Unmarshal([]byte(live), &a.Live); err != nil {
			return a, fmt.Errorf("live head of article %d: %w", a.ID, err)
		}
	}
	return a, nil
}

// Article returns an article.
func (db *DB) Article(ctx context.Context, id content.ArticleID) (content.Article, error) {
	return scanArticle(db.row(ctx, "SELECT "+articleColumns+" FROM articles WHERE id = ?", id))
}

const revisionColumns = "article_id, n, head, format, text, body, by_id, at, note"

func scanRevision(r scanner, more ...any) (content.Revision, error) {
	var v content.Revision
	var head string
	var at int64
	if err := r.Scan(append([]any{&v.Article, &v.N, &head, &v.Format, &v.Text, &v.Body, &v.By, &at, &v.Note}, more...)...); err != nil {
		return v, err
	}
	v.At = fromMillis(at)
	if err := json.Unmarshal([]byte(head), &v.Head); err != nil {
		return v, fmt.Errorf("head of revision %d of article %d: %w", v.N, v.Article, err)
	}
	return v, nil
}

// Revision returns a revision of an article.
func (db *DB) Revision(ctx context.Context, id content.ArticleID, n int) (content.Revision, error) {
	return scanRevision(db.row(ctx, "SELECT "+revisionColumns+" FROM revisions WHERE article_id = ? AND n = ?", id, n))
}

// Revisions returns all revisions of an article, newest first, without their texts.
func (db *DB) Revisions(ctx context.Context, id content.ArticleID) ([]content.Revision, error) {
	rows, err := db.rows(ctx, "SELECT article_id, n, head, format, '', '', by_id, at, note FROM revisions WHERE article_id = ? ORDER BY n DESC", id)
	if err != nil {
		return nil, err
	}
	var out []content.Revision
	err = each(rows, func() error {
		v, err := scanRevision(rows)
		out = append(out, v)
		return err
	})
	return out, err
}

// wideList is how many sites a list may be of before it is read in order of time, looking at each article's
// site, instead of site by site.
const wideList = 200

// Articles returns articles, the newest change first.
func (db *DB) Articles(ctx context.Context, q content.Filter) ([]content.Article, error) {
	w := where{}
	if q.Sites != nil {
		column := "site_id"
		if len(q.Sites) > wideList {
			column = "+site_id"
		}
		inNumbers(&w, column, q.Sites)
	}
	var states []content.State
	public := false
	for _, s := range q.States {
		if s == content.Published {
			public = true
			continue
		}
		states = append(states, s)
	}
	switch {
	case public && len(states) > 0:
		w.add("(live_n > 0 OR state IN ("+marks(len(states))+"))", anys(states)...)
	case public:
		w.add("live_n > 0")
	case len(states) > 0:
		in(&w, "state", states)
	}
	if q.Slug != "" {
		w.add("slug = ?", q.Slug)
	}
	if q.Owner != 0 {
		w.add("owner_id = ?", q.Owner)
	}
	if q.Title != "" {
		w.add(`LOWER(head_title) LIKE ? ESCAPE '\'`, "%"+likeEscape.Replace(strings.ToLower(q.Title))+"%")
	}
	order := "updated DESC, id DESC"
	if !q.Due.IsZero() {
		w.add("state = 'scheduled' AND publish_at <= ?", millis(q.Due))
		order = "publish_at"
	}
	if !q.Ended.IsZero() {
		w.add("live_n > 0 AND expires > 0 AND expires <= ?", millis(q.Ended))
		order = "expires"
	}
	if q.Swept.IsZero() {
		w.add("deleted = 0")
	} else {
		w.add("deleted > 0 AND deleted <= ?", millis(q.Swept))
		order = "deleted"
	}
	if q.After != 0 {
		w.add("id > ?", q.After)
		order = "id"
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	rows, err := db.rows(ctx, fmt.Sprintf("SELECT "+articleColumns+" FROM articles%s ORDER BY %s LIMIT %d OFFSET %d", w.text(), order, q.Limit, max(q.Offset, 0)), w.args...)
	if err != nil {
		return nil, err
	}
	var out []content.Article
	err = each(rows, func() error {
		a, err := scanArticle(rows)
		out = append(out, a)
		return err
	})
	return out, err
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// inNumbers is in for more numbers than a statement may have arguments.
func inNumbers[T ~int64](w *where, column string, values []T) {
	if len(values) == 0 {
		w.parts = append(w.parts, "1 = 0")
		return
	}
	w.parts = append(w.parts, column+" IN ("+numberList(values)+")")
}

func numberList[T ~int64](values []T) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(int64(v), 10))
	}
	return b.String()
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// Remarks returns what was said about an article on its way, oldest first.
func (db *DB) Remarks(ctx context.Context, id content.ArticleID) ([]content.Remark, error) {
	rows, err := db.rows(ctx, "SELECT by_id, at, action, text FROM remarks WHERE article_id = ? ORDER BY id", id)
	if err != nil {
		return nil, err
	}
	var out []content.Remark
	err = each(rows, func() error {
		var r content.Remark
		var at int64
		if err := rows.Scan(&r.By, &at, &r.Action, &r.Text); err != nil {
			return err
		}
		r.At = fromMillis(at)
		out = append(out, r)
		return nil
	})
	return out, err
}

// Placements returns where an article is placed.
func (db *DB) Placements(ctx context.Context, id content.ArticleID) ([]content.Placement, error) {
	rows, err := db.rows(ctx, placementQuery, id)
	if err != nil {
		return nil, err
	}
	placed, err := scanPlacements(rows)
	return placed[id], err
}

// Copies returns the articles that were made of one.
func (db *DB) Copies(ctx context.Context, id content.ArticleID) ([]content.Article, error) {
	rows, err := db.rows(ctx, "SELECT "+articleColumns+" FROM articles WHERE origin_id = ? AND origin_id > 0 AND deleted = 0 ORDER BY id", id)
	if err != nil {
		return nil, err
	}
	var out []content.Article
	err = each(rows, func() error {
		a, err := scanArticle(rows)
		out = append(out, a)
		return err
	})
	return out, err
}

// ViewsOf returns how often articles were looked at.
func (db *DB) ViewsOf(ctx context.Context, ids []content.ArticleID) (map[content.ArticleID]int64, error) {
	w := where{}
	inNumbers(&w, "article_id", ids)
	rows, err := db.rows(ctx, "SELECT article_id, n FROM views"+w.text())
	if err != nil {
		return nil, err
	}
	out := make(map[content.ArticleID]int64, len(ids))
	err = each(rows, func() error {
		var id content.ArticleID
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		out[id] = n
		return nil
	})
	return out, err
}

// place returns a site and those above it, nearest first, as they are in this write.
func (x *tx) place(id site.ID) (content.Place, error) {
	rows, err := x.rows("WITH RECURSIVE up (id, parent_id, n) AS (SELECT id, parent_id, 0 FROM sites WHERE id = ? UNION ALL SELECT s.id, s.parent_id, up.n + 1 FROM sites s JOIN up ON s.id = up.parent_id) SELECT id FROM up ORDER BY n", id)
	if err != nil {
		return nil, err
	}
	var out content.Place
	err = each(rows, func() error {
		var id site.ID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		out = append(out, id)
		return nil
	})
	return slices.Clip(out), err
}
