// Package storetest owns what every files.Store has to do, as tests that each of them runs.
//
// It refuses to know how a store does it.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
)

const (
	one = "aaaabbbbccccddddeeeeffff22"
	two = "zzzzyyyyxxxxwwwwvvvvuuuu77"
)

// Run tests a store. open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) files.Store) {
	t.Run("put and open", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "file", "第一个文件")
		put(t, s, one, "w480.webp", "a picture")
		put(t, s, two, "file", "")
		want(t, s, one, "file", "第一个文件")
		want(t, s, one, "w480.webp", "a picture")
		want(t, s, two, "file", "")
		put(t, s, one, "file", "again")
		want(t, s, one, "file", "again")
	})
	t.Run("seek", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "file", "0123456789")
		c, err := s.Open(t.Context(), one, "file")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Seek(-3, io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); string(b) != "789" || err != nil || c.Size() != 10 {
			t.Errorf("got %q, %v, size %d", b, err, c.Size())
		}
	})
	t.Run("absent", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "file", "x")
		for _, name := range [][2]string{{two, "file"}, {one, "other"}, {one, "../file"}, {"../" + one, "file"}, {"", ""}, {one, ""}, {one + "/" + one, "file"}, {strings.ToUpper(one), "file"}} {
			if _, err := s.Open(t.Context(), name[0], name[1]); !errors.Is(err, errs.NotFound) {
				t.Errorf("open %q: got %v, want %v", name, err, errs.NotFound)
			}
		}
	})
	t.Run("names that lead elsewhere", func(t *testing.T) {
		s := open(t)
		for _, name := range [][2]string{{"../../" + one, "file"}, {one, "../x"}, {one, "a/b"}, {"", "file"}, {one, ""}, {one, "x\x00"}} {
			if _, err := s.Put(t.Context(), name[0], name[1], strings.NewReader("x")); err == nil {
				t.Errorf("put %q: it was taken", name)
			}
		}
	})
	t.Run("whole or not at all", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "file", "old")
		broken := errors.New("the visitor left")
		for _, id := range []string{one, two} {
			if _, err := s.Put(t.Context(), id, "file", io.MultiReader(strings.NewReader(strings.Repeat("new", 100_000)), failing{broken})); !errors.Is(err, broken) {
				t.Fatalf("got %v, want %v", err, broken)
			}
		}
		want(t, s, one, "file", "old")
		if _, err := s.Open(t.Context(), two, "file"); !errors.Is(err, errs.NotFound) {
			t.Errorf("half a file: got %v, want %v", err, errs.NotFound)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Put(ctx, one, "file", strings.NewReader("new")); !errors.Is(err, context.Canceled) {
			t.Errorf("given up: got %v, want %v", err, context.Canceled)
		}
		want(t, s, one, "file", "old")
	})
	t.Run("delete", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "a", "x")
		put(t, s, one, "b", "x")
		put(t, s, two, "a", "x")
		for _, id := range []string{one, one, "..", ""} {
			if err := s.Delete(t.Context(), id); err != nil {
				t.Errorf("delete %q: %v", id, err)
			}
		}
		if _, err := s.Open(t.Context(), one, "b"); !errors.Is(err, errs.NotFound) {
			t.Errorf("deleted: got %v, want %v", err, errs.NotFound)
		}
		want(t, s, two, "a", "x")
	})
	t.Run("old ones", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "a", "x")
		put(t, s, one, "b", "x")
		put(t, s, two, "a", "x")
		list := func(before time.Time) []string {
			var ids []string
			if err := s.Old(t.Context(), before, func(id string) error { ids = append(ids, id); return nil }); err != nil {
				t.Fatal(err)
			}
			slices.Sort(ids)
			return ids
		}
		if got := list(time.Now().Add(-time.Hour)); len(got) > 0 {
			t.Errorf("an hour ago: got %q", got)
		}
		if got := list(time.Now().Add(time.Hour)); !slices.Equal(got, []string{one, two}) {
			t.Errorf("in an hour: got %q", got)
		}
		stop := errors.New("enough")
		if err := s.Old(t.Context(), time.Now().Add(time.Hour), func(string) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("got %v, want %v", err, stop)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		s := open(t)
		var all sync.WaitGroup
		for i := range 8 { // they end with the test
			all.Go(func() {
				for range 10 {
					text := bytes.Repeat([]byte{byte('a' + i)}, 5000)
					if _, err := s.Put(t.Context(), one, "file", bytes.NewReader(text)); err != nil {
						t.Error(err)
						return
					}
					c, err := s.Open(t.Context(), one, "file")
					if err != nil {
						t.Error(err)
						return
					}
					b, err := io.ReadAll(c)
					if err = errors.Join(err, c.Close()); err != nil || len(b) != 5000 || bytes.Count(b, b[:1]) != 5000 {
						t.Errorf("a mixture, or less: %d bytes, %v", len(b), err)
					}
				}
			})
		}
		all.Wait()
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func put(t *testing.T, s files.Store, id, piece, text string) {
	t.Helper()
	if n, err := s.Put(t.Context(), id, piece, strings.NewReader(text)); err != nil || n != int64(len(text)) {
		t.Fatalf("put %s/%s: got %d, %v", id, piece, n, err)
	}
}

func want(t *testing.T, s files.Store, id, piece, text string) {
	t.Helper()
	c, err := s.Open(t.Context(), id, piece)
	if err != nil {
		t.Fatalf("open %s/%s: %v", id, piece, err)
	}
	b, err := io.ReadAll(c)
	if err := errors.Join(err, c.Close()); err != nil || string(b) != text || c.Size() != int64(len(text)) {
		t.Errorf("%s/%s: got %q, size %d, %v, want %q", id, piece, b, c.Size(), err, text)
	}
}
