package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/signaling/broadcast/keeptest"
)

func TestMemoryKeeps(t *testing.T) {
	keeptest.Run(t, func(*testing.T) (broadcast.Keeper, func() []string) {
		var mu sync.Mutex
		var told []string
		m := &keeptest.Memory{Listen: func(tags []string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, tags...)
		}}
		return m, func() []string {
			mu.Lock()
			defer mu.Unlock()
			out := told
			told = nil
			return out
		}
	})
}

const (
	province site.ID = iota + 1
	city
	county
	village
	other
)

// studio is a small network with a desk.
type studio struct {
	t         *testing.T
	tree      *site.Tree
	keep      *keeptest.Memory
	programme *broadcast.Programme
	desk      *broadcast.Desk
	now       time.Time
}

func (s *studio) Tree() *site.Tree { return s.tree }

func open(t *testing.T) *studio {
	t.Helper()
	tree, err := site.NewTree([]site.Site{
		{ID: province, Code: "99", Level: site.Province, Name: "省"},
		{ID: city, Parent: province, Code: "9901", Level: site.City, Name: "市"},
		{ID: county, Parent: city, Code: "990101", Level: site.County, Name: "县"},
		{ID: village, Parent: county, Code: "990101001001", Level: site.Village, Name: "村"},
		{ID: other, Parent: province, Code: "9902", Level: site.City, Name: "别的市"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &studio{t: t, tree: tree, keep: &keeptest.Memory{}, now: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)}
	if s.programme, err = broadcast.Open(t.Context(), s.keep, s); err != nil {
		t.Fatal(err)
	}
	s.keep.Listen = func(tags []string) {
		if err := s.programme.Changed(context.Background(), tags); err != nil {
			t.Error(err)
		}
	}
	s.desk = broadcast.NewDesk(s.keep, s, s.programme, func() time.Time { return s.now })
	return s
}

func editorOf(at site.ID) broadcast.Actor {
	return broadcast.Actor{Who: site.Who{Account: 10 + site.AccountID(at), Grants: []site.Grant{{Role: site.Editor, Site: at}}}, Remote: "192.0.2.1"}
}

func stream(name string) broadcast.Source {
	return broadcast.Source{Kind: broadcast.Stream, Name: name}
}

// plan is a broadcast an hour ahead that lasts an hour and is announced now.
func (s *studio) plan(at site.ID, title string) broadcast.Broadcast {
	return broadcast.Broadcast{Site: at, Title: title, Source: stream("hall"), Announce: s.now, Starts: s.now.Add(time.Hour), Ends: s.now.Add(2 * time.Hour)}
}

func must[T any](t *testing.T) func(x T, err error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func (s *studio) titles(at site.ID) string {
	x := s.programme.At(s.tree.Get(at))
	var out []string
	for _, b := range x.On {
		out = append(out, b.Title)
	}
	out = append(out, "|")
	for _, b := range x.Next {
		out = append(out, b.Title)
	}
	if x.Urgent != nil {
		out = append(out, "!", x.Urgent.Title)
	}
	return strings.Join(out, " ")
}

func (s *studio) want(at site.ID, want string) {
	s.t.Helper()
	if got := s.titles(at); got != want {
		s.t.Errorf("site %d shows %q, want %q", at, got, want)
	}
}

func TestABroadcastsWay(t *testing.T) {
	s := open(t)
	ok := must[broadcast.Broadcast](t)
	by := editorOf(city)
	b := ok(s.desk.Plan(t.Context(), by, s.plan(city, " 冬季课堂 ")))
	if b.State != broadcast.Planned || b.Title != "冬季课堂" || b.Profile != broadcast.Normal || b.Now() != 3*time.Second || b.Chat != broadcast.ChatOff {
		t.Errorf("planned: %+v", b)
	}
	s.want(village, "| 冬季课堂")
	s.want(province, "|")
	s.want(other, "|")
	b.Profile = broadcast.Weak
	b = ok(s.desk.Edit(t.Context(), by, b))
	s.now = s.now.Add(50 * time.Minute)
	b = ok(s.desk.Start(t.Context(), by, b.ID, b.Version))
	if b.State != broadcast.OnAir || !b.Began.Equal(s.now) || b.Delay != 8*time.Second {
		t.Errorf("on air: %+v", b)
	}
	s.want(village, "冬季课堂 |")
	b = ok(s.desk.Extend(t.Context(), by, b.ID, b.Version, 30*time.Minute))
	if got := b.Ends.Sub(b.Starts); got != 90*time.Minute {
		t.Errorf("extended to %v", got)
	}
	b = ok(s.desk.End(t.Context(), by, b.ID, 0))
	s.want(village, "|")
	if b.State != broadcast.Ended || !b.Ended.Equal(s.now) {
		t.Errorf("ended: %+v", b)
	}
	again := ok(s.programme.Get(t.Context(), b.ID))
	if again != b {
		t.Errorf("one that is over: got %+v, want %+v", again, b)
	}
	var told []string
	for _, e := range s.keep.Log() {
		told = append(told, e.Action)
		if e.By != by.Who.Account || e.Site != city || e.Object != broadcast.Tag(b.ID) || e.Remote != by.Remote {
			t.Errorf("log: %+v", e)
		}
	}
	if want := "broadcast.plan broadcast.change broadcast.start broadcast.extend broadcast.end"; strings.Join(told, " ") != want {
		t.Errorf("log: got %v, want %s", told, want)
	}
	past, err := s.desk.Past(t.Context(), editorOf(province), s.tree.Get(province), 10)
	if err != nil || len(past) != 1 || past[0].ID != b.ID {
		t.Errorf("past: %+v, %v", past, err)
	}
}

func TestWhoMay(t *testing.T) {
	s := open(t)
	b := must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(city), s.plan(city, "课堂")))
	stranger := editorOf(other)
	author := broadcast.Actor{Who: site.Who{Account: 5, Grants: []site.Grant{{Role: site.Author, Site: province}}}}
	for name, c := range map[string]struct {
		do   func(by broadcast.Actor) error
		want error
	}{
		"plan":   {func(by broadcast.Actor) error { return second(s.desk.Plan(t.Context(), by, s.plan(city, "x"))) }, errs.Denied},
		"start":  {func(by broadcast.Actor) error { return second(s.desk.StartNow(t.Context(), by, s.plan(city, "x"))) }, errs.Denied},
		"insert": {func(by broadcast.Actor) error { return second(s.desk.Insert(t.Context(), by, s.plan(city, "x"))) }, errs.Denied},
		"past": {func(by broadcast.Actor) error {
			return second(s.desk.Past(t.Context(), by, s.tree.Get(city), 1))
		}, errs.Denied},
		"edit":   {func(by broadcast.Actor) error { return second(s.desk.Edit(t.Context(), by, b)) }, errs.NotFound},
		"cancel": {func(by broadcast.Actor) error { return second(s.desk.Cancel(t.Context(), by, b.ID, 0)) }, errs.NotFound},
		"begin":  {func(by broadcast.Actor) error { return second(s.desk.Start(t.Context(), by, b.ID, 0)) }, errs.NotFound},
		"extend": {func(by broadcast.Actor) error {
			return second(s.desk.Extend(t.Context(), by, b.ID, 0, time.Hour))
		}, errs.NotFound},
	} {
		for _, by := range []broadcast.Actor{stranger, author, {}} {
			if err := c.do(by); !errors.Is(err, c.want) {
				t.Errorf("%s by %d: got %v, want %v", name, by.Who.Account, err, c.want)
			}
		}
	}
	if len(s.keep.Log()) != 1 {
		t.Errorf("log: %v", s.keep.Log())
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhatIsRefused(t *testing.T) {
	s := open(t)
	by := editorOf(province)
	for want, change := range map[string]func(b *broadcast.Broadcast){
		"title: missing":       func(b *broadcast.Broadcast) { b.Title = " " },
		"title: long (120)":    func(b *broadcast.Broadcast) { b.Title = strings.Repeat("长", 121) },
		"title: characters":    func(b *broadcast.Broadcast) { b.Title = "a\nb" },
		"summary: characters":  func(b *broadcast.Broadcast) { b.Summary = "a\x00b" },
		"before: long (200)":   func(b *broadcast.Broadcast) { b.Before = strings.Repeat("长", 201) },
		"source: missing":      func(b *broadcast.Broadcast) { b.Source.Name = "" },
		"source: bad":          func(b *broadcast.Broadcast) { b.Source.Name = "../x" },
		"source: unknown":      func(b *broadcast.Broadcast) { b.Source.Kind = "x" },
		"profile: unknown":     func(b *broadcast.Broadcast) { b.Profile = "x" },
		"chat: unknown":        func(b *broadcast.Broadcast) { b.Chat = "x" },
		"starts: missing":      func(b *broadcast.Broadcast) { b.Starts, b.Announce = time.Time{}, time.Time{} },
		"starts: past":         func(b *broadcast.Broadcast) { b.Starts, b.Announce = s.now.Add(-time.Hour), time.Time{} },
		"starts: far":          func(b *broadcast.Broadcast) { b.Starts, b.Ends = s.now.AddDate(3, 0, 0), time.Time{} },
		"ends: order":          func(b *broadcast.Broadcast) { b.Ends = b.Starts },
		"ends: far":            func(b *broadcast.Broadcast) { b.Ends = b.Starts.Add(15 * 24 * time.Hour) },
		"announce: order":      func(b *broadcast.Broadcast) { b.Announce = b.Starts.Add(time.Second) },
		"source: bad ":         func(b *broadcast.Broadcast) { b.Source = broadcast.Source{Kind: broadcast.Item, Name: "a/b"} },
		"after: characters":    func(b *broadcast.Broadcast) { b.After = "\xff" },
		"ends: order ":         func(b *broadcast.Broadcast) { b.Ends = s.now },
		"before: characters":   func(b *broadcast.Broadcast) { b.Before = "a\x07" },
		"summary: long (500)":  func(b *broadcast.Broadcast) { b.Summary = strings.Repeat("长", 501) },
		"source: bad  ":        func(b *broadcast.Broadcast) { b.Source = broadcast.Source{Kind: broadcast.Channel, Name: "a b"} },
		"announce: order ":     func(b *broadcast.Broadcast) { b.Announce = b.Starts.Add(time.Hour) },
		"starts: past ":        func(b *broadcast.Broadcast) { b.Starts, b.Announce = s.now.Add(-2*time.Minute), time.Time{} },
		"title: characters   ": func(b *broadcast.Broadcast) { b.Title = "a\x1bb" },
	} {
		b := s.plan(province, "课堂")
		change(&b)
		_, err := s.desk.Plan(t.Context(), by, b)
		if !errors.Is(err, errs.Invalid) || !strings.Contains(fmt.Sprint(err), strings.TrimSpace(want)) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for range broadcast.MaxPlanned {
		if _, err := s.desk.Plan(t.Context(), by, s.plan(other, "多")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.desk.Plan(t.Context(), by, s.plan(other, "太多")); !errors.Is(err, errs.TooMany) {
		t.Errorf("too many: got %v", err)
	}
}

func TestOfTwoWhoEditTheSecondIsTold(t *testing.T) {
	s := open(t)
	by := editorOf(city)
	b := must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), by, s.plan(city, "课堂")))
	one, two := b, b
	one.Title, two.Title = "一", "二"
	must[broadcast.Broadcast](t)(s.desk.Edit(t.Context(), by, one))
	var stale *broadcast.StaleError
	if _, err := s.desk.Edit(t.Context(), by, two); !errors.As(err, &stale) || stale.Version != 2 {
		t.Errorf("the second: got %v", err)
	}
	if _, err := s.desk.Cancel(t.Context(), by, b.ID, b.Version); !errors.As(err, &stale) {
		t.Errorf("cancel what was shown before: got %v", err)
	}
	if _, err := s.desk.End(t.Context(), by, b.ID, 0); !errors.Is(err, errs.Conflict) {
		t.Errorf("end what is not on air: got %v", err)
	}
	s.want(city, "| 一")
}

func TestOnAirKeepsWhatViewersLeanOn(t *testing.T) {
	s := open(t)
	by := editorOf(city)
	b := must[broadcast.Broadcast](t)(s.desk.StartNow(t.Context(), by, broadcast.Broadcast{Site: city, Source: stream("hall")}))
	if b.Title != "hall" {
		t.Errorf("a title of its own: %q", b.Title)
	}
	x := b
	x.Title, x.Source, x.Profile, x.Starts = "别名", stream("yard"), broadcast.Weak, s.now.Add(-time.Hour)
	got := must[broadcast.Broadcast](t)(s.desk.Edit(t.Context(), by, x))
	if got.Title != "别名" || got.Source != b.Source || got.Profile != b.Profile || got.Starts != b.Starts || got.Delay != b.Delay {
		t.Errorf("got %+v", got)
	}
	if _, err := s.desk.StartNow(t.Context(), by, broadcast.Broadcast{Site: city, Source: stream("hall")}); !errors.Is(err, errs.Exists) {
		t.Errorf("twice: got %v, want %v", err, errs.Exists)
	}
}

func TestOrderOfWhatIsOnAir(t *testing.T) {
	s := open(t)
	on := func(at site.ID, name string, urgent bool) error {
		s.now = s.now.Add(time.Second)
		start := s.desk.StartNow
		if urgent {
			start = s.desk.Insert
		}
		_, err := start(t.Context(), editorOf(at), broadcast.Broadcast{Site: at, Title: name, Source: stream(name)})
		return err
	}
	for _, err := range []error{on(village, "v", false), on(county, "c", false), on(province, "p", false), on(county, "c2", false)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.want(village, "p c c2 v |")
	if err := on(county, "cu", true); err != nil {
		t.Fatal(err)
	}
	s.want(village, "cu p c c2 v | ! cu")
	s.want(city, "p |")
	if u := s.programme.Outranked(&s.programme.At(s.tree.Get(village)).On[4]); u == nil || u.Title != "cu" {
		t.Errorf("whoever watches the village's sees %v", u)
	}
	// A later one of the same level and one from below are told; one from above goes before.
	var outranked *broadcast.OutrankedError
	if err := on(county, "cu2", true); !errors.As(err, &outranked) || outranked.Title != "cu" {
		t.Errorf("a later one: got %v", err)
	}
	if err := on(village, "vu", true); !errors.As(err, &outranked) || outranked.Title != "cu" {
		t.Errorf("a lower one: got %v", err)
	}
	if err := on(province, "pu", true); err != nil {
		t.Fatal(err)
	}
	s.want(village, "pu cu p c c2 v | ! pu")
	s.want(other, "pu p | ! pu")
}

func TestTwoUrgentOnesAtOnce(t *testing.T) {
	s := open(t)
	var all sync.WaitGroup
	won := make(chan string, 10)
	for i := range 10 {
		all.Go(func() {
			name := fmt.Sprint("u", i)
			_, err := s.desk.Insert(t.Context(), editorOf(city), broadcast.Broadcast{Site: city, Title: name, Source: stream(name)})
			var outranked *broadcast.OutrankedError
			switch {
			case err == nil:
				won <- name
			case !errors.As(err, &outranked):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Fatalf("%d are on air, want 1", len(won))
	}
	name := <-won
	s.want(village, name+" | ! "+name)
}

func TestOnlySoMuchIsToldAhead(t *testing.T) {
	s := open(t)
	for i := range 20 {
		b := s.plan(county, fmt.Sprint(20-i))
		b.Starts, b.Ends = s.now.Add(time.Duration(20-i)*time.Hour), time.Time{}
		must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(county), b))
	}
	s.want(village, "| 1 2 3 4 5 6 7 8")
}

func TestDelayIsRaised(t *testing.T) {
	s := open(t)
	b := must[broadcast.Broadcast](t)(s.desk.StartNow(t.Context(), editorOf(city), broadcast.Broadcast{Site: city, Source: stream("a"), Profile: broadcast.Low}))
	quiet := must[broadcast.Broadcast](t)(s.desk.StartNow(t.Context(), editorOf(city), broadcast.Broadcast{Site: city, Source: stream("b")}))
	alone := must[broadcast.Broadcast](t)(s.desk.StartNow(t.Context(), editorOf(city), broadcast.Broadcast{Site: city, Source: stream("c")}))
	late := viewers{b.ID: {51, 1000}, quiet.ID: {50, 1000}, alone.ID: {1, 1}}
	// Two processes look at the same time.
	twin := must[*broadcast.Programme](t)(broadcast.Open(t.Context(), s.keep, s))
	for i := range 8 {
		for _, p := range []*broadcast.Programme{s.programme, twin} {
			if err := (&broadcast.Schedule{Programme: p, Beacons: late}).Raise(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := twin.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := min(b.Delay+time.Duration(i+1)*250*time.Millisecond, 3*time.Second)
		if got := must[broadcast.Broadcast](t)(s.programme.Get(t.Context(), b.ID)); got.Delay != want || got.Version != b.Version {
			t.Fatalf("after %d: got %v, version %d, want %v", i+1, got.Delay, got.Version, want)
		}
	}
	for why, x := range map[string]broadcast.Broadcast{"five in a hundred": quiet, "one alone": alone} {
		if got := must[broadcast.Broadcast](t)(s.programme.Get(t.Context(), x.ID)); got.Delay != x.Delay {
			t.Errorf("for %s: got %v", why, got.Delay)
		}
	}
}

type viewers map[broadcast.ID]struct{ late, all int }

func (v viewers) Late(id broadcast.ID) (late, all int) { return v[id].late, v[id].all }

// TestScheduleKeepsTime: broadcasts start and end when they should, on two processes once each.
func TestScheduleKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		s.now = time.Now()
		b := must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(city), s.plan(city, "课堂")))
		forever := s.plan(city, "长")
		forever.Source, forever.Ends = stream("long"), time.Time{}
		must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(city), forever))
		twin := must[*broadcast.Programme](t)(broadcast.Open(t.Context(), s.keep, s))
		listen := s.keep.Listen
		s.keep.Listen = func(tags []string) { // the other process hears of it later
			listen(tags)
			time.AfterFunc(500*time.Millisecond, func() { twin.Changed(context.Background(), tags) })
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var turned []string
		var mu sync.Mutex
		for _, p := range []*broadcast.Programme{s.programme, twin} {
			x := &broadcast.Schedule{Programme: p, Changed: func(b broadcast.Broadcast) {
				mu.Lock()
				defer mu.Unlock()
				turned = append(turned, fmt.Sprint(b.Title, " ", b.State))
			}}
			go x.Run(ctx) // ends with ctx, which the test waits for
		}
		time.Sleep(time.Hour - time.Millisecond)
		synctest.Wait()
		s.want(village, "| 课堂 长")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		s.want(village, "课堂 长 |")
		// Another start, planned while the schedule waits, and an end that is put off.
		s.now = time.Now()
		soon := s.plan(village, "快")
		soon.Source, soon.Starts, soon.Ends = stream("soon"), s.now.Add(5*time.Second), s.now.Add(10*time.Second)
		must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(village), soon))
		must[broadcast.Broadcast](t)(s.desk.Extend(t.Context(), editorOf(city), b.ID, 0, time.Minute))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s.want(village, "课堂 长 快 |")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s.want(village, "课堂 长 |")
		time.Sleep(time.Hour)
		synctest.Wait()
		s.want(village, "课堂 长 |")
		time.Sleep(time.Minute)
		synctest.Wait()
		s.want(village, "长 |")
		stop()
		synctest.Wait()
		slices.Sort(turned)
		if want := "快 ended 快 onair 课堂 ended 课堂 onair 长 onair"; strings.Join(turned, " ") != want {
			t.Errorf("turned: got %v, want %s", turned, want)
		}
	})
}

