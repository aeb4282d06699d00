// Package disk owns the files folder of a data folder: FOLDER/ab/abcd…/PIECE, and FOLDER/spool for what is on
// its way. A piece is written beside its place, flushed, and put there by renaming, so that it is whole or
// not there, whatever happens to the process or the machine.
//
// It refuses names: ids and pieces come from package files, and what is not of their form is not there.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
)

// Store is a files.Store in a folder.
type Store struct {
	root   string
	create func(dir string) (writer, error) // tests have one that runs out of room
}

// writer is what is used of an os.File.
type writer interface {
	io.Writer
	Name() string
	Sync() error
	Close() error
}

// Open makes the folder where it is missing.
func Open(root string) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(root, spool), 0o750); err != nil {
		return nil, fmt.Errorf("open the files folder: %w", err)
	}
	return &Store{root: root, create: func(dir string) (writer, error) { return os.CreateTemp(dir, "part-*") }}, nil
}

const spool = "spool"

// Spool is a folder on the same file system for what is on its way.
func (s *Store) Spool() string { return filepath.Join(s.root, spool) }

var (
	idForm    = regexp.MustCompile(`^[a-z2-7]{16,64}$`)
	pieceForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.]{0,30}$`)
)

func (s *Store) folder(id string) string { return filepath.Join(s.root, id[:2], id) }

func check(id, piece string) error {
	if !idForm.MatchString(id) || !pieceForm.MatchString(piece) {
		return fmt.Errorf("file %.80q, piece %.40q: %w", id, piece, errs.NotFound)
	}
	return nil
}

// Put implements files.Store.
func (s *Store) Put(ctx context.Context, id, piece string, r io.Reader) (n int64, err error) {
	if err := check(id, piece); err != nil {
		return 0, err
	}
	tmp, err := s.create(s.Spool())
	if err != nil {
		return 0, fmt.Errorf("write file %s: %w", id, files.Full(err))
	}
	defer func() {
		if err != nil {
			tmp.Close()           //nolint:errcheck // a second time does no harm
			os.Remove(tmp.Name()) //nolint:errcheck // Old throws it away later
		}
	}()
	if n, err = io.Copy(tmp, under(ctx, r)); err != nil {
		return 0, fmt.Errorf("write file %s: %w", id, files.Full(err))
	}
	if err = errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return 0, fmt.Errorf("write file %s: %w", id, files.Full(err))
	}
	dir := s.folder(id)
	if err = os.MkdirAll(dir, 0o750); err != nil {
		return 0, fmt.Errorf("write file %s: %w", id, files.Full(err))
	}
	if err = os.Rename(tmp.Name(), filepath.Join(dir, piece)); err != nil {
		return 0, fmt.Errorf("write file %s: %w", id, files.Full(err))
	}
	// The names are to outlive a power failure as well as the bytes: the piece's, the file's, the shelf's.
	for _, d := range []string{dir, filepath.Dir(dir), s.root} {
		if err = syncDir(d); err != nil {
			return 0, fmt.Errorf("write file %s: %w", id, files.Full(err))
		}
	}
	return n, nil
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// under stops reading when ctx ends.
func under(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type content struct {
	*os.File
	size int64
}

func (c content) Size() int64 { return c.size }

// Open implements files.Store.
func (s *Store) Open(_ context.Context, id, piece string) (files.Content, error) {
	if err := check(id, piece); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(s.folder(id), piece))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("file %s, piece %s: %w", id, piece, errs.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", id, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open file %s: %w", id, err), f.Close())
	}
	return content{f, info.Size()}, nil
}

// Delete implements files.Store.
func (s *Store) Delete(_ context.Context, id string) error {
	if check(id, "x") != nil {
		return nil //nolint:nilerr // there is none of that name
	}
	if err := os.RemoveAll(s.folder(id)); err != nil {
		return fmt.Errorf("delete file %s: %w", id, err)
	}
	return nil
}

// Old implements files.Store.
func (s *Store) Old(ctx context.Context, before time.Time, fn func(id string) error) error {
	err := s.each(ctx, s.Spool(), func(e fs.DirEntry) error {
		if strings.HasPrefix(e.Name(), "part-") && !since(e, before) {
			return os.Remove(filepath.Join(s.Spool(), e.Name()))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for old files: %w", err)
	}
	return s.each(ctx, s.root, func(shelf fs.DirEntry) error {
		if len(shelf.Name()) != 2 || !shelf.IsDir() {
			return nil
		}
		return s.each(ctx, filepath.Join(s.root, shelf.Name()), func(e fs.DirEntry) error {
			if !e.IsDir() || !idForm.MatchString(e.Name()) || since(e, before) { // a folder is as new as the newest piece put in it
				return nil
			}
			return fn(e.Name())
		})
	})
}

// since reports whether an entry was written since a time. One that is gone was.
func since(e fs.DirEntry, t time.Time) bool {
	info, err := e.Info()
	return err != nil || !info.ModTime().Before(t)
}

func (s *Store) each(ctx context.Context, dir string, fn func(fs.DirEntry) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(dir), err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", filepath.Base(dir), err)
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}
