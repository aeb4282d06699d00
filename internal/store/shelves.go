package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
)

const itemColumns = "a.id, a.site_id, a.slug, a.kind, a.live, a.pinned, a.published, a.expires"

func scanItem(r scanner, it *content.Item, more ...any) error {
	var live string
	var pinned int
	var published, expires int64
	if err := r.Scan(append([]any{&it.ID, &it.Site, &it.Slug, &it.Kind, &live, &pinned, &published, &expires}, more...)...); err != nil {
		return err
	}
	it.Pinned, it.Published, it.Expires = pinned != 0, fromMillis(published), fromMillis(expires)
	if err := json.Unmarshal([]byte(live), &it.Head); err != nil {
		return fmt.Errorf("live head of article %d: %w", it.ID, err)
	}
	return nil
}

const placementQuery = "SELECT article_id, site_id, slug, below, by_id FROM placements WHERE article_id = ? ORDER BY site_id"

func scanPlacements(rows *sql.Rows) (map[content.ArticleID][]content.Placement, error) {
	out := map[content.ArticleID][]content.Placement{}
	err := each(rows, func() error {
		var p content.Placement
		var down int
		if err := rows.Scan(&p.Article, &p.Site, &p.Slug, &down, &p.By); err != nil {
			return err
		}
		p.Below = down != 0
		out[p.Article] = append(out[p.Article], p)
		return nil
	})
	return out, err
}

// ranges are the pieces of the index of placements in which a column of a site lies: its own, and what is
// pushed down to it and to each site above.
func ranges(at content.Place, fn func(id int64, below int)) {
	for i, id := range at {
		if i == 0 {
			fn(int64(id), 0)
		}
		fn(int64(id), 1)
	}
}

// Placed returns, for each want, what is shown at a place, best first, after an offset. It reads the index of
// placements from the best on, a few rows for each site above, and then the articles: two statements.
func (db *DB) Placed(ctx context.Context, at content.Place, wants []content.Want, offset int) (map[string][]content.Item, error) {
	var parts []string
	var args []any
	for _, w := range wants {
		ranges(at, func(id int64, below int) {
			n := strconv.Itoa(len(parts))
			parts = append(parts, "SELECT * FROM (SELECT slug, rank, article_id FROM placements WHERE site_id = "+strconv.FormatInt(id, 10)+
				" AND slug = ? AND below = "+strconv.Itoa(below)+" AND rank > 0 ORDER BY rank DESC, article_id DESC LIMIT "+strconv.Itoa(offset+w.N)+") AS q"+n)
			args = append(args, w.Slug)
		})
	}
	rows, err := db.rows(ctx, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, err
	}
	found := map[string][]spot{}
	err = each(rows, func() error {
		var slug string
		var s spot
		if err := rows.Scan(&slug, &s.rank, &s.id); err != nil {
			return err
		}
		found[slug] = append(found[slug], s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var ids []content.ArticleID
	for _, w := range wants {
		list := found[w.Slug]
		slices.SortFunc(list, func(a, b spot) int { return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.id, a.id)) })
		list = slices.Compact(list) // pushed down from two sites above
		list = list[min(offset, len(list)):min(offset+w.N, len(list))]
		found[w.Slug] = list
		for _, s := range list {
			ids = append(ids, s.id)
		}
	}
	items, err := db.items(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]content.Item, len(wants))
	for slug, list := range found {
		for _, s := range list {
			if it, ok := items[s.id]; ok {
				it.Slug = slug
				out[slug] = append(out[slug], it)
			}
		}
	}
	return out, nil
}

// spot is an article in a list.
type spot struct {
	rank int64
	id   content.ArticleID
}

// items returns those of some articles that are public.
func (db *DB) items(ctx context.Context, ids []content.ArticleID) (map[content.ArticleID]content.Item, error) {
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // none of none
	}
	rows, err := db.rows(ctx, "SELECT "+itemColumns+" FROM articles a WHERE a.id IN ("+numberList(ids)+") AND a.live_n > 0")
	if err != nil {
		return nil, err
	}
	now := db.now()
	out := make(map[content.ArticleID]content.Item, len(ids))
	err = each(rows, func() error {
		var it content.Item
		if err := scanItem(rows, &it); err != nil {
			return err
		}
		if it.Expires.IsZero() || it.Expires.After(now) {
			out[it.ID] = it
		}
		return nil
	})
	return out, err
}

