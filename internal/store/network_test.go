package store

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

func TestColumnsAreInheritedAndOverridden(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		var told []string
		r.cols.Listen(func(tags []string) { told = append(told, tags...) })
		slugs := func(at site.ID) []string {
			var out []string
			for _, c := range r.cols.Of(r.net.Tree().Get(at)) {
				out = append(out, c.Slug)
			}
			return out
		}
		standard := []string{content.News, content.Notices, content.Disclosure, content.Education, content.Scenes, content.Market}
		r.want("standard columns of a village", slugs(east), standard...)
		own, err := r.cols.Save(ctx, editor, content.Column{Site: county, Slug: "talent", Name: "人才", Kind: content.Text, Position: 15})
		if err != nil {
			t.Fatal(err)
		}
		r.want("tags", r.tags(), content.ColumnsTag(county))
		r.want("tags after the change", told, content.ColumnsTag(county))
		r.want("with one of its own", slugs(county), slices.Insert(slices.Clone(standard), 1, "talent")...)
		r.want("below, not inherited", slugs(east), standard...)
		own.Inherit = true
		if _, err = r.cols.Save(ctx, editor, own); err != nil {
			t.Fatal(err)
		}
		if _, err := r.cols.Save(ctx, editor, content.Column{Site: township, Slug: content.News, Name: "镇内新闻", Kind: content.Text, Position: 10, Inherit: true, Hidden: true}); err != nil {
			t.Fatal(err)
		}
		r.want("below, inherited, one hidden", slugs(east), "talent", content.Notices, content.Disclosure, content.Education, content.Scenes, content.Market)
		for name, c := range map[string]content.Column{
			"another kind":   {Site: east, Slug: content.Notices, Name: "x", Kind: content.Album},
			"no name":        {Site: county, Slug: "x", Kind: content.Text},
			"a bad slug":     {Site: county, Slug: "X/", Name: "x", Kind: content.Text},
			"a changed slug": {ID: own.ID, Site: county, Slug: "other", Name: "x", Kind: content.Text},
		} {
			if _, err := r.cols.Save(ctx, chief, c); !errors.Is(err, errs.Invalid) {
				t.Errorf("%s: got %v, want %v", name, err, errs.Invalid)
			}
		}
		if _, err := r.cols.Save(ctx, chief, content.Column{Site: county, Slug: "talent", Name: "x", Kind: content.Text}); !errors.Is(err, errs.Exists) {
			t.Errorf("twice: got %v, want %v", err, errs.Exists)
		}
		if _, err := r.cols.Save(ctx, clerk, content.Column{Site: east, Slug: "x", Name: "x", Kind: content.Text}); !errors.Is(err, errs.Denied) {
			t.Errorf("by an author: got %v, want %v", err, errs.Denied)
		}
		r.save(editor, county, "talent", "引才", "<p>x</p>")
		if err := r.cols.Delete(ctx, editor, county, "talent"); !errors.Is(err, errs.Exists) {
			t.Errorf("delete one with articles: got %v, want %v", err, errs.Exists)
		}
		if err := r.cols.Delete(ctx, editor, township, content.News); err != nil {
			t.Error(err)
		}
		if err := r.cols.Install(ctx, content.System(), province, east); err != nil {
			t.Fatal(err)
		}
		r.want("installed again", slugs(province), standard...)
		again, err := content.OpenColumns(ctx, db, r.net)
		if err != nil || len(again.All(r.net.Tree().Get(east))) != 7 {
			t.Errorf("read again: got %v, %v", again.All(r.net.Tree().Get(east)), err)
		}
	})
}

