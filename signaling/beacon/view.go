package beacon

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// View is how a broadcast is received on a subtree.
type View struct {
	Now        Figures  `json:"now"`   // the last report of each viewer of the last two minutes
	Total      Figures  `json:"total"` // all reports
	P50        *float64 `json:"p50"`   // ms, of the errors now, whatever their sign; nil: none is known
	P95        *float64 `json:"p95"`
	Renditions []Share  `json:"renditions"`
}

// Share is how many viewers now have something.
type Share struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// View returns how a broadcast is received on the pages of a site and those below; on the broadcast's own site, those who
// watch on no site's page count, too.
func (b *Book) View(id string, at *site.Node) (View, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tallies[id]
	if t == nil {
		return View{}, fmt.Errorf("figures of broadcast: %w", errs.NotFound)
	}
	return t.view(t.counts(b.cfg.Tree(), at)), nil
}

// Whole is View of all who watch a broadcast.
func (b *Book) Whole(id string) (View, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tallies[id]
	if t == nil {
		return View{}, fmt.Errorf("figures of broadcast: %w", errs.NotFound)
	}
	return t.view(func(site.ID) bool { return true }), nil
}

// view makes a view of the sites that count.
func (t *tally) view(counts func(site.ID) bool) View {
	var x View
	for s, f := range t.sites {
		if counts(s) {
			x.Total.sum(f)
		}
	}
	var far []float64
	names := map[string]uint64{}
	for _, v := range t.viewers {
		if !counts(v.site) {
			continue
		}
		x.Now.add(&v.Report)
		if !math.IsNaN(v.Error) {
			far = append(far, math.Abs(v.Error))
		}
		name := otherName
		if int(v.name) < len(t.names) {
			name = t.names[v.name]
		}
		names[name]++
	}
	slices.Sort(far)
	x.P50, x.P95 = quantile(far, 0.5), quantile(far, 0.95)
	x.Renditions = []Share{}
	for name, n := range names {
		if name != "" {
			x.Renditions = append(x.Renditions, Share{name, n})
		}
	}
	slices.SortFunc(x.Renditions, func(p, q Share) int { return cmp.Or(cmp.Compare(q.Count, p.Count), cmp.Compare(p.Name, q.Name)) })
	return x
}

// counts says which sites belong to a subtree.
func (t *tally) counts(tree *site.Tree, at *site.Node) func(site.ID) bool {
	return func(id site.ID) bool {
		if id == 0 {
			return at.ID == t.subject.Site
		}
		n := tree.Get(id)
		return n != nil && n.Under(at)
	}
}

// quantile of what is in order.
func quantile(list []float64, q float64) *float64 {
	if len(list) == 0 {
		return nil
	}
	v := math.Round(list[min(len(list)-1, int(q*float64(len(list))))]*10) / 10
	return &v
}

// Each calls fn with the sums of each site of a subtree that has some, in the order of the tree; with nil for the pages of no site.
func (b *Book) Each(id string, at *site.Node, fn func(n *site.Node, f Figures) error) error {
	type row struct {
		n *site.Node
		f Figures
	}
	var rows []row
	tree := b.cfg.Tree()
	b.mu.Lock()
	if t := b.tallies[id]; t != nil {
		counts := t.counts(tree, at)
		if f := t.sites[0]; f != nil && counts(0) {
			rows = append(rows, row{nil, *f})
		}
		for _, n := range tree.Subtree(at) {
			if f := t.sites[n.ID]; f != nil {
				rows = append(rows, row{n, *f})
			}
		}
	}
	b.mu.Unlock()
	for _, r := range rows {
		if err := fn(r.n, r.f); err != nil {
			return err
		}
	}
	return nil
}
