package site

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"xianfeng/internal/errs"
)

func changer(t *testing.T) (Changer, *Network) {
	t.Helper()
	n, err := OpenNetwork(t.Context(), &shelf{sites: county(), aliases: []Alias{{Code: "old", Site: 4}}})
	if err != nil {
		t.Fatal(err)
	}
	return Changer{Tree: n.Tree(), By: 7, Remote: "192.0.2.1"}, n
}

func TestChangesCarryTagsAliasesAndLog(t *testing.T) {
	h, _ := changer(t)
	edit := func(id ID, fn func(*Site)) func() (Change, error) {
		return func() (Change, error) {
			s := h.Tree.Get(id).Site
			fn(&s)
			return h.Edit(s)
		}
	}
	for name, c := range map[string]struct {
		do      func() (Change, error)
		tags    string
		aliases []Alias
		detail  string
	}{
		"create":           {func() (Change, error) { return h.Create(Site{Code: "5103", Level: City, Name: "丙市"}, 1) }, "tree:1", nil, "丙市"},
		"create a top":     {func() (Change, error) { return h.Create(Site{Code: "52", Level: Province, Name: "邻省"}, 0) }, "network", nil, "邻省"},
		"move a village":   {func() (Change, error) { return h.Move(6, 4) }, "site:6 tree:5 tree:4", nil, `"parent":[5,4]`},
		"move a township":  {func() (Change, error) { return h.Move(5, 3) }, "site:5 tree:4 tree:3 network", nil, `"parent":[4,3]`},
		"move to the top":  {func() (Change, error) { return h.Move(8, 0) }, "site:8 tree:4 network", nil, `"parent":[4,0]`},
		"rename a village": {func() (Change, error) { return h.Rename(6, "新东村", "") }, "site:6 tree:5", nil, "新东村"},
		"rename a county":  {func() (Change, error) { return h.Rename(4, "新县", "县") }, "site:4 tree:2 network", nil, "新县"},
		"close":            {func() (Change, error) { return h.Close(6) }, "site:6 tree:5", nil, `"state":["active","closed"]`},
		"another code":     {edit(6, func(s *Site) { s.Code = "510104001009" }), "site:6 tree:5", []Alias{{Code: "510104001001", Site: 6}}, `"code"`},
		"another host":     {edit(3, func(s *Site) { s.Host = "er.example" }), "site:3 tree:1", []Alias{{Host: "yi.example", Site: 3}}, `"host"`},
		"another phone":    {edit(4, func(s *Site) { s.About.Phone = "12345" }), "site:4", nil, `"phone":["","12345"]`},
		"people and looks": {edit(4, func(s *Site) { s.About.People = []Contact{{Name: "李"}}; s.Look.Blocks = []string{"news"} }), "site:4", nil, `"people"`},
	} {
		got, err := c.do()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if tags := strings.Join(got.Tags, " "); tags != c.tags {
			t.Errorf("%s: got tags %s, want %s", name, tags, c.tags)
		}
		if !slices.Equal(got.Aliases, c.aliases) {
			t.Errorf("%s: got aliases %v, want %v", name, got.Aliases, c.aliases)
		}
		if len(got.Entries) != 1 || got.Entries[0].By != 7 || got.Entries[0].Remote != "192.0.2.1" || !strings.Contains(got.Entries[0].Detail, c.detail) {
			t.Errorf("%s: got log %+v, want it to tell %s", name, got.Entries, c.detail)
		}
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	h, _ := changer(t)
	for name, c := range map[string]struct {
		do   func() (Change, error)
		want string
	}{
		"below itself":  {func() (Change, error) { return h.Move(4, 5) }, "parent: loop"},
		"below a lower": {func() (Change, error) { return h.Move(4, 6) }, "parent: l"},
		"below nobody":  {func() (Change, error) { return h.Move(4, 99) }, "parent: unknown"},
		"a village up":  {func() (Change, error) { return h.Create(Site{Code: "x", Level: Province, Name: "x"}, 6) }, "parent: level"},
		"code twice":    {func() (Change, error) { return h.Create(Site{Code: "5101", Level: City, Name: "x"}, 1) }, "code: taken"},
		"host twice": {func() (Change, error) {
			return h.Create(Site{Code: "5109", Level: City, Name: "x", Host: "yi.example"}, 1)
		}, "host: taken"},
		"no name":  {func() (Change, error) { return h.Rename(4, " ", "") }, "name: missing"},
		"too long": {func() (Change, error) { return h.Rename(4, strings.Repeat("县", 61), "") }, "name: long (60)"},
		"control":  {func() (Change, error) { return h.Rename(4, "a\x00b", "") }, "name: characters"},
		"address of IP": {func() (Change, error) {
			return h.Create(Site{Code: "5109", Level: City, Name: "x", Host: "10.0.0.1"}, 1)
		}, "host: bad"},
		"host with port": {func() (Change, error) {
			return h.Create(Site{Code: "5109", Level: City, Name: "x", Host: "a.cn:80"}, 1)
		}, "host: bad"},
		"mail": {func() (Change, error) {
			return h.Create(Site{Code: "5109", Level: City, Name: "x", About: About{Email: "a b@c"}}, 1)
		}, "email: bad"},
	} {
		_, err := c.do()
		if !errors.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := h.Move(99, 1); !errors.Is(err, errs.NotFound) {
		t.Errorf("no such site: got %v", err)
	}
	stale := h.Tree.Get(4).Site
	stale.Version--
	if _, err := h.Edit(stale); !errors.Is(err, errs.Conflict) {
		t.Errorf("a version that is gone: got %v", err)
	}
}

func TestExistingSiteMovesBelowANewOne(t *testing.T) {
	_, n := changer(t)
	moved := n.Tree().Get(5).Site
	moved.Parent = 0
	tree, err := n.Tree().with(Change{
		Sites: []Site{{Code: "510105", Level: County, Parent: 2, Name: "新县"}, moved},
		Above: map[string]string{moved.Code: "510105"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := tree.Get(5).Above.Code; got != "510105" || tree.Get(6).Path()[2].Code != "510105" {
		t.Errorf("above the township: got %s, want 510105", got)
	}
}

func TestListenersOfTheNetworkSeeTheNewTree(t *testing.T) {
	h, n := changer(t)
	var seen []int
	n.Listen(func([]string) { seen = append(seen, n.Tree().Len()) })
	c, err := h.Create(Site{Code: "5103", Level: City, Name: "丙市"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Sites[0].Parent = 99
	if _, err := n.Save(t.Context(), c); err == nil {
		t.Fatal("a site below nobody was kept")
	}
	if !slices.Equal(seen, []int{9}) {
		t.Errorf("trees at the time of telling: got %v, want one of 9 sites", seen)
	}
}
