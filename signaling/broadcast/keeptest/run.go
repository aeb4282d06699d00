package keeptest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

func planned(at site.ID, title string, in time.Duration) broadcast.Broadcast {
	return broadcast.Broadcast{
		Site: at, Title: title, Summary: "两行\n'字\" <b>", Source: broadcast.Source{Kind: broadcast.Stream, Name: "hall"}, State: broadcast.Planned,
		Announce: noon.Add(in - time.Hour), Starts: noon.Add(in), Ends: noon.Add(in + time.Hour), Profile: broadcast.Weak,
		Before: "即将开始", After: "谢谢", Chat: broadcast.ChatModerated, Record: true, By: 7, Created: noon, Updated: noon,
	}
}

func onAir(at site.ID, title string, in time.Duration) broadcast.Broadcast {
	b := planned(at, title, in)
	b.State, b.Began, b.Delay = broadcast.OnAir, b.Starts, 8*time.Second
	return b
}

// Run tests a keeper. open returns an empty one, and what returns the tags that it has told since the last time.
func Run(t *testing.T, open func(t *testing.T) (k broadcast.Keeper, told func() []string)) {
	keep := func(t *testing.T, k broadcast.Keeper, c broadcast.Change) broadcast.Broadcast {
		t.Helper()
		b, err := k.KeepBroadcast(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Run("a broadcast is kept as it is", func(t *testing.T) {
		k, told := open(t)
		b := planned(3, "大会", 0)
		b.Began, b.Ended, b.Delay, b.Replay, b.Urgent = noon, noon.Add(time.Minute), 1750*time.Millisecond, "item1", true
		kept := keep(t, k, broadcast.Change{Broadcast: b, Entries: []site.Entry{{By: 7, Site: 3, Action: "broadcast.plan", Detail: "{}"}}})
		if kept.ID == 0 || kept.Version != 1 {
			t.Fatalf("got number %d, version %d", kept.ID, kept.Version)
		}
		b.ID, b.Version = kept.ID, 1
		got, err := k.Broadcast(t.Context(), kept.ID)
		if err != nil || got != b || kept != b {
			t.Errorf("got %+v, %v\nwant %+v", got, err, b)
		}
		wantTags(t, told(), broadcast.SiteTag(3), broadcast.Tag(kept.ID))
		if _, err := k.Broadcast(t.Context(), kept.ID+1); !errors.Is(err, errs.NotFound) {
			t.Errorf("another: got %v, want %v", err, errs.NotFound)
		}
	})
	t.Run("of two who change it one is told", func(t *testing.T) {
		k, told := open(t)
		b := keep(t, k, broadcast.Change{Broadcast: planned(3, "大会", 0)})
		one, two := b, b
		one.Title, two.Title = "一", "二"
		told()
		one = keep(t, k, broadcast.Change{Broadcast: one})
		wantTags(t, told(), broadcast.SiteTag(3), broadcast.Tag(b.ID))
		_, err := k.KeepBroadcast(t.Context(), broadcast.Change{Broadcast: two})
		var stale *broadcast.StaleError
		if !errors.As(err, &stale) || !errors.Is(err, errs.Conflict) || stale.Version != 2 || stale.ID != b.ID || stale.State != broadcast.Planned || !stale.At.Equal(noon) {
			t.Errorf("the second: got %v, %+v", err, stale)
		}
		if got, err := k.Broadcast(t.Context(), b.ID); err != nil || got.Title != "一" || got != one {
			t.Errorf("kept: %+v, %v", got, err)
		}
		wantTags(t, told())
		two.ID = 99
		if _, err := k.KeepBroadcast(t.Context(), broadcast.Change{Broadcast: two}); !errors.Is(err, errs.NotFound) {
			t.Errorf("of none: got %v, want %v", err, errs.NotFound)
		}
	})
	t.Run("of many at once one wins", func(t *testing.T) {
		k, _ := open(t)
		b := keep(t, k, broadcast.Change{Broadcast: planned(3, "大会", 0)})
		var all sync.WaitGroup
		won := make(chan int, 8)
		for i := range 8 {
			all.Go(func() {
				x := b
				x.Title = fmt.Sprint(i)
				if _, err := k.KeepBroadcast(t.Context(), broadcast.Change{Broadcast: x}); err == nil {
					won <- i
				} else if !errors.Is(err, errs.Conflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(won) != 1 {
			t.Fatalf("%d won, want 1", len(won))
		}
		if got, err := k.Broadcast(t.Context(), b.ID); err != nil || got.Title != fmt.Sprint(<-won) || got.Version != 2 {
			t.Errorf("kept: %+v, %v", got, err)
		}
	})
	t.Run("a source is on air once on a site", func(t *testing.T) {
		k, told := open(t)
		keep(t, k, broadcast.Change{Broadcast: onAir(3, "大会", 0), Alone: true})
		told()
		if _, err := k.KeepBroadcast(t.Context(), broadcast.Change{Broadcast: onAir(3, "又", 0), Alone: true}); !errors.Is(err, errs.Exists) {
			t.Errorf("the same again: got %v, want %v", err, errs.Exists)
		}
		wantTags(t, told())
		keep(t, k, broadcast.Change{Broadcast: onAir(4, "别处", 0), Alone: true})
		other := onAir(3, "别的", 0)
		other.Source.Kind = broadcast.Channel
		keep(t, k, broadcast.Change{Broadcast: other, Alone: true})
	})
	t.Run("the first urgent one of a level stays", func(t *testing.T) {
		k, _ := open(t)
		urgent := func(at site.ID, name string) broadcast.Change {
			b := onAir(at, name, 0)
			b.Urgent, b.Source.Name = true, name
			return broadcast.Change{Broadcast: b, Above: []site.ID{at, 1}}
		}
		first := keep(t, k, urgent(3, "县"))
		_, err := k.KeepBroadcast(t.Context(), urgent(3, "迟"))
		var outranked *broadcast.OutrankedError
		if !errors.As(err, &outranked) || !errors.Is(err, errs.Exists) || outranked.ID != first.ID || outranked.Site != 3 || outranked.Title != "县" {
			t.Errorf("of the same level: got %v", err)
		}
		keep(t, k, urgent(1, "省"))
		if _, err := k.KeepBroadcast(t.Context(), urgent(4, "村")); !errors.As(err, &outranked) || outranked.Title != "省" {
			t.Errorf("of a lower level: got %v", err)
		}
		over := first
		over.State = broadcast.Ended
		keep(t, k, broadcast.Change{Broadcast: over})
	})
	t.Run("what is wanted", func(t *testing.T) {
		k, _ := open(t)
		none := onAir(2, "没有终点", -10*time.Hour)
		none.Ends = time.Time{}
		past := onAir(2, "昨天", -24*time.Hour)
		past.State, past.Ended = broadcast.Ended, past.Starts.Add(10*time.Minute)
		early := onAir(1, "提前", 2*time.Hour)
		early.Began = noon.Add(-time.Minute)
		open := planned(1, "明天", 24*time.Hour)
		open.Ends = time.Time{}
		for _, b := range []broadcast.Broadcast{open, past, none, early, planned(3, "后天", 48*time.Hour)} {
			keep(t, k, broadcast.Change{Broadcast: b})
		}
		for i, c := range []struct {
			q    broadcast.Filter
			want []string
		}{
			{broadcast.Filter{}, []string{"昨天", "没有终点", "提前", "明天", "后天"}},
			{broadcast.Filter{Last: true, Limit: 2}, []string{"后天", "明天"}},
			{broadcast.Filter{Sites: []site.ID{1, 3}}, []string{"提前", "明天", "后天"}},
			{broadcast.Filter{Sites: []site.ID{}}, nil},
			{broadcast.Filter{States: []broadcast.State{broadcast.OnAir, broadcast.Ended}}, []string{"昨天", "没有终点", "提前"}},
			{broadcast.Filter{From: noon}, []string{"没有终点", "提前", "明天", "后天"}},
			{broadcast.Filter{From: noon.Add(25 * time.Hour)}, []string{"没有终点", "后天"}},
			{broadcast.Filter{From: noon, To: noon.Add(24 * time.Hour)}, []string{"没有终点", "提前"}},
			{broadcast.Filter{From: noon.Add(-24 * time.Hour), To: noon.Add(-23 * time.Hour)}, []string{"昨天"}},
			{broadcast.Filter{From: noon.Add(-23 * time.Hour), To: noon.Add(-22 * time.Hour)}, nil},
		} {
			found, err := k.Broadcasts(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for j := range found {
				got = append(got, found[j].Title)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%d: got %v, want %v", i, got, c.want)
			}
		}
	})
	t.Run("the delay is raised once and is no new version", func(t *testing.T) {
		k, told := open(t)
		b := keep(t, k, broadcast.Change{Broadcast: onAir(3, "大会", 0)})
		told()
		if err := k.RaiseDelay(t.Context(), b.ID, 8*time.Second, 8250*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		wantTags(t, told(), broadcast.SiteTag(3), broadcast.Tag(b.ID))
		if err := k.RaiseDelay(t.Context(), b.ID, 8*time.Second, 8250*time.Millisecond); !errors.Is(err, errs.Conflict) {
			t.Errorf("again: got %v, want %v", err, errs.Conflict)
		}
		b.Title = "改"
		b = keep(t, k, broadcast.Change{Broadcast: b})
		if got, err := k.Broadcast(t.Context(), b.ID); err != nil || got.Delay != 8250*time.Millisecond {
			t.Errorf("a change of somebody who has not seen it: got delay %v, %v", got.Delay, err)
		}
		b.State = broadcast.Ended
		keep(t, k, broadcast.Change{Broadcast: b})
		if err := k.RaiseDelay(t.Context(), b.ID, 8250*time.Millisecond, 8500*time.Millisecond); !errors.Is(err, errs.Conflict) {
			t.Errorf("of one that is over: got %v, want %v", err, errs.Conflict)
		}
		if err := k.RaiseDelay(t.Context(), 99, 0, time.Second); !errors.Is(err, errs.Conflict) {
			t.Errorf("of none: got %v, want %v", err, errs.Conflict)
		}
	})
}

func wantTags(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("tags: got %v, want %v", got, want)
	}
}
