package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// article makes an article be found where it is shown, by its words, or no longer.
func (ix *indexing) article(was, is *content.Article, before, after []placed, words *content.Words) error {
	if is.LiveN == 0 {
		if was.LiveN == 0 {
			return nil
		}
		return ix.remove(is.ID)
	}
	moved := !slices.EqualFunc(before, after, func(a, b placed) bool { return a.Site == b.Site && a.Below == b.Below })
	switch {
	case words != nil:
	case moved || was.LiveN == 0:
		return errNoWords
	default:
		return nil
	}
	if was.LiveN > 0 && !was.Published.Equal(is.Published) {
		if err := ix.remove(is.ID); err != nil { // it gets a number among the newest
			return err
		}
	}
	list := make([]content.Placement, len(after))
	for i := range after {
		list[i] = after[i].Placement
	}
	return ix.add(is.ID, list, words)
}

// indexing is what becomes of the index at the end of a write. Statements in between would each have SQLite
// write what the index has gathered, and leave it in very many small pieces.
type indexing struct {
	x      *tx
	later  []func() error
	places map[site.ID]content.Place // that were asked for: an import asks for few very often
}

// place is tx.place. No write of articles moves a site.
func (ix *indexing) place(id site.ID) (content.Place, error) {
	if p, ok := ix.places[id]; ok {
		return p, nil
	}
	p, err := ix.x.place(id)
	if err != nil {
		return nil, err
	}
	if ix.places == nil {
		ix.places = map[site.ID]content.Place{}
	}
	ix.places[id] = p
	return p, nil
}

func (ix *indexing) finish() error {
	for _, fn := range ix.later {
		if err := fn(); err != nil {
			return err
		}
	}
	ix.later = nil
	return nil
}

func (ix *indexing) add(id content.ArticleID, list []content.Placement, words *content.Words) error {
	x := ix.x
	places, err := content.PlaceTerms(list, ix.place)
	if err != nil {
		return err
	}
	row, err := x.indexRow(id)
	switch {
	case errors.Is(err, errs.NotFound):
		err = x.row("INSERT INTO search_rows (article_id) VALUES (?) RETURNING id", id).Scan(&row)
	case err == nil:
		ix.drop(row)
	}
	if err != nil {
		return err
	}
	query, text := "INSERT INTO search (rowid, words) VALUES (?, ?)", places+" "+words.Title+" "+words.Body
	if x.db.d.postgres() {
		query, text = "INSERT INTO search (id, words) VALUES (?, CAST(? AS tsvector))", vector(places, words)
	}
	ix.later = append(ix.later, func() error { return x.exec(query, row, text) })
	return nil
}

func (ix *indexing) remove(id content.ArticleID) error {
	row, err := ix.x.indexRow(id)
	if errors.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	ix.drop(row)
	return ix.x.exec("DELETE FROM search_rows WHERE id = ?", row)
}

func (ix *indexing) drop(row int64) {
	ix.later = append(ix.later, func() error { return ix.x.exec("DELETE FROM search WHERE "+ix.x.db.rowid()+" = ?", row) })
}

// indexRow is the number of an article's row in the index.
func (x *tx) indexRow(id content.ArticleID) (row int64, err error) {
	err = x.row("SELECT id FROM search_rows WHERE article_id = ?", id).Scan(&row)
	return row, err
}

// rowid is how the number of a row of the index is called.
func (db *DB) rowid() string {
	if db.d.postgres() {
		return "id"
	}
	return "rowid"
}

// vector writes terms with their positions as PostgreSQL reads them. None has a quote in it.
func vector(places string, words *content.Words) string {
	var b strings.Builder
	for _, t := range strings.Fields(places) {
		b.WriteString("'" + t + "' ")
	}
	n := 0
	for _, part := range []string{words.Title, words.Body} {
		for _, t := range strings.Fields(part) {
			n++
			b.WriteString("'" + t + "':" + strconv.Itoa(n) + " ")
		}
		n++ // a phrase can't reach from one part into the next
	}
	return b.String()
}

// Find returns public articles by their words: those with all of them in the title first, then the newest.
func (db *DB) Find(ctx context.Context, q content.Match) (content.Hits, error) {
	var out content.Hits
	titles, rest := db.terms(q)
	found, err := db.find(ctx, titles, q.Count)
	if err != nil {
		return out, err
	}
	if more := q.Count - len(found); more > 0 {
		others, err := db.find(ctx, rest, more)
		if err != nil {
			return out, err
		}
		found = append(found, others...)
	}
	out.Count = len(found)
	found = found[min(q.Offset, len(found)):min(q.Offset+q.Limit, len(found))]
	if len(found) == 0 {
		return out, nil
	}
	out.Hits, err = db.hits(ctx, found)
	return out, err
}

