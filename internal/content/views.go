package content

import (
	"context"
	"hash/maphash"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"xianfeng/internal/site"
)

// Visit is a look at a page.
type Visit struct {
	Site    site.ID
	Article ArticleID // 0: another page
	Addr    string    // of the visitor, without the port; forgotten when it was counted
	Agent   string
}

// Counts are looks at pages that are not kept yet.
type Counts struct {
	Day      string // 2026-11-24, in the network's time zone
	Articles map[ArticleID]int64
	Pages    map[site.ID]int64
	Visitors map[site.ID]int64
}

// ViewKeeper adds to the numbers that are kept. Package store is one.
type ViewKeeper interface {
	AddViews(ctx context.Context, c Counts) error
}

// Views counts looks at pages without cookies. Who was there today is known as a hash, with a salt that is in
// memory only and is another one every day: nobody can be followed from one day to the next, nor found by
// their address. A visitor before and after a restart counts twice.
type Views struct {
	keep ViewKeeper
	zone *time.Location
	now  func() time.Time
	log  *slog.Logger

	mu   sync.Mutex // guards all below
	c    Counts
	from time.Time // when the day of c begins …
	till time.Time // … and ends
	old  []Counts  // of days before, where the database did not take them
	salt maphash.Seed
	seen map[uint64]struct{} // visitors of sites, today
}

const (
	flushEvery = 10 * time.Second
	// maxSeen bounds the memory of who was there (about 40 MB). Full: further looks count, further visitors don't.
	maxSeen = 1 << 20
	// maxOld bounds the days that wait for a database that takes nothing. Full: the oldest is dropped.
	maxOld = 3
)

// NewViews returns a counter; its days begin at midnight in zone. now nil: time.Now.
func NewViews(keep ViewKeeper, zone *time.Location, now func() time.Time, log *slog.Logger) *Views {
	if now == nil {
		now = time.Now
	}
	v := &Views{keep: keep, zone: zone, now: now, log: log}
	v.beginLocked(v.now())
	return v
}

func (v *Views) beginLocked(now time.Time) {
	now = now.In(v.zone)
	y, m, d := now.Date()
	v.from, v.till = time.Date(y, m, d, 0, 0, 0, 0, v.zone), time.Date(y, m, d+1, 0, 0, 0, 0, v.zone)
	v.c = Counts{Day: now.Format(time.DateOnly), Articles: map[ArticleID]int64{}, Pages: map[site.ID]int64{}, Visitors: map[site.ID]int64{}}
	v.salt, v.seen = maphash.MakeSeed(), map[uint64]struct{}{}
}

// Count counts a look at a page, except those of robots.
func (v *Views) Count(x Visit) {
	if robot(x.Agent) {
		return
	}
	now := v.now()
	v.mu.Lock()
	defer v.mu.Unlock()
	if now.Before(v.from) || !now.Before(v.till) { // a clock may have been set back
		if len(v.c.Pages) > 0 {
			v.old = append(v.old[max(0, len(v.old)-maxOld+1):], v.c)
		}
		v.beginLocked(now)
	}
	v.c.Pages[x.Site]++
	if x.Article != 0 {
		v.c.Articles[x.Article]++
	}
	var h maphash.Hash
	h.SetSeed(v.salt)
	maphash.WriteComparable(&h, x.Site)
	h.WriteString(x.Addr)
	h.WriteByte(0)
	h.WriteString(x.Agent)
	who := h.Sum64()
	if _, known := v.seen[who]; !known && len(v.seen) < maxSeen {
		v.seen[who] = struct{}{}
		v.c.Visitors[x.Site]++
	}
}

// robots are parts of the names of programs that are no visitors.
var robots = []string{"bot", "spider", "crawl", "slurp", "curl/", "wget/", "python", "java/", "go-http-client", "headless", "monitor", "preview", "xianfeng"}

// robotsBy has them by their first letter, small and great: every look at a page is one of a browser with a long name.
var robotsBy = func() (by [256][]string) {
	for _, r := range robots {
		for _, first := range []byte{r[0], r[0] - 'a' + 'A'} {
			by[first] = append(by[first], r)
		}
	}
	return by
}()

func robot(agent string) bool {
	for i := range len(agent) {
		for _, r := range robotsBy[agent[i]] {
			if len(agent)-i >= len(r) && strings.EqualFold(agent[i:i+len(r)], r) {
				return true
			}
		}
	}
	return agent == ""
}

// Run keeps the counts every ten seconds until ctx ends, and then once more.
func (v *Views) Run(ctx context.Context) {
	t := time.NewTicker(flushEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			v.Flush(last)
			return
		case <-t.C:
			v.Flush(ctx)
		}
	}
}

// Flush keeps the counts in one write. What the database does not take is kept for the next time.
func (v *Views) Flush(ctx context.Context) {
	for _, c := range v.take() {
		if err := v.keep.AddViews(ctx, c); err != nil {
			v.log.Warn("keep the numbers of views", "day", c.Day, "error", err)
			v.putBack(c)
		}
	}
}

func (v *Views) take() []Counts {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := v.old
	v.old = nil
	if len(v.c.Pages) > 0 {
		out = append(out, v.c)
		v.c = Counts{Day: v.c.Day, Articles: map[ArticleID]int64{}, Pages: map[site.ID]int64{}, Visitors: map[site.ID]int64{}}
	}
	return out
}

func (v *Views) putBack(c Counts) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c.Day != v.c.Day {
		v.old = append(v.old[max(0, len(v.old)-maxOld+1):], c)
		return
	}
	add(v.c.Articles, c.Articles)
	add(v.c.Pages, c.Pages)
	add(v.c.Visitors, c.Visitors)
}

func add[K comparable](to, from map[K]int64) {
	for k := range maps.Keys(from) {
		to[k] += from[k]
	}
}