// Shown returns an article that is shown at a place.
func (db *DB) Shown(ctx context.Context, at content.Place, id content.ArticleID) (content.Shown, error) {
	var s content.Shown
	var updated int64
	err := scanItem(db.row(ctx, "SELECT "+itemColumns+", a.live_n, r.body, r.at, COALESCE(v.n, 0), p.slug FROM articles a JOIN placements p ON p.article_id = a.id AND p.rank > 0 AND (p.site_id = ? OR p.below = 1 AND p.site_id IN ("+numberList(at)+
		")) JOIN revisions r ON r.article_id = a.id AND r.n = a.live_n LEFT JOIN views v ON v.article_id = a.id WHERE a.id = ? AND a.live_n > 0 ORDER BY CASE WHEN p.site_id = ? THEN 0 ELSE 1 END LIMIT 1",
		at[0], id, at[0]), &s.Item, &s.N, &s.Body, &updated, &s.Views, &s.Slug)
	if err != nil {
		return s, err
	}
	s.Updated = fromMillis(updated)
	if !s.Expires.IsZero() && !s.Expires.After(db.now()) {
		return content.Shown{}, errs.NotFound
	}
	return s, nil
}

// Beside returns the articles before (newer) and after (older) one in a column; nil: none.
func (db *DB) Beside(ctx context.Context, at content.Place, it *content.Item) (newer, older *content.Item, err error) {
	if newer, err = db.beside(ctx, at, it, ">", "ASC"); err != nil {
		return nil, nil, err
	}
	older, err = db.beside(ctx, at, it, "<", "DESC")
	return newer, older, err
}

func (db *DB) beside(ctx context.Context, at content.Place, it *content.Item, side, order string) (*content.Item, error) {
	var parts []string
	var args []any
	ranges(at, func(id int64, below int) {
		n := strconv.Itoa(len(parts))
		parts = append(parts, "SELECT * FROM (SELECT rank, article_id FROM placements WHERE site_id = "+strconv.FormatInt(id, 10)+" AND slug = ? AND below = "+strconv.Itoa(below)+
			" AND rank > 0 AND (rank, article_id) "+side+" (?, ?) ORDER BY rank "+order+", article_id "+order+" LIMIT 1) AS q"+n)
		args = append(args, it.Slug, rank(it.Published, it.Pinned), it.ID)
	})
	var s spot
	err := db.row(ctx, "SELECT * FROM ("+strings.Join(parts, " UNION ALL ")+") AS q ORDER BY rank "+order+", article_id "+order+" LIMIT 1", args...).Scan(&s.rank, &s.id)
	if errors.Is(err, errs.NotFound) {
		return nil, nil //nolint:nilnil // nothing stands there
	}
	if err != nil {
		return nil, err
	}
	found, err := db.items(ctx, []content.ArticleID{s.id})
	if err != nil {
		return nil, err
	}
	next, ok := found[s.id]
	if !ok {
		return nil, nil //nolint:nilnil // it expired this moment
	}
	next.Slug = it.Slug
	return &next, nil
}

// Public returns public articles with higher numbers, by number, and where they are placed. There are fewer
// than limit only at the end.
func (db *DB) Public(ctx context.Context, after content.ArticleID, limit int) ([]content.Hit, error) {
	rows, err := db.rows(ctx, "SELECT "+itemColumns+" FROM articles a WHERE a.id > ? AND a.live_n > 0 AND (a.expires = 0 OR a.expires > ?) ORDER BY a.id LIMIT "+strconv.Itoa(limit), after, millis(db.now()))
	if err != nil {
		return nil, err
	}
	var out []content.Hit
	var ids []content.ArticleID
	err = each(rows, func() error {
		var h content.Hit
		err := scanItem(rows, &h.Item)
		out, ids = append(out, h), append(ids, h.ID)
		return err
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	where, err := db.placedAt(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Placed = where[out[i].ID]
	}
	return out, nil
}

// placedAt returns where articles are placed.
func (db *DB) placedAt(ctx context.Context, ids []content.ArticleID) (map[content.ArticleID][]content.Placement, error) {
	rows, err := db.rows(ctx, "SELECT article_id, site_id, slug, below, by_id FROM placements WHERE article_id IN ("+numberList(ids)+") ORDER BY site_id")
	if err != nil {
		return nil, err
	}
	return scanPlacements(rows)
}
