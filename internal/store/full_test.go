package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// A full disk: whoever writes is told so, nothing is half there, reading goes on, and so does writing when there is
// room again.
func TestFullDisk(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "network.db")
	db := openAt(t, address)
	room := func(pages int) {
		t.Helper()
		if _, err := db.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	add := func(n int) error {
		a, b := fmt.Sprint("a", n), fmt.Sprint("b", n)
		_, err := db.SaveSites(t.Context(), site.Change{
			Sites:   []site.Site{{Code: a, Level: site.Township, Name: strings.Repeat("镇", 3000)}, {Code: b, Level: site.Village, Name: strings.Repeat("村", 3000)}},
			Above:   map[string]string{b: a},
			Aliases: []site.Alias{{Code: "old" + a, Site: 1}},
			Entries: []site.Entry{{By: 1, Action: "site.create", Object: a}, {By: 1, Action: "site.create", Object: b}},
			Tags:    []string{"network"},
		})
		return err
	}
	var pages int
	if err := db.row(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	room(pages + 60)
	kept := 0
	var err error
	for ; err == nil && kept < 100; kept++ {
		err = add(kept)
	}
	kept--
	if !errors.Is(err, errs.Full) || kept < 1 {
		t.Fatalf("after %d writes: got %v, want %v", kept, err, errs.Full)
	}
	if err := add(kept); !errors.Is(err, errs.Full) {
		t.Errorf("once more: got %v, want %v", err, errs.Full)
	}
	if got := countWhole(t, address); got != kept {
		t.Errorf("got %d pairs, want %d", got, kept)
	}
	room(pages + 600)
	if err := add(kept); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
