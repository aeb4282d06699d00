package content

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/site"
)

// Sum is what happened on some sites in some days.
type Sum struct {
	Pages     int64 // looks at pages
	Visitors  int64 // of each site and day: who visits two sites is two
	Published int64 // articles
}

func (s *Sum) add(x Sum) {
	s.Pages += x.Pages
	s.Visitors += x.Visitors
	s.Published += x.Published
}

// Figure is the sum of a site with all below it.
type Figure struct {
	Site  site.ID
	Sites int // how many those are
	Own   Sum // of the site itself
	All   Sum
}

// Day is what happened in a day.
type Day struct {
	Day string // 2026-11-24
	Sum
}

// FigureKeeper knows the numbers. Package store is one.
type FigureKeeper interface {
	Sums(ctx context.Context, in Span) (map[site.ID]Sum, error)
	Days(ctx context.Context, sites []site.ID, from, to string) ([]Day, error) // nil: of all sites
}

// Span is some days, both ends in, as days and as the time from the beginning of the first to the end of the
// last.
type Span struct {
	From, To    string // 2026-11-24
	Begin, Ends time.Time
}

// Figures are numbers of the sites. All days are those of the network's time zone, both ends are in.
type Figures struct {
	keep    FigureKeeper
	network *site.Network
	zone    *time.Location
}

// NewFigures returns the numbers of a network's sites; their days begin at midnight in zone.
func NewFigures(keep FigureKeeper, network *site.Network, zone *time.Location) *Figures {
	return &Figures{keep, network, zone}
}

func (f *Figures) sums(ctx context.Context, from, to string) (map[site.ID]Sum, error) {
	in := Span{From: from, To: to}
	var err error
	if in.Begin, err = time.ParseInLocation(time.DateOnly, from, f.zone); err != nil {
		return nil, fmt.Errorf("day %.40q: %w", from, err)
	}
	last, err := time.ParseInLocation(time.DateOnly, to, f.zone)
	if err != nil {
		return nil, fmt.Errorf("day %.40q: %w", to, err)
	}
	in.Ends = last.AddDate(0, 0, 1)
	return f.keep.Sums(ctx, in)
}

// Below returns the figures of a site (first) and of each site directly below it.
func (f *Figures) Below(ctx context.Context, n *site.Node, from, to string) ([]Figure, error) {
	sums, err := f.sums(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("figures of site %s: %w", n.Code, err)
	}
	t := f.network.Tree()
	out := []Figure{sumOf(t, n, sums)}
	for _, c := range n.Children {
		out = append(out, sumOf(t, c, sums))
	}
	return out, nil
}

// Each returns the figures of a site and of every site below it, in the tree's order: for exports.
func (f *Figures) Each(ctx context.Context, n *site.Node, from, to string) ([]Figure, error) {
	sums, err := f.sums(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("figures of site %s: %w", n.Code, err)
	}
	t := f.network.Tree()
	list := t.Subtree(n)
	// A prefix sum over the tree's order: a subtree is a run of it.
	upTo := make([]Sum, len(list)+1)
	for i, x := range list {
		upTo[i+1] = upTo[i]
		upTo[i+1].add(sums[x.ID])
	}
	out := make([]Figure, len(list))
	for i, x := range list {
		end := upTo[i+x.Size()]
		end.add(Sum{-upTo[i].Pages, -upTo[i].Visitors, -upTo[i].Published})
		out[i] = Figure{x.ID, x.Size(), sums[x.ID], end}
	}
	return out, nil
}

func sumOf(t *site.Tree, n *site.Node, sums map[site.ID]Sum) Figure {
	f := Figure{Site: n.ID, Sites: n.Size(), Own: sums[n.ID]}
	for _, x := range t.Subtree(n) {
		f.All.add(sums[x.ID])
	}
	return f
}

// Days returns what happened on each day on a site and all below it, oldest first. Days on which nothing
// happened are left out.
func (f *Figures) Days(ctx context.Context, n *site.Node, from, to string) ([]Day, error) {
	t := f.network.Tree()
	var sites []site.ID
	if n.Size() < t.Len() {
		sites = below(t, []*site.Node{n})
	}
	out, err := f.keep.Days(ctx, sites, from, to)
	if err != nil {
		return nil, fmt.Errorf("days of site %s: %w", n.Code, err)
	}
	return out, nil
}