// TestScheduleAfterARestart: what should be on air is on air, and what nobody saw is cancelled.
func TestScheduleAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		s.now = time.Now()
		now := must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(city), s.plan(city, "正在")))
		short := s.plan(city, "错过")
		short.Source, short.Ends = stream("short"), short.Starts.Add(time.Minute)
		missed := must[broadcast.Broadcast](t)(s.desk.Plan(t.Context(), editorOf(city), short))
		old := must[broadcast.Broadcast](t)(s.desk.StartNow(t.Context(), editorOf(other), broadcast.Broadcast{Site: other, Source: stream("old"), Ends: s.now.Add(time.Minute)}))
		time.Sleep(90 * time.Minute)

		p := must[*broadcast.Programme](t)(broadcast.Open(t.Context(), s.keep, s))
		s.keep.Fail(errors.New("down"))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go (&broadcast.Schedule{Programme: p}).Run(ctx) // ends with ctx, which the test waits for
		time.Sleep(time.Minute)
		s.keep.Fail(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for id, want := range map[broadcast.ID]broadcast.State{now.ID: broadcast.OnAir, missed.ID: broadcast.Cancelled, old.ID: broadcast.Ended} {
			if got := must[broadcast.Broadcast](t)(s.keep.Broadcast(t.Context(), id)); got.State != want {
				t.Errorf("%s: got %s, want %s", got.Title, got.State, want)
			}
		}
		stop()
		synctest.Wait()
	})
}
