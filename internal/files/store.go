package files

import (
	"context"
	"io"
	"time"

	"xianfeng/internal/site"
)

// Store keeps bytes. Each file has an id and one or more pieces with names of their own. A conformance suite,
// package storetest, says what every store does.
type Store interface {
	// Put keeps a piece whole, or nothing of it, and returns its size. A piece that is there is replaced.
	// No room left is errs.Full.
	Put(ctx context.Context, id, piece string, r io.Reader) (int64, error)
	// Open opens a piece. What is not there is errs.NotFound.
	Open(ctx context.Context, id, piece string) (Content, error)
	// Delete deletes a file with all its pieces. It is no error that there is none.
	Delete(ctx context.Context, id string) error
	// Old calls fn with the ids of the files nothing of which was written since before, and throws away what
	// was left of interrupted writes as old.
	Old(ctx context.Context, before time.Time, fn func(id string) error) error
}

// Content is an open piece. Close it.
type Content interface {
	io.ReadSeekCloser
	Size() int64
}

// Kind is what a file is for.
type Kind string

// The kinds.
const (
	Picture    Kind = "picture"
	Attachment Kind = "attachment"
)

// File is what is known of a file.
type File struct {
	ID            string // random: who knows it may fetch it
	Site          site.ID
	Owner         site.AccountID
	Kind          Kind
	Name          string // as it was brought, made harmless
	Type          string // for pictures of the fallback: image/jpeg, or image/png where it can be seen through
	Size          int64  // of all pieces
	Width, Height int    // of the widest piece of a picture
	Alt           string
	Created       time.Time
}

// Rows keeps what is known of files. Package store is one.
type Rows interface {
	AddFile(ctx context.Context, f File, entries ...site.Entry) error
	File(ctx context.Context, id string) (File, error) // errs.NotFound
	DropFile(ctx context.Context, id string, entries ...site.Entry) error
	KnownFiles(ctx context.Context, ids []string) ([]string, error) // those of ids that have a row
}
