// Package backup owns the archive that a whole network is kept in: all tables of the database as they were at
// one moment, and the files that belong to them. An archive of one database can be restored into the other,
// so that it is also the way from SQLite to PostgreSQL.
//
// It refuses SQL: a [Database] dumps and loads rows. It refuses to trust: an archive is restored whole or not
// at all, only into what is empty, and what is damaged, cut short or made to do harm is told.
//
// # The archive
//
// A tar file, compressed with gzip, with these entries in this order:
//
//	head.json                   Head: which format, which version of the schema, when
//	tables/NAME/000001.jsonl    the first line is a JSON array of column names, each line after it a row;
//	                            bytes are {"b64": "…"}. A large table has several
//	data/…                      files of the data folder
//	end.json                    End: how many rows and files there are, and the SHA-256 of all before it
//
// Sessions, resets and failures of signing in are not in it: nobody is signed in after a restore.
package backup

import (
	"context"
	"time"
)

// format is the version of the archive's form.
const format = 1

// Head is what comes first in an archive.
type Head struct {
	Format int       `json:"format"`
	Made   time.Time `json:"made"`
	Facts
}

// Facts are what a database says of itself as it is dumped.
type Facts struct {
	Schema int64  `json:"schema"`           // version of the schema
	Lines  int64  `json:"lines"`            // of the audit log
	Hash   string `json:"hash"`             // of its newest line
	Broken string `json:"broken,omitempty"` // what was wrong with the log then; "": nothing
}

// End is what comes last in an archive.
type End struct {
	Tables map[string]int64 `json:"tables"` // rows of each
	Files  int64            `json:"files"`
	SHA256 string           `json:"sha256"` // of names, sizes and bytes of all entries before
}

// Database is what is backed up and restored. Package store has one.
type Database interface {
	// Dump writes all of it, as it is at one moment, while others write on.
	Dump(ctx context.Context, to Sink) error
	// Load has fill write into a database in which nothing is yet (else errs.Exists), and keeps all that fill
	// wrote, or nothing where fill fails or what it wrote is not what the facts say.
	Load(ctx context.Context, fill func(Sink) error) error
}

// Sink takes a database.
type Sink interface {
	Facts(f Facts) error // once, first
	// Table begins a table; it may come again, to go on.
	Table(name string, columns []string) error
	Row(values []any) error // int64, string, []byte or nil, in the order of the columns
	End() error             // there is no more: the last chance to refuse
}

// Folder is the data folder: which files and folders in it belong to a network.
type Folder struct {
	Root  string
	Parts []string // files and folders directly in it
	Leave []string // "files/spool": folders that are left out
}

// Summary is what was backed up or restored.
type Summary struct {
	Head
	End
}
