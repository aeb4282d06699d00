package store

import (
	"errors"
	"fmt"
	"reflect"
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
		Sites: []site.Site{
			{Code: "51", Level: site.Province, Name: "省"},
			{
				Code: "5101", Level: site.City, Name: "市", Host: "shi.example", Look: site.Look{Theme: "red", Blocks: []string{"news", "album"}},
				About: site.About{Phone: "028-1", People: []site.Contact{{Name: "王", Duty: "书记"}}},
			},
		},
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
	x, _ := again.Tree().ByCode("5101")
	if x == nil || x.Name != "新市" || x.Above == nil || x.Above.Code != "51" || x.Version != 2 {
		t.Fatalf("the city, read again: got %+v", x)
	}
	if y, _ := n.Tree().ByCode("5101"); !reflect.DeepEqual(x.Site, y.Site) {
		t.Errorf("the city: read again it is %+v, it was %+v", x.Site, y.Site)
	}
	if lines, err := db.CheckAudit(t.Context()); lines != 1 || err != nil {
		t.Errorf("audit log: got %d lines, %v", lines, err)
	}
}

func TestSitesThatAreRefused(t *testing.T) { forEach(t, refusedSites) }

func refusedSites(t *testing.T, db *DB) {
	ctx := t.Context()
	kept, err := db.SaveSites(ctx, site.Change{Sites: []site.Site{
		{Code: "51", Level: site.Province, Name: "省", Host: "a.example"}, {Code: "52", Level: site.Province, Name: "省"}, {Code: "53", Level: site.Province, Name: "省"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	newer := kept[1]
	newer.Name = "新"
	gone := kept[1]
	gone.ID = 999
	taken := kept[2]
	taken.Host = "a.example"
	for name, c := range map[string]struct {
		change site.Change
		want   error
	}{
		"the code is taken": {site.Change{Sites: []site.Site{newer, {Code: "51", Level: site.Province, Name: "又"}}}, errs.Exists},
		"the host is taken": {site.Change{Sites: []site.Site{newer, taken}}, errs.Exists},
		"a site twice":      {site.Change{Sites: []site.Site{newer, newer}}, errs.Conflict},
		"no such site":      {site.Change{Sites: []site.Site{newer, gone}}, errs.Conflict},
		"nothing above": {
			site.Change{Sites: []site.Site{newer, {Code: "5101", Level: site.City, Name: "市"}}, Above: map[string]string{"5101": "nowhere"}},
			site.ErrOrphan,
		},
	} {
		c.change.Entries = []site.Entry{{By: 1, Action: "site.change"}}
		if out, err := db.SaveSites(ctx, c.change); !errors.Is(err, c.want) || out != nil {
			t.Errorf("%s: got %v, %v, want %v", name, out, err, c.want)
		}
	}
	sites, _, err := db.Sites(ctx)
	if err != nil || len(sites) != 3 || slices.ContainsFunc(sites, func(s site.Site) bool { return s.Name == "新" }) {
		t.Errorf("after them: got %v, %v", sites, err)
	}
	if lines, err := db.CheckAudit(ctx); lines != 0 || err != nil {
		t.Errorf("audit log: got %d lines, %v", lines, err)
	}
}

func TestAliasesLeadToTheNewest(t *testing.T) { forEach(t, aliases) }

func aliases(t *testing.T, db *DB) {
	for _, list := range [][]site.Alias{{{Code: "old", Site: 1}, {Host: "old", Site: 1}}, {{Code: "old", Site: 2}}} {
		if _, err := db.SaveSites(t.Context(), site.Change{Aliases: list}); err != nil {
			t.Fatal(err)
		}
	}
	_, got, err := db.Sites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b site.Alias) int { return int(a.Site - b.Site) })
	if want := []site.Alias{{Host: "old", Site: 1}, {Code: "old", Site: 2}}; !slices.Equal(got, want) {
		t.Errorf("aliases: got %v, want %v", got, want)
	}
}

func BenchmarkSave20000Sites(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *DB{"sqlite": openLite, "postgres": openPostgres} {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			for n := 0; b.Loop(); n++ {
				sites := make([]site.Site, 20_000)
				for i := range sites {
					sites[i] = site.Site{Code: fmt.Sprintf("%d-%d", n, i), Level: site.Village, Name: "东风村", About: site.About{Phone: "028-1234567"}}
				}
				if _, err := db.SaveSites(b.Context(), site.Change{Sites: sites}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
