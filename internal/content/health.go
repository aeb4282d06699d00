package content

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Rules say when a site is in bad health. They are data: the setting "health", of the whole network.
//
// The defaults are the veto items of the checks of government sites (国办秘函〔2019〕19号).
type Rules struct {
	Home        int            `json:"home"`         // days without anything new on the front page
	Stale       int            `json:"stale"`        // so many columns that are not up to date
	Empty       int            `json:"empty"`        // so many empty columns
	Days        map[string]int `json:"days"`         // when a column is not up to date, by slug
	DefaultDays int            `json:"default_days"` // for all others; 0: never
	OpenSeconds int            `json:"open_seconds"` // from then on a front page is slow to open
	OpenPercent int            `json:"open_percent"` // so many of the tries to open it are slow
	Warn        float64        `json:"warn"`         // the part of a limit at which people are warned
}

// DefaultRules hold where nobody set others.
func DefaultRules() Rules {
	return Rules{
		Home: 14, Stale: 5, Empty: 5, DefaultDays: 182, OpenSeconds: 15, OpenPercent: 5, Warn: 0.8,
		Days: map[string]int{News: 14, Notices: 182, Disclosure: 92, Education: 92, Market: 0, Scenes: 0},
	}
}

// Check says what is wrong with rules that somebody set.
func (r *Rules) Check() error {
	var p errs.Problems
	if r.Warn <= 0 || r.Warn > 1 {
		p.Add("warn", "bad", fmt.Sprint(r.Warn))
	}
	if r.OpenSeconds < 1 || r.OpenSeconds > 60 {
		p.Add("open_seconds", "bad", fmt.Sprint(r.OpenSeconds))
	}
	for name, n := range map[string]int{"home": r.Home, "stale": r.Stale, "empty": r.Empty, "default_days": r.DefaultDays, "open_percent": r.OpenPercent} {
		if n < 0 {
			p.Add(name, "bad", fmt.Sprint(n))
		}
	}
	return p.Err()
}

// HealthSetting is the name of the setting.
const HealthSetting = "health"

// Finding is a rule that a site breaks, or is about to.
type Finding struct {
	Rule   string // home, stale, empty, open, links
	Struck bool   // else it is a warning
	Value  int    // days, columns, per cent, links
	Limit  int    // where the rule strikes; 0: it is no veto item
}

// Condition is the health of a site.
type Condition struct {
	Site     site.ID
	Last     time.Time // when something new last came to its front page; zero: never
	Empty    []string  // slugs of columns without anything
	Stale    []string  // slugs of columns that are not up to date
	Broken   int       // links
	Findings []Finding
}

// Fact is what a site's column has.
type Fact struct {
	Site  site.ID
	Slug  string
	Below bool      // pushed down from there
	Last  time.Time // newest publication
}

// HealthKeeper knows the facts. Package store is one.
type HealthKeeper interface {
	Facts(ctx context.Context) ([]Fact, error) // of all sites, one for each column with something in it
	BrokenLinks(ctx context.Context) (map[site.ID]int, error)
	Openings(ctx context.Context) (map[site.ID]Opening, error)
	Setting(ctx context.Context, path []site.ID, name string) (json.RawMessage, error)
}

// Health tells the health of sites. The facts of all are read together and used for some minutes.
type Health struct {
	keep    HealthKeeper
	network *site.Network
	columns *Columns
	now     func() time.Time

	mu    sync.Mutex // guards facts; held while they are read: who comes meanwhile waits for the same
	facts *facts
}

type facts struct {
	at     time.Time
	rules  Rules
	own    map[spot]time.Time // placed on the site, or pushed down from it
	down   map[spot]time.Time // pushed down from it
	broken map[site.ID]int
	opens  map[site.ID]Opening
}

type spot struct {
	site site.ID
	slug string
}

const factsKeep = 5 * time.Minute

// NewHealth returns a view of the sites' health. now nil: time.Now.
func NewHealth(keep HealthKeeper, network *site.Network, columns *Columns, now func() time.Time) *Health {
	if now == nil {
		now = time.Now
	}
	return &Health{keep: keep, network: network, columns: columns, now: now}
}

