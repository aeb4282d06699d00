package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// TestMovesOutliveTheProcess: what the search does not know yet is known to whoever opens the database next.
func TestMovesOutliveTheProcess(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { testMovesStay(t, "sqlite:"+filepath.Join(t.TempDir(), "network.db")) })
	t.Run("postgres", func(t *testing.T) { testMovesStay(t, newPostgres(t)) })
}

func testMovesStay(t *testing.T, address string) {
	ctx := t.Context()
	db, err := Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	r := openNewsroom(t, db)
	r.publish(editor, east, content.News, "修路", "<p>好</p>")
	c, err := site.Changer{Tree: r.net.Tree(), By: site.System}.Move(county, cityB)
	if err == nil {
		_, err = r.net.Save(ctx, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("killed")
	if err := content.FollowMoves(ctx, killed{db, broken}, plain{}, r.net); !errors.Is(err, broken) {
		t.Errorf("the first process: got %v, want %v", err, broken)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	db = openAt(t, address)
	r = &newsroom{t: t, db: db}
	if r.net, err = site.OpenNetwork(ctx, db); err != nil {
		t.Fatal(err)
	}
	if r.cols, err = content.OpenColumns(ctx, db, r.net); err != nil {
		t.Fatal(err)
	}
	r.shelf = content.NewShelf(db, r.net, r.cols, plain{})
	left, err := db.Moves(ctx)
	if err != nil || len(left) != 1 || left[0].Site != county {
		t.Fatalf("left to be done: got %v, %v", left, err)
	}
	r.want("below the new place, before", r.found(cityB, content.ScopeBelow, "修路"))
	if err := db.Arrived(ctx, content.Move{Site: county, Version: left[0].Version - 1}); err != nil {
		t.Fatal(err)
	}
	if still, err := db.Moves(ctx); err != nil || len(still) != 1 {
		t.Errorf("an earlier move is done: left %v, %v; want the later one", still, err)
	}
	if err := content.FollowMoves(ctx, db, plain{}, r.net); err != nil {
		t.Fatal(err)
	}
	r.want("below the new place", r.found(cityB, content.ScopeBelow, "修路"), "修路")
	r.want("below the old one", r.found(cityA, content.ScopeBelow, "修路"))
	if left, err := db.Moves(ctx); err != nil || len(left) != 0 {
		t.Errorf("afterwards: left %v, %v", left, err)
	}
}

// killed is a process that does not come to writing.
type killed struct {
	*DB
	err error
}

func (k killed) Reindex(context.Context, map[content.ArticleID]content.Words) error { return k.err }

func TestOnlyMovesAreMoves(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		n := r.net.Tree().Get(county).Site
		n.Name = "新县"
		if _, err := r.net.Save(t.Context(), site.Change{Sites: []site.Site{n}}); err != nil {
			t.Fatal(err)
		}
		if left, err := db.Moves(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("new sites and another name: got %v, %v to be done", left, err)
		}
	})
}
