package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"xianfeng/internal/backup"
	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// backedUp are the tables that a backup has.
var backedUp = []string{
	"sites", "site_aliases", "accounts", "grants", "credentials", "passkeys", "identities", "audit", "settings", "columns", "articles",
	"revisions", "placements", "offers", "remarks", "files", "links", "broadcasts", "terminals", "attendees", "showings", "chat_lines", "views", "daily",
}

// numbers stands in a backup for the highest numbers that tables have given: none is given again.
const numbers = "numbers"

// Backup is a DB as a backup.Database.
type Backup struct {
	DB    *DB
	Words func(title, html string) content.Words // the search's index is not in a backup, it is made anew
}

// Dump implements backup.Database.
func (b Backup) Dump(ctx context.Context, to backup.Sink) error {
	t, err := b.DB.read.BeginTx(ctx, b.DB.d.snapshot())
	if err != nil {
		return fmt.Errorf("begin to read: %w", b.DB.d.kind(err))
	}
	defer t.Rollback() //nolint:errcheck // it was only read
	x := &tx{db: b.DB, tx: t, ctx: ctx}
	facts, err := x.facts()
	if err != nil {
		return err
	}
	if err := to.Facts(facts); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := x.dump(to, numbers, b.DB.d.numbers()); err != nil {
		return err
	}
	for _, table := range backedUp {
		if err := x.dump(to, table, "SELECT * FROM "+table); err != nil {
			return err
		}
	}
	if err := to.End(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

func (x *tx) facts() (f backup.Facts, err error) {
	if f.Schema, err = x.version(); err != nil {
		return f, err
	}
	last, broken := x.checkAudit()
	if broken != nil {
		// It is backed up all the same: better a log that somebody has been at than none of the rest.
		f.Broken = broken.Error()
	}
	f.Lines, f.Hash = last.Seq, hex.EncodeToString(last.Hash[:])
	return f, nil
}

func (x *tx) version() (n int64, err error) {
	rows, err := x.rows("SELECT MAX(version_id) FROM goose_db_version WHERE is_applied")
	if err != nil {
		return 0, err
	}
	return n, each(rows, func() error { return rows.Scan(&n) })
}

func (x *tx) dump(to backup.Sink, table, query string) error {
	rows, err := x.rows(query)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // each tells
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("columns of %s: %w", table, err)
	}
	if err := to.Table(table, columns); err != nil {
		return fmt.Errorf("write table %s: %w", table, err)
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	return each(rows, func() error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		return to.Row(values)
	})
}

// Load implements backup.Database.
func (b Backup) Load(ctx context.Context, fill func(backup.Sink) error) error {
	return b.DB.do(ctx, func(x *tx) error {
		for _, table := range backedUp {
			var n int
			if err := x.row("SELECT COUNT(*) FROM (SELECT 1 FROM " + table + " LIMIT 1) AS first_row").Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				return fmt.Errorf("the database is not empty, there are %s: %w", table, errs.Exists)
			}
		}
		l := &loader{x: x, words: b.Words, numbers: map[string]int64{}}
		if err := fill(l); err != nil {
			return err
		}
		x.touch(everything)
		return nil
	})
}

// loader is the backup.Sink that fills a database.
type loader struct {
	x       *tx
	words   func(title, html string) content.Words
	facts   backup.Facts
	numbers map[string]int64

	insert string // the statement for the rows of the table that is under way; "": it is numbers
}

// Facts implements backup.Sink.
func (l *loader) Facts(f backup.Facts) error {
	have, err := l.x.version()
	if err != nil {
		return err
	}
	if f.Schema != have {
		return fmt.Errorf("the backup is of schema %d, this program has %d: restore it with the program that made it, then start the newer one: %w", f.Schema, have, errs.Invalid)
	}
	l.facts = f
	return nil
}

