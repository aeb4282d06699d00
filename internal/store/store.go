package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"xianfeng/internal/errs"
)

// DB is an open database. It is safe for all goroutines.
type DB struct {
	d      dialect
	read   *sql.DB
	write  *sql.DB // one connection
	now    func() time.Time
	origin string                                         // of this process in the list of changes
	notify func(tags []string)                            // nil: nobody listens
	ahead  func(ctx context.Context, tags []string) error // nil: nobody has to know first
	seen   int64                                          // the newest change that was told of; belongs to whoever runs Follow
}

// Open opens the database at url, postgres://… or sqlite:FILE, and brings its schema up to date.
func Open(ctx context.Context, url string) (*DB, error) {
	d, err := dialectOf(url)
	if err != nil {
		return nil, err
	}
	db := &DB{d: d, now: time.Now, origin: rand.Text()}
	if db.read, db.write, err = d.open(url); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("bring the database's schema up to date: %w", err), db.Close())
	}
	if err := db.read.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq), 0) FROM changes").Scan(&db.seen); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), db.Close())
	}
	return db, nil
}

// Close closes it. What was written before is kept.
func (db *DB) Close() error {
	return errors.Join(db.read.Close(), db.write.Close())
}

// Listen has fn called with the tags of every change, on the goroutine that wrote, after it is kept and before
// the write returns. It is called once, before the first write.
func (db *DB) Listen(fn func(tags []string)) { db.notify = fn }

// tx is a write under way.
type tx struct {
	db   *DB
	tx   *sql.Tx
	ctx  context.Context //nolint:containedctx // it lives for one call of do
	now  time.Time
	tags []string

	prepared map[string]*sql.Stmt // statements that came more than once, see stmt; nil: came once so far
}

// do runs fn in a transaction and keeps what it wrote, or nothing of it.
func (db *DB) do(ctx context.Context, fn func(*tx) error) error {
	t, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to write: %w", db.d.kind(err))
	}
	defer t.Rollback() //nolint:errcheck // it was committed, or is to leave nothing
	x := &tx{db: db, tx: t, ctx: ctx, now: db.now(), prepared: map[string]*sql.Stmt{}}
	if err := db.d.lock(x); err != nil {
		return fmt.Errorf("begin to write: %w", err)
	}
	if err := fn(x); err != nil {
		return err
	}
	if len(x.tags) > 0 {
		if err := x.exec("INSERT INTO changes (origin, at, tags) VALUES (?, ?, ?)", db.origin, millis(x.now), strings.Join(x.tags, " ")); err != nil {
			return err
		}
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("keep what was written: %w", db.d.kind(err))
	}
	if db.notify != nil && len(x.tags) > 0 {
		db.notify(x.tags)
	}
	return nil
}

// touch notes what the write changes.
func (x *tx) touch(tags ...string) { x.tags = append(x.tags, tags...) }

// stmt returns a prepared statement from the second time on that a write uses it: an import runs one 20,000
// times. It is closed with the transaction. nil: run the text.
func (x *tx) stmt(query string) (*sql.Stmt, error) {
	s, before := x.prepared[query]
	if s != nil {
		return s, nil
	}
	if before {
		var err error
		if s, err = x.tx.PrepareContext(x.ctx, x.db.d.bind(query)); err != nil {
			return nil, fmt.Errorf("%s: %w", head(query), x.db.d.kind(err))
		}
	}
	x.prepared[query] = s
	return s, nil
}

func (x *tx) exec(query string, args ...any) error {
	_, err := x.changed(query, args...)
	return err
}

// changed runs a statement and returns how many rows it changed.
func (x *tx) changed(query string, args ...any) (int64, error) {
	if err := checkTexts(args); err != nil {
		return 0, fmt.Errorf("%s: %w", head(query), err)
	}
	s, err := x.stmt(query)
	if err != nil {
		return 0, err
	}
	var r sql.Result
	if s != nil {
		r, err = s.ExecContext(x.ctx, args...)
	} else {
		r, err = x.tx.ExecContext(x.ctx, x.db.d.bind(query), args...)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", head(query), x.db.d.kind(err))
	}
	n, err := r.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", head(query), err)
	}
	return n, nil
}

// one runs a statement that changes a row; one that is not there is errs.NotFound.
func (x *tx) one(query string, args ...any) error {
	n, err := x.changed(query, args...)
	if err == nil && n == 0 {
		return fmt.Errorf("%s: %w", head(query), errs.NotFound)
	}
	return err
}

func (x *tx) row(query string, args ...any) row {
	if err := checkTexts(args); err != nil {
		return row{err: err, d: x.db.d, query: query}
	}
	s, err := x.stmt(query)
	switch {
	case err != nil:
		return row{err: err, d: x.db.d, query: query}
	case s != nil:
		return row{Row: s.QueryRowContext(x.ctx, args...), d: x.db.d, query: query}
	}
	return row{Row: x.tx.QueryRowContext(x.ctx, x.db.d.bind(query), args...), d: x.db.d, query: query}
}

func (x *tx) rows(query string, args ...any) (*sql.Rows, error) {
	if err := checkTexts(args); err != nil {
		return nil, fmt.Errorf("%s: %w", head(query), err)
	}
	r, err := x.tx.QueryContext(x.ctx, x.db.d.bind(query), args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", head(query), x.db.d.kind(err))
	}
	return r, nil
}

func (db *DB) row(ctx context.Context, query string, args ...any) row {
	if err := checkTexts(args); err != nil {
		return row{err: err, d: db.d, query: query}
	}
	return row{Row: db.read.QueryRowContext(ctx, db.d.bind(query), args...), d: db.d, query: query}
}

func (db *DB) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := checkTexts(args); err != nil {
		return nil, fmt.Errorf("%s: %w", head(query), err)
	}
	r, err := db.read.QueryContext(ctx, db.d.bind(query), args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", head(query), db.d.kind(err))
	}
	return r, nil
}

// row is the answer to a query for one.
type row struct {
	*sql.Row
	err   error // instead of a Row
	d     dialect
	query string
}

// Scan is sql.Row's. No row is errs.NotFound.
func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return fmt.Errorf("%s: %w", head(r.query), r.err)
	}
	if err := r.Row.Scan(dest...); err != nil {
		return fmt.Errorf("%s: %w", head(r.query), r.d.kind(err))
	}
	return nil
}

// each calls scan for every row and closes them.
func each(rows *sql.Rows, scan func() error) error {
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		if err := scan(); err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	return nil
}

// head is enough of a statement to know it by in an error.
func head(query string) string {
	words := strings.Fields(query)
	return strings.Join(words[:min(len(words), 4)], " ")
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
