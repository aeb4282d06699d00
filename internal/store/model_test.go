package store

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// modelArticle is an article as a simple mind sees it.
type modelArticle struct {
	is     content.Article // as the desk returned it last
	draft  string          // title of the newest revision
	live   string          // title that visitors see; "": none
	since  time.Time
	pinned bool
	ends   time.Time
	down   map[site.ID]bool
}

func (m *modelArticle) shown(t *site.Tree, at site.ID, now time.Time) bool {
	if m.live == "" || !m.ends.IsZero() && !m.ends.After(now) {
		return false
	}
	for id := range m.down {
		if t.Get(at).Under(t.Get(id)) {
			return true
		}
	}
	return m.is.Site == at
}

type model struct {
	*newsroom
	rnd      *rand.Rand
	schedule *content.Schedule
	all      []*modelArticle
	count    int // titles
	done     int // edits that were allowed
	seen     int // times that a visitor saw an article
}

var (
	modelSlugs  = []string{content.News, content.Notices, content.Market}
	modelActors = []content.Actor{clerk, editor, chief, rival, as(15, site.Author, county), as(16, site.Reviewer, cityA), as(17, site.Viewer, province)}
)

// list is what a column of a site shows.
func (m *model) list(at site.ID, slug string) []string {
	var in []*modelArticle
	for _, a := range m.all {
		if a.is.Slug == slug && a.shown(m.net.Tree(), at, m.now) {
			in = append(in, a)
		}
	}
	slices.SortFunc(in, func(a, b *modelArticle) int {
		pin := func(x *modelArticle) int {
			if x.pinned {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(pin(a), pin(b)), b.since.Compare(a.since), cmp.Compare(b.is.ID, a.is.ID))
	})
	out := []string{}
	for _, a := range in {
		out = append(out, a.live)
	}
	return out
}

func (m *model) title() string {
	m.count++
	return fmt.Sprintf("第x%d号通知", m.count)
}

// edit lets somebody do something. Whether they may is the rights' to say; what comes of it is the model's.
func (m *model) edit() {
	ctx := m.t.Context()
	by := modelActors[m.rnd.IntN(len(modelActors))]
	if len(m.all) == 0 || m.rnd.IntN(5) == 0 {
		a := &modelArticle{draft: m.title(), down: map[site.ID]bool{}}
		w := content.Writing{Site: site.ID(1 + m.rnd.IntN(int(west))), Slug: modelSlugs[m.rnd.IntN(3)], Head: content.Head{Title: a.draft}, Text: "<p>内容</p>"}
		w.Head.Produce = &content.Offering{Phone: "1"}
		var err error
		if a.is, err = m.desk.Save(ctx, by, w); m.allowed(err) {
			m.done++
			m.all = append(m.all, a)
		}
		return
	}
	i := m.rnd.IntN(len(m.all))
	a := m.all[i]
	var is content.Article
	var err error
	after := func(*modelArticle) {}
	version := a.is.Version - int64(m.rnd.IntN(20)/19)
	target := site.ID(1 + m.rnd.IntN(int(west)))
	switch m.rnd.IntN(12) {
	case 0, 1:
		title := m.title()
		w := content.Writing{ID: a.is.ID, Version: version, Head: content.Head{Title: title, Produce: &content.Offering{Phone: "1"}}, Text: "<p>新</p>"}
		is, err = m.desk.Save(ctx, by, w)
		after = func(a *modelArticle) { a.draft = title }
	case 2:
		is, err = m.desk.Submit(ctx, by, a.is.ID, version, "")
	case 3, 4, 5:
		is, err = m.desk.Publish(ctx, by, a.is.ID, version, time.Time{})
		after = func(a *modelArticle) { a.publish(m.now) }
	case 6:
		is, err = m.desk.Publish(ctx, by, a.is.ID, version, m.now.Add(time.Duration(1+m.rnd.IntN(100))*time.Minute))
	case 7:
		is, err = m.desk.Withdraw(ctx, by, a.is.ID, version, "")
		after = func(a *modelArticle) { a.live, a.pinned = "", false }
	case 8:
		pinned := m.rnd.IntN(2) == 0
		is, err = m.desk.Pin(ctx, by, a.is.ID, version, pinned)
		after = func(a *modelArticle) { a.pinned = pinned }
	case 9:
		is, err = m.desk.PushDown(ctx, by, a.is.ID, "", target)
		after = func(a *modelArticle) { a.down[target] = true }
	case 10:
		is, err = m.desk.Unpush(ctx, by, a.is.ID, target)
		after = func(a *modelArticle) { delete(a.down, target) }
	case 11:
		ends := m.now.Add(time.Duration(1+m.rnd.IntN(300)) * time.Minute)
		is, err = m.desk.Expire(ctx, by, a.is.ID, version, ends)
		after = func(a *modelArticle) { a.ends = ends }
	}
	if m.allowed(err) {
		m.done++
		a.is = is
		after(a)
	}
}

func (a *modelArticle) publish(now time.Time) {
	if a.live == "" {
		a.since = now
	}
	a.live, a.ends = a.draft, time.Time{}
	if a.is.Kind == content.Produce {
		a.ends = now.Add(30 * 24 * time.Hour)
	}
}

// allowed reports whether something was done; why it was not has to be one of the known kinds.
func (m *model) allowed(err error) bool {
	m.t.Helper()
	for _, kind := range []error{errs.Denied, errs.NotFound, errs.Invalid, errs.Conflict} {
		if errors.Is(err, kind) {
			return false
		}
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return true
}

// pass lets time go on, and the schedule do what is due.
func (m *model) pass() {
	m.now = m.now.Add(time.Duration(1+m.rnd.IntN(20)) * time.Minute)
	if _, err := m.schedule.Look(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	for _, a := range m.all {
		is, err := m.db.Article(m.t.Context(), a.is.ID)
		if err != nil {
			m.t.Fatal(err)
		}
		if a.is.State == content.Scheduled && !a.is.PublishAt.After(m.now) {
			a.publish(m.now)
		}
		if !a.ends.IsZero() && !a.ends.After(m.now) {
			a.live, a.pinned, a.ends = "", false, time.Time{}
		}
		a.is = is
	}
}

func (m *model) snapshot() map[string][]string {
	out := map[string][]string{}
	for at := province; at <= west; at++ {
		for _, slug := range modelSlugs {
			out[fmt.Sprintf("%d %s", at, slug)] = m.list(at, slug)
		}
	}
	return out
}

// stale fails for each list that is another one than before, and of whose page no tag was told.
func (m *model) stale(before map[string][]string, tags []string) {
	m.t.Helper()
	for at := province; at <= west; at++ {
		for _, slug := range modelSlugs {
			if slices.Equal(before[fmt.Sprintf("%d %s", at, slug)], m.list(at, slug)) {
				continue
			}
			deps := []string{content.ListTag(at, slug)}
			for _, up := range content.PlaceOf(m.net.Tree().Get(at)) {
				deps = append(deps, content.DownTag(up, slug))
			}
			if !slices.ContainsFunc(deps, func(d string) bool { return slices.Contains(tags, d) }) {
				m.t.Fatalf("list %s of site %d changed: got the tags %q, want one of %q", slug, at, tags, deps)
			}
		}
	}
}

func (m *model) check() {
	m.t.Helper()
	t := m.net.Tree()
	at := site.ID(1 + m.rnd.IntN(int(west)))
	slug := modelSlugs[m.rnd.IntN(3)]
	want := m.list(at, slug)
	got := m.titles(at, slug)
	if !slices.Equal(got, want[:min(20, len(want))]) {
		m.t.Fatalf("list %s of site %d: got %q, want %q", slug, at, got, want)
	}
	if len(m.all) == 0 {
		return
	}
	a := m.all[m.rnd.IntN(len(m.all))]
	shown := a.shown(t, at, m.now)
	s, err := m.live(at, a.is.ID)
	if shown && (err != nil || s.Head.Title != a.live) || !shown && !errors.Is(err, errs.NotFound) {
		m.t.Fatalf("article %d on site %d: got %q, %v; want it shown: %v, %q", a.is.ID, at, s.Head.Title, err, shown, a.live)
	}
	if shown {
		m.seen++
	}
	word := a.draft[:len(a.draft)-len("通知")] // no other title has it
	want = []string{}
	if shown && a.draft == a.live {
		want = append(want, a.live)
	}
	m.want(fmt.Sprintf("search for %s on site %d", word, at), m.found(at, content.ScopeSite, word), want...)
	want = []string{}
	for _, n := range t.Subtree(t.Get(at)) {
		if a.draft == a.live && a.shown(t, n.ID, m.now) {
			want = []string{a.live}
		}
	}
	m.want(fmt.Sprintf("search for %s on site %d and below", word, at), m.found(at, content.ScopeBelow, word), want...)
}

func TestRandomEditsAgainstAModel(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		m := &model{newsroom: openNewsroom(t, db), rnd: rand.New(rand.NewPCG(7, 11))}
		m.schedule = &content.Schedule{Articles: db, Cleaner: plain{}, Now: func() time.Time { return m.now }}
		for range 300 {
			before := m.snapshot()
			m.tags()
			if m.rnd.IntN(10) == 0 {
				m.pass()
			} else {
				m.now = m.now.Add(time.Millisecond)
				m.edit()
			}
			m.stale(before, m.tags())
			m.check()
			if t.Failed() {
				return
			}
		}
		t.Logf("%d edits were allowed, %d articles, %d times one was seen", m.done, len(m.all), m.seen)
		if m.done < 60 || m.seen < 15 {
			t.Error("too little happened for the test to mean something")
		}
		if _, err := db.CheckAudit(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
