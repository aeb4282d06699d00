package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"xianfeng/internal/testaid"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(writerAddress); address != "" {
		writeUntilKilled(address)
	}
	code := m.Run()
	if err := stopPostgres(); err != nil {
		println("stop PostgreSQL:", err.Error())
		code = 1
	}
	os.Exit(code)
}

// forEach runs a test on every database that the program runs on. Each gets a new one with the schema in it.
func forEach(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, openLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, openPostgres(t)) })
}

// emptyLite saves most tests from going through all migrations.
var emptyLite = testaid.NewTemplate(func(file string) error {
	db, err := Open(context.Background(), "sqlite:"+file)
	if err != nil {
		return err
	}
	return db.Close()
})

func openLite(tb testing.TB) *DB {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "network.db")
	emptyLite.Copy(tb, file)
	return openAt(tb, "sqlite:"+file)
}

func openPostgres(tb testing.TB) *DB {
	tb.Helper()
	return openAt(tb, newPostgres(tb))
}

// openAt opens a database until the test ends.
func openAt(tb testing.TB, address string) *DB {
	tb.Helper()
	db, err := Open(tb.Context(), address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}