func TestLinksAndViewsAreKept(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		links := content.NewLinks(db, r.net)
		l, err := links.Save(ctx, editor, content.Link{Site: county, Title: "农业局", URL: "https://agri.example/", Section: "部门"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := links.Save(ctx, editor, content.Link{Site: county, Title: "x", URL: "javascript:alert(1)"}); !errors.Is(err, errs.Invalid) {
			t.Errorf("a script for a link: got %v, want %v", err, errs.Invalid)
		}
		if _, err := links.Save(ctx, rival, l); !errors.Is(err, errs.Denied) {
			t.Errorf("by another: got %v, want %v", err, errs.Denied)
		}
		r.tags()
		bad := l
		bad.Failing, bad.Failures, bad.Reason = r.now, 2, "404"
		if err := db.LinkChecked(ctx, bad, r.now, false); err != nil {
			t.Fatal(err)
		}
		r.want("tags of a broken link", r.tags(), content.LinksTag(county))
		if n, err := db.BrokenLinks(ctx); err != nil || n[county] != 1 {
			t.Errorf("broken links: got %v, %v", n, err)
		}
		if due, err := db.LinksDue(ctx, r.now.Add(time.Hour), 10); err != nil || len(due) != 1 || due[0].Reason != "404" {
			t.Errorf("due: got %+v, %v", due, err)
		}
		l.URL = "https://new.example/"
		if _, err := links.Save(ctx, editor, l); err != nil {
			t.Fatal(err)
		}
		if got, err := links.Links(ctx, county); err != nil || len(got) != 1 || got[0].Broken() || !got[0].Checked.IsZero() {
			t.Errorf("with a new address: got %+v, %v", got, err)
		}
		if err := links.Delete(ctx, editor, county, l.ID); err != nil {
			t.Error(err)
		}

		a := r.publish(editor, east, content.News, "一", "<p>x</p>")
		v := content.NewViews(db, time.UTC, func() time.Time { return r.now }, slog.New(slog.DiscardHandler))
		for range 2 {
			v.Count(content.Visit{Site: east, Article: a.ID, Addr: "192.0.2.7", Agent: "Mozilla/5.0"})
			v.Flush(ctx)
		}
		if s, err := r.live(east, a.ID); err != nil || s.Views != 2 {
			t.Errorf("views: got %d, %v", s.Views, err)
		}
		figures, err := content.NewFigures(db, r.net, time.UTC).Below(ctx, r.net.Tree().Get(county), "2026-11-24", "2026-11-24")
		if err != nil || figures[0].All != (content.Sum{Pages: 2, Visitors: 1, Published: 1}) || figures[0].Own != (content.Sum{}) {
			t.Errorf("figures: got %+v, %v", figures, err)
		}
		// It is one in the morning there: the day before where the clock is two hours behind.
		for zone, want := range map[int]int64{8 * 3600: 1, -2 * 3600: 0} {
			of, err := content.NewFigures(db, r.net, time.FixedZone("", zone)).Below(ctx, r.net.Tree().Get(county), "2026-11-24", "2026-11-24")
			if err != nil || of[0].All.Published != want {
				t.Errorf("published that day, %d seconds from UTC: got %+v, %v, want %d", zone, of, err, want)
			}
		}
		days, err := content.NewFigures(db, r.net, time.UTC).Days(ctx, r.net.Tree().Get(county), "2026-11-01", "2026-11-30")
		if err != nil || len(days) != 1 || days[0].Pages != 2 || days[0].Day != "2026-11-24" {
			t.Errorf("days: got %+v, %v", days, err)
		}
		if _, err := r.desk.Pin(ctx, editor, a.ID, a.Version, true); err != nil {
			t.Fatal(err)
		}
		health, err := content.NewHealth(db, r.net, r.cols, func() time.Time { return r.now }).Of(ctx, r.net.Tree().Get(east), false)
		if err != nil || len(health) != 1 || !health[0].Last.Equal(a.Published) || len(health[0].Empty) != 5 {
			t.Errorf("health: got %+v, %v", health, err)
		}
	})
}

