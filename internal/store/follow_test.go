package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// neighbour opens the database of db once more, as another process would.
func neighbour(t *testing.T, db *DB) *DB {
	t.Helper()
	var address string
	if db.d.postgres() {
		var schema string
		if err := db.row(t.Context(), "SELECT current_schema()").Scan(&schema); err != nil {
			t.Fatal(err)
		}
		c, err := postgres()
		if err != nil {
			t.Fatal(err)
		}
		address = c.address(schema)
	} else {
		var file string
		if err := db.row(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
			t.Fatal(err)
		}
		address = "sqlite:" + file
	}
	return openAt(t, address)
}

func setting(t *testing.T, db *DB, value string) {
	t.Helper()
	if err := db.SetSetting(t.Context(), 1, "x", []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func TestOthersAreToldOfChanges(t *testing.T) { forEach(t, others) }

func others(t *testing.T, db *DB) {
	setting(t, db, "0") // before the other opens
	other := neighbour(t, db)
	var told []string
	other.Listen(func(tags []string) { told = append(told, tags...) })
	want := func(what string, tags ...string) {
		t.Helper()
		told = nil
		if err := other.poll(t.Context()); err != nil || !slices.Equal(told, tags) {
			t.Errorf("%s: got %v, %v, want %v", what, told, err, tags)
		}
	}
	want("nothing new")
	setting(t, db, "1")
	setting(t, other, "2") // of which it was told at once
	setting(t, db, "3")
	want("two changes of another, one of its own", "site:1", "site:1")
	want("nothing new again")

	// Changes are forgotten after a while; who slept for so long throws away everything.
	setting(t, db, "4")
	db.now = func() time.Time { return time.Now().Add(2 * keepChanges) }
	setting(t, db, "5")
	if err := db.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.row(t.Context(), "SELECT COUNT(*) FROM changes").Scan(&left); err != nil || left != 1 {
		t.Errorf("changes that are left: got %d, %v", left, err)
	}
	want("after a long sleep", everything, "site:1")
	db.now = func() time.Time { return time.Now().Add(4 * keepChanges) }
	if err := db.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	setting(t, db, "6")
	want("a change after all were old", "site:1")
}

func TestAheadComesFirstAndAgain(t *testing.T) { forEach(t, ahead) }

func ahead(t *testing.T, db *DB) {
	other := neighbour(t, db)
	var order []string
	fail := errStop
	other.Ahead(func(_ context.Context, tags []string) error {
		order = append(order, "ahead "+tags[0])
		return fail
	})
	other.Listen(func(tags []string) { order = append(order, "listener "+tags[0]) })
	setting(t, db, "1")
	if err := other.poll(t.Context()); !errors.Is(err, errStop) {
		t.Errorf("got %v", err)
	}
	fail = nil
	if err := other.poll(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []string{"ahead site:1", "ahead site:1", "listener site:1"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
}

func TestFollowUntilTheEnd(t *testing.T) { forEach(t, follow) }

func follow(t *testing.T, db *DB) {
	other := neighbour(t, db)
	heard := make(chan string, 10)
	other.Listen(func(tags []string) { heard <- tags[0] })
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { other.Follow(ctx, func(err error) { t.Errorf("reported: %v", err) }) })
	setting(t, db, "1")
	if tag := <-heard; tag != "site:1" {
		t.Errorf("heard of %s", tag)
	}
	cancel()
	done.Wait()
}

func TestFollowReportsAnOutageOnce(t *testing.T) {
	db := openLite(t)
	if _, err := db.write.Exec("ALTER TABLE changes RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	reports := make(chan error, 10)
	var done sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	done.Go(func() { db.Follow(ctx, func(err error) { reports <- err }) })
	if err := <-reports; err == nil {
		t.Error("the outage: got nil")
	}
	if _, err := db.write.Exec("ALTER TABLE gone RENAME TO changes"); err != nil {
		t.Fatal(err)
	}
	if err := <-reports; err != nil {
		t.Errorf("its end: got %v", err)
	}
	cancel()
	done.Wait()
}
