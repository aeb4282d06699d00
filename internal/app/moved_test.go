package app

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// TestMovedSitesAreFoundAfterAKill moves a site in a process that ends before the search knows of it.
func TestMovedSitesAreFoundAfterAKill(t *testing.T) {
	dir := t.TempDir()
	list := writeCSV(t, "code,parent,level,name\n51,,province,省\n5101,51,city,甲市\n5102,51,city,乙市\nc1,5101,county,县\nv1,c1,village,东村\n")
	if err := Import(t.Context(), ImportOptions{DataDir: dir, File: list, Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	leaveMoved(t, dir)
	s, base := begin(t, "", func(o *Options) { o.DataDir = dir })
	for {
		left, err := s.network.db.Moves(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			break
		}
	}
	search := func(code string) bool {
		t.Helper()
		status, body := do(t, "GET", base+"/api/v1/search?site="+code+"&q=%E4%BF%AE%E8%B7%AF", "", "")
		if status != http.StatusOK {
			t.Fatalf("search on %s: got %d %s", code, status, body)
		}
		return strings.Contains(body, "东村修路")
	}
	if search("5101") || !search("5102") || !search("v1") {
		t.Errorf("found below the old place %v, the new one %v, on the village %v", search("5101"), search("5102"), search("v1"))
	}
}

// leaveMoved publishes an article on a village, moves its county from one city to another, and ends there.
func leaveMoved(t *testing.T, dir string) {
	t.Helper()
	o := ImportOptions{DataDir: dir}
	n, err := o.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer n.db.Close() //nolint:errcheck // what was written is kept
	code := func(code string) site.ID {
		at, _ := n.sites.Tree().ByCode(code)
		return at.ID
	}
	desk := content.NewDesk(content.DeskConfig{Articles: n.db, Trails: n.db, Offers: n.db, Network: n.sites, Columns: n.columns, Cleaner: n.clean})
	by := content.Actor{Who: site.Who{Account: 1, Grants: []site.Grant{{Role: site.Editor, Site: code("51")}}}}
	a, err := desk.Save(t.Context(), by, content.Writing{Site: code("v1"), Slug: content.News, Head: content.Head{Title: "东村修路"}, Text: "<p>通车</p>"})
	if err == nil {
		_, err = desk.Publish(t.Context(), by, a.ID, a.Version, time.Time{})
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := site.Changer{Tree: n.sites.Tree(), By: site.System}.Move(code("c1"), code("5102"))
	if err == nil {
		_, err = n.sites.Save(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	if left, err := n.db.Moves(t.Context()); err != nil || len(left) != 1 || left[0].Site != code("c1") {
		t.Errorf("to be done: got %v, %v", left, err)
	}
}

func TestImportFollowsItsMoves(t *testing.T) {
	dir := t.TempDir()
	for _, list := range []string{
		"code,parent,level,name\n51,,province,省\n5101,51,city,甲市\n5102,51,city,乙市\nc1,5101,county,县\n",
		"code,parent,level,name\nc1,5102,county,县\n",
	} {
		if err := Import(t.Context(), ImportOptions{DataDir: dir, File: writeCSV(t, list), Stdout: io.Discard, Stderr: io.Discard}); err != nil {
			t.Fatal(err)
		}
	}
	o := ImportOptions{DataDir: dir}
	n, err := o.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer n.db.Close() //nolint:errcheck // it was only read
	county, _ := n.sites.Tree().ByCode("c1")
	left, err := n.db.Moves(t.Context())
	if err != nil || len(left) != 0 || county.Above.Code != "5102" {
		t.Errorf("below %s, to be done: %v, %v", county.Above.Code, left, err)
	}
}
