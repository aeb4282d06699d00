// Package disk owns the library folder of a data folder: FOLDER/ID/PIECE. A piece is written beside its place, flushed,
// and put there by renaming, so that it is whole or not there, whatever happens to the process or the machine.
//
// It refuses to know what a piece is for, but for the one that makes an item.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/recordings"
)

// Store is a recordings.Store in a folder.
type Store struct{ root string }

// New returns the store in a folder, which is made when something is put in it.
func New(root string) *Store { return &Store{root} }

var (
	idForm    = regexp.MustCompile(`^[a-z2-7]{16,64}$`)
	pieceForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.]{0,30}$`)
)

func check(id, piece string) error {
	if !idForm.MatchString(id) || !pieceForm.MatchString(piece) {
		return fmt.Errorf("item %.80q, piece %.40q: %w", id, piece, errs.NotFound)
	}
	return nil
}

func (s *Store) folder(id string) string { return filepath.Join(s.root, id) }

// Put implements recordings.Store.
func (s *Store) Put(ctx context.Context, id, piece string, b []byte) (err error) {
	if err := check(id, piece); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write item %s, piece %s: %w", id, piece, full(err))
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	dir := s.folder(id)
	if _, err := os.Stat(dir); err != nil {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
		if err := syncDir(s.root); err != nil {
			return err
		}
	}
	tmp, err := os.CreateTemp(dir, ".part-*") // a name that no piece has
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()           //nolint:errcheck // a second time does no harm
			os.Remove(tmp.Name()) //nolint:errcheck // it is hidden, and goes with the item
		}
	}()
	if _, err := tmp.Write(b); err != nil {
		return err
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), filepath.Join(dir, piece)); err != nil {
		return err
	}
	return syncDir(dir)
}

// full names the failure of a disk without room.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", errs.Full, err)
	}
	return err
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type content struct {
	*os.File
	size int64
}

func (c content) Size() int64 { return c.size }

// Open implements recordings.Store.
func (s *Store) Open(_ context.Context, id, piece string) (recordings.Content, error) {
	if err := check(id, piece); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(s.folder(id), piece))
	if err != nil {
		return nil, absent(id, piece, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open item %s: %w", id, err), f.Close())
	}
	return content{f, info.Size()}, nil
}

func absent(id, piece string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = errs.NotFound
	}
	return fmt.Errorf("open item %s, piece %s: %w", id, piece, err)
}

// Version implements recordings.Store. A rename makes another file, so that two puts within one tick of the clock and
// of the same size are told apart.
func (s *Store) Version(_ context.Context, id string) (string, error) {
	if err := check(id, recordings.Index); err != nil {
		return "", err
	}
	info, err := os.Stat(filepath.Join(s.folder(id), recordings.Index))
	if err != nil {
		return "", absent(id, recordings.Index, err)
	}
	v := strconv.FormatInt(info.ModTime().UnixNano(), 36) + "." + strconv.FormatInt(info.Size(), 36)
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		v += "." + strconv.FormatUint(st.Ino, 36)
	}
	return v, nil
}

// List implements recordings.Store.
func (s *Store) List(ctx context.Context, fn func(id string, whole bool, newest time.Time) error) error {
	entries, err := os.ReadDir(s.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the library: %w", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("list the library: %w", err)
		}
		if !e.IsDir() || !idForm.MatchString(e.Name()) {
			continue
		}
		info, err := e.Info() // a folder is as new as the newest piece put in it
		if err != nil {
			continue // it was deleted
		}
		_, err = os.Stat(filepath.Join(s.folder(e.Name()), recordings.Index))
		if err := fn(e.Name(), err == nil, info.ModTime()); err != nil {
			return err
		}
	}
	return nil
}

// Delete implements recordings.Store.
func (s *Store) Delete(_ context.Context, id string) error {
	if check(id, recordings.Index) != nil {
		return nil //nolint:nilerr // there is none of that name
	}
	err := os.Remove(filepath.Join(s.folder(id), recordings.Index))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete item %s: %w", id, err)
	}
	if err := os.RemoveAll(s.folder(id)); err != nil {
		return fmt.Errorf("delete item %s: %w", id, err)
	}
	return nil
}
