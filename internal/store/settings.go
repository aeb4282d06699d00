package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Setting returns the nearest value of a setting along path, the nearest site first; after those comes what
// holds for the whole network. Where nobody set it, it is errs.NotFound.
func (db *DB) Setting(ctx context.Context, path []site.ID, name string) (json.RawMessage, error) {
	all, err := db.Settings(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, id := range append(slices.Clone(path), 0) {
		if v, ok := all[id]; ok {
			return v, nil
		}
	}
	return nil, fmt.Errorf("setting %s: %w", name, errs.NotFound)
}

// Settings returns every value of a setting, by the site that it is set on; 0 is the whole network.
func (db *DB) Settings(ctx context.Context, name string) (map[site.ID]json.RawMessage, error) {
	rows, err := db.rows(ctx, "SELECT site_id, value FROM settings WHERE name = ?", name)
	if err != nil {
		return nil, err
	}
	all := map[site.ID]json.RawMessage{}
	err = each(rows, func() error {
		var id site.ID
		var value string
		if err := rows.Scan(&id, &value); err != nil {
			return err
		}
		all[id] = json.RawMessage(value)
		return nil
	})
	return all, err
}

// SetSetting sets a value on a site, 0 for the whole network; nil takes it away, so that the one above holds.
func (db *DB) SetSetting(ctx context.Context, at site.ID, name string, value json.RawMessage, entries ...site.Entry) error {
	if value != nil && !json.Valid(value) {
		return fmt.Errorf("setting %s: not JSON: %w", name, errs.Invalid)
	}
	return db.do(ctx, func(x *tx) error {
		var err error
		if value == nil {
			err = x.exec("DELETE FROM settings WHERE site_id = ? AND name = ?", at, name)
		} else {
			err = x.exec("INSERT INTO settings (site_id, name, value) VALUES (?, ?, ?) ON CONFLICT (site_id, name) DO UPDATE SET value = excluded.value",
				at, name, string(value))
		}
		if err != nil {
			return err
		}
		if at == 0 {
			x.touch(everything)
		} else {
			x.touch(fmt.Sprintf("site:%d", at))
		}
		return x.note(entries...)
	})
}