// Of returns the health of a site and of all below it, in the tree's order. All of them have findings, if
// only is set.
func (h *Health) Of(ctx context.Context, top *site.Node, only bool) ([]Condition, error) {
	f, err := h.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("health of sites: %w", err)
	}
	var out []Condition
	for _, n := range h.network.Tree().Subtree(top) {
		if !watched(n) {
			continue
		}
		if c := f.of(n, h.columns.Of(n), h.now()); !only || len(c.Findings) > 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

func (h *Health) read(ctx context.Context) (*facts, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if h.facts != nil && now.Sub(h.facts.at) < factsKeep {
		return h.facts, nil
	}
	f := &facts{at: now, own: map[spot]time.Time{}, down: map[spot]time.Time{}}
	var err error
	if f.rules, err = h.Rules(ctx); err != nil {
		return nil, err
	}
	list, err := h.keep.Facts(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		s := spot{x.Site, x.Slug}
		if x.Last.After(f.own[s]) {
			f.own[s] = x.Last
		}
		if x.Below {
			f.down[s] = x.Last
		}
	}
	if f.broken, err = h.keep.BrokenLinks(ctx); err != nil {
		return nil, err
	}
	if f.opens, err = h.keep.Openings(ctx); err != nil {
		return nil, err
	}
	h.facts = f
	return f, nil
}

// Rules returns the network's rules; what the setting leaves out is as usual.
func (h *Health) Rules(ctx context.Context) (Rules, error) {
	r := DefaultRules()
	set, err := h.keep.Setting(ctx, nil, HealthSetting)
	if errors.Is(err, errs.NotFound) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(set, &r)
	}
	if err != nil {
		return r, fmt.Errorf("setting %s: %w", HealthSetting, err)
	}
	return r, nil
}

func (f *facts) of(n *site.Node, cols []Column, now time.Time) Condition {
	c := Condition{Site: n.ID, Broken: f.broken[n.ID]}
	days := func(t time.Time) int { return int(now.Sub(t).Hours() / 24) }
	for _, col := range cols {
		last := f.own[spot{n.ID, col.Slug}]
		for up := n.Above; up != nil; up = up.Above {
			if t := f.down[spot{up.ID, col.Slug}]; t.After(last) {
				last = t
			}
		}
		if last.After(c.Last) {
			c.Last = last
		}
		limit, ok := f.rules.Days[col.Slug]
		if !ok {
			limit = f.rules.DefaultDays
		}
		switch {
		case last.IsZero():
			c.Empty = append(c.Empty, col.Slug)
		case limit > 0 && days(last) >= limit:
			c.Stale = append(c.Stale, col.Slug)
		}
	}
	since := c.Last
	if since.IsZero() {
		since = n.Created
	}
	f.find(&c, "home", days(since), f.rules.Home)
	f.find(&c, "stale", len(c.Stale), f.rules.Stale)
	f.find(&c, "empty", len(c.Empty), f.rules.Empty)
	f.findSlow(&c, f.opens[n.ID])
	if c.Broken > 0 {
		c.Findings = append(c.Findings, Finding{Rule: "links", Value: c.Broken})
	}
	return c
}

func (f *facts) find(c *Condition, rule string, value, limit int) {
	if limit > 0 && value >= int(math.Ceil(float64(limit)*f.rules.Warn)) {
		c.Findings = append(c.Findings, Finding{rule, value >= limit, value, limit})
	}
}

// findSlow looks at how a front page opened. After few tries there is a warning only: one that was slow is a large
// part of them.
func (f *facts) findSlow(c *Condition, o Opening) {
	switch limit := f.rules.OpenPercent; {
	case o.Slow == 0 || limit == 0:
	case o.Tries < openingsEnough:
		c.Findings = append(c.Findings, Finding{"open", false, o.Slow * 100 / o.Tries, limit})
	default:
		f.find(c, "open", o.Slow*100/o.Tries, limit)
	}
}
