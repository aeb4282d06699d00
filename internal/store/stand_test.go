package store

import (
	"errors"
	"testing"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

func TestSitesOfSeveralProcessesStayATree(t *testing.T) { forEach(t, sitesStayATree) }

// Two processes change the tree, each without having seen what the other did.
func sitesStayATree(t *testing.T, db *DB) {
	kept, err := db.SaveSites(t.Context(), site.Change{Sites: []site.Site{
		{Code: "51", Level: site.Province, Name: "省"},
		{Code: "a", Level: site.City, Name: "甲"},
		{Code: "b", Level: site.County, Name: "乙"},
		{Code: "p", Level: site.Partner, Name: "丙"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, b, p := kept[1], kept[2], kept[3]
	below := func(s site.Site, above site.ID, l site.Level) site.Site {
		s.Parent, s.Level = above, l
		return s
	}
	save := func(s site.Site) error {
		_, err := db.SaveSites(t.Context(), site.Change{Sites: []site.Site{s}})
		return err
	}
	if err := save(below(b, a.ID, site.County)); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]site.Site{
		"a loop":             below(a, b.ID, site.Township),
		"lower than below":   below(a, 0, site.Village),
		"below a partner":    {Code: "x", Level: site.Village, Name: "丁", Parent: p.ID},
		"below a lower one":  {Code: "x", Level: site.City, Name: "丁", Parent: b.ID},
		"below nobody":       {Code: "x", Level: site.City, Name: "丁", Parent: 999},
		"below the new self": below(a, a.ID, site.City),
	} {
		if err := save(s); !errors.Is(err, errs.Conflict) {
			t.Errorf("%s: got %v, want errs.Conflict", name, err)
		}
	}
	sites, aliases, err := db.Sites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.NewTree(sites, aliases); err != nil || len(sites) != 4 {
		t.Errorf("got %d sites, %v", len(sites), err)
	}
}
