package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"xianfeng/internal/errs"
)

// unpacked begins the name of the folder in which files wait for the rest of an archive to be seen.
const unpacked = ".restore-"

// Restore puts an archive into an empty database and a data folder that has no files yet: all of it, or
// nothing.
func Restore(ctx context.Context, r io.Reader, db Database, folder Folder) (Summary, error) {
	if err := folder.checkEmpty(); err != nil {
		return Summary{}, err
	}
	// Beside their places, so that they get there by renaming. What an earlier one that was killed has left goes.
	left, err := filepath.Glob(filepath.Join(folder.Root, unpacked+"*"))
	for _, name := range left {
		err = errors.Join(err, os.RemoveAll(name))
	}
	if err != nil {
		return Summary{}, fmt.Errorf("make room for the files: %w", err)
	}
	dir, err := os.MkdirTemp(folder.Root, unpacked)
	if err != nil {
		return Summary{}, fmt.Errorf("make a folder for the files: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is in it then is of no use
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Summary{}, fmt.Errorf("open the folder for the files: %w", err)
	}
	defer root.Close() //nolint:errcheck // files are closed one by one

	var s Summary
	var placed []string
	err = db.Load(ctx, func(to Sink) (err error) {
		s, err = read(ctx, r, folder.Parts, to, func(name string, r io.Reader) error { return unpack(root, name, r) })
		if err != nil {
			return err
		}
		if err := to.End(); err != nil {
			return err
		}
		// All of it has been seen and is good. The files come before the rows that know them.
		placed, err = folder.place(dir)
		return err
	})
	if err != nil {
		for _, name := range placed {
			err = errors.Join(err, os.RemoveAll(name))
		}
		return Summary{}, fmt.Errorf("restore: %w", err)
	}
	return s, nil
}

func unpack(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o750); errors.Is(err, fs.ErrExist) {
		return damaged("a file is in the way")
	} else if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return damaged("a file comes twice")
	}
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	if _, err := io.Copy(f, r); err != nil {
		return errors.Join(fmt.Errorf("write a file: %w", err), f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write a file: %w", err)
	}
	return nil
}

// checkEmpty refuses a data folder in which any of the parts has a file.
func (f *Folder) checkEmpty() error {
	for _, part := range f.Parts {
		err := filepath.WalkDir(filepath.Join(f.Root, part), func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return fmt.Errorf("look into the data folder: %w", err)
			case !d.IsDir():
				return fmt.Errorf("%s is there: %w: restore into a data folder without it", name, errs.Exists)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// place moves the parts from where they were unpacked to where they belong, and returns what it moved.
func (f *Folder) place(from string) (placed []string, err error) {
	for _, part := range f.Parts {
		old, now := filepath.Join(from, part), filepath.Join(f.Root, part)
		if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := removeEmpty(now); err != nil {
			return placed, fmt.Errorf("make room for %s: %w", part, err)
		}
		if err := os.Rename(old, now); err != nil {
			return placed, fmt.Errorf("put %s in its place: %w", part, err)
		}
		placed = append(placed, now)
	}
	return placed, nil
}

// removeEmpty removes a folder with the folders in it. A file in one of them stays, and is an error.
func removeEmpty(name string) error {
	var dirs []string
	err := filepath.WalkDir(name, func(name string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		dirs = append(dirs, name)
		return err
	})
	for _, dir := range slices.Backward(dirs) {
		if err == nil {
			err = os.Remove(dir)
		}
	}
	if err != nil {
		return fmt.Errorf("remove an empty folder: %w", err)
	}
	return nil
}
