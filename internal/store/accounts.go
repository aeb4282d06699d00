package store

import (
	"context"
	"fmt"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

const accountColumns = "id, login, name, email, phone, home_id, disabled, created, seen, version"

func scanAccount(r interface{ Scan(...any) error }, a *site.Account) error {
	var disabled int
	var created, seen int64
	if err := r.Scan(&a.ID, &a.Login, &a.Name, &a.Email, &a.Phone, &a.Home, &disabled, &created, &seen, &a.Version); err != nil {
		return err
	}
	a.Disabled, a.Created, a.LastSeen = disabled != 0, fromMillis(created), fromMillis(seen)
	return nil
}

// Account returns an account with its grants.
func (db *DB) Account(ctx context.Context, id site.AccountID) (*site.Account, error) {
	a, err := db.account(ctx, "id = ?", id)
	if err != nil {
		return nil, fmt.Errorf("account %d: %w", id, err)
	}
	return a, nil
}

// AccountByLogin is Account by what somebody signs in as, in lower case.
func (db *DB) AccountByLogin(ctx context.Context, login string) (*site.Account, error) {
	a, err := db.account(ctx, "login = ?", login)
	if err != nil {
		return nil, fmt.Errorf("account of a login: %w", err) // which one is not for logs: people type passwords there
	}
	return a, nil
}

func (db *DB) account(ctx context.Context, condition string, arg any) (*site.Account, error) {
	a := &site.Account{}
	if err := scanAccount(db.row(ctx, "SELECT "+accountColumns+" FROM accounts WHERE "+condition, arg), a); err != nil {
		return nil, err
	}
	return a, db.addGrants(ctx, []*site.Account{a})
}

// AccountQuery says which accounts are wanted. They come by login.
type AccountQuery struct {
	Sites []site.ID // at home there, or with a role there; nil: all
	Text  string    // a part of the login or name; "": any
	After string    // only logins behind this one
	Limit int       // 0: no matter
}

// Accounts returns accounts with their grants.
func (db *DB) Accounts(ctx context.Context, q AccountQuery) ([]site.Account, error) {
	w := where{}
	w.add("login > ?", q.After)
	if q.Sites != nil {
		home, granted := where{}, where{}
		in(&home, "home_id", q.Sites)
		in(&granted, "site_id", q.Sites)
		w.add("("+home.parts[0]+" OR id IN (SELECT account_id FROM grants"+granted.text()+"))", append(home.args, granted.args...)...)
	}
	if q.Text != "" {
		part := anywhere(q.Text)
		w.add("("+db.d.lower("login")+` LIKE ? ESCAPE '\' OR `+db.d.lower("name")+` LIKE ? ESCAPE '\')`, part, part)
	}
	query := "SELECT " + accountColumns + " FROM accounts" + w.text() + " ORDER BY login"
	if q.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	rows, err := db.rows(ctx, query, w.args...)
	if err != nil {
		return nil, err
	}
	var found []*site.Account
	err = each(rows, func() error {
		a := &site.Account{}
		found = append(found, a)
		return scanAccount(rows, a)
	})
	if err != nil {
		return nil, err
	}
	if err := db.addGrants(ctx, found); err != nil {
		return nil, err
	}
	out := make([]site.Account, len(found))
	for i, a := range found {
		out[i] = *a
	}
	return out, nil
}

func (db *DB) addGrants(ctx context.Context, accounts []*site.Account) error {
	byID := make(map[site.AccountID]*site.Account, len(accounts))
	ids := make([]site.AccountID, len(accounts))
	for i, a := range accounts {
		byID[a.ID], ids[i] = a, a.ID
	}
	w := where{}
	in(&w, "account_id", ids)
	rows, err := db.rows(ctx, "SELECT account_id, role, site_id FROM grants"+w.text()+" ORDER BY account_id, site_id, role", w.args...)
	if err != nil {
		return err
	}
	return each(rows, func() error {
		var id site.AccountID
		var g site.Grant
		if err := rows.Scan(&id, &g.Role, &g.Site); err != nil {
			return err
		}
		byID[id].Grants = append(byID[id].Grants, g)
		return nil
	})
}

// accountTag is on whatever depends on somebody's account or rights.
func accountTag(id site.AccountID) string { return fmt.Sprintf("account:%d", id) }

// SaveAccount keeps a new account (ID 0) or a changed one, and returns it as it is kept. Its grants are not
// changed; Grant and Revoke do that. A login that is taken is errs.Exists, an account that somebody changed
// since errs.Conflict. Entries without an object are about the account. Who is disabled is signed out.
func (db *DB) SaveAccount(ctx context.Context, a site.Account, entries ...site.Entry) (*site.Account, error) {
	err := db.do(ctx, func(x *tx) error {
		if a.ID == 0 {
			a.Created, a.Version = fromMillis(millis(x.now)), 1
			err := x.row("INSERT INTO accounts (login, name, email, phone, home_id, disabled, created) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
				a.Login, a.Name, a.Email, a.Phone, a.Home, flag(a.Disabled), millis(a.Created)).Scan(&a.ID)
			if err != nil {
				return err
			}
		} else {
			n, err := x.changed("UPDATE accounts SET login = ?, name = ?, email = ?, phone = ?, home_id = ?, disabled = ?, version = version + 1 WHERE id = ? AND version = ?",
				a.Login, a.Name, a.Email, a.Phone, a.Home, flag(a.Disabled), a.ID, a.Version)
			if err != nil {
				return err
			}
			if n == 0 {
				return errs.Conflict
			}
			a.Version++
		}
		if a.Disabled {
			if err := x.exec("DELETE FROM sessions WHERE account_id = ?", a.ID); err != nil {
				return err
			}
		}
		return x.noteAccount(a.ID, entries)
	})
	if err != nil {
		return nil, fmt.Errorf("save account %d: %w", a.ID, err)
	}
	return &a, nil
}

// noteAccount adds lines about an account and touches its tag.
func (x *tx) noteAccount(id site.AccountID, entries []site.Entry) error {
	x.touch(accountTag(id))
	about := make([]site.Entry, len(entries))
	for i, e := range entries {
		if e.Object == "" {
			e.Object = accountTag(id)
		}
		about[i] = e
	}
	return x.note(about...)
}

// Grant gives an account a role. One that it has is errs.Exists.
func (db *DB) Grant(ctx context.Context, id site.AccountID, g site.Grant, entries ...site.Entry) error {
	err := db.do(ctx, func(x *tx) error {
		if err := x.touchAccount(id); err != nil {
			return err
		}
		if err := x.exec("INSERT INTO grants (account_id, role, site_id) VALUES (?, ?, ?)", id, g.Role, g.Site); err != nil {
			return err
		}
		return x.noteAccount(id, entries)
	})
	if err != nil {
		return fmt.Errorf("grant %s on site %d to account %d: %w", g.Role, g.Site, id, err)
	}
	return nil
}

// Revoke takes a role away. One that the account has not is errs.NotFound.
func (db *DB) Revoke(ctx context.Context, id site.AccountID, g site.Grant, entries ...site.Entry) error {
	err := db.do(ctx, func(x *tx) error {
		if err := x.touchAccount(id); err != nil {
			return err
		}
		if err := x.one("DELETE FROM grants WHERE account_id = ? AND role = ? AND site_id = ?", id, g.Role, g.Site); err != nil {
			return err
		}
		return x.noteAccount(id, entries)
	})
	if err != nil {
		return fmt.Errorf("take %s on site %d from account %d: %w", g.Role, g.Site, id, err)
	}
	return nil
}

// touchAccount makes an account a newer version: its grants change.
func (x *tx) touchAccount(id site.AccountID) error {
	return x.one("UPDATE accounts SET version = version + 1 WHERE id = ?", id)
}
