package site

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// county is a small tree: province 51, cities 5101 and 5102, a county, a township and two villages, a partner.
func county() []Site {
	return []Site{
		{ID: 1, Code: "51", Level: Province, Name: "省"},
		{ID: 2, Parent: 1, Code: "5101", Level: City, Name: "甲市"},
		{ID: 3, Parent: 1, Code: "5102", Level: City, Name: "乙市", Host: "yi.example"},
		{ID: 4, Parent: 2, Code: "510104", Level: County, Name: "县"},
		{ID: 5, Parent: 4, Code: "510104001", Level: Township, Name: "镇"},
		{ID: 6, Parent: 5, Code: "510104001001", Level: Village, Name: "东村"},
		{ID: 7, Parent: 5, Code: "510104001002", Level: Village, Name: "西村"},
		{ID: 8, Parent: 4, Code: "agri-college", Level: Partner, Name: "学院"},
	}
}

func mustTree(t *testing.T, sites []Site, aliases ...Alias) *Tree {
	t.Helper()
	slices.Reverse(sites) // any order will do
	tree, err := NewTree(sites, aliases)
	if err != nil {
		t.Fatalf("NewTree: %v", err)
	}
	return tree
}

func TestTreeAnswersWhatIsBelowWhat(t *testing.T) {
	tree := mustTree(t, county())
	for _, c := range []struct {
		n, above ID
		want     bool
	}{{6, 1, true}, {6, 4, true}, {6, 6, true}, {6, 7, false}, {6, 3, false}, {1, 6, false}, {8, 2, true}, {3, 2, false}} {
		if got := tree.Get(c.n).Under(tree.Get(c.above)); got != c.want {
			t.Errorf("site %d under %d: got %v, want %v", c.n, c.above, got, c.want)
		}
	}
	var codes []string
	for _, n := range tree.Subtree(tree.Get(4)) {
		codes = append(codes, n.Code)
	}
	want := []string{"510104", "510104001", "510104001001", "510104001002", "agri-college"}
	if !slices.Equal(codes, want) {
		t.Errorf("subtree of the county: got %v, want %v", codes, want)
	}
	if got := len(tree.Get(6).Path()); got != 5 {
		t.Errorf("path of a village: got %d sites, want 5", got)
	}
	if got := tree.Get(6).Top().ID; got != 1 {
		t.Errorf("top of a village: got %d, want 1", got)
	}
}

func TestOldAddressesStillLead(t *testing.T) {
	tree := mustTree(t, county(), Alias{Code: "519999", Site: 4}, Alias{Host: "old.example", Site: 3}, Alias{Code: "gone", Site: 99})
	if n, old := tree.ByCode("519999"); n == nil || n.ID != 4 || !old {
		t.Errorf("old code: got %v, %v", n, old)
	}
	if n, old := tree.ByCode("510104"); n == nil || n.ID != 4 || old {
		t.Errorf("code: got %v, %v", n, old)
	}
	if n, old := tree.ByHost("old.example"); n == nil || n.ID != 3 || !old {
		t.Errorf("old host: got %v, %v", n, old)
	}
	if n, _ := tree.ByCode("gone"); n != nil {
		t.Errorf("code of a site that is gone: got %v", n)
	}
}

func TestListsThatAreNoTree(t *testing.T) {
	change := func(f func(s []Site) []Site) []Site { return f(county()) }
	for name, c := range map[string]struct {
		sites []Site
		want  error
	}{
		"orphan":          {change(func(s []Site) []Site { s[3].Parent = 77; return s }), ErrOrphan},
		"loop":            {change(func(s []Site) []Site { s[1].Parent = 6; return s }), ErrLoop},
		"below itself":    {change(func(s []Site) []Site { s[1].Parent = 2; return s }), ErrLoop},
		"code twice":      {change(func(s []Site) []Site { s[6].Code = s[5].Code; return s }), ErrDuplicate},
		"host twice":      {change(func(s []Site) []Site { s[6].Host = s[2].Host; return s }), ErrDuplicate},
		"number twice":    {change(func(s []Site) []Site { s[6].ID = s[5].ID; return s }), ErrDuplicate},
		"upside down":     {change(func(s []Site) []Site { s[4].Level = City; return s }), ErrLevel},
		"below a partner": {change(func(s []Site) []Site { s[6].Parent = 8; return s }), ErrLevel},
	} {
		if _, err := NewTree(c.sites, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestStandardCodes(t *testing.T) {
	for _, c := range []struct {
		code  string
		level Level
		want  bool
	}{
		{"51", Province, true},
		{"510000", Province, true},
		{"510000000000", Province, true},
		{"5101", City, true},
		{"510104", County, true},
		{"510104001", Township, true},
		{"510104001000", Township, true},
		{"510104001001", Village, true},
		{"510104001", Village, false},
		{"51010", City, false},
		{"510104", City, false},
		{"51o1", City, false},
		{"agri-college", Partner, true},
	} {
		if got := StandardCode(c.code, c.level); got != c.want {
			t.Errorf("%s as %s: got %v, want %v", c.code, c.level, got, c.want)
		}
	}
	for _, code := range []string{"", "-a", "a-", "a b", "a/b", "中", "0123456789012345678901234"} {
		if ValidCode(code) {
			t.Errorf("ValidCode(%q): got true", code)
		}
	}
}

// province is a tree of n sites in five levels, as large as the network.
func province(n int) []Site {
	sites := []Site{{ID: 1, Code: "51", Level: Province, Name: "省"}}
	fan := []int{0, 20, 10, 10, 10}
	from := 0
	for level := City; level <= Village && len(sites) < n; level++ {
		to := len(sites)
		for up := from; up < to; up++ {
			for i := 0; i < fan[level-1] && len(sites) < n; i++ {
				id := ID(len(sites) + 1)
				sites = append(sites, Site{ID: id, Parent: sites[up].ID, Code: fmt.Sprint(100000 + id), Level: level, Name: "站点"})
			}
		}
		from = to
	}
	return sites
}

func BenchmarkNewTree(b *testing.B) {
	sites := province(20_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewTree(sites, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMay(b *testing.B) {
	tree, err := NewTree(province(20_000), nil)
	if err != nil {
		b.Fatal(err)
	}
	who := Who{Account: 5, Grants: []Grant{{Author, 2}, {Editor, 30}, {Reviewer, 1}}}
	b.ReportAllocs()
	for b.Loop() {
		tree.May(who, PushDown, Object{Site: 19_000})
	}
}
