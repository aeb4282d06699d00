package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
)

var _ audience.Keeper = (*DB)(nil)

const terminalColumns = "id, site_id, name, by_id, created, signed, seen, code, expires, token"

// hexOf is a secret's hash as tables have it; ”: there is none.
func hexOf(h audience.Hash) string {
	if h == (audience.Hash{}) {
		return ""
	}
	return hex.EncodeToString(h[:])
}

func fromHex(text string) (h audience.Hash) {
	b, err := hex.DecodeString(text)
	if err == nil && len(b) == len(h) {
		copy(h[:], b)
	}
	return h // else: a secret that nobody has
}

func scanTerminal(r scanner) (t audience.Terminal, err error) {
	var created, signed, seen, expires int64
	var code, token string
	if err := r.Scan(&t.ID, &t.Site, &t.Name, &t.By, &created, &signed, &seen, &code, &expires, &token); err != nil {
		return t, err
	}
	t.Created, t.Signed, t.Seen, t.Expires = fromMillis(created), fromMillis(signed), fromMillis(seen), fromMillis(expires)
	t.Code, t.Token = fromHex(code), fromHex(token)
	return t, nil
}

// Terminal implements audience.TerminalKeeper.
func (db *DB) Terminal(ctx context.Context, id audience.TerminalID) (audience.Terminal, error) {
	return scanTerminal(db.row(ctx, "SELECT "+terminalColumns+" FROM terminals WHERE id = ?", id))
}

// TerminalByCode implements audience.TerminalKeeper.
func (db *DB) TerminalByCode(ctx context.Context, code audience.Hash) (audience.Terminal, error) {
	return scanTerminal(db.row(ctx, "SELECT "+terminalColumns+" FROM terminals WHERE code <> '' AND code = ?", hexOf(code)))
}

// TerminalByToken implements audience.TerminalKeeper.
func (db *DB) TerminalByToken(ctx context.Context, token audience.Hash) (audience.Terminal, error) {
	return scanTerminal(db.row(ctx, "SELECT "+terminalColumns+" FROM terminals WHERE token <> '' AND token = ?", hexOf(token)))
}

// Terminals implements audience.TerminalKeeper.
func (db *DB) Terminals(ctx context.Context, at site.ID) ([]audience.Terminal, error) {
	rows, err := db.rows(ctx, "SELECT "+terminalColumns+" FROM terminals WHERE site_id = ? ORDER BY name, id", at)
	if err != nil {
		return nil, err
	}
	var out []audience.Terminal
	err = each(rows, func() error {
		t, err := scanTerminal(rows)
		out = append(out, t)
		return err
	})
	return out, err
}

// AddTerminal implements audience.TerminalKeeper.
func (db *DB) AddTerminal(ctx context.Context, t audience.Terminal, most int, entries ...site.Entry) (audience.Terminal, error) {
	err := db.do(ctx, func(x *tx) error {
		var n int
		if err := x.row("SELECT COUNT(*) FROM terminals WHERE site_id = ?", t.Site).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return fmt.Errorf("terminals of site %d: %w", t.Site, errs.Full)
		}
		if err := x.row("INSERT INTO terminals (site_id, name, by_id, created, signed, seen, code, expires, token) VALUES ("+marks(9)+") RETURNING id",
			t.Site, t.Name, t.By, millis(t.Created), millis(t.Signed), millis(t.Seen), hexOf(t.Code), millis(t.Expires), hexOf(t.Token)).Scan(&t.ID); err != nil {
			return err
		}
		return x.note(entries...)
	})
	return t, err
}

// SaveTerminal implements audience.TerminalKeeper.
func (db *DB) SaveTerminal(ctx context.Context, t audience.Terminal, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.one("UPDATE terminals SET name = ?, code = ?, expires = ? WHERE id = ?", t.Name, hexOf(t.Code), millis(t.Expires), t.ID); err != nil {
			return err
		}
		return x.note(entries...)
	})
}

// SignTerminal implements audience.TerminalKeeper.
func (db *DB) SignTerminal(ctx context.Context, t audience.Terminal, code audience.Hash) error {
	return db.do(ctx, func(x *tx) error {
		n, err := x.changed("UPDATE terminals SET code = '', expires = 0, token = ?, signed = ?, seen = ? WHERE id = ? AND code <> '' AND code = ?",
			hexOf(t.Token), millis(t.Signed), millis(t.Seen), t.ID, hexOf(code))
		if err == nil && n == 0 {
			err = fmt.Errorf("code of terminal %d: %w", t.ID, errs.Conflict)
		}
		return err
	})
}

// SeenTerminal implements audience.TerminalKeeper.
func (db *DB) SeenTerminal(ctx context.Context, id audience.TerminalID, at time.Time) error {
	return db.do(ctx, func(x *tx) error {
		return x.one("UPDATE terminals SET seen = ? WHERE id = ?", millis(at), id)
	})
}

// RemoveTerminal implements audience.TerminalKeeper.
func (db *DB) RemoveTerminal(ctx context.Context, id audience.TerminalID, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.one("DELETE FROM terminals WHERE id = ?", id); err != nil {
			return err
		}
		return x.note(entries...)
	})
}

// absent reports whether nothing was found.
func absent(err error) bool { return errors.Is(err, errs.NotFound) }
