package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"xianfeng/internal/errs"
)

// dialect is what differs between the databases.
type dialect interface {
	goose() goose.Dialect
	alone() []goose.ProviderOption // lets one process at a time change the schema
	types() map[string]any         // for the schema's templates
	open(url string) (read, write *sql.DB, err error)
	bind(query string) string   // turns ? and lists into what the database wants
	lower(column string) string // A to Z become small, no other letter does
	lock(x *tx) error           // keeps writers of other processes out until the end of x
	kind(err error) error       // adds the kind of failure that people are told about
	postgres() bool

	// For backups: how all is read as it is at one moment, and the highest numbers that tables have given.
	snapshot() *sql.TxOptions
	numbers() string
	setNumber(x *tx, table string, n int64) error
}

func dialectOf(address string) (dialect, error) {
	switch scheme, _, _ := strings.Cut(address, ":"); scheme {
	case "sqlite":
		return liteDialect{}, nil
	case "postgres", "postgresql":
		return postgresDialect{}, nil
	default:
		// The address may have a password in it.
		return nil, fmt.Errorf("database: want postgres://… or sqlite:FILE, got %q://…", scheme)
	}
}

// readers is how many connections read at once.
const readers = 8

type liteDialect struct{}

func (liteDialect) goose() goose.Dialect          { return goose.DialectSQLite3 }
func (liteDialect) alone() []goose.ProviderOption { return nil } // see migrate
func (liteDialect) postgres() bool                { return false }
func (liteDialect) lower(c string) string         { return "LOWER(" + c + ")" }
func (liteDialect) lock(*tx) error                { return nil } // BEGIN IMMEDIATE

func (liteDialect) bind(q string) string {
	return strings.ReplaceAll(q, list, "(SELECT value FROM json_each(?))")
}

func (liteDialect) types() map[string]any {
	return map[string]any{"ID": "INTEGER PRIMARY KEY AUTOINCREMENT", "Blob": "BLOB", "Postgres": false}
}

func (liteDialect) open(address string) (read, write *sql.DB, err error) {
	file := strings.TrimPrefix(address, "sqlite:")
	if err := private(file); err != nil {
		return nil, nil, err
	}
	pragmas := url.Values{"_pragma": {
		"busy_timeout(20000)", "synchronous(full)", "temp_store(memory)",
		"journal_size_limit(67108864)", // what a large import made of the log is given back
		"cache_size(-8000)",            // for each connection; the system keeps the rest of the file in memory
	}}
	dsn := func(more url.Values) string {
		for k, v := range pragmas {
			more[k] = append(more[k], v...)
		}
		return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + more.Encode()
	}
	if write, err = sql.Open("sqlite", dsn(url.Values{"_txlock": {"immediate"}})); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	write.SetMaxOpenConns(1)
	if err := makeLite(write); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", file, err), write.Close())
	}
	if read, err = sql.Open("sqlite", dsn(url.Values{"_pragma": {"query_only(1)"}})); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", file, err), write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return read, write, nil
}

func (liteDialect) snapshot() *sql.TxOptions { return nil } // the first statement begins one

func (liteDialect) numbers() string {
	return "SELECT name, seq AS n FROM sqlite_sequence WHERE seq > 0"
}

func (liteDialect) setNumber(x *tx, table string, n int64) error {
	had, err := x.changed("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", n, table)
	if err != nil || had > 0 {
		return err
	}
	return x.exec("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, n)
}

// makeLite makes the file if need be, with a log written ahead, so that readers don't wait for the writer.
// Where another process is about to do the same, SQLite does not wait for it by itself.
func makeLite(write *sql.DB) (err error) {
	for range 100 {
		if _, err = write.Exec("PRAGMA journal_mode = wal"); !errors.Is(liteDialect{}.kind(err), errs.TooMany) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// private makes the file its owner's alone: there are password hashes and sessions in it. SQLite gives its log
// the same mode.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func (liteDialect) kind(err error) error {
	var e *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errs.NotFound
	case !errors.As(err, &e):
		return err
	}
	switch code := e.Code(); {
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE, code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", errs.Exists, err)
	case code&0xff == sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", errs.Full, err)
	case code&0xff == sqlite3.SQLITE_BUSY: // another process wrote for longer than busy_timeout
		return fmt.Errorf("%w: %w", errs.TooMany, err)
	}
	return err
}

type postgresDialect struct{}

func (postgresDialect) goose() goose.Dialect  { return goose.DialectPostgres }
func (postgresDialect) postgres() bool        { return true }
func (postgresDialect) lower(c string) string { return "LOWER(" + c + ` COLLATE "C")` }

func (postgresDialect) types() map[string]any {
	return map[string]any{"ID": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "Blob": "BYTEA", "Postgres": true}
}

func (postgresDialect) open(address string) (read, write *sql.DB, err error) {
	if write, err = sql.Open("pgx", address); err != nil {
		return nil, nil, errors.New("the address can't be read") // it may have a password in it
	}
	write.SetMaxOpenConns(1)
	if read, err = sql.Open("pgx", address); err != nil {
		return nil, nil, errors.Join(errors.New("the address can't be read"), write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return read, write, nil
}

// bind numbers the question marks. None of our statements has one in a literal.
func (postgresDialect) bind(q string) string {
	if !strings.Contains(q, "?") {
		return q
	}
	q = strings.ReplaceAll(q, list, "(SELECT value::bigint FROM jsonb_array_elements_text(?::jsonb))")
	var b strings.Builder
	b.Grow(len(q) + 16)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(q, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		q = after
	}
}

func (postgresDialect) snapshot() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

func (postgresDialect) numbers() string {
	return `SELECT table_name::text AS name, pg_sequence_last_value(pg_get_serial_sequence(quote_ident(table_name), column_name)::regclass) AS n
		FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'
		AND pg_sequence_last_value(pg_get_serial_sequence(quote_ident(table_name), column_name)::regclass) IS NOT NULL`
}

func (postgresDialect) setNumber(x *tx, table string, n int64) error {
	var set int64
	return x.row("SELECT setval(pg_get_serial_sequence(CAST(? AS TEXT), 'id'), ?)", table, n).Scan(&set)
}

// Advisory locks that all processes share.
const (
	writeLock  = 0x7869616e // "xian": writers take it, for the audit log is a chain
	schemaLock = 0x7869616f // taken while the schema is changed
)

func (postgresDialect) lock(x *tx) error {
	return x.exec("SELECT pg_advisory_xact_lock(?)", writeLock)
}

func (postgresDialect) alone() []goose.ProviderOption {
	return []goose.ProviderOption{goose.WithSessionLocker(schemaLocker{})}
}

// schemaLocker waits for its turn in the database. The locker that comes with goose asks every few
// seconds: a command that starts beside a server would wait for nothing.
type schemaLocker struct{}

func (schemaLocker) SessionLock(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(schemaLock))
	return err
}

func (schemaLocker) SessionUnlock(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(schemaLock))
	return err
}

func (postgresDialect) kind(err error) error {
	var e *pgconn.PgError
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errs.NotFound
	case !errors.As(err, &e):
		return err
	}
	switch {
	case e.Code == "23505": // unique_violation
		return fmt.Errorf("%w: %w", errs.Exists, err)
	case e.Code == "53300": // too_many_connections
		return fmt.Errorf("%w: %w", errs.TooMany, err)
	case strings.HasPrefix(e.Code, "53"): // insufficient resources
		return fmt.Errorf("%w: %w", errs.Full, err)
	}
	return err
}
