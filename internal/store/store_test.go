package store

import (
	"errors"
	"slices"
	"testing"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

func TestNetworkIsKept(t *testing.T) { forEach(t, networkIsKept) }

func networkIsKept(t *testing.T, db *DB) {
	var told []string
	db.Listen(func(tags []string) { told = append(told, tags...) })
	n, err := site.OpenNetwork(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := n.Save(t.Context(), site.Change{
		Sites:   []site.Site{{Code: "51", Level: site.Province, Name: "省"}, {Code: "5101", Level: site.City, Name: "市"}},
		Above:   map[string]string{"5101": "51"},
		Entries: []site.Entry{{By: site.System, Action: "site.create", Object: "site:51", Detail: "{}"}},
		Tags:    []string{"network"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, []string{"network"}) {
		t.Errorf("tags: got %v", told)
	}
	stale := kept[1]
	kept[1].Name = "新市"
	if _, err := n.Save(t.Context(), site.Change{Sites: kept[1:]}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Save(t.Context(), site.Change{Sites: []site.Site{stale}}); !errors.Is(err, errs.Conflict) {
		t.Errorf("a stale site: got %v, want %v", err, errs.Conflict)
	}
	again, err := site.OpenNetwork(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if x, _ := again.Tree().ByCode("5101"); x == nil || x.Name != "新市" || x.Above == nil || x.Above.Code != "51" || x.Version != 2 {
		t.Errorf("the city, read again: got %+v", x)
	}
	if lines, err := db.CheckAudit(t.Context()); lines != 1 || err != nil {
		t.Errorf("audit log: got %d lines, %v", lines, err)
	}
}
