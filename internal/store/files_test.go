package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/site"
)

func TestFilesAreKept(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		want := files.File{
			ID: "aaaabbbbccccddddeeeeffff22", Site: 7, Owner: 3, Kind: files.Picture, Name: "梨花.jpg", Type: "image/jpeg", Size: 1 << 33,
			Width: 1600, Height: 1200, Alt: "梨花开了", Created: time.UnixMilli(1_790_000_000_123).UTC(),
		}
		entry := site.Entry{By: 3, Site: 7, Action: "file.add", Object: "file:" + want.ID, Detail: "{}"}
		if err := db.AddFile(t.Context(), want, entry); err != nil {
			t.Fatal(err)
		}
		if got, err := db.File(t.Context(), want.ID); got != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if err := db.AddFile(t.Context(), want, entry); !errors.Is(err, errs.Exists) {
			t.Errorf("twice: got %v, want %v", err, errs.Exists)
		}
		var ids []string
		for i := range 1300 {
			ids = append(ids, fmt.Sprintf("absent-%d", i))
		}
		ids = append(ids, want.ID)
		if got, err := db.KnownFiles(t.Context(), ids); !slices.Equal(got, []string{want.ID}) || err != nil {
			t.Errorf("known: got %q, %v", got, err)
		}
		if err := db.DropFile(t.Context(), want.ID, entry); err != nil {
			t.Fatal(err)
		}
		if _, err := db.File(t.Context(), want.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("dropped: got %v, want %v", err, errs.NotFound)
		}
		if n, err := db.CheckAudit(t.Context()); n != 2 || err != nil {
			t.Errorf("audit log: got %d lines, %v", n, err)
		}
	})
}
