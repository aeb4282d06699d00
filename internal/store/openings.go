package store

import (
	"context"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

var _ content.OpeningKeeper = (*DB)(nil)

// Openings returns how the sites' front pages opened lately.
func (db *DB) Openings(ctx context.Context) (map[site.ID]content.Opening, error) {
	rows, err := db.rows(ctx, "SELECT site_id, tries, slow, last FROM openings")
	if err != nil {
		return nil, err
	}
	out := map[site.ID]content.Opening{}
	err = each(rows, func() error {
		var o content.Opening
		var last int64
		if err := rows.Scan(&o.Site, &o.Tries, &o.Slow, &last); err != nil {
			return err
		}
		o.Last = fromMillis(last)
		out[o.Site] = o
		return nil
	})
	return out, err
}

// Opened keeps how some front pages opened.
func (db *DB) Opened(ctx context.Context, list []content.Opening) error {
	return db.do(ctx, func(x *tx) error {
		for _, o := range list {
			if err := x.exec("INSERT INTO openings (site_id, tries, slow, last) VALUES (?, ?, ?, ?) ON CONFLICT (site_id) DO UPDATE SET tries = excluded.tries, slow = excluded.slow, last = excluded.last",
				o.Site, o.Tries, o.Slow, millis(o.Last)); err != nil {
				return err
			}
		}
		return nil
	})
}
