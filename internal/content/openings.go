package content

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"xianfeng/internal/site"
)

// Opening is how a site's front page opened lately.
type Opening struct {
	Site  site.ID
	Tries int // at most openingsKeep: old ones fade
	Slow  int // of them: slower than the rules allow, or not at all
	Last  time.Time
}

const (
	openingsKeep   = 100 // tries that are remembered
	openingsEnough = 20  // tries from which on a part of them says something
)

// after returns o with one more try.
func (o Opening) after(slow bool, at time.Time) Opening {
	if o.Tries >= openingsKeep {
		o.Tries, o.Slow = o.Tries/2, (o.Slow+1)/2
	}
	o.Tries++
	if slow {
		o.Slow++
	}
	o.Last = at
	return o
}

// OpeningKeeper keeps openings. Package store is one.
type OpeningKeeper interface {
	Openings(ctx context.Context) (map[site.ID]Opening, error)
	Opened(ctx context.Context, list []Opening) error
}

// Prober opens the front page of every site once a day, one after another, spread over the day.
type Prober struct {
	Keep    OpeningKeeper
	Network *site.Network
	// Open opens a site's front page as a visitor does, and returns when all of it is there.
	Open func(ctx context.Context, n *site.Node) error
	// Slow is from when on a page counts as slow; the rules say it.
	Slow func(ctx context.Context) (time.Duration, error)
	Now  func() time.Time
	Log  *slog.Logger
}

const (
	probeEvery = 24 * time.Hour
	probePause = time.Minute
	probeParts = 1000 // looks in which all sites have their turn: fewer than there are minutes in a day
)

// Run probes until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	t := time.NewTicker(probePause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if _, err := p.Look(ctx); err != nil && ctx.Err() == nil {
			p.Log.Warn("open the sites' front pages", "error", err)
		}
	}
}

// Look opens the front pages whose turn it is, and returns how many those were.
func (p *Prober) Look(ctx context.Context) (int, error) {
	limit, err := p.Slow(ctx)
	if err != nil {
		return 0, err
	}
	known, err := p.Keep.Openings(ctx)
	if err != nil {
		return 0, fmt.Errorf("how sites opened: %w", err)
	}
	all := p.Network.Tree().All()
	var done []Opening
	for _, n := range all {
		o := known[n.ID]
		if !watched(n) || p.Now().Sub(o.Last) < probeEvery {
			continue
		}
		if len(done) > len(all)/probeParts {
			break
		}
		slow := p.slow(ctx, n, limit)
		if ctx.Err() != nil {
			break // the server stops: nothing was found out
		}
		o.Site = n.ID
		done = append(done, o.after(slow, p.Now()))
	}
	if len(done) == 0 {
		return 0, nil
	}
	return len(done), p.Keep.Opened(ctx, done)
}

func (p *Prober) slow(ctx context.Context, n *site.Node, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := p.Open(ctx, n)
	return err != nil || ctx.Err() != nil
}

// watched reports whether the checks look at a site.
func watched(n *site.Node) bool { return n.State != site.Closed && n.Level != site.Partner }
