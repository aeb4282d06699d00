package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// DB keeps what people sign in with.
var _ signin.Store = (*DB)(nil)

// Credential implements signin.Credentials.
func (db *DB) Credential(ctx context.Context, id site.AccountID) (signin.Credential, error) {
	c := signin.Credential{Account: id}
	var old, recovery string
	var changed int64
	var mustChange int
	err := db.row(ctx, "SELECT password, old, changed, must_change, totp, totp_step, recovery FROM credentials WHERE account_id = ?", id).
		Scan(&c.Password, &old, &changed, &mustChange, &c.TOTP, &c.Step, &recovery)
	switch {
	case errors.Is(err, errs.NotFound):
		return c, nil
	case err != nil:
		return c, fmt.Errorf("credentials of account %d: %w", id, err)
	}
	c.Changed, c.MustChange = fromMillis(changed), mustChange != 0
	if c.Old, err = parseTexts(old); err != nil {
		return c, fmt.Errorf("old passwords of account %d: %w", id, err)
	}
	if c.Recovery, err = parseTexts(recovery); err != nil {
		return c, fmt.Errorf("recovery codes of account %d: %w", id, err)
	}
	return c, nil
}

func parseTexts(text string) (list []string, err error) {
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("read a list: %w", err)
	}
	return list, nil
}

func formatTexts(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	return jsonList(list)
}

// SetPassword implements signin.Credentials.
func (db *DB) SetPassword(ctx context.Context, c signin.PasswordChange) error {
	err := db.do(ctx, func(x *tx) error {
		if c.Reset != nil {
			n, err := x.changed("DELETE FROM resets WHERE token = ? AND account_id = ? AND expires > ?", c.Reset[:], c.Account, millis(c.At))
			if err != nil {
				return err
			}
			if n == 0 {
				return errs.NotFound
			}
		}
		if err := x.exec(`INSERT INTO credentials (account_id, password, old, changed, must_change) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (account_id) DO UPDATE SET password = excluded.password, old = excluded.old, changed = excluded.changed, must_change = excluded.must_change`,
			c.Account, c.Password, formatTexts(c.Old), millis(c.At), flag(c.MustChange)); err != nil {
			return err
		}
		if err := x.exec("DELETE FROM resets WHERE account_id = ?", c.Account); err != nil {
			return err
		}
		keep := []byte{} // no token is empty
		if c.Keep != nil {
			keep = c.Keep[:]
		}
		if err := x.exec("DELETE FROM sessions WHERE account_id = ? AND token <> ?", c.Account, keep); err != nil {
			return err
		}
		return x.noteAccount(c.Account, c.Entries)
	})
	if err != nil {
		return fmt.Errorf("set the password of account %d: %w", c.Account, err)
	}
	return nil
}

// Rehash implements signin.Credentials.
func (db *DB) Rehash(ctx context.Context, id site.AccountID, was, now string) error {
	return db.do(ctx, func(x *tx) error {
		return x.exec("UPDATE credentials SET password = ? WHERE account_id = ? AND password = ?", now, id, was)
	})
}

// SetTOTP implements signin.Credentials.
func (db *DB) SetTOTP(ctx context.Context, id site.AccountID, sealed []byte, step int64, recovery []string, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		var totp any // nil is NULL, an empty slice is not
		if len(sealed) > 0 {
			totp = sealed
		}
		if err := x.exec(`INSERT INTO credentials (account_id, totp, totp_step, recovery) VALUES (?, ?, ?, ?)
			ON CONFLICT (account_id) DO UPDATE SET totp = excluded.totp, totp_step = excluded.totp_step, recovery = excluded.recovery`,
			id, totp, step, formatTexts(recovery)); err != nil {
			return err
		}
		return x.noteAccount(id, entries)
	})
}

// UseCode implements signin.Credentials.
func (db *DB) UseCode(ctx context.Context, id site.AccountID, step int64, recovery string) error {
	err := db.do(ctx, func(x *tx) error {
		if recovery != "" {
			return x.useRecovery(id, recovery)
		}
		n, err := x.changed("UPDATE credentials SET totp_step = ? WHERE account_id = ? AND totp_step < ?", step, id, step)
		if err == nil && n == 0 {
			return errs.Conflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("use a code of account %d: %w", id, err)
	}
	return nil
}

func (x *tx) useRecovery(id site.AccountID, recovery string) error {
	var text string
	if err := x.row("SELECT recovery FROM credentials WHERE account_id = ?", id).Scan(&text); err != nil {
		return err
	}
	left, err := parseTexts(text)
	if err != nil {
		return err
	}
	at := slices.Index(left, recovery)
	if at < 0 {
		return errs.Conflict
	}
	return x.exec("UPDATE credentials SET recovery = ? WHERE account_id = ?", formatTexts(slices.Delete(left, at, at+1)), id)
}
