package store

import (
	"context"
	"slices"

	"xianfeng/internal/files"
	"xianfeng/internal/site"
)

// AddFile implements files.Rows.
func (db *DB) AddFile(ctx context.Context, f files.File, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.exec("INSERT INTO files (id, site_id, owner_id, kind, name, mime, size, width, height, alt, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			f.ID, f.Site, f.Owner, f.Kind, f.Name, f.Type, f.Size, f.Width, f.Height, f.Alt, millis(f.Created)); err != nil {
			return err
		}
		return x.note(entries...)
	})
}

// File implements files.Rows.
func (db *DB) File(ctx context.Context, id string) (files.File, error) {
	f := files.File{ID: id}
	var created int64
	err := db.row(ctx, "SELECT site_id, owner_id, kind, name, mime, size, width, height, alt, created FROM files WHERE id = ?", id).
		Scan(&f.Site, &f.Owner, &f.Kind, &f.Name, &f.Type, &f.Size, &f.Width, &f.Height, &f.Alt, &created)
	f.Created = fromMillis(created)
	return f, err
}

// DropFile implements files.Rows.
func (db *DB) DropFile(ctx context.Context, id string, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.exec("DELETE FROM files WHERE id = ?", id); err != nil {
			return err
		}
		return x.note(entries...)
	})
}

// KnownFiles implements files.Rows.
func (db *DB) KnownFiles(ctx context.Context, ids []string) ([]string, error) {
	var out []string
	for part := range slices.Chunk(ids, 500) { // a statement takes so many values
		var w where
		in(&w, "id", part)
		rows, err := db.rows(ctx, "SELECT id FROM files"+w.text(), w.args...)
		if err != nil {
			return nil, err
		}
		if err := each(rows, func() error {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			out = append(out, id)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
