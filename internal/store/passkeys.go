package store

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// PasskeysOf implements signin.Passkeys.
func (db *DB) PasskeysOf(ctx context.Context, id site.AccountID) ([]signin.Passkey, error) {
	rows, err := db.rows(ctx, "SELECT id, account_id, name, data, created, used FROM passkeys WHERE account_id = ? ORDER BY created, id", id)
	if err != nil {
		return nil, err
	}
	var out []signin.Passkey
	err = each(rows, func() error {
		var p signin.Passkey
		var created, used int64
		if err := rows.Scan(&p.ID, &p.Account, &p.Name, &p.Data, &created, &used); err != nil {
			return err
		}
		p.Created, p.Used = fromMillis(created), fromMillis(used)
		out = append(out, p)
		return nil
	})
	return out, err
}

// AddPasskey implements signin.Passkeys.
func (db *DB) AddPasskey(ctx context.Context, p signin.Passkey, entries ...site.Entry) error {
	err := db.do(ctx, func(x *tx) error {
		if err := x.exec("INSERT INTO passkeys (id, account_id, name, data, created, used) VALUES (?, ?, ?, ?, ?, ?)",
			p.ID, p.Account, p.Name, p.Data, millis(p.Created), millis(p.Used)); err != nil {
			return err
		}
		return x.noteAccount(p.Account, entries)
	})
	if err != nil {
		return fmt.Errorf("add a passkey of account %d: %w", p.Account, err)
	}
	return nil
}

// UsePasskey implements signin.Passkeys.
func (db *DB) UsePasskey(ctx context.Context, id []byte, data string, at time.Time) error {
	err := db.do(ctx, func(x *tx) error {
		return x.one("UPDATE passkeys SET data = ?, used = ? WHERE id = ?", data, millis(at), id)
	})
	if err != nil {
		return fmt.Errorf("use a passkey: %w", err)
	}
	return nil
}

// RemovePasskey implements signin.Passkeys.
func (db *DB) RemovePasskey(ctx context.Context, owner site.AccountID, id []byte, entries ...site.Entry) error {
	err := db.do(ctx, func(x *tx) error {
		if err := x.one("DELETE FROM passkeys WHERE account_id = ? AND id = ?", owner, id); err != nil {
			return err
		}
		return x.noteAccount(owner, entries)
	})
	if err != nil {
		return fmt.Errorf("remove a passkey of account %d: %w", owner, err)
	}
	return nil
}
