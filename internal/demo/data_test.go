package demo

import (
	"bytes"
	"image"
	"slices"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/roster"
	"xianfeng/internal/site"
)

func read(t *testing.T) *data {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// network is the tree that the demo's list of sites makes.
func network(t *testing.T, d *data) map[string]site.Site {
	t.Helper()
	list, err := roster.Read(bytes.NewReader(d.sites))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := site.NewTree(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	change, report := list.Plan(tree, roster.Options{By: site.System})
	if !report.Good() || len(report.Notices) > 0 || len(report.Unknown) > 0 {
		t.Fatalf("the list of sites: %+v", report)
	}
	out := map[string]site.Site{}
	for _, s := range change.Sites {
		out[s.Code] = s
	}
	return out
}

func TestSitesAreTheNetworkThatWasPromised(t *testing.T) {
	d := read(t)
	sites := network(t, d)
	n := map[site.Level]int{}
	names := map[string]bool{}
	for _, s := range sites {
		n[s.Level]++
		if names[s.Name] {
			t.Errorf("two sites are called %s", s.Name)
		}
		names[s.Name] = true
		if !strings.HasPrefix(s.About.Phone, "0999-555") {
			t.Errorf("%s has a phone number, %s, that somebody may have", s.Name, s.About.Phone)
		}
	}
	for level, want := range map[site.Level]int{site.Province: 1, site.City: 3, site.County: 6, site.Township: 12, site.Village: 60, site.Partner: 3} {
		if n[level] != want {
			t.Errorf("%v: got %d, want %d", level, n[level], want)
		}
	}
	people := map[string]bool{}
	for _, a := range d.about {
		if _, ok := sites[a.code]; !ok {
			t.Errorf("about: no site %s", a.code)
		}
		if a.photo != "" && !d.has(a.photo) {
			t.Errorf("%s: no picture %s", a.code, a.photo)
		}
		for _, p := range a.people {
			if people[p.name] || !strings.HasPrefix(p.phone, "0999-555") {
				t.Errorf("%s: %+v", a.code, p)
			}
			people[p.name] = true
		}
	}
	for _, l := range d.links {
		if _, ok := sites[l.code]; !ok {
			t.Errorf("links: no site %s", l.code)
		}
	}
}

func (d *data) has(name string) bool {
	return slices.ContainsFunc(d.pictures, func(p picture) bool { return p.name == name })
}

func TestArticlesStandWhereTheySay(t *testing.T) {
	d := read(t)
	sites := network(t, d)
	columns := map[string]content.Kind{}
	for _, c := range content.Standard() {
		columns[c.Slug] = c.Kind
	}
	titles, bodies := map[string]bool{}, map[string]string{}
	for _, a := range d.articles {
		s, ok := sites[a.Site]
		kind, known := columns[a.Column]
		switch {
		case !ok:
			t.Errorf("%s: no site %q", a.Title, a.Site)
		case !known:
			t.Errorf("%s: no column %q", a.Title, a.Column)
		case a.Body == "" || a.Title == "":
			t.Errorf("%s %q: nothing in it", s.Name, a.Title)
		case a.Days < -30 || a.Days > 60:
			t.Errorf("%s: %d days ago", a.Title, a.Days)
		case kind == content.Produce && (a.Price == "" || a.Unit == "" && a.Price != "面议" || a.Season == "" || a.Expires < 7 || !strings.HasPrefix(a.Phone, "0999-555")):
			t.Errorf("%s: not for sale: %+v", a.Title, a)
		case kind == content.Album && len(a.Pictures) < 2:
			t.Errorf("%s: an album of %d pictures", a.Title, len(a.Pictures))
		case !slices.Contains([]string{"", "draft", "review"}, a.State):
			t.Errorf("%s: state %q", a.Title, a.State)
		}
		if titles[a.Site+a.Title] {
			t.Errorf("%s has %q twice", s.Name, a.Title)
		}
		titles[a.Site+a.Title] = true
		if other := bodies[a.Body]; other != "" {
			t.Errorf("%s says the same as %s", a.Title, other)
		}
		bodies[a.Body] = a.Title
		for _, p := range a.Pictures {
			if !d.has(p) {
				t.Errorf("%s: no picture %s", a.Title, p)
			}
		}
		for _, code := range append(slices.Clone(a.Push), a.Offer) {
			if _, ok := sites[code]; code != "" && (!ok || !strings.HasPrefix(a.Site, code)) && (!ok || !strings.HasPrefix(code, a.Site)) {
				t.Errorf("%s: goes to %q", a.Title, code)
			}
		}
		if a.By != "" && !slices.ContainsFunc(d.accounts, func(x Account) bool { return x.Login == a.By }) {
			t.Errorf("%s: no account %s", a.Title, a.By)
		}
	}
}

// Every site has enough to read, ten villages fill all six blocks, and others leave some out: what is empty
// has to stay hidden.
func TestEverySiteHasSomethingToRead(t *testing.T) {
	d := read(t)
	sites := network(t, d)
	n := map[string]int{}
	blocks := map[string]map[string]bool{}
	for _, a := range d.articles {
		n[a.Site]++
		if blocks[a.Site] == nil {
			blocks[a.Site] = map[string]bool{}
		}
		blocks[a.Site][a.Column] = true
	}
	full, sparse := 0, 0
	for code, s := range sites {
		want := map[site.Level]int{site.Province: 25, site.City: 12, site.County: 8, site.Township: 4, site.Village: 3}[s.Level]
		if n[code] < want {
			t.Errorf("%s %s has %d articles, want %d", code, s.Name, n[code], want)
		}
		if s.Level == site.Village && len(blocks[code]) >= 6 {
			full++
		}
		if s.Level == site.Village && len(blocks[code]) < 5 {
			sparse++
		}
	}
	if full < 8 || sparse < 20 {
		t.Errorf("%d villages with all blocks and %d with few, want 8 and 20", full, sparse)
	}
	t.Logf("%d articles", len(d.articles))
}

func TestPicturesAreSmallAndThere(t *testing.T) {
	d := read(t)
	total := 0
	for _, p := range d.pictures {
		b, err := builtIn.ReadFile("data/pictures/" + p.name + ".webp")
		if err != nil {
			t.Error(err)
			continue
		}
		total += len(b)
		c, _, err := image.DecodeConfig(bytes.NewReader(b))
		if err != nil || c.Width != 1280 || c.Height != 720 || p.alt == "" {
			t.Errorf("%s: %+v %v", p.name, c, err)
		}
	}
	if total > 1536<<10 {
		t.Errorf("%d bytes of pictures, want at most 1.5 MB", total)
	}
}

func TestQuarterIsOver(t *testing.T) {
	for day, want := range map[string]string{"2026-11-24": "2026年第三季度", "2026-01-02": "2025年第四季度", "2026-04-01": "2026年第一季度"} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := quarterBefore(now); got != want {
			t.Errorf("%s: got %s, want %s", day, got, want)
		}
	}
}

func TestAmount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1500: "-1,500", -150: "-150"} {
		if got := amount(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
