package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/files/storetest"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) files.Store { return open(t) })
}

// smallDisk takes so many bytes.
type smallDisk struct {
	file *os.File
	left int
}

func (d *smallDisk) Name() string { return d.file.Name() }
func (d *smallDisk) Sync() error  { return d.file.Sync() }
func (d *smallDisk) Close() error { return d.file.Close() }

func (d *smallDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		n, _ := d.file.Write(p[:d.left])
		d.left = 0
		return n, &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC}
	}
	d.left -= len(p)
	return d.file.Write(p)
}

func TestFullDisk(t *testing.T) {
	s := open(t)
	s.create = func(dir string) (writer, error) {
		f, err := os.CreateTemp(dir, "part-*")
		return &smallDisk{f, 100_000}, err
	}
	const id = "aaaabbbbccccddddeeeeffff22"
	if _, err := s.Put(t.Context(), id, "file", strings.NewReader(strings.Repeat("x", 300_000))); !errors.Is(err, errs.Full) {
		t.Errorf("got %v, want %v", err, errs.Full)
	}
	left, err := os.ReadDir(s.Spool())
	if err != nil || len(left) > 0 {
		t.Errorf("half a file was left: %v, %v", left, err)
	}
	if _, err := s.Open(t.Context(), id, "file"); !errors.Is(err, errs.NotFound) {
		t.Errorf("got %v, want %v", err, errs.NotFound)
	}
}

func TestPartsOfInterruptedWritesGo(t *testing.T) {
	s := open(t)
	old, young := filepath.Join(s.Spool(), "part-1"), filepath.Join(s.Spool(), "part-2")
	for _, name := range []string{old, young} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	if err := s.Old(t.Context(), time.Now().Add(-24*time.Hour), func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old part: got %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the young part: %v", err)
	}
}
