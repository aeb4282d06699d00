package store

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// AddReset implements signin.Resets.
func (db *DB) AddReset(ctx context.Context, token signin.Hash, id site.AccountID, expires time.Time, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.exec("DELETE FROM resets WHERE account_id = ? OR expires <= ?", id, millis(x.now)); err != nil {
			return err
		}
		if err := x.exec("INSERT INTO resets (token, account_id, expires) VALUES (?, ?, ?)", token[:], id, millis(expires)); err != nil {
			return err
		}
		return x.note(entries...)
	})
}

// Reset implements signin.Resets.
func (db *DB) Reset(ctx context.Context, token signin.Hash, now time.Time) (id site.AccountID, err error) {
	err = db.row(ctx, "SELECT account_id FROM resets WHERE token = ? AND expires > ?", token[:], millis(now)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("find a reset: %w", err)
	}
	return id, nil
}