func TestScheduleIsDoneOnce(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		var ids []content.ArticleID
		for _, title := range []string{"一", "二", "三"} {
			a := r.save(editor, east, content.News, title, "<p>x</p>")
			a, err := r.desk.Publish(ctx, editor, a.ID, a.Version, r.now.Add(time.Hour))
			if err != nil || a.State != content.Scheduled {
				t.Fatalf("schedule: got %+v, %v", a, err)
			}
			ids = append(ids, a.ID)
		}
		r.now = r.now.Add(time.Hour - time.Millisecond)
		two := make([]*content.Schedule, 2) // of two processes
		for i := range two {
			two[i] = &content.Schedule{Articles: db, Cleaner: plain{}, Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler)}
			if n, err := two[i].Look(ctx); n != 0 || err != nil {
				t.Fatalf("too early: got %d, %v", n, err)
			}
		}
		r.now = r.now.Add(time.Millisecond)
		r.tags()
		var wg sync.WaitGroup
		total := make([]int, 2)
		for i := range two {
			wg.Go(func() {
				n, err := two[i].Look(ctx)
				if err != nil {
					t.Error(err)
				}
				total[i] = n
			})
		}
		wg.Wait()
		if total[0]+total[1] != 3 {
			t.Errorf("published: got %v, want 3 together", total)
		}
		r.want("list", r.titles(east, content.News), "三", "二", "一")
		n := 0
		for _, id := range ids {
			if err := db.Audit(ctx, AuditQuery{Object: "article:" + strconv.FormatInt(int64(id), 10)}, func(e *site.Entry) error {
				if e.Action == "article.publish" {
					n++
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if n != 3 {
			t.Errorf("lines in the log: got %d, want 3", n)
		}
		a, err := db.Article(ctx, ids[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.desk.Expire(ctx, editor, a.ID, a.Version, r.now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		r.now = r.now.Add(time.Minute)
		r.want("expired, not yet withdrawn", r.titles(east, content.News), "三", "二")
		r.tags()
		if n, err := two[0].Look(ctx); n != 1 || err != nil {
			t.Fatalf("expire: got %d, %v", n, err)
		}
		r.want("tags", r.tags(), content.ArticleTag(a.ID), content.ListTag(east, content.News))
		r.want("search", r.found(east, content.ScopeSite, "一"))
	})
}

func TestScheduleEndsWithItsContext(t *testing.T) {
	r := openNewsroom(t, openLite(t))
	s := &content.Schedule{Articles: r.db, Cleaner: plain{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }() // ends with ctx; the test waits
	cancel()
	<-done
}

func TestMovedSitesAreFoundBelowTheirNewOnes(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		r.publish(editor, east, content.News, "修路", "<p>好</p>")
		r.want("before", r.found(cityA, content.ScopeBelow, "修路"), "修路")
		r.want("before, elsewhere", r.found(cityB, content.ScopeBelow, "修路"))
		c, err := site.Changer{Tree: r.net.Tree(), By: site.System}.Move(county, cityB)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.net.Save(ctx, c); err != nil {
			t.Fatal(err)
		}
		done := 0
		if err := content.Moved(ctx, db, plain{}, r.net.Tree(), r.net.Tree().Get(county), func(n int) { done = n }); err != nil || done != 1 {
			t.Fatalf("moved: got %d, %v", done, err)
		}
		r.want("after", r.found(cityA, content.ScopeBelow, "修路"))
		r.want("after, there", r.found(cityB, content.ScopeBelow, "修路"), "修路")
		r.want("on the site itself", r.found(east, content.ScopeSite, "修路"), "修路")
	})
}

func TestImportKeepsAllOrNothing(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		ready := func(at site.ID, title string, days int, state content.State) content.Ready {
			return content.Ready{
				Writing: content.Writing{Site: at, Slug: content.News, Format: content.Markdown, Head: content.Head{Title: title}, Text: "正文" + title},
				Owner:   12, State: state, At: r.now.AddDate(0, 0, -days),
			}
		}
		list := []content.Ready{ready(east, "旧", 9, content.Published), ready(east, "新", 1, content.Published), ready(east, "审", 0, content.Review)}
		list[0].PushTo = []site.ID{county}
		if _, err := r.desk.Import(ctx, editor, db, append(slices.Clone(list), ready(east, "", 1, content.State("x")))); !errors.Is(err, errs.Invalid) {
			t.Errorf("a bad one: got %v, want %v", err, errs.Invalid)
		}
		if _, err := r.desk.Import(ctx, clerk, db, list); !errors.Is(err, errs.Denied) {
			t.Errorf("by an author: got %v, want %v", err, errs.Denied)
		}
		r.want("nothing half done", r.titles(east, content.News))
		got, err := r.desk.Import(ctx, content.System(), db, list)
		if err != nil || len(got) != 3 || got[2].State != content.Review {
			t.Fatalf("import: got %+v, %v", got, err)
		}
		r.want("list", r.titles(east, content.News), "新", "旧")
		r.want("pushed", r.titles(west, content.News), "旧")
		r.want("search", r.found(east, content.ScopeSite, "正文"), "新", "旧")
	})
}

// TestDraftsOfOthersAreNotFound is for the editor of one county who asks for another's draft by its number.
func TestDraftsOfOthersAreNotFound(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		a := r.save(editor, east, content.News, "内部", "<p>x</p>")
		stranger := as(30, site.Author, east) // an author reads only what is their own
		for _, by := range []content.Actor{rival, stranger, {}} {
			for name, err := range map[string]error{
				"get":       second(r.desk.Get(ctx, by, a.ID)),
				"revision":  second(r.desk.Revision(ctx, by, a.ID, 1)),
				"revisions": second(r.desk.Revisions(ctx, by, a.ID)),
				"compare":   second(r.desk.Compare(ctx, by, a.ID, 1, 1)),
				"submit":    second(r.desk.Submit(ctx, by, a.ID, a.Version, "")),
				"publish":   second(r.desk.Publish(ctx, by, a.ID, a.Version, time.Time{})),
				"push":      second(r.desk.PushDown(ctx, by, a.ID, "", cityB)),
				"offer":     second(r.desk.OfferUp(ctx, by, a.ID, 0, "")),
				"trail":     second(r.desk.Trail(ctx, by, a.ID)),
				"remarks":   second(r.desk.Remarks(ctx, by, a.ID)),
				"restore":   second(r.desk.Restore(ctx, by, a.ID, a.Version, 1)),
				"delete":    r.desk.Delete(ctx, by, a.ID, a.Version),
			} {
				if !errors.Is(err, errs.NotFound) {
					t.Errorf("%s by %d: got %v, want %v", name, by.Who.Account, err, errs.NotFound)
				}
			}
			if list, err := r.desk.List(ctx, by, content.Filter{}); err != nil || len(list) != 0 {
				t.Errorf("list for %d: got %v, %v", by.Who.Account, list, err)
			}
		}
		if list, err := r.desk.List(ctx, editor, content.Filter{Title: "内"}); err != nil || len(list) != 1 {
			t.Errorf("list for the editor: got %v, %v", list, err)
		}
	})
}

