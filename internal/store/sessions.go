package store

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

const sessionColumns = "public, account_id, created, seen, expires, strong, remote, agent"

func scanSession(r interface{ Scan(...any) error }, s *signin.Session) error {
	var created, seen, expires int64
	var strong int
	if err := r.Scan(&s.ID, &s.Account, &created, &seen, &expires, &strong, &s.Remote, &s.Agent); err != nil {
		return err
	}
	s.Created, s.Seen, s.Expires, s.Strong = fromMillis(created), fromMillis(seen), fromMillis(expires), strong != 0
	return nil
}

// AddSession implements signin.Sessions. An account that is not there, or was disabled, is errs.NotFound.
func (db *DB) AddSession(ctx context.Context, token signin.Hash, s signin.Session, replaces *signin.Hash, entries ...site.Entry) error {
	err := db.do(ctx, func(x *tx) error {
		n, err := x.changed("UPDATE accounts SET seen = ? WHERE id = ? AND disabled = 0", millis(s.Seen), s.Account)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.NotFound
		}
		if err := x.exec("DELETE FROM sessions WHERE expires <= ?", millis(s.Created)); err != nil {
			return err
		}
		if replaces != nil {
			if err := x.exec("DELETE FROM sessions WHERE token = ?", replaces[:]); err != nil {
				return err
			}
			x.touch(accountTag(s.Account))
		}
		if err := x.exec("INSERT INTO sessions (token, "+sessionColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", token[:], s.ID,
			s.Account, millis(s.Created), millis(s.Seen), millis(s.Expires), flag(s.Strong), s.Remote, s.Agent); err != nil {
			return err
		}
		return x.note(entries...)
	})
	if err != nil {
		return fmt.Errorf("add a session of account %d: %w", s.Account, err)
	}
	return nil
}

// Session implements signin.Sessions.
func (db *DB) Session(ctx context.Context, token signin.Hash) (signin.Session, error) {
	var s signin.Session
	if err := scanSession(db.row(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE token = ?", token[:]), &s); err != nil {
		return signin.Session{}, fmt.Errorf("find a session: %w", err)
	}
	return s, nil
}

// SeeSession implements signin.Sessions.
func (db *DB) SeeSession(ctx context.Context, token signin.Hash, at time.Time, remote string) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.exec("UPDATE sessions SET seen = ?, remote = ? WHERE token = ?", millis(at), remote, token[:]); err != nil {
			return err
		}
		return x.exec("UPDATE accounts SET seen = ? WHERE seen < ? AND id IN (SELECT account_id FROM sessions WHERE token = ?)",
			millis(at), millis(at), token[:])
	})
}

// SessionsOf implements signin.Sessions.
func (db *DB) SessionsOf(ctx context.Context, id site.AccountID) ([]signin.Session, error) {
	rows, err := db.rows(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE account_id = ? ORDER BY seen DESC, public", id)
	if err != nil {
		return nil, err
	}
	var out []signin.Session
	err = each(rows, func() error {
		var s signin.Session
		if err := scanSession(rows, &s); err != nil {
			return err
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// EndSessions implements signin.Sessions.
func (db *DB) EndSessions(ctx context.Context, e signin.Ending, entries ...site.Entry) (int, error) {
	w := where{}
	w.add("account_id = ?", e.Account)
	if e.ID != "" {
		w.add("public = ?", e.ID)
	}
	if e.But != "" {
		w.add("public <> ?", e.But)
	}
	var ended int64
	err := db.do(ctx, func(x *tx) (err error) {
		if ended, err = x.changed("DELETE FROM sessions"+w.text(), w.args...); err != nil {
			return err
		}
		return x.noteAccount(e.Account, entries)
	})
	return int(ended), err
}