// Table implements backup.Sink.
func (l *loader) Table(name string, columns []string) error {
	if name == numbers {
		l.insert = ""
		if !slices.Equal(columns, []string{"name", "n"}) {
			return fmt.Errorf("columns of %s: %w", name, backup.ErrDamaged)
		}
		return nil
	}
	if !slices.Contains(backedUp, name) {
		return fmt.Errorf("no table %s: %w", name, backup.ErrDamaged)
	}
	rows, err := l.x.rows("SELECT * FROM " + name + " LIMIT 0")
	if err != nil {
		return err
	}
	have, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("columns of %s: %w", name, err)
	}
	if err := rows.Close(); err != nil {
		return fmt.Errorf("columns of %s: %w", name, err)
	}
	if !slices.Equal(slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(columns))) {
		return fmt.Errorf("columns of %s: %w", name, backup.ErrDamaged)
	}
	l.insert = "INSERT INTO " + name + " (" + strings.Join(columns, ", ") + ") VALUES (" + marks(len(columns)) + ")"
	return nil
}

// Row implements backup.Sink.
func (l *loader) Row(values []any) error {
	if l.insert != "" {
		return l.x.exec(l.insert, values...)
	}
	name, isText := values[0].(string)
	n, isNumber := values[1].(int64)
	if !isText || !isNumber {
		return fmt.Errorf("a number of %v: %w", values[0], backup.ErrDamaged)
	}
	l.numbers[name] = n
	return nil
}

// End implements backup.Sink.
func (l *loader) End() error {
	for _, table := range backedUp {
		if n := l.numbers[table]; n > 0 {
			if err := l.x.db.d.setNumber(l.x, table, n); err != nil {
				return err
			}
		}
	}
	last, err := l.x.checkAudit()
	switch {
	case l.facts.Broken != "": // it was so before
	case err != nil:
		return fmt.Errorf("%w: %w", err, backup.ErrDamaged)
	case last.Seq != l.facts.Lines, hex.EncodeToString(last.Hash[:]) != l.facts.Hash:
		return fmt.Errorf("the audit log is not the one that was backed up: %w", backup.ErrDamaged)
	}
	sites, aliases, err := readSites(func(query string) (*sql.Rows, error) { return l.x.rows(query) })
	if err != nil {
		return err
	}
	if _, err := site.NewTree(sites, aliases); err != nil {
		return fmt.Errorf("%w: %w", err, backup.ErrDamaged) // no server would start with them
	}
	return l.index()
}

// index makes all public articles be found, the newest last, as they were made public.
func (l *loader) index() error {
	x := l.x
	rows, err := x.rows("SELECT id, live_n FROM articles WHERE live_n > 0 ORDER BY published, id")
	if err != nil {
		return err
	}
	type public struct {
		id content.ArticleID
		n  int
	}
	var all []public
	err = each(rows, func() error {
		var p public
		if err := rows.Scan(&p.id, &p.n); err != nil {
			return err
		}
		all = append(all, p)
		return nil
	})
	if err != nil {
		return err
	}
	ix := indexing{x: x}
	for _, p := range all {
		var title, body string
		if err := x.row("SELECT title, body FROM revisions WHERE article_id = ? AND n = ?", p.id, p.n).Scan(&title, &body); err != nil {
			return fmt.Errorf("article %d: %w", p.id, err)
		}
		at, err := x.placed(p.id)
		if err != nil {
			return fmt.Errorf("article %d: %w", p.id, err)
		}
		list := make([]content.Placement, len(at))
		for i := range at {
			list[i] = at[i].Placement
		}
		words := l.words(title, body)
		if err := ix.add(p.id, list, &words); err != nil {
			return fmt.Errorf("article %d: %w", p.id, err)
		}
		if len(ix.later) >= indexAtOnce {
			if err := ix.finish(); err != nil {
				return err
			}
		}
	}
	return ix.finish()
}

// indexAtOnce bounds the words in memory while an archive is read.
const indexAtOnce = 1000
