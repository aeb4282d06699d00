package store

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// newsroom is a small network with people who publish on it.
type newsroom struct {
	t     *testing.T
	db    *DB
	net   *site.Network
	cols  *content.Columns
	desk  *content.Desk
	shelf *content.Shelf
	now   time.Time
	told  []string // tags since the last look
}

// The sites: a province, two cities, a county and a township with two villages.
const (
	province site.ID = iota + 1
	cityA
	cityB
	county
	township
	east
	west
)

// plain is a cleaner that knows enough HTML for tests.
type plain struct{}

var anyTag = regexp.MustCompile(`<[^>]*>`)

func (plain) HTML(s string) string     { return s }
func (plain) Markdown(s string) string { return "<p>" + s + "</p>" }
func (plain) Text(s string) string     { return anyTag.ReplaceAllString(s, " ") }

func openNewsroom(t *testing.T, db *DB) *newsroom {
	t.Helper()
	r := &newsroom{t: t, db: db, now: time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)}
	db.now = func() time.Time { return r.now }
	var err error
	if r.net, err = site.OpenNetwork(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	_, err = r.net.Save(t.Context(), site.Change{
		Sites: []site.Site{
			{Code: "51", Level: site.Province, Name: "省"},
			{Code: "5101", Level: site.City, Name: "甲市"},
			{Code: "5102", Level: site.City, Name: "乙市"},
			{Code: "510104", Level: site.County, Name: "县"},
			{Code: "510104001", Level: site.Township, Name: "镇"},
			{Code: "510104001001", Level: site.Village, Name: "东村"},
			{Code: "510104001002", Level: site.Village, Name: "西村"},
		},
		Above: map[string]string{"5101": "51", "5102": "51", "510104": "5101", "510104001": "510104", "510104001001": "510104001", "510104001002": "510104001"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.cols, err = content.OpenColumns(t.Context(), db, r.net); err != nil {
		t.Fatal(err)
	}
	if err := r.cols.Install(t.Context(), content.System(), province); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return r.now }
	r.desk = content.NewDesk(content.DeskConfig{Articles: db, Trails: db, Offers: db, Network: r.net, Columns: r.cols, Cleaner: plain{}, Now: now})
	r.shelf = content.NewShelf(db, r.net, r.cols, plain{})
	db.Listen(func(tags []string) { r.told = append(r.told, tags...) })
	return r
}

func as(id site.AccountID, role site.Role, at site.ID) content.Actor {
	return content.Actor{Who: site.Who{Account: id, Grants: []site.Grant{{Role: role, Site: at}}}, Remote: "192.0.2.1"}
}

var (
	clerk  = as(11, site.Author, east)
	editor = as(12, site.Editor, county)
	chief  = as(13, site.Editor, province)
	rival  = as(14, site.Editor, cityB)
)

// tags returns what was told since the last time, in order.
func (r *newsroom) tags() []string {
	out := r.told
	r.told = nil
	slices.Sort(out)
	return out
}

func (r *newsroom) save(by content.Actor, at site.ID, slug, title, text string) content.Article {
	r.t.Helper()
	w := content.Writing{Site: at, Slug: slug, Head: content.Head{Title: title}, Text: text}
	switch slug {
	case content.Market:
		w.Head.Produce = &content.Offering{Price: "3.5", Unit: "斤", Phone: "028-1"}
	case content.Scenes:
		w.Head.Pictures = []content.Picture{{File: "k", Alt: "河"}}
	}
	a, err := r.desk.Save(r.t.Context(), by, w)
	if err != nil {
		r.t.Fatalf("save %q: %v", title, err)
	}
	return a
}

func (r *newsroom) publish(by content.Actor, at site.ID, slug, title, text string) content.Article {
	r.t.Helper()
	a := r.save(by, at, slug, title, text)
	r.now = r.now.Add(time.Second)
	a, err := r.desk.Publish(r.t.Context(), by, a.ID, a.Version, time.Time{})
	if err != nil {
		r.t.Fatalf("publish %q: %v", title, err)
	}
	return a
}

func (r *newsroom) titles(at site.ID, slug string) []string {
	r.t.Helper()
	l, err := r.shelf.Latest(r.t.Context(), r.net.Tree().Get(at), slug, 1, 20)
	if err != nil {
		r.t.Fatal(err)
	}
	return titlesOf(l.Items)
}

func titlesOf(items []content.Item) []string {
	out := []string{}
	for _, it := range items {
		out = append(out, it.Head.Title)
	}
	return out
}

func (r *newsroom) want(what string, got []string, want ...string) {
	r.t.Helper()
	if !slices.Equal(got, want) {
		r.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func (r *newsroom) found(at site.ID, scope content.Scope, text string) []string {
	r.t.Helper()
	res, err := r.shelf.Search(r.t.Context(), content.Query{Site: at, Scope: scope, Text: text})
	if err != nil {
		r.t.Fatal(err)
	}
	out := []string{}
	for i := range res.Found {
		out = append(out, res.Found[i].Head.Title)
	}
	return out
}

func (r *newsroom) live(at site.ID, id content.ArticleID) (content.Shown, error) {
	return r.shelf.Live(r.t.Context(), r.net.Tree().Get(at), id)
}

func TestArticleFromDraftToVisitors(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		a := r.save(clerk, east, content.News, "  修路 的 事 ", "<p>村里修路了。</p>")
		if a.Title != "修路 的 事" || a.State != content.Draft || a.Version != 1 || a.Newest != 1 {
			t.Fatalf("saved: got %+v", a)
		}
		r.want("tags of a draft", r.tags())
		if _, err := r.live(east, a.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("a draft by its number: got %v, want %v", err, errs.NotFound)
		}
		if _, err := r.desk.Publish(ctx, clerk, a.ID, a.Version, time.Time{}); !errors.Is(err, errs.Denied) {
			t.Errorf("an author publishes: got %v, want %v", err, errs.Denied)
		}
		if _, err := r.desk.Get(ctx, rival, a.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("an editor from elsewhere reads a draft: got %v, want %v", err, errs.NotFound)
		}
		a, err := r.desk.Submit(ctx, clerk, a.ID, a.Version, "请审")
		if err != nil {
			t.Fatal(err)
		}
		if a, err = r.desk.SendBack(ctx, editor, a.ID, a.Version, "标题太短"); err != nil || a.State != content.Draft {
			t.Fatalf("sent back: got %+v, %v", a, err)
		}
		if a, err = r.desk.Submit(ctx, clerk, a.ID, a.Version, ""); err != nil {
			t.Fatal(err)
		}
		if a, err = r.desk.Publish(ctx, editor, a.ID, a.Version, time.Time{}); err != nil {
			t.Fatal(err)
		}
		r.want("tags", r.tags(), content.ArticleTag(a.ID), content.ListTag(east, content.News))
		if got, err := r.live(east, a.ID); err != nil || got.Body != "<p>村里修路了。</p>" || got.Head.Summary != "村里修路了。" {
			t.Errorf("live: got %+v, %v", got, err)
		}
		for _, at := range []site.ID{west, township, province} {
			if _, err := r.live(at, a.ID); !errors.Is(err, errs.NotFound) {
				t.Errorf("on site %d: got %v, want %v", at, err, errs.NotFound)
			}
		}
		// Editing changes nothing that visitors see.
		w := content.Writing{ID: a.ID, Version: a.Version, Slug: a.Slug, Head: content.Head{Title: "新题"}, Text: "<p>秘密</p>"}
		b, err := r.desk.Save(ctx, clerk, w)
		if err != nil || b.State != content.Draft || !b.Public(r.now) || !b.Edited() {
			t.Fatalf("edited: got %+v, %v", b, err)
		}
		r.want("tags of an edit", r.tags())
		r.want("list", r.titles(east, content.News), "修路 的 事")
		r.want("search for the draft", r.found(east, content.ScopeAll, "秘密"))
		_, err = r.desk.Save(ctx, editor, w)
		var stale *content.StaleError
		if !errors.As(err, &stale) || !errors.Is(err, errs.Conflict) || stale.By != 11 || stale.N != 2 || stale.Version != b.Version {
			t.Fatalf("a stale save: got %v", err)
		}
		if b, err = r.desk.Publish(ctx, editor, b.ID, b.Version, time.Time{}); err != nil {
			t.Fatal(err)
		}
		r.want("list", r.titles(east, content.News), "新题")
		r.want("search", r.found(east, content.ScopeSite, "秘密"), "新题")
		r.want("search for the old", r.found(east, content.ScopeSite, "修路"))
		if b, err = r.desk.Withdraw(ctx, editor, b.ID, b.Version, "有误"); err != nil || b.State != content.Withdrawn {
			t.Fatalf("withdrawn: got %+v, %v", b, err)
		}
		r.want("list", r.titles(east, content.News))
		r.want("search", r.found(east, content.ScopeAll, "秘密"))
		remarks, err := r.desk.Remarks(ctx, clerk, a.ID)
		if err != nil || len(remarks) != 6 || remarks[1].Text != "标题太短" {
			t.Errorf("remarks: got %+v, %v", remarks, err)
		}
		if _, err := db.CheckAudit(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestAutosaveJoinsARevision(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		a := r.save(clerk, east, content.News, "一", "<p>1</p>")
		save := func(by content.Actor, text string) {
			t.Helper()
			var err error
			if a, err = r.desk.Save(ctx, by, content.Writing{ID: a.ID, Version: a.Version, Head: content.Head{Title: "一"}, Text: text, Autosave: true}); err != nil {
				t.Fatal(err)
			}
		}
		for i, c := range []struct {
			by    content.Actor
			after time.Duration
			want  int
		}{{clerk, time.Minute, 1}, {clerk, time.Minute, 1}, {clerk, time.Second, 2}, {editor, time.Second, 3}, {editor, time.Minute, 3}} {
			r.now = r.now.Add(c.after)
			save(c.by, strings.Repeat("x", i+2))
			if a.Newest != c.want {
				t.Errorf("autosave %d: got revision %d, want %d", i, a.Newest, c.want)
			}
		}
		v, err := r.desk.Revision(ctx, clerk, a.ID, 1)
		if err != nil || v.Text != "xxx" {
			t.Errorf("revision 1: got %q, %v", v.Text, err)
		}
		if a, err = r.desk.Restore(ctx, clerk, a.ID, a.Version, 1); err != nil || a.Newest != 4 {
			t.Fatalf("restore: got %+v, %v", a, err)
		}
		if v, err = r.desk.Revision(ctx, clerk, a.ID, 0); err != nil || v.Text != "xxx" || v.N != 4 {
			t.Errorf("restored: got %+v, %v", v, err)
		}
		if list, err := r.desk.Revisions(ctx, clerk, a.ID); err != nil || len(list) != 4 || list[0].N != 4 || list[0].Text != "" {
			t.Errorf("revisions: got %+v, %v", list, err)
		}
	})
}

// What was deleted is not there for anybody, comes back as it was, and is gone for good after a month.
func TestDeletedArticlesCanBeBroughtBack(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		a, err := r.desk.Save(ctx, editor, content.Writing{Site: east, Slug: content.News, Head: content.Head{Title: "稿"}, Format: content.HTML, Text: "<p>文</p>"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.desk.OfferUp(ctx, editor, a.ID, 0, ""); err != nil {
			t.Fatal(err)
		}
		listed := func() int {
			t.Helper()
			list, err := r.desk.List(ctx, editor, content.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		if err := r.desk.Delete(ctx, editor, a.ID, a.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := r.desk.Get(ctx, editor, a.ID); !errors.Is(err, errs.NotFound) || listed() != 0 {
			t.Errorf("deleted: got %v, %d in the list", err, listed())
		}
		if open, err := db.Offers(ctx, content.OfferFilter{Article: a.ID, State: content.OfferOpen}); err != nil || len(open) != 0 {
			t.Errorf("offers of what was deleted: got %+v, %v", open, err)
		}
		for by, want := range map[*content.Actor]error{&rival: errs.NotFound, &clerk: errs.NotFound} {
			if _, err := r.desk.Undelete(ctx, *by, a.ID); !errors.Is(err, want) {
				t.Errorf("account %d brings it back: got %v, want %v", by.Who.Account, err, want)
			}
		}
		back, err := r.desk.Undelete(ctx, editor, a.ID)
		if err != nil || back.Title != "稿" || back.State != content.Draft || listed() != 1 {
			t.Fatalf("brought back: got %+v, %v", back, err)
		}
		if _, err := r.desk.Undelete(ctx, editor, a.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("brought back twice: got %v", err)
		}
		if err := r.desk.Delete(ctx, editor, a.ID, back.Version); err != nil {
			t.Fatal(err)
		}
		schedule := &content.Schedule{Articles: db, Cleaner: plain{}, Now: func() time.Time { return r.now }}
		for _, c := range []struct {
			days, swept int
		}{{0, 0}, {29, 0}, {2, 1}, {0, 0}} {
			r.now = r.now.AddDate(0, 0, c.days)
			if n, err := schedule.Look(ctx); err != nil || n != c.swept {
				t.Errorf("%d days later: got %d, %v, want %d", c.days, n, err, c.swept)
			}
		}
		if _, err := db.Article(ctx, a.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("a month later: got %v", err)
		}
	})
}

func TestPushDownIsOneRowAndOneTag(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		own := r.publish(editor, east, content.Notices, "停水", "<p>明日停水</p>")
		a := r.publish(chief, province, content.Notices, "防汛", "<p>注意防汛</p>")
		r.tags()
		if _, err := r.desk.PushDown(ctx, editor, a.ID, "", county); !errors.Is(err, errs.NotFound) {
			t.Errorf("push another's article: got %v", err)
		}
		if _, err := r.desk.PushDown(ctx, editor, own.ID, "", cityA); !errors.Is(err, errs.Denied) {
			t.Errorf("push to a site above: got %v, want %v", err, errs.Denied)
		}
		a, err := r.desk.PushDown(ctx, chief, a.ID, "", cityA)
		if err != nil {
			t.Fatal(err)
		}
		r.want("tags", r.tags(), content.ArticleTag(a.ID), content.DownTag(cityA, content.Notices))
		if a, err = r.desk.PushDown(ctx, chief, a.ID, "", county); err != nil { // again, further down
			t.Fatal(err)
		}
		r.want("east", r.titles(east, content.Notices), "防汛", "停水")
		r.want("city", r.titles(cityA, content.Notices), "防汛")
		r.want("the other city", r.titles(cityB, content.Notices))
		r.want("found in the village", r.found(east, content.ScopeSite, "防汛"), "防汛")
		r.want("not found in the other city", r.found(cityB, content.ScopeBelow, "防汛"))
		r.want("found in the county and below", r.found(county, content.ScopeBelow, "水"), "停水")
		r.want("found everywhere", r.found(cityB, content.ScopeAll, "汛"), "防汛")
		if s, err := r.live(west, a.ID); err != nil || s.Slug != content.Notices {
			t.Errorf("on a village's site: got %+v, %v", s, err)
		}
		r.now = r.now.Add(time.Second)
		if own, err = r.desk.Pin(ctx, editor, own.ID, own.Version, true); err != nil {
			t.Fatal(err)
		}
		r.want("pinned", r.titles(east, content.Notices), "停水", "防汛")
		s, err := r.live(east, own.ID)
		if err != nil {
			t.Fatal(err)
		}
		newer, older, err := r.shelf.Beside(ctx, r.net.Tree().Get(east), &s.Item)
		if err != nil || newer != nil || older == nil || older.ID != a.ID {
			t.Errorf("beside: got %v, %v, %v", newer, older, err)
		}
		if a, err = r.desk.Unpush(ctx, chief, a.ID, cityA, county); err != nil {
			t.Fatal(err)
		}
		r.want("east", r.titles(east, content.Notices), "停水")
		r.want("not found any more", r.found(east, content.ScopeSite, "防汛"))
		if a, err = r.desk.PushDown(ctx, chief, a.ID, "", province); err != nil { // at home, to everybody
			t.Fatal(err)
		}
		r.want("everywhere", r.titles(cityB, content.Notices), "防汛")
		r.want("at home", r.titles(province, content.Notices), "防汛")
		tr, err := r.desk.Trail(ctx, chief, a.ID)
		if err != nil || len(tr.Placements) != 1 || !tr.Placements[0].Below {
			t.Errorf("trail: got %+v, %v", tr, err)
		}
		r.tags()
		if _, err = r.desk.Withdraw(ctx, chief, a.ID, a.Version, ""); err != nil {
			t.Fatal(err)
		}
		r.want("tags of the end", r.tags(), content.ArticleTag(a.ID), content.DownTag(province, content.Notices))
	})
}

func TestOfferTakenAndDeclined(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		a := r.publish(editor, east, content.News, "丰收", "<p>稻谷丰收</p>")
		o, err := r.desk.OfferUp(ctx, editor, a.ID, province, "请采用")
		if err != nil || o.To != province {
			t.Fatalf("offer: got %+v, %v", o, err)
		}
		if _, err := r.desk.OfferUp(ctx, editor, a.ID, province, ""); !errors.Is(err, errs.Exists) {
			t.Errorf("a second time: got %v, want %v", err, errs.Exists)
		}
		if _, err := r.desk.OfferUp(ctx, editor, a.ID, cityB, ""); !errors.Is(err, errs.Invalid) {
			t.Errorf("to a site beside: got %v, want %v", err, errs.Invalid)
		}
		if _, err := r.desk.Take(ctx, rival, o.ID, "", true); !errors.Is(err, errs.NotFound) {
			t.Errorf("taken by another: got %v", err)
		}
		inbox, err := r.desk.Inbox(ctx, chief, content.OfferOpen, 0)
		if err != nil || len(inbox) != 1 || inbox[0].Title != "丰收" {
			t.Fatalf("inbox: got %+v, %v", inbox, err)
		}
		b, err := r.desk.Take(ctx, chief, o.ID, "", true)
		if err != nil || b.Site != province || b.Origin != a.ID || b.State != content.Published {
			t.Fatalf("taken: got %+v, %v", b, err)
		}
		if _, err := r.desk.Take(ctx, chief, o.ID, "", true); !errors.Is(err, errs.Conflict) {
			t.Errorf("taken twice: got %v, want %v", err, errs.Conflict)
		}
		r.want("on the province", r.titles(province, content.News), "丰收")
		if s, err := r.live(province, b.ID); err != nil || s.Head.Source != "东村" {
			t.Errorf("source: got %+v, %v", s.Head, err)
		}
		if o, err = r.desk.OfferUp(ctx, editor, a.ID, cityA, ""); err != nil {
			t.Fatal(err)
		}
		if o, err = r.desk.Decline(ctx, chief, o.ID, "重复"); err != nil || o.State != content.OfferDeclined {
			t.Fatalf("declined: got %+v, %v", o, err)
		}
		tr, err := r.desk.Trail(ctx, editor, a.ID)
		if err != nil || len(tr.Offers) != 2 || len(tr.Copies) != 1 || !tr.Copies[0].Public {
			t.Errorf("trail: got %+v, %v", tr, err)
		}
	})
}