// terms writes what is looked for as the index wants it: hits in titles, and those that are not.
func (db *DB) terms(q content.Match) (titles, rest string) {
	and, or, not, beside := " AND ", " OR ", " NOT ", " "
	quote := func(t string) string { return t }
	open, end := `"`, `"`
	if db.d.postgres() {
		and, or, not, beside = " & ", " | ", " & !", " <-> "
		quote = func(t string) string { return "'" + t + "'" }
		open, end = "(", ")"
	}
	all := func(prefix string) string {
		var parts []string
		for _, phrase := range q.Words {
			var ts []string
			for _, t := range phrase {
				ts = append(ts, quote(prefix+t))
			}
			parts = append(parts, open+strings.Join(ts, beside)+end)
		}
		return "(" + strings.Join(parts, and) + ")"
	}
	titles, rest = all("_"), all("")
	inTitle := titles
	if len(q.Places) > 0 {
		var ps []string
		for _, p := range q.Places {
			ps = append(ps, open+quote(p)+end)
		}
		where := "(" + strings.Join(ps, or) + ")"
		titles, rest = "("+titles+and+where+")", "("+rest+and+where+")"
	}
	return titles, rest + not + inTitle
}

// find returns rows of the index, newest first.
func (db *DB) find(ctx context.Context, terms string, limit int) ([]int64, error) {
	query := "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT " + strconv.Itoa(limit)
	if db.d.postgres() {
		query = "SELECT id FROM search WHERE words @@ CAST(? AS tsquery) ORDER BY id DESC LIMIT " + strconv.Itoa(limit)
	}
	rows, err := db.rows(ctx, query, terms)
	if err != nil {
		return nil, err
	}
	var out []int64
	err = each(rows, func() error {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return err
		}
		out = append(out, n)
		return nil
	})
	return out, err
}

// hits returns what stands behind rows of the index, in their order.
func (db *DB) hits(ctx context.Context, found []int64) ([]content.Hit, error) {
	rows, err := db.rows(ctx, "SELECT "+itemColumns+", r.body, s.id FROM search_rows s JOIN articles a ON a.id = s.article_id JOIN revisions r ON r.article_id = a.id AND r.n = a.live_n WHERE s.id IN ("+numberList(found)+") AND a.live_n > 0")
	if err != nil {
		return nil, err
	}
	byRow := make(map[int64]*content.Hit, len(found))
	var ids []content.ArticleID
	now := db.now()
	err = each(rows, func() error {
		var h content.Hit
		var row int64
		if err := scanItem(rows, &h.Item, &h.Body, &row); err != nil {
			return err
		}
		if h.Expires.IsZero() || h.Expires.After(now) {
			byRow[row] = &h
			ids = append(ids, h.ID)
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	where, err := db.placedAt(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []content.Hit
	for _, row := range found {
		if h := byRow[row]; h != nil {
			h.Placed = where[h.ID]
			out = append(out, *h)
		}
	}
	return out, nil
}

// PlacedOn returns the live revisions of public articles that are placed on some sites, by number, for
// indexing them anew.
func (db *DB) PlacedOn(ctx context.Context, sites []site.ID, after content.ArticleID, limit int) ([]content.Revision, error) {
	w := where{}
	inNumbers(&w, "p.site_id", sites)
	w.add("p.article_id > ? AND p.rank > 0", after)
	rows, err := db.rows(ctx, fmt.Sprintf("SELECT %s FROM revisions v JOIN articles a ON a.id = v.article_id AND a.live_n = v.n WHERE a.id IN (SELECT DISTINCT p.article_id FROM placements p%s ORDER BY p.article_id LIMIT %d) ORDER BY a.id",
		"v."+strings.ReplaceAll(revisionColumns, ", ", ", v."), w.text(), limit), w.args...)
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

// Moves returns the sites that were moved and whose articles the search still finds at their old place.
func (db *DB) Moves(ctx context.Context) ([]content.Move, error) {
	rows, err := db.rows(ctx, "SELECT site_id, version FROM moves ORDER BY site_id")
	if err != nil {
		return nil, err
	}
	var out []content.Move
	err = each(rows, func() error {
		var m content.Move
		err := rows.Scan(&m.Site, &m.Version)
		out = append(out, m)
		return err
	})
	return out, err
}

// Arrived notes that the search knows of a move. A later one of the same site stays to be done.
func (db *DB) Arrived(ctx context.Context, m content.Move) error {
	return db.do(ctx, func(x *tx) error {
		return x.exec("DELETE FROM moves WHERE site_id = ? AND version = ?", m.Site, m.Version)
	})
}

// Reindex writes what is known of where articles are shown anew, after sites were moved. Articles that are
// public no longer are left out.
func (db *DB) Reindex(ctx context.Context, words map[content.ArticleID]content.Words) error {
	return db.do(ctx, func(x *tx) error {
		ix := indexing{x: x}
		for id, w := range words {
			list, err := x.placed(id)
			if err != nil {
				return err
			}
			var public []content.Placement
			for _, p := range list {
				if p.rank > 0 {
					public = append(public, p.Placement)
				}
			}
			if len(public) == 0 {
				continue
			}
			if err := ix.add(id, public, &w); err != nil {
				return err
			}
		}
		return ix.finish()
	})
}
