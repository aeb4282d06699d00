package store

import (
	"context"
	"fmt"

	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// IdentityOwner implements signin.Identities.
func (db *DB) IdentityOwner(ctx context.Context, issuer, subject string) (id site.AccountID, err error) {
	err = db.row(ctx, "SELECT account_id FROM identities WHERE issuer = ? AND subject = ?", issuer, subject).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("find who it is that %s knows: %w", issuer, err)
	}
	return id, nil
}

// IdentitiesOf implements signin.Identities.
func (db *DB) IdentitiesOf(ctx context.Context, id site.AccountID) ([]signin.Identity, error) {
	rows, err := db.rows(ctx, "SELECT issuer, subject, account_id FROM identities WHERE account_id = ? ORDER BY issuer, subject", id)
	if err != nil {
		return nil, err
	}
	var out []signin.Identity
	err = each(rows, func() error {
		var i signin.Identity
		if err := rows.Scan(&i.Issuer, &i.Subject, &i.Account); err != nil {
			return err
		}
		out = append(out, i)
		return nil
	})
	return out, err
}

// AddIdentity implements signin.Identities.
func (db *DB) AddIdentity(ctx context.Context, i signin.Identity, entries ...site.Entry) error {
	err := db.do(ctx, func(x *tx) error {
		if err := x.exec("INSERT INTO identities (issuer, subject, account_id) VALUES (?, ?, ?)", i.Issuer, i.Subject, i.Account); err != nil {
			return err
		}
		return x.noteAccount(i.Account, entries)
	})
	if err != nil {
		return fmt.Errorf("link account %d to %s: %w", i.Account, i.Issuer, err)
	}
	return nil
}

// RemoveIdentity implements signin.Identities.
func (db *DB) RemoveIdentity(ctx context.Context, i signin.Identity, entries ...site.Entry) error {
	err := db.do(ctx, func(x *tx) error {
		if err := x.one("DELETE FROM identities WHERE issuer = ? AND subject = ? AND account_id = ?", i.Issuer, i.Subject, i.Account); err != nil {
			return err
		}
		return x.noteAccount(i.Account, entries)
	})
	if err != nil {
		return fmt.Errorf("unlink account %d from %s: %w", i.Account, i.Issuer, err)
	}
	return nil
}
