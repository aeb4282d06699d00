package store

import (
	"context"
	"time"

	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// Failures implements signin.Failures.
func (db *DB) Failures(ctx context.Context, keys ...string) ([]signin.Failure, error) {
	w := where{}
	in(&w, "key", keys)
	rows, err := db.rows(ctx, "SELECT key, n, last FROM failures"+w.text(), w.args...)
	if err != nil {
		return nil, err
	}
	found := make(map[string]signin.Failure, len(keys))
	err = each(rows, func() error {
		var key string
		var f signin.Failure
		var last int64
		if err := rows.Scan(&key, &f.N, &last); err != nil {
			return err
		}
		f.Last = fromMillis(last)
		found[key] = f
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]signin.Failure, len(keys))
	for i, key := range keys {
		out[i] = found[key]
	}
	return out, nil
}

// Fail implements signin.Failures.
func (db *DB) Fail(ctx context.Context, at, forget time.Time, keys []string, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.exec("DELETE FROM failures WHERE last < ?", millis(forget)); err != nil {
			return err
		}
		for _, key := range keys {
			if err := x.exec("INSERT INTO failures (key, n, last) VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET n = failures.n + 1, last = excluded.last",
				key, millis(at)); err != nil {
				return err
			}
		}
		return x.note(entries...)
	})
}

// Forgive implements signin.Failures.
func (db *DB) Forgive(ctx context.Context, keys ...string) error {
	return db.do(ctx, func(x *tx) error {
		for _, key := range keys {
			if err := x.exec("DELETE FROM failures WHERE key = ?", key); err != nil {
				return err
			}
		}
		return nil
	})
}