func TestSearchLeavesOutWhatIsHiddenOrClosed(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		r.publish(editor, east, content.News, "修路一", "<p>x</p>")
		r.publish(editor, west, content.News, "修路二", "<p>x</p>")
		r.want("both", r.found(county, content.ScopeBelow, "修路"), "修路二", "修路一")
		if _, err := r.cols.Save(ctx, editor, content.Column{Site: west, Slug: content.News, Name: "新闻", Kind: content.Text, Hidden: true}); err != nil {
			t.Fatal(err)
		}
		r.want("one is hidden", r.found(county, content.ScopeBelow, "修路"), "修路一")
		c, err := site.Changer{Tree: r.net.Tree(), By: site.System}.Close(east)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.net.Save(ctx, c); err != nil {
			t.Fatal(err)
		}
		r.want("the other is closed", r.found(county, content.ScopeBelow, "修路"))
	})
}

// TestListOfManySites is for lists that are read in order of time instead of site by site.
func TestListOfManySites(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		a := r.save(editor, east, content.News, "一", "<p>x</p>")
		b := r.publish(editor, west, content.News, "二", "<p>x</p>")
		sites := []site.ID{east, west}
		for i := range wideList {
			sites = append(sites, site.ID(1000+i))
		}
		for _, c := range []struct {
			q    content.Filter
			want []content.ArticleID
		}{
			{content.Filter{Sites: sites}, []content.ArticleID{b.ID, a.ID}},
			{content.Filter{Sites: sites[1:]}, []content.ArticleID{b.ID}},
			{content.Filter{Sites: sites, States: []content.State{content.Draft, content.Review}}, []content.ArticleID{a.ID}},
			{content.Filter{Sites: sites, States: []content.State{content.Published}}, []content.ArticleID{b.ID}},
			{content.Filter{Sites: sites, States: []content.State{content.Published, content.Draft}, Limit: 1, Offset: 1}, []content.ArticleID{a.ID}},
			{content.Filter{Sites: []site.ID{}}, nil},
			{content.Filter{Title: "%"}, nil},
		} {
			list, err := db.Articles(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			var got []content.ArticleID
			for i := range list {
				got = append(got, list[i].ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%d sites, %v: got %v, want %v", len(c.q.Sites), c.q.States, got, c.want)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestArticlesOutliveAKilledWrite(t *testing.T) {
	file := "sqlite:" + filepath.Join(t.TempDir(), "network.db")
	r := openNewsroom(t, openAt(t, file))
	a := r.publish(editor, east, content.News, "一", "<p>x</p>")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.desk.Withdraw(ctx, editor, a.ID, a.Version, ""); err == nil {
		t.Error("a write whose caller is gone: got no error")
	}
	r.want("list", r.titles(east, content.News), "一")
	r.want("search", r.found(east, content.ScopeAll, "一"), "一")
}
