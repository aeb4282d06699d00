package broadcast_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/signaling"
	"xianfeng/signaling/broadcast"
	"xianfeng/signaling/ws"
)

var _ ws.Provider = (*broadcast.Topics)(nil)

func TestTopicsTellWhatReachesASite(t *testing.T) {
	s := open(t)
	topics := &broadcast.Topics{Programme: s.programme, Count: func(string) int { return 7 }}
	value := func(topic string, into any) {
		t.Helper()
		b, _, err := topics.Value(t.Context(), topic, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	own := must[broadcast.Broadcast](t)(s.desk.StartNow(t.Context(), editorOf(village), broadcast.Broadcast{Site: village, Title: "村会", Source: stream("yard"), Profile: broadcast.Low}))
	must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(city), s.plan(city, "课堂")))
	urgent := must[broadcast.Broadcast](t)(s.desk.Insert(t.Context(), editorOf(county), broadcast.Broadcast{Site: county, Title: "预警", Source: stream("alarm")}))
	var cards broadcast.Cards
	value("site:990101001001", &cards)
	if len(cards.On) != 2 || cards.On[0].Title != "预警" || cards.Urgent == nil || cards.Urgent.ID != urgent.ID || len(cards.Next) != 1 || cards.Next[0].Title != "课堂" {
		t.Errorf("got %+v", cards)
	}
	if c := cards.On[1]; c.From != "村" || c.Level != "village" || c.Source != "/live/yard" || c.Watch != own.Address() || c.Delay != 1500 || c.Began != s.now.UnixMilli() {
		t.Errorf("got %+v", c)
	}
	var full broadcast.Full
	value(broadcast.Tag(own.ID), &full)
	if full.ID != own.ID || full.Instead == nil || full.Instead.ID != urgent.ID || full.Viewers != 7 || full.Chat != broadcast.ChatOff {
		t.Errorf("got %+v", full)
	}
	value("site:9902", &cards)
	if len(cards.On) != 0 || cards.Urgent != nil {
		t.Errorf("of another city: %+v", cards)
	}

	tags, err := topics.Open(t.Context(), &signaling.Visitor{}, "site:990101001001")
	for _, at := range []broadcast.ID{1, 2, 3, 4} {
		if tag := "cards:" + at.String(); err != nil || !slices.Contains(tags, tag) {
			t.Errorf("got %v, %v, want %s among them", tags, err, tag)
		}
	}
	for _, topic := range []string{"site:", "site:none", "broadcast:", "broadcast:99", "broadcast:01", "broadcast:x", "other:1"} {
		if _, err := topics.Open(t.Context(), &signaling.Visitor{}, topic); !errors.Is(err, errs.NotFound) {
			t.Errorf("%q: got %v, want %v", topic, err, errs.NotFound)
		}
	}
}

func TestViewersAreToldWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		s.now = time.Now()
		b := must[broadcast.Broadcast](t)(s.desk.StartNow(t.Context(), editorOf(city), broadcast.Broadcast{Site: city, Source: stream("a")}))
		var n, touched atomic.Int64
		topics := &broadcast.Topics{
			Programme: s.programme, Touch: func(...string) { touched.Add(1) },
			Count: func(topic string) int {
				if topic != broadcast.Tag(b.ID) {
					t.Errorf("count of %q", topic)
				}
				return int(n.Load())
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go topics.Run(ctx) // ends with ctx, which the test waits for
		for _, c := range []struct{ n, want int64 }{{0, 0}, {3, 1}, {3, 1}, {4, 2}} {
			n.Store(c.n)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if got := touched.Load(); got != c.want {
				t.Errorf("%d viewers: told %d times, want %d", c.n, got, c.want)
			}
		}
		stop()
		synctest.Wait()
	})
}
