package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/recordings"
)

// keep is a store of settings, and items beside it, as two processes share them.
type keep struct {
	mu    sync.Mutex // guards all below
	set   map[site.ID]json.RawMessage
	items map[string]*recordings.Item
}

func (k *keep) Settings(context.Context, string) (map[site.ID]json.RawMessage, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.set), nil
}

func (k *keep) SetSetting(_ context.Context, at site.ID, _ string, v json.RawMessage, _ ...site.Entry) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set[at] = bytes.Clone(v)
	return nil
}

func (k *keep) Item(_ context.Context, id string) (*recordings.Item, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if it := k.items[id]; it != nil {
		return it, nil
	}
	return nil, fmt.Errorf("item %s: %w", id, errs.NotFound)
}

func (k *keep) Has(ctx context.Context, id string) bool {
	_, err := k.Item(ctx, id)
	return err == nil
}

func film(n int) *recordings.Item {
	it := &recordings.Item{ID: id(n), Title: "课", Inits: 1, Tracks: []recordings.Track{{Codec: "H264"}, {Codec: "AAC", SampleRate: 48000, Channels: 2}}}
	for range 10 + n {
		it.Segments = append(it.Segments, recordings.Segment{Duration: 4 * time.Second, Size: 1})
	}
	return it
}

func TestTwoProcessesSayTheSame(t *testing.T) {
	now := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	k := &keep{set: map[site.ID]json.RawMessage{}, items: map[string]*recordings.Item{id(0): film(0), id(1): film(1)}}
	var two [2]*Channels
	for i := range two {
		var err error
		if two[i], err = Open(t.Context(), Config{Keep: k, Items: k, Zone: "Asia/Shanghai", Now: func() time.Time { return now }}); err != nil {
			t.Fatal(err)
		}
	}
	same := func() []byte {
		t.Helper()
		a, tagA, errA := two[0].Playlist(t.Context(), "ch")
		b, tagB, errB := two[1].Playlist(t.Context(), "ch")
		if errA != nil || errB != nil || !bytes.Equal(a, b) || tagA != tagB {
			t.Fatalf("%v %v\n%s %s\n%s %s", errA, errB, tagA, a, tagB, b)
		}
		return a
	}
	plan := Plan{Entries: []Entry{{Items: []string{id(0), id(1)}, Loop: true}}}
	doc, err := two[0].Save(t.Context(), 7, "ch", "频道", plan, 0, site.Entry{})
	if err != nil {
		t.Fatal(err)
	}
	if err := two[1].Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := same()
	now = now.Add(5 * time.Minute)
	same()
	k.mu.Lock()
	delete(k.items, id(1)) // it vanishes
	k.mu.Unlock()
	if with := same(); !bytes.Contains(with, []byte("slate-aac48000x2")) {
		t.Errorf("nothing stands in for it: %s", with)
	}
	// The other one changes the plan; the first hears of it before it is in force.
	if _, err := two[1].Save(t.Context(), 7, "ch", "频道", Plan{Filler: []string{id(0)}}, doc.Edition, site.Entry{}); err != nil {
		t.Fatal(err)
	}
	a, _, _ := two[0].Playlist(t.Context(), "ch")
	b, _, _ := two[1].Playlist(t.Context(), "ch")
	if !bytes.Equal(a, b) {
		t.Errorf("a change shows before everybody can know of it:\n%s\n%s", a, b)
	}
	if err := two[0].Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		now = now.Add(7 * time.Second)
		same()
	}
	if bytes.Equal(before, same()) {
		t.Error("time stands still")
	}
}

func TestSaveRefuses(t *testing.T) {
	now := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	growing := film(2)
	growing.Open, growing.Touched = true, now
	k := &keep{set: map[site.ID]json.RawMessage{}, items: map[string]*recordings.Item{id(0): film(0), id(2): growing}}
	c, err := Open(t.Context(), Config{Keep: k, Items: k, Zone: "UTC", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	good := Plan{Entries: []Entry{{Items: []string{id(0)}}}}
	if _, err := c.Save(t.Context(), 7, "ch", "C", good, 0, site.Entry{}); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what    string
		at      site.ID
		name    string
		title   string
		plan    Plan
		edition int
		want    error
	}{
		{"a name that is no address", 7, "../x", "C", good, 0, errs.Invalid},
		{"no title", 7, "x", " ", good, 0, errs.Invalid},
		{"a name that is in use here", 7, "ch", "C", good, 0, errs.Exists},
		{"a name that is in use elsewhere", 8, "ch", "C", good, 0, errs.Exists},
		{"another's change in the meantime", 7, "ch", "C", good, 9, errs.Conflict},
		{"an item that is not there", 7, "x", "C", Plan{Filler: []string{id(5)}}, 0, errs.Invalid},
		{"an item that is being recorded", 7, "x", "C", Plan{Filler: []string{id(2)}}, 0, errs.Invalid},
		{"a time that is none", 7, "x", "C", Plan{Entries: []Entry{{At: 90000}}}, 0, errs.Invalid},
	} {
		if _, err := c.Save(t.Context(), x.at, x.name, x.title, x.plan, x.edition, site.Entry{}); !errors.Is(err, x.want) {
			t.Errorf("%s: got %v, want %v", x.what, err, x.want)
		}
	}
	if err := c.Delete(t.Context(), 8, "ch", site.Entry{}); err == nil {
		t.Error("another site's channel was deleted")
	}
	if err := c.Delete(t.Context(), 7, "ch", site.Entry{}); err != nil {
		t.Error(err)
	}
	if _, err := c.Get("ch"); !errors.Is(err, errs.NotFound) {
		t.Errorf("deleted: got %v", err)
	}
}

// A document that somebody damaged stops neither the server nor the other channels.
func FuzzNew(f *testing.F) {
	c, err := (&Channel{Name: "x"}).With(Plan{Entries: []Entry{{At: 60, Items: []string{id(0)}}}}, "X", "Asia/Shanghai", map[string]Layout{id(0): fixedLayout(20, 4*time.Second)}, time.Unix(1_800_000_000, 0))
	if err != nil {
		f.Fatal(err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) {
		var c Channel
		if json.Unmarshal(b, &c) != nil {
			return
		}
		t, err := New(&c)
		if err != nil {
			return
		}
		t.Playlist(nil, time.Unix(1_800_000_500, 0), func(string) bool { return true })
	})
}
