package content

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// clinic knows the facts of a test.
type clinic struct {
	facts  []Fact
	broken map[site.ID]int
	rules  json.RawMessage
	opens  map[site.ID]Opening
}

func (k *clinic) Facts(context.Context) ([]Fact, error) { return k.facts, nil }

func (k *clinic) BrokenLinks(context.Context) (map[site.ID]int, error) { return k.broken, nil }

func (k *clinic) Openings(context.Context) (map[site.ID]Opening, error) { return k.opens, nil }

func (k *clinic) Setting(context.Context, []site.ID, string) (json.RawMessage, error) {
	if k.rules == nil {
		return nil, errs.NotFound
	}
	return k.rules, nil
}

// standing keeps columns that do not change.
type standing []Column

func (k standing) Columns(context.Context) ([]Column, error) { return k, nil }

func (k standing) SaveColumns(_ context.Context, c []Column, _ ...site.Entry) ([]Column, error) {
	return c, nil
}

func (k standing) DeleteColumn(context.Context, Column, ...site.Entry) error { return nil }

func TestHealthWarnsBeforeARuleStrikes(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	n := open(t,
		site.Site{ID: 1, Code: "51", Level: site.Province, Name: "省", Created: ago(400)},
		site.Site{ID: 2, Parent: 1, Code: "5101", Level: site.City, Name: "市", Created: ago(400)},
		site.Site{ID: 3, Parent: 2, Code: "510101", Level: site.County, Name: "县", Created: ago(1)},
	)
	cols := standing(Standard())
	for i := range cols {
		cols[i].Site = 1
	}
	c, err := OpenColumns(t.Context(), cols, n)
	if err != nil {
		t.Fatal(err)
	}
	k := &clinic{broken: map[site.ID]int{2: 3}, facts: []Fact{
		{Site: 1, Slug: News, Last: ago(2)},
		{Site: 1, Slug: Notices, Below: true, Last: ago(12)},
		{Site: 2, Slug: News, Last: ago(20)},
	}}
	at := now
	h := NewHealth(k, n, c, func() time.Time { return at })
	list, err := h.Of(t.Context(), n.Tree().Get(1), false)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]Finding{
		{{"empty", false, 4, 5}},
		{{"home", false, 12, 14}, {"empty", false, 4, 5}, {"links", false, 3, 0}},
		{{"home", false, 12, 14}, {"empty", true, 5, 5}},
	}
	for i, c := range list {
		if !slices.Equal(c.Findings, want[i]) {
			t.Errorf("site %d: got %+v, want %+v", c.Site, c.Findings, want[i])
		}
	}
	if got := list[1].Stale; !slices.Equal(got, []string{News}) {
		t.Errorf("not up to date: got %q, want [news]", got)
	}
	k.rules = json.RawMessage(`{"empty":0,"home":100}`)
	at = now.Add(factsKeep)
	if list, err = h.Of(t.Context(), n.Tree().Get(1), true); err != nil || len(list) != 1 || list[0].Site != 2 {
		t.Errorf("with other rules: got %+v, %v", list, err)
	}
}

// ledger knows the sums of a test.
type ledger map[site.ID]Sum

func (k ledger) Sums(context.Context, Span) (map[site.ID]Sum, error) { return k, nil }

func (k ledger) Days(context.Context, []site.ID, string, string) ([]Day, error) { return nil, nil }

func TestFiguresOfSubtrees(t *testing.T) {
	n := open(t,
		site.Site{ID: 1, Code: "51", Level: site.Province}, site.Site{ID: 2, Parent: 1, Code: "5101", Level: site.City},
		site.Site{ID: 3, Parent: 2, Code: "510101", Level: site.County}, site.Site{ID: 4, Parent: 1, Code: "5102", Level: site.City},
	)
	f := NewFigures(ledger{1: {Pages: 1}, 2: {Pages: 10, Visitors: 5}, 3: {Pages: 100, Published: 2}, 4: {Pages: 1000}}, n, time.UTC)
	all, err := f.Each(t.Context(), n.Tree().Get(1), "2026-11-01", "2026-11-30")
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, x := range all {
		got = append(got, x.All.Pages)
	}
	if want := []int64{1111, 110, 100, 1000}; !slices.Equal(got, want) {
		t.Errorf("with all below: got %v, want %v", got, want)
	}
	below, err := f.Below(t.Context(), n.Tree().Get(1), "2026-11-01", "2026-11-30")
	if err != nil || len(below) != 3 || below[0].All != all[0].All || below[1].All != all[1].All || below[2].Sites != 1 {
		t.Errorf("below: got %+v, %v", below, err)
	}
}
