// Package storetest owns what every recordings.Store has to do, as tests that each of them runs.
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
	"xianfeng/recordings"
)

const (
	one = "aaaabbbbccccddddeeee"
	two = "zzzzyyyyxxxxwwww2277"
)

// Run tests a store. open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) recordings.Store) {
	t.Run("put and open", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "i0.mp4", "ftyp")
		put(t, s, one, "s0.mp4", "a segment")
		put(t, s, two, "s0.mp4", "")
		want(t, s, one, "i0.mp4", "ftyp")
		want(t, s, one, "s0.mp4", "a segment")
		want(t, s, two, "s0.mp4", "")
		put(t, s, one, recordings.Index, "{}")
		put(t, s, one, recordings.Index, `{"id":"x"}`)
		want(t, s, one, recordings.Index, `{"id":"x"}`)
	})
	t.Run("what was put is the store's own", func(t *testing.T) {
		s := open(t)
		b := []byte("mine")
		if err := s.Put(t.Context(), one, "s0.mp4", b); err != nil {
			t.Fatal(err)
		}
		copy(b, "your")
		want(t, s, one, "s0.mp4", "mine")
	})
	t.Run("seek", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "s0.mp4", "0123456789")
		c, err := s.Open(t.Context(), one, "s0.mp4")
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
	t.Run("absent, and names that lead elsewhere", func(t *testing.T) {
		s := open(t)
		put(t, s, one, "s0.mp4", "x")
		for _, name := range [][2]string{
			{two, "s0.mp4"},
			{one, "s1.mp4"},
			{one, recordings.Index},
			{one, "../s0.mp4"},
			{"../" + one, "s0.mp4"},
			{"", ""},
			{one, ""},
			{one + "/" + one, "s0.mp4"},
			{strings.ToUpper(one), "s0.mp4"},
			{one, ".."},
			{one, ".part-1"},
			{one, "x\x00"},
			{"short", "s0.mp4"},
			{one, strings.Repeat("x", 40)},
		} {
			if _, err := s.Open(t.Context(), name[0], name[1]); !errors.Is(err, errs.NotFound) {
				t.Errorf("open %q: got %v, want %v", name, err, errs.NotFound)
			}
			if _, err := s.Version(t.Context(), name[0]); !errors.Is(err, errs.NotFound) {
				t.Errorf("version of %q: got %v, want %v", name[0], err, errs.NotFound)
			}
			if (name[0] == one || name[0] == two) && (strings.HasPrefix(name[1], "s") || name[1] == recordings.Index) {
				continue
			}
			if err := s.Put(t.Context(), name[0], name[1], []byte("x")); err == nil {
				t.Errorf("put %q: it was taken", name)
			}
		}
	})
	t.Run("nothing is put for somebody who gave up", func(t *testing.T) {
		s := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Put(ctx, one, "s0.mp4", []byte("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		if _, err := s.Open(t.Context(), one, "s0.mp4"); !errors.Is(err, errs.NotFound) {
			t.Errorf("got %v, want %v", err, errs.NotFound)
		}
	})
	t.Run("versions", func(t *testing.T) {
		s := open(t)
		seen := map[string]bool{}
		for range 20 { // of one length, and faster than clocks tick
			put(t, s, one, recordings.Index, "{}")
			v, err := s.Version(t.Context(), one)
			if err != nil || v == "" {
				t.Fatal(v, err)
			}
			put(t, s, one, "s0.mp4", "x")
			if again, err := s.Version(t.Context(), one); again != v || err != nil {
				t.Fatalf("it changed from %q to %q, %v, by what is not the index", v, again, err)
			}
			seen[v] = true
		}
		if len(seen) < 2 {
			t.Errorf("20 puts, one version: %v", seen)
		}
	})
	t.Run("list and delete", func(t *testing.T) { listAndDelete(t, open(t)) })
	t.Run("many at once", func(t *testing.T) { manyAtOnce(t, open(t)) })
}

func listAndDelete(t *testing.T, s recordings.Store) {
	list := func() (whole, half []string) {
		err := s.List(t.Context(), func(id string, isWhole bool, newest time.Time) error {
			if d := time.Since(newest); d < -time.Minute || d > time.Hour {
				t.Errorf("%s: its newest piece is of %v", id, newest)
			}
			if isWhole {
				whole = append(whole, id)
			} else {
				half = append(half, id)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return whole, half
	}
	if whole, half := list(); len(whole)+len(half) > 0 {
		t.Errorf("an empty store lists %v, %v", whole, half)
	}
	put(t, s, one, "s0.mp4", "x")
	put(t, s, one, recordings.Index, "{}")
	put(t, s, two, "s0.mp4", "x")
	if whole, half := list(); !slices.Equal(whole, []string{one}) || !slices.Equal(half, []string{two}) {
		t.Errorf("got %v, %v", whole, half)
	}
	stop := errors.New("enough")
	if err := s.List(t.Context(), func(string, bool, time.Time) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want %v", err, stop)
	}
	for _, id := range []string{one, one, "..", ""} {
		if err := s.Delete(t.Context(), id); err != nil {
			t.Errorf("delete %q: %v", id, err)
		}
	}
	if _, err := s.Open(t.Context(), one, "s0.mp4"); !errors.Is(err, errs.NotFound) {
		t.Errorf("deleted: got %v, want %v", err, errs.NotFound)
	}
	if whole, half := list(); len(whole) > 0 || !slices.Equal(half, []string{two}) {
		t.Errorf("got %v, %v", whole, half)
	}
	want(t, s, two, "s0.mp4", "x")
}

func manyAtOnce(t *testing.T, s recordings.Store) {
	var all sync.WaitGroup
	for i := range 8 { // they end with the test
		all.Go(func() {
			for range 10 {
				text := bytes.Repeat([]byte{byte('a' + i)}, 5000)
				if err := s.Put(t.Context(), one, recordings.Index, text); err != nil {
					t.Error(err)
					return
				}
				c, err := s.Open(t.Context(), one, recordings.Index)
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
}

func put(t *testing.T, s recordings.Store, id, piece, text string) {
	t.Helper()
	if err := s.Put(t.Context(), id, piece, []byte(text)); err != nil {
		t.Fatalf("put %s/%s: %v", id, piece, err)
	}
}

func want(t *testing.T, s recordings.Store, id, piece, text string) {
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
