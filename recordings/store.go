package recordings

import (
	"context"
	"io"
	"time"
)

// Index is the piece with which an item is there.
const Index = "item.json"

// Store keeps the pieces of items. storetest.Run has what every store does.
//
// An id is 16 to 64 of the characters a-z and 2-7; a piece's name has up to 31 of a-z, 0-9 and the dot, and does not
// begin with one. What has another form is not there (errs.NotFound).
type Store interface {
	// Put keeps a piece, whole and for good, or not at all. Only Index is ever put again. It does not keep b.
	// No room: errs.Full.
	Put(ctx context.Context, id, piece string, b []byte) error
	// Open returns a piece; its caller closes it.
	Open(ctx context.Context, id, piece string) (Content, error)
	// Version returns something that is another one once Index was put again.
	Version(ctx context.Context, id string) (string, error)
	// List tells of every item, and of what is not one, as its Index is missing, with the time of its newest piece.
	List(ctx context.Context, fn func(id string, whole bool, newest time.Time) error) error
	// Delete takes an item away, its Index first. One that is not there is no error.
	Delete(ctx context.Context, id string) error
}

// Content is an open piece.
type Content interface {
	io.ReadSeekCloser
	Size() int64
}
