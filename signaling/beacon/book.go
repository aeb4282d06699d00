package beacon

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
)

const (
	every      = 10 * time.Second // between the reports of one viewer
	seldom     = time.Minute      // the same, at most, when there are very many
	perSecond  = 200              // reports that all viewers together are asked for
	recent     = 2 * time.Minute  // a viewer counts as there after their last report
	told       = 2 * time.Second  // between two values of the topics
	maxTallies = 64               // broadcasts of which there are figures; full: the one that was silent longest goes
	maxViewers = 50_000           // of one broadcast; more are counted in total only
	maxNames   = 8                // renditions that are told apart in one broadcast
	otherName  = "other"
)

// Subject is what is watched.
type Subject struct {
	ID    string
	Title string
	Site  site.ID // shown there and on all sites below
}

// Config is what a Book needs.
type Config struct {
	// Find returns a broadcast that is on air. It is called with every report, and cheap.
	Find func(id string) (Subject, bool)
	Tree func() *site.Tree
	// Touch is told the tag of a broadcast whose figures changed; nil: nobody.
	Touch func(tags ...string)
	Now   func() time.Time // nil: time.Now
}

// Book keeps the figures.
type Book struct {
	cfg Config

	mu      sync.Mutex // guards the rest
	tallies map[string]*tally
	all     [vias]Totals // since the start
	viewers int
}

// tally is what is known of one broadcast.
type tally struct {
	subject Subject
	first   time.Time
	last    time.Time
	changed bool
	viewers map[string]*viewer   // by the visitor's ID
	sites   map[site.ID]*Figures // by the site of the page; 0: none. As many as the tree has, at most
	names   []string             // of renditions
}

// viewer is the last report of one viewer.
type viewer struct {
	Report
	site   site.ID
	remote netip.Prefix
	at     time.Time
	name   uint8 // of the rendition, in tally.names; len(names): another
}

// Totals are the sums of one way, for Prometheus.
type Totals struct {
	Figures
	SumAbs float64 // of the errors, whatever their sign
}

// New returns an empty book.
func New(cfg Config) *Book {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Touch == nil {
		cfg.Touch = func(...string) {}
	}
	return &Book{cfg: cfg, tallies: map[string]*tally{}}
}

// Tag is touched when the figures of a broadcast changed.
func Tag(id string) string { return "beacons:" + id }

// Run tells of changes and forgets who left, until ctx ends.
func (b *Book) Run(ctx context.Context) {
	t := time.NewTicker(told)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			b.cfg.Touch(b.sweep()...)
		}
	}
}

// sweep forgets viewers that left, and returns the tags of the broadcasts that changed.
func (b *Book) sweep() (tags []string) {
	now := b.cfg.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, t := range b.tallies {
		for who, v := range t.viewers {
			if now.Sub(v.at) > recent {
				delete(t.viewers, who)
				b.viewers--
				t.changed = true
			}
		}
		if t.changed {
			t.changed = false
			tags = append(tags, Tag(id))
		}
	}
	return tags
}

// Report counts a report, and returns when the viewer is to report again.
func (b *Book) Report(v *signaling.Visitor, r Report) (time.Duration, error) {
	subject, ok := b.cfg.Find(r.Broadcast)
	if !ok {
		return 0, fmt.Errorf("broadcast: %w", errs.NotFound)
	}
	at := b.place(r.Site, subject.Site)
	now := b.cfg.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tallyLocked(subject, now)
	next := min(seldom, max(every, time.Duration(b.viewers)*time.Second/perSecond))
	before := t.viewers[v.ID]
	if before != nil && now.Sub(before.at) < every/2 {
		return next, nil // once per interval
	}
	t.changed, t.last = true, now
	total := &b.all[min(r.Via, OtherVia)]
	total.add(&r)
	if !math.IsNaN(r.Error) {
		total.SumAbs += math.Abs(r.Error)
	}
	f := t.sites[at]
	if f == nil {
		f = &Figures{}
		t.sites[at] = f
	}
	f.add(&r)
	if before == nil {
		if len(t.viewers) >= maxViewers {
			return next, nil
		}
		before = &viewer{}
		t.viewers[v.ID] = before
		b.viewers++
	}
	*before = viewer{Report: r, site: at, remote: v.Remote, at: now, name: t.name(r.Rendition)}
	before.Report.Broadcast, before.Report.Stream, before.Report.Site, before.Rendition = "", "", "", "" // not kept by the thousand
	return next, nil
}

// place is the site of a page, if the broadcast is shown there.
func (b *Book) place(code string, under site.ID) site.ID {
	tree := b.cfg.Tree()
	n, _ := tree.ByCode(code)
	up := tree.Get(under)
	if code == "" || n == nil || up == nil || !n.Under(up) {
		return 0
	}
	return n.ID
}

func (b *Book) tallyLocked(s Subject, now time.Time) *tally {
	t := b.tallies[s.ID]
	if t == nil {
		if len(b.tallies) >= maxTallies {
			var oldest *tally
			for _, x := range b.tallies {
				if oldest == nil || x.last.Before(oldest.last) {
					oldest = x
				}
			}
			b.viewers -= len(oldest.viewers)
			delete(b.tallies, oldest.subject.ID)
		}
		t = &tally{first: now, viewers: map[string]*viewer{}, sites: map[site.ID]*Figures{}}
		b.tallies[s.ID] = t
	}
	t.subject = s
	return t
}

func (t *tally) name(text string) uint8 {
	i := slices.Index(t.names, text)
	switch {
	case i < 0 && len(t.names) < maxNames:
		t.names = append(t.names, text)
		i = len(t.names) - 1
	case i < 0:
		i = maxNames
	}
	return uint8(i) //nolint:gosec // at most maxNames
}

// Late returns how many of the viewers who reported within a time are late, and how many there are. Viewers of one
// address count for a twentieth of all at most (but for eight, as in a small audience): nobody makes the delay of all grow from one desk.
func (b *Book) Late(broadcast string, within time.Duration) (late, all int) {
	now := b.cfg.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tallies[broadcast]
	if t == nil {
		return 0, 0
	}
	by := map[netip.Prefix][2]int{} // late, all
	seen := 0
	for _, v := range t.viewers {
		if now.Sub(v.at) > within {
			continue
		}
		seen++
		n := by[v.remote]
		n[1]++
		if v.Late {
			n[0]++
		}
		by[v.remote] = n
	}
	most := max(8, seen/20)
	for _, n := range by {
		if n[1] > most {
			n[0], n[1] = (n[0]*most+n[1]-1)/n[1], most
		}
		late, all = late+n[0], all+n[1]
	}
	return late, all
}

// Listed is a broadcast of which there are figures.
type Listed struct {
	Subject
	First, Last time.Time
	Viewers     int
}

// List returns the broadcasts of which there are figures, the newest report first.
func (b *Book) List() []Listed {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Listed
	for _, t := range b.tallies {
		out = append(out, Listed{t.subject, t.first, t.last, len(t.viewers)})
	}
	slices.SortFunc(out, func(x, y Listed) int { return cmp.Or(y.Last.Compare(x.Last), cmp.Compare(x.ID, y.ID)) })
	return out
}

// Totals returns the sums since the start, by way.
func (b *Book) Totals() [vias]Totals {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}
