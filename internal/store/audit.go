package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// note adds lines to the audit log.
func (x *tx) note(entries ...site.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var prev site.Entry
	err := scanEntry(x.row("SELECT "+entryColumns+" FROM audit ORDER BY seq DESC LIMIT 1"), &prev)
	if err != nil && !errors.Is(err, errs.NotFound) {
		return err
	}
	for _, e := range entries {
		if e.At.IsZero() {
			e.At = x.now
		}
		e.Seal(&prev)
		if err := x.exec("INSERT INTO audit (seq, at, by_id, remote, site_id, action, object, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.Seq, millis(e.At), e.By, e.Remote, e.Site, e.Action, e.Object, e.Detail, e.Hash[:]); err != nil {
			return err
		}
		prev = e
	}
	return nil
}

// Note adds lines to the audit log for what changed nothing else: a failed sign-in, an export.
func (db *DB) Note(ctx context.Context, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error { return x.note(entries...) })
}

const entryColumns = "seq, at, by_id, remote, site_id, action, object, detail, hash"

func scanEntry(r interface{ Scan(...any) error }, e *site.Entry) error {
	var at int64
	var hash []byte
	if err := r.Scan(&e.Seq, &at, &e.By, &e.Remote, &e.Site, &e.Action, &e.Object, &e.Detail, &hash); err != nil {
		return err
	}
	e.At = fromMillis(at)
	copy(e.Hash[:], hash)
	return nil
}

// AuditQuery says which lines are wanted.
type AuditQuery struct {
	Sites  []site.ID      // of these; nil: of all
	Object string         // "": of all
	Action string         // what the action begins with: "article."; "": any
	By     site.AccountID // 0: anybody
	After  int64          // only lines with a higher number
	Before int64          // only lines with a lower number; 0: no matter
	Limit  int            // 0: no matter
	Oldest bool           // oldest first; else newest first
}

// Audit calls fn with lines of the audit log.
func (db *DB) Audit(ctx context.Context, q AuditQuery, fn func(*site.Entry) error) error {
	w := where{}
	w.add("seq > ?", q.After)
	if q.Before > 0 {
		w.add("seq < ?", q.Before)
	}
	if q.Sites != nil {
		in(&w, "site_id", q.Sites)
	}
	if q.Object != "" {
		w.add("object = ?", q.Object)
	}
	if q.Action != "" {
		w.add("SUBSTR(action, 1, ?) = ?", utf8.RuneCountInString(q.Action), q.Action)
	}
	if q.By != 0 {
		w.add("by_id = ?", q.By)
	}
	order := "DESC"
	if q.Oldest {
		order = "ASC"
	}
	query := "SELECT " + entryColumns + " FROM audit" + w.text() + " ORDER BY seq " + order
	if q.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	rows, err := db.rows(ctx, query, w.args...)
	if err != nil {
		return err
	}
	return each(rows, func() error {
		var e site.Entry
		if err := scanEntry(rows, &e); err != nil {
			return err
		}
		return fn(&e)
	})
}

// CheckAudit reads the whole log and reports the first line that is not what was written.
func (db *DB) CheckAudit(ctx context.Context) (lines int64, err error) {
	rows, err := db.rows(ctx, "SELECT "+entryColumns+" FROM audit ORDER BY seq")
	if err != nil {
		return 0, err
	}
	last, err := checkChain(rows)
	return last.Seq, err
}

// checkAudit is CheckAudit in a transaction. It returns the last line that is as it was written.
func (x *tx) checkAudit() (site.Entry, error) {
	rows, err := x.rows("SELECT " + entryColumns + " FROM audit ORDER BY seq")
	if err != nil {
		return site.Entry{}, err
	}
	return checkChain(rows)
}

func checkChain(rows *sql.Rows) (last site.Entry, err error) {
	err = each(rows, func() error {
		var e site.Entry
		if err := scanEntry(rows, &e); err != nil {
			return err
		}
		if err := e.Check(&last); err != nil {
			return err
		}
		last = e
		return nil
	})
	return last, err
}
