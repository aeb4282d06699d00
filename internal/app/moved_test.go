package app

import (
	"io"
	"log/slog"
	"testing"

	"xianfeng/internal/site"
)

func TestMovedSitesAreIndexedAnew(t *testing.T) {
	dir := t.TempDir()
	if err := Import(t.Context(), ImportOptions{DataDir: dir, File: sitesCSV(t, 4, "站"), Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	o := ImportOptions{DataDir: dir}
	n, err := o.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer n.db.Close() //nolint:errcheck // what was written is kept
	if err := n.moves.finish(t.Context()); err != nil || len(n.moves.todo) != 0 {
		t.Errorf("nothing moved: got %v, %v", n.moves.todo, err)
	}
	save := func(make func(site.Changer) (site.Change, error)) {
		t.Helper()
		c, err := make(site.Changer{Tree: n.sites.Tree(), By: site.System})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.sites.Save(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	county, _ := n.sites.Tree().ByCode("c1")
	save(func(c site.Changer) (site.Change, error) {
		return c.Create(site.Site{Code: "5101", Level: site.City, Name: "市"}, county.Parent)
	})
	if len(n.moves.todo) != 0 {
		t.Errorf("a new site: got %v to be done", n.moves.todo)
	}
	city, _ := n.sites.Tree().ByCode("5101")
	save(func(c site.Changer) (site.Change, error) { return c.Move(county.ID, city.ID) })
	if len(n.moves.todo) != 1 || !n.moves.todo[county.ID] {
		t.Errorf("a move: got %v to be done", n.moves.todo)
	}
	if err := n.moves.finish(t.Context()); err != nil || len(n.moves.todo) != 0 {
		t.Errorf("got %v, %v", n.moves.todo, err)
	}
	other := newReindexer(n, slog.New(slog.DiscardHandler))
	other.seen()
	other.look()
	if len(other.todo) != 0 {
		t.Errorf("what another process did: got %v to be done", other.todo)
	}
}
