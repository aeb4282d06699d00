package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

func TestOpenTwiceChangesNothing(t *testing.T) {
	for name, address := range map[string]string{
		"sqlite":   "sqlite:" + filepath.Join(t.TempDir(), "网络 100%?#.db"),
		"postgres": newPostgres(t),
	} {
		t.Run(name, func(t *testing.T) {
			var versions []int64
			for range 2 {
				db, err := Open(t.Context(), address)
				if err != nil {
					t.Fatal(err)
				}
				var n int64
				if err := db.do(t.Context(), func(x *tx) (err error) { n, err = x.version(); return err }); err != nil {
					t.Fatal(err)
				}
				versions = append(versions, n)
				var applied int
				if err := db.row(t.Context(), "SELECT COUNT(*) FROM goose_db_version").Scan(&applied); err != nil || applied != int(n)+1 {
					t.Errorf("files applied: got %d, %v, want %d", applied, err, n+1)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if versions[0] == 0 || versions[0] != versions[1] {
				t.Errorf("versions: got %v", versions)
			}
		})
	}
}

// A server and a command may be the first together.
func TestOpenByTwoAtOnce(t *testing.T) {
	for name, address := range map[string]string{
		"sqlite":   "sqlite:" + filepath.Join(t.TempDir(), "network.db"),
		"postgres": newPostgres(t),
	} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					db, err := Open(t.Context(), address)
					if err != nil {
						t.Error(err)
						return
					}
					if err := db.Note(t.Context(), site.Entry{By: site.System, Action: "backup"}); err != nil {
						t.Error(err)
					}
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			db := openAt(t, address)
			if lines, err := db.CheckAudit(t.Context()); lines != 4 || err != nil {
				t.Errorf("audit log: got %d lines, %v", lines, err)
			}
		})
	}
}

func TestAddressesThatCantBeOpened(t *testing.T) {
	for _, address := range []string{
		"mysql://u:secret@db/x", "u:secret@db", "postgres://u:secret@[::1/x", "postgres://u:secret@127.0.0.1:1/x?connect_timeout=1",
		"sqlite:" + t.TempDir(), "",
	} {
		db, err := Open(t.Context(), address)
		if err == nil {
			t.Errorf("%q: no error", address)
			_ = db.Close()
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the password is in %q", address, err)
		}
	}
}

var errStop = errors.New("stop here")

func TestWritesAreWhole(t *testing.T) { forEach(t, wholeWrites) }

