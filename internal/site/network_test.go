package site

import (
	"context"
	"errors"
	"testing"
)

// shelf keeps sites in memory.
type shelf struct {
	sites   []Site
	aliases []Alias
	fail    error
}

func (k *shelf) Sites(context.Context) ([]Site, []Alias, error) { return k.sites, k.aliases, nil }

func (k *shelf) SaveSites(_ context.Context, c Change) ([]Site, error) {
	if k.fail != nil {
		return nil, k.fail
	}
	out := make([]Site, len(c.Sites))
	numbers := map[string]ID{}
	for i, s := range c.Sites {
		if s.Parent == 0 && c.Above[s.Code] != "" {
			s.Parent = numbers[c.Above[s.Code]]
		}
		if s.ID == 0 {
			s.ID = ID(len(k.sites) + 1000)
		}
		numbers[s.Code] = s.ID
		k.sites = append(k.sites, s)
		out[i] = s
	}
	return out, nil
}

func TestNetworkChangesTheTree(t *testing.T) {
	k := &shelf{sites: county(), aliases: []Alias{{Code: "old", Site: 4}}}
	n, err := OpenNetwork(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	before := n.Tree()
	moved := before.Get(5).Site
	moved.Code = "510105001"
	_, err = n.Save(t.Context(), Change{
		Sites:   []Site{moved, {Code: "5103", Level: City, Parent: 1, Name: "丙市"}, {Code: "510301", Level: County, Name: "新县"}},
		Above:   map[string]string{"510301": "5103"},
		Aliases: []Alias{{Code: "510104001", Site: 5}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tree := n.Tree()
	if x, old := tree.ByCode("510104001"); x == nil || x.ID != 5 || !old {
		t.Errorf("the code that was given up: got %v, %v", x, old)
	}
	if x, old := tree.ByCode("old"); x == nil || x.ID != 4 || !old {
		t.Errorf("an older alias: got %v, %v", x, old)
	}
	if x, _ := tree.ByCode("510301"); x == nil || x.Above.Code != "5103" {
		t.Errorf("a new site below a new site: got %v", x)
	}
	if x, _ := before.ByCode("510301"); x != nil || before.Len() != 8 {
		t.Error("the old tree changed")
	}
}

func TestNetworkRefusesWhatIsNoTree(t *testing.T) {
	n, err := OpenNetwork(t.Context(), &shelf{sites: county()})
	if err != nil {
		t.Fatal(err)
	}
	before := n.Tree()
	loop := before.Get(2).Site
	loop.Parent = 6
	for name, c := range map[string]struct {
		c    Change
		want error
	}{
		"loop":   {Change{Sites: []Site{loop}}, ErrLoop},
		"taken":  {Change{Sites: []Site{{Code: "51", Level: Province, Name: "又"}}}, ErrDuplicate},
		"orphan": {Change{Sites: []Site{{Code: "52", Level: City, Name: "又"}}, Above: map[string]string{"52": "nowhere"}}, ErrOrphan},
	} {
		if _, err := n.Save(t.Context(), c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if n.Tree() != before {
		t.Error("the tree was replaced")
	}
	full := errors.New("disk full")
	n.keep.(*shelf).fail = full
	if _, err := n.Save(t.Context(), Change{Sites: []Site{{Code: "52", Level: Province, Name: "又"}}}); !errors.Is(err, full) || n.Tree() != before {
		t.Errorf("a change that can't be kept: got %v", err)
	}
}
