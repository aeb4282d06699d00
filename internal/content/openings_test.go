package content

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/internal/site"
)

type doors map[site.ID]Opening

func (k doors) Openings(context.Context) (map[site.ID]Opening, error) { return k, nil }

func (k doors) Opened(_ context.Context, list []Opening) error {
	for _, o := range list {
		k[o.Site] = o
	}
	return nil
}

func TestFrontPagesAreOpenedDaily(t *testing.T) {
	n := open(t,
		site.Site{ID: 1, Code: "51", Level: site.Province, Name: "省"},
		site.Site{ID: 2, Parent: 1, Code: "5101", Level: site.City, Name: "市"},
		site.Site{ID: 3, Parent: 1, Code: "5102", Level: site.City, Name: "关", State: site.Closed},
		site.Site{ID: 4, Parent: 1, Code: "uni", Level: site.Partner, Name: "大学"},
	)
	synctest.Test(t, func(t *testing.T) {
		keep := doors{}
		p := &Prober{
			Keep: keep, Network: n, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Slow: func(context.Context) (time.Duration, error) { return 15 * time.Second, nil },
			Open: func(ctx context.Context, n *site.Node) error {
				if n.ID == 1 {
					return nil
				}
				<-ctx.Done() // it never comes
				return ctx.Err()
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx) // ends with ctx
		time.Sleep(47 * time.Hour)
		cancel()
		synctest.Wait()
		if len(keep) != 2 || keep[1].Tries != 2 || keep[1].Slow != 0 || keep[2].Tries != 2 || keep[2].Slow != 2 {
			t.Errorf("after two days: got %+v", keep)
		}
	})
}

func TestOldOpeningsFade(t *testing.T) {
	var o Opening
	for range 60 {
		o = o.after(true, time.Time{})
	}
	for range 600 {
		o = o.after(false, time.Time{})
	}
	if o.Tries > openingsKeep || o.Slow > 1 {
		t.Errorf("a bad month is not forgotten: got %+v", o)
	}
}

func TestSlowSitesAreWarnedBeforeTheRuleStrikes(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	n := open(t, site.Site{ID: 1, Code: "51", Level: site.Province, Name: "省", Created: now})
	c, err := OpenColumns(t.Context(), standing{}, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		tries, slow  int
		told, struck bool
	}{{50, 0, false, false}, {1, 1, true, false}, {19, 3, true, false}, {100, 3, false, false}, {100, 4, true, false}, {100, 5, true, true}, {20, 1, true, true}} {
		k := &clinic{opens: map[site.ID]Opening{1: {Site: 1, Tries: x.tries, Slow: x.slow}}}
		list, err := NewHealth(k, n, c, func() time.Time { return now }).Of(t.Context(), n.Tree().Get(1), false)
		if err != nil {
			t.Fatal(err)
		}
		var got *Finding
		for i := range list[0].Findings {
			if list[0].Findings[i].Rule == "open" {
				got = &list[0].Findings[i]
			}
		}
		if (got != nil) != x.told || got != nil && got.Struck != x.struck {
			t.Errorf("%d of %d slow: got %+v", x.slow, x.tries, got)
		}
	}
}

var errSettings = errors.New("no settings")

func TestProberStopsWhereTheRulesCantBeRead(t *testing.T) {
	p := &Prober{Slow: func(context.Context) (time.Duration, error) { return 0, errSettings }}
	if _, err := p.Look(t.Context()); !errors.Is(err, errSettings) {
		t.Errorf("got %v", err)
	}
}