func wholeWrites(t *testing.T, db *DB) {
	var told []string
	db.Listen(func(tags []string) { told = append(told, tags...) })
	half := func(x *tx) error {
		x.touch("half")
		return errors.Join(
			x.exec("INSERT INTO settings (site_id, name, value) VALUES (?, ?, ?)", 1, "half", "1"),
			x.note(site.Entry{By: 1, Action: "half"}),
		)
	}
	err := db.do(t.Context(), func(x *tx) error { return errors.Join(half(x), errStop) })
	if !errors.Is(err, errStop) {
		t.Errorf("an error: got %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		_ = db.do(t.Context(), func(x *tx) error { panic(half(x)) })
	}()
	ctx, cancel := context.WithCancel(t.Context())
	err = db.do(ctx, func(x *tx) error { defer cancel(); return half(x) })
	if err == nil {
		t.Error("a write that was given up: no error")
	}
	if all, err := db.Settings(t.Context(), "half"); len(all) != 0 || err != nil {
		t.Errorf("half of it: got %v, %v", all, err)
	}
	if lines, err := db.CheckAudit(t.Context()); lines != 0 || err != nil {
		t.Errorf("audit log: got %d lines, %v", lines, err)
	}
	if told != nil {
		t.Errorf("told of %v", told)
	}
	if err := db.do(t.Context(), half); err != nil { // and the database is as good as before
		t.Fatal(err)
	}
	if lines, err := db.CheckAudit(t.Context()); lines != 1 || err != nil || !slices.Equal(told, []string{"half"}) {
		t.Errorf("after a whole one: got %d lines, %v, told of %v", lines, err, told)
	}
}

func TestListenersHearOfWhatIsKept(t *testing.T) { forEach(t, listeners) }

func listeners(t *testing.T, db *DB) {
	heard := 0
	db.Listen(func(tags []string) {
		if !slices.Equal(tags, []string{"site:7"}) {
			t.Errorf("tags: got %v", tags)
		}
		if v, err := db.Setting(t.Context(), []site.ID{7}, "motto"); string(v) != `"a"` || err != nil {
			t.Errorf("when the listener hears of it: got %s, %v", v, err)
		}
		heard++
	})
	if err := db.SetSetting(t.Context(), 7, "motto", []byte(`"a"`)); err != nil {
		t.Fatal(err)
	}
	if heard != 1 {
		t.Errorf("heard %d times", heard)
	}
}

func TestBind(t *testing.T) {
	for _, c := range []struct{ query, lite, pg string }{
		{"SELECT 1", "SELECT 1", "SELECT 1"},
		{"a = ? AND b IN (?, ?)", "a = ? AND b IN (?, ?)", "a = $1 AND b IN ($2, $3)"},
		{
			"a = ? AND b IN (LIST ?) AND c = ?",
			"a = ? AND b IN (SELECT value FROM json_each(?)) AND c = ?",
			"a = $1 AND b IN (SELECT value::bigint FROM jsonb_array_elements_text($2::jsonb)) AND c = $3",
		},
		{"中 = ?", "中 = ?", "中 = $1"},
	} {
		if got := (liteDialect{}).bind(c.query); got != c.lite {
			t.Errorf("sqlite: got %q, want %q", got, c.lite)
		}
		if got := (postgresDialect{}).bind(c.query); got != c.pg {
			t.Errorf("postgres: got %q, want %q", got, c.pg)
		}
	}
}

func TestQueriesForVeryManySites(t *testing.T) { forEach(t, manySites) }

func manySites(t *testing.T, db *DB) {
	for _, id := range []site.ID{3, 70_000, 70_001} {
		if err := db.Note(t.Context(), site.Entry{By: 1, Action: "x", Site: id}); err != nil {
			t.Fatal(err)
		}
	}
	ids := make([]site.ID, 70_000) // more than a statement has arguments
	for i := range ids {
		ids[i] = site.ID(i + 1)
	}
	for _, c := range []struct {
		sites []site.ID
		want  int
	}{{ids, 2}, {ids[:few+1], 1}, {ids[:few], 1}, {ids[3:few], 0}, {[]site.ID{}, 0}, {nil, 3}} {
		n := 0
		err := db.Audit(t.Context(), AuditQuery{Sites: c.sites}, func(*site.Entry) error { n++; return nil })
		if n != c.want || err != nil {
			t.Errorf("of %d sites: got %d lines, %v, want %d", len(c.sites), n, err, c.want)
		}
	}
}

func TestTextsThatOneDatabaseWouldTake(t *testing.T) { forEach(t, badTexts) }

func badTexts(t *testing.T, db *DB) {
	for _, text := range []string{"a\x00b", "\xff", "\xed\xa0\x80"} {
		if _, err := db.SaveAccount(t.Context(), site.Account{Login: "x", Name: text}); !errors.Is(err, errs.Invalid) {
			t.Errorf("write %q: got %v", text, err)
		}
		if _, err := db.AccountByLogin(t.Context(), text); !errors.Is(err, errs.Invalid) {
			t.Errorf("read %q: got %v", text, err)
		}
		if err := db.Grant(t.Context(), 1, site.Grant{Role: site.Role(text)}); err == nil {
			t.Errorf("grant %q: no error", text)
		}
	}
	if _, err := db.SaveAccount(t.Context(), site.Account{Login: "x", Name: "𠮷 \u200b ' \" ? $1 %"}); err != nil {
		t.Errorf("an unusual name: %v", err)
	}
}

func TestSettings(t *testing.T) { forEach(t, settings) }

func settings(t *testing.T, db *DB) {
	ctx := t.Context()
	path := []site.ID{5, 2, 1}
	want := func(what, want string) {
		t.Helper()
		v, err := db.Setting(ctx, path, "rule")
		if string(v) != want || (want == "") != errors.Is(err, errs.NotFound) {
			t.Errorf("%s: got %s, %v, want %s", what, v, err, want)
		}
	}
	set := func(at site.ID, value string) {
		t.Helper()
		var v []byte
		if value != "" {
			v = []byte(value)
		}
		if err := db.SetSetting(ctx, at, "rule", v, site.Entry{By: 1, Action: "setting.change", Object: fmt.Sprint("site:", at)}); err != nil {
			t.Fatal(err)
		}
	}
	want("nothing set", "")
	set(0, `{"a":1}`)
	set(7, "7")
	want("for the network", `{"a":1}`)
	set(1, "1")
	want("at the top", "1")
	set(5, "4")
	set(5, "5")
	want("on the site", "5")
	set(5, "")
	want("taken away", "1")
	if err := db.SetSetting(ctx, 1, "rule", []byte("{")); !errors.Is(err, errs.Invalid) {
		t.Errorf("no JSON: got %v", err)
	}
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "network.db")
	if err := os.WriteFile(file, nil, 0o644); err != nil { //nolint:gosec // as an older version left it
		t.Fatal(err)
	}
	db, err := Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v", filepath.Base(name), info.Mode())
		}
	}
}
