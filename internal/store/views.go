package store

import (
	"context"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// AddViews adds looks at pages to the numbers that are kept, in one write.
func (db *DB) AddViews(ctx context.Context, c content.Counts) error {
	return db.do(ctx, func(x *tx) error {
		for id, n := range c.Articles {
			if err := x.exec("INSERT INTO views (article_id, n) VALUES (?, ?) ON CONFLICT (article_id) DO UPDATE SET n = views.n + excluded.n", id, n); err != nil {
				return err
			}
		}
		for id, n := range c.Pages {
			if err := x.exec("INSERT INTO daily (site_id, day, pages, visitors) VALUES (?, ?, ?, ?) ON CONFLICT (site_id, day) DO UPDATE SET pages = daily.pages + excluded.pages, visitors = daily.visitors + excluded.visitors",
				id, c.Day, n, c.Visitors[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Sums returns what happened on each site in some days.
func (db *DB) Sums(ctx context.Context, in content.Span) (map[site.ID]content.Sum, error) {
	rows, err := db.rows(ctx, "SELECT site_id, CAST(SUM(pages) AS BIGINT), CAST(SUM(visitors) AS BIGINT) FROM daily WHERE day >= ? AND day <= ? GROUP BY site_id", in.From, in.To)
	if err != nil {
		return nil, err
	}
	out := map[site.ID]content.Sum{}
	err = each(rows, func() error {
		var id site.ID
		var s content.Sum
		if err := rows.Scan(&id, &s.Pages, &s.Visitors); err != nil {
			return err
		}
		out[id] = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rows, err = db.rows(ctx, "SELECT site_id, COUNT(*) FROM articles WHERE published >= ? AND published < ? AND live_n > 0 GROUP BY site_id", millis(in.Begin), millis(in.Ends)); err != nil {
		return nil, err
	}
	err = each(rows, func() error {
		var id site.ID
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		s := out[id]
		s.Published = n
		out[id] = s
		return nil
	})
	return out, err
}

// Days returns what happened on some sites (nil: on all) on each day on which something did, oldest first.
func (db *DB) Days(ctx context.Context, sites []site.ID, from, to string) ([]content.Day, error) {
	w := where{}
	w.add("day >= ? AND day <= ?", from, to)
	if sites != nil {
		inNumbers(&w, "site_id", sites)
	}
	rows, err := db.rows(ctx, "SELECT day, CAST(SUM(pages) AS BIGINT), CAST(SUM(visitors) AS BIGINT) FROM daily"+w.text()+" GROUP BY day ORDER BY day", w.args...)
	if err != nil {
		return nil, err
	}
	var out []content.Day
	err = each(rows, func() error {
		var d content.Day
		if err := rows.Scan(&d.Day, &d.Pages, &d.Visitors); err != nil {
			return err
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

// factsQuery is one pass over the index of placements, in its order.
const factsQuery = "SELECT site_id, slug, below, MAX(CASE WHEN rank >= ? THEN rank - ? ELSE rank END) FROM placements WHERE rank > 0 GROUP BY site_id, slug, below"

// Facts returns, for each site and column with something in it, when that was last published: what is placed
// there, and what is pushed down from there.
func (db *DB) Facts(ctx context.Context) ([]content.Fact, error) {
	rows, err := db.rows(ctx, factsQuery, int64(pinnedRank), int64(pinnedRank))
	if err != nil {
		return nil, err
	}
	var out []content.Fact
	err = each(rows, func() error {
		var f content.Fact
		var below int
		var last int64
		if err := rows.Scan(&f.Site, &f.Slug, &below, &last); err != nil {
			return err
		}
		f.Below, f.Last = below != 0, fromMillis(last)
		out = append(out, f)
		return nil
	})
	return out, err
}
