package store

import (
	"context"
	"fmt"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Columns returns the columns of all sites.
func (db *DB) Columns(ctx context.Context) ([]content.Column, error) {
	rows, err := db.rows(ctx, "SELECT id, site_id, slug, name, name_en, kind, position, inherit, hidden FROM columns")
	if err != nil {
		return nil, err
	}
	var out []content.Column
	err = each(rows, func() error {
		var c content.Column
		var inherit, hidden int
		if err := rows.Scan(&c.ID, &c.Site, &c.Slug, &c.Name, &c.NameEN, &c.Kind, &c.Position, &inherit, &hidden); err != nil {
			return err
		}
		c.Inherit, c.Hidden = inherit != 0, hidden != 0
		out = append(out, c)
		return nil
	})
	return out, err
}

// SaveColumns adds columns (ID 0) and changes others. A slug that the site has already is errs.Exists.
func (db *DB) SaveColumns(ctx context.Context, cols []content.Column, entries ...site.Entry) ([]content.Column, error) {
	out := make([]content.Column, len(cols))
	err := db.do(ctx, func(x *tx) error {
		touched := map[site.ID]bool{}
		for i, c := range cols {
			if c.ID == 0 {
				if err := x.row("INSERT INTO columns (site_id, slug, name, name_en, kind, position, inherit, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
					c.Site, c.Slug, c.Name, c.NameEN, c.Kind, c.Position, flag(c.Inherit), flag(c.Hidden)).Scan(&c.ID); err != nil {
					return fmt.Errorf("column %s: %w", c.Slug, err)
				}
			} else if err := x.one("UPDATE columns SET name = ?, name_en = ?, position = ?, inherit = ?, hidden = ? WHERE id = ? AND site_id = ?",
				c.Name, c.NameEN, c.Position, flag(c.Inherit), flag(c.Hidden), c.ID, c.Site); err != nil {
				return fmt.Errorf("column %s: %w", c.Slug, err)
			}
			if !touched[c.Site] {
				touched[c.Site] = true
				x.touch(content.ColumnsTag(c.Site))
			}
			out[i] = c
		}
		return x.note(entries...)
	})
	return out, err
}

// DeleteColumn is errs.Exists where articles stand in the column.
func (db *DB) DeleteColumn(ctx context.Context, c content.Column, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		var n int
		if err := x.row("SELECT COUNT(*) FROM (SELECT 1 FROM placements WHERE site_id = ? AND slug = ? LIMIT 1) AS q", c.Site, c.Slug).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("articles in column %s: %w", c.Slug, errs.Exists)
		}
		if err := x.one("DELETE FROM columns WHERE id = ? AND site_id = ?", c.ID, c.Site); err != nil {
			return err
		}
		x.touch(content.ColumnsTag(c.Site))
		return x.note(entries...)
	})
}
