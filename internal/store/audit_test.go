package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xianfeng/internal/site"
)

func TestAuditIsFound(t *testing.T) { forEach(t, auditIsFound) }

func auditIsFound(t *testing.T, db *DB) {
	for i := range 6 {
		if err := db.Note(t.Context(), site.Entry{
			By: site.AccountID(1 + i/4), Action: []string{"x.a", "x.b"}[i%2], Site: site.ID(i % 2), Object: fmt.Sprint("article:", i%3),
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		q    AuditQuery
		want []int64
	}{
		{AuditQuery{}, []int64{6, 5, 4, 3, 2, 1}},
		{AuditQuery{Oldest: true, Limit: 2}, []int64{1, 2}},
		{AuditQuery{Before: 4, Limit: 2}, []int64{3, 2}},
		{AuditQuery{After: 4}, []int64{6, 5}},
		{AuditQuery{Sites: []site.ID{1}}, []int64{6, 4, 2}},
		{AuditQuery{Action: "x.b"}, []int64{6, 4, 2}},
		{AuditQuery{Action: "x."}, []int64{6, 5, 4, 3, 2, 1}},
		{AuditQuery{Action: ".a"}, nil},
		{AuditQuery{By: 2}, []int64{6, 5}},
		{AuditQuery{Object: "article:1", Oldest: true}, []int64{2, 5}},
	} {
		var got []int64
		err := db.Audit(t.Context(), c.q, func(e *site.Entry) error { got = append(got, e.Seq); return nil })
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, %v, want %v", c.q, got, err, c.want)
		}
	}
	if err := db.Audit(t.Context(), AuditQuery{}, func(*site.Entry) error { return errStop }); !errors.Is(err, errStop) {
		t.Errorf("a reader that fails: got %v", err)
	}
}

func TestAuditTellsWhatWasChangedByHand(t *testing.T) { forEach(t, changedByHand) }

// loosen lets the audit log be changed, as whoever owns the database can.
func loosen(t *testing.T, db *DB) {
	t.Helper()
	drop := []string{"DROP TRIGGER audit_is_not_updated", "DROP TRIGGER audit_is_not_deleted", "DROP TRIGGER audit_is_not_replaced"}
	if db.d.postgres() {
		drop = []string{"DROP TRIGGER audit_is_kept ON audit"}
	}
	for _, statement := range drop {
		if _, err := db.write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAuditIsAppendOnly(t *testing.T) { forEach(t, auditIsAppendOnly) }

func auditIsAppendOnly(t *testing.T, db *DB) {
	ctx := t.Context()
	for range 3 {
		if err := db.Note(ctx, site.Entry{By: 1, Action: "article.publish", Object: "article:1"}); err != nil {
			t.Fatal(err)
		}
	}
	statements := []string{"UPDATE audit SET by_id = 2", "UPDATE audit SET by_id = 2 WHERE seq = 2", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 3"}
	if db.d.postgres() {
		statements = append(statements, "TRUNCATE audit", "INSERT INTO audit SELECT * FROM audit WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET by_id = 2")
	} else {
		statements = append(statements, "REPLACE INTO audit SELECT * FROM audit WHERE seq = 2", "INSERT INTO audit SELECT * FROM audit WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET by_id = 2")
	}
	for _, statement := range statements {
		if _, err := db.write.Exec(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: got %v", statement, err)
		}
	}
	if lines, err := db.CheckAudit(ctx); lines != 3 || err != nil {
		t.Errorf("got %d lines, %v, want 3", lines, err)
	}
	if err := db.Note(ctx, site.Entry{By: 1, Action: "article.publish", Object: "article:2"}); err != nil {
		t.Errorf("one more line: %v", err)
	}
}

func changedByHand(t *testing.T, db *DB) {
	ctx := t.Context()
	for i := range 5 {
		if err := db.Note(ctx, site.Entry{By: 1, Action: "article.publish", Object: fmt.Sprint("article:", i), Detail: `{"名":"值"}`}); err != nil {
			t.Fatal(err)
		}
	}
	loosen(t, db)
	for _, spoil := range []string{
		"UPDATE audit SET by_id = 2 WHERE seq = 3",
		"UPDATE audit SET at = at + 1 WHERE seq = 5",
		"UPDATE audit SET detail = '' WHERE seq = 1",
		"DELETE FROM audit WHERE seq = 3",
		"DELETE FROM audit WHERE seq = 1",
		"UPDATE audit SET seq = 6 WHERE seq = 5",
	} {
		lines, err := db.CheckAudit(ctx)
		if lines != 5 || err != nil {
			t.Fatalf("before %q: got %d lines, %v", spoil, lines, err)
		}
		// What a hand did is taken back, so that the next one begins with a whole log.
		tx, err := db.write.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("CREATE TABLE before_it AS SELECT * FROM audit"); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(spoil); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := db.CheckAudit(ctx); !errors.Is(err, site.ErrBroken) {
			t.Errorf("%s: got %v, want %v", spoil, err, site.ErrBroken)
		}
		for _, statement := range []string{"DELETE FROM audit", "INSERT INTO audit SELECT * FROM before_it", "DROP TABLE before_it"} {
			if _, err := db.write.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
	}
}
