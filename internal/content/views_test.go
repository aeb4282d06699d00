package content

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/internal/site"
)

// tally keeps counts; while broken it takes nothing.
type tally struct {
	mu       sync.Mutex // guards all below
	broken   bool
	writes   int
	articles map[ArticleID]int64
	pages    map[string]int64 // by day
	visitors map[site.ID]int64
}

func (k *tally) fail(broken bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = broken
}

func (k *tally) AddViews(_ context.Context, c Counts) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken {
		return errors.New("broken")
	}
	k.writes++
	if k.articles == nil {
		k.articles, k.pages, k.visitors = map[ArticleID]int64{}, map[string]int64{}, map[site.ID]int64{}
	}
	add(k.articles, c.Articles)
	add(k.visitors, c.Visitors)
	for _, n := range c.Pages {
		k.pages[c.Day] += n
	}
	return nil
}

const phone = "Mozilla/5.0 (Linux; Android 14)"

func TestViewsAreCountedOnceAndKeptTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &tally{}
		v := NewViews(k, time.UTC, nil, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); v.Run(ctx) }() // ends with ctx; the test waits
		for _, x := range []Visit{
			{Site: 1, Article: 7, Addr: "192.0.2.1", Agent: phone},
			{Site: 1, Article: 7, Addr: "192.0.2.1", Agent: phone},
			{Site: 1, Addr: "192.0.2.2", Agent: phone},
			{Site: 2, Article: 8, Addr: "192.0.2.1", Agent: phone},
			{Site: 2, Article: 8, Addr: "192.0.2.9", Agent: "Somebot/1.0"},
			{Site: 2, Article: 8, Addr: "192.0.2.9"},
		} {
			v.Count(x)
		}
		time.Sleep(flushEvery + time.Millisecond)
		synctest.Wait()
		if k.writes != 1 || !maps.Equal(k.articles, map[ArticleID]int64{7: 2, 8: 1}) || !maps.Equal(k.visitors, map[site.ID]int64{1: 2, 2: 1}) {
			t.Errorf("after ten seconds: got %+v", k)
		}
		k.fail(true)
		v.Count(Visit{Site: 1, Article: 7, Addr: "192.0.2.1", Agent: phone})
		time.Sleep(flushEvery)
		synctest.Wait()
		k.fail(false)
		time.Sleep(24 * time.Hour)
		v.Count(Visit{Site: 1, Article: 7, Addr: "192.0.2.1", Agent: phone})
		cancel()
		<-done
		if k.articles[7] != 4 || k.visitors[1] != 3 || len(k.pages) != 2 {
			t.Errorf("at the end: got %+v", k)
		}
	})
}

func TestViewsFollowAClockThatIsSet(t *testing.T) {
	now := time.Date(2036, 1, 1, 12, 0, 0, 0, time.UTC)
	v := NewViews(&tally{}, time.UTC, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	visit := Visit{Site: 1, Addr: "192.0.2.1", Agent: phone}
	v.Count(visit)
	now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	v.Count(visit)
	var days []string
	for _, c := range v.take() {
		days = append(days, c.Day)
	}
	slices.Sort(days)
	if want := []string{"2026-12-01", "2036-01-01"}; !slices.Equal(days, want) {
		t.Errorf("got %v, want %v", days, want)
	}
}
