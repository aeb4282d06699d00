package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/internal/testaid"
)

// edited is an article as the model knows it.
type edited struct {
	content.Article
	draft  string   // title of its newest text
	title  string   // that visitors see; "": it is not public
	home   string   // code
	pushed []string // codes of what it was pushed to, with all below
}

func (x *edited) shown(above []string) bool {
	return x.title != "" && (x.home == above[0] || slices.ContainsFunc(x.pushed, func(at string) bool { return slices.Contains(above, at) }))
}

// writer is somebody who edits, with one role.
type writer struct {
	content.Actor
	role site.Role
	at   string // code
}

// reads reports whether somebody may read the drafts of an article. It is the rights' table once more.
func (w *writer) reads(x *edited, above map[string][]string) bool {
	own := x.Owner == w.Who.Account
	return slices.Contains(above[x.home], w.at) && (w.role != site.Author || own)
}

// stale is a network whose articles random people edit, and what the model knows of it.
type stale struct {
	t       *testing.T
	base    string
	desk    *content.Desk
	tree    func() *site.Tree
	rnd     *rand.Rand
	codes   []string
	above   map[string][]string // itself first
	writers []*writer
	all     []*edited
	refused int
}

// TestNoPageIsOld: random people write articles, publish, push down, edit and withdraw them while visitors read. What
// a visitor gets after a write has returned is what the model says, on every site: nothing old, nothing too early,
// nothing that a right forbids.
func TestNoPageIsOld(t *testing.T) {
	edits := testaid.Times(t, "XIANFENG_TEST_EDITS", 300)
	m := newStale(t)
	var stop atomic.Bool
	var readers sync.WaitGroup
	for w := range 3 {
		r := rand.New(rand.NewPCG(3, uint64(w)))
		readers.Go(func() {
			for !stop.Load() {
				get(t, m.base+"/v/"+m.codes[r.IntN(len(m.codes))]+[]string{"/", "/c/news", "/feed.json"}[r.IntN(3)])
			}
		})
	}
	defer readers.Wait()
	defer stop.Store(true)
	for step := range edits {
		x := m.change(step)
		for range 3 {
			m.checkList(step, m.codes[m.rnd.IntN(len(m.codes))])
		}
		m.checkArticle(step, x)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d edits, of which the rights refused %d", edits, m.refused)
	if m.refused == 0 || m.refused > edits*4/5 {
		t.Error("the test means little: all was allowed, or nearly nothing")
	}
}

func newStale(t *testing.T) *stale {
	s, base := begin(t, "", nil)
	m := &stale{
		t: t, base: base, tree: s.network.sites.Tree, rnd: rand.New(rand.NewPCG(11, 24)), codes: []string{"51", "5101", "5102"},
		above: map[string][]string{"51": {"51"}, "5101": {"5101", "51"}, "5102": {"5102", "51"}},
	}
	list := "code,parent,level,name\n51,,province,省\n5101,51,city,甲市\n5102,51,city,乙市\n"
	for i := range 6 {
		up := m.codes[1+i%2]
		code := fmt.Sprintf("%s0100100%d", up, i)
		list += fmt.Sprintf("%s,%s,village,村%d\n", code, up, i)
		m.codes, m.above[code] = append(m.codes, code), []string{code, up, "51"}
	}
	if err := Import(t.Context(), ImportOptions{DataDir: s.opts.DataDir, File: writeCSV(t, list), Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	n := s.network
	if err := n.sites.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.furnish(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.desk = content.NewDesk(content.DeskConfig{Articles: n.db, Trails: n.db, Offers: n.db, Network: n.sites, Columns: n.columns, Cleaner: n.clean})
	for i, w := range []writer{
		{role: site.Administrator, at: "51"},
		{role: site.Editor, at: "51"},
		{role: site.Editor, at: "5101"},
		{role: site.Editor, at: "5102"},
		{role: site.Reviewer, at: "5101"},
		{role: site.Author, at: m.codes[3]},
		{role: site.Author, at: m.codes[4]},
	} {
		w.Actor = content.Actor{Who: site.Who{Account: site.AccountID(i + 1), Grants: []site.Grant{{Role: w.role, Site: m.id(w.at)}}}}
		m.writers = append(m.writers, &w)
	}
	return m
}

func (m *stale) id(code string) site.ID {
	x, _ := m.tree().ByCode(code)
	return x.ID
}

// checkList compares what a site's list has with what the model says.
func (m *stale) checkList(step int, code string) {
	m.t.Helper()
	var want []string
	for _, a := range m.all {
		if a.shown(m.above[code]) {
			want = append(want, a.title)
		}
	}
	var answer struct{ Items []struct{ Title string } }
	if err := json.Unmarshal([]byte(get(m.t, m.base+"/api/v1/sites/"+code+"/articles?n=50")), &answer); err != nil {
		m.t.Fatal(err)
	}
	var got []string
	for _, it := range answer.Items {
		got = append(got, it.Title)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		m.t.Fatalf("step %d, site %s: got %q, want %q", step, code, got, want)
	}
}

// checkArticle asks for an article as a visitor of some site, and as somebody who edits.
func (m *stale) checkArticle(step int, x *edited) {
	m.t.Helper()
	if x.ID == 0 {
		return // nobody was allowed to write it
	}
	code := m.codes[m.rnd.IntN(len(m.codes))]
	status, page := fetch(m.t, fmt.Sprintf("%s/v/%s/a/%d", m.base, code, x.ID))
	switch shown := x.shown(m.above[code]); {
	case shown && (status != http.StatusOK || !strings.Contains(page, x.title)):
		m.t.Fatalf("step %d, article %d on site %s: got %d, want %q", step, x.ID, code, status, x.title)
	case !shown && status != http.StatusNotFound:
		m.t.Fatalf("step %d, article %d on site %s, where it is not shown: got %d", step, x.ID, code, status)
	case x.draft != x.title && strings.Contains(page, x.draft):
		m.t.Fatalf("step %d, article %d on site %s shows its draft %q", step, x.ID, code, x.draft)
	}
	w := m.writers[m.rnd.IntN(len(m.writers))]
	if _, err := m.desk.Get(m.t.Context(), w.Actor, x.ID); (err == nil) != w.reads(x, m.above) {
		m.t.Fatalf("step %d: a %s of %s reads the draft of article %d on %s: got %v", step, w.role, w.at, x.ID, x.home, err)
	}
}

// change lets somebody do something to an article, and to the model where the rights let them.
func (m *stale) change(step int) *edited {
	m.t.Helper()
	ctx, r := m.t.Context(), m.rnd
	by := m.writers[r.IntN(len(m.writers))].Actor
	var x *edited
	if len(m.all) < 12 || r.IntN(4) == 0 && len(m.all) < 40 {
		code := m.codes[r.IntN(len(m.codes))]
		x = &edited{home: code}
		x.Site = m.id(code)
		m.all = append(m.all, x)
	} else {
		x = m.all[r.IntN(len(m.all))]
	}
	var is content.Article
	var err error
	what := r.IntN(5)
	switch {
	case x.ID == 0 || what == 0 || what == 1: // a new text, published at once by who may
		title := fmt.Sprintf("第%d稿", step)
		w := content.Writing{ID: x.ID, Version: x.Version, Site: x.Site, Slug: content.News, Head: content.Head{Title: title}, Format: content.HTML, Text: "<p>正文</p>"}
		if is, err = m.desk.Save(ctx, by, w); err != nil {
			break
		}
		x.Article, x.draft = is, title
		if what == 1 {
			break // it stays a draft, which nobody sees
		}
		if is, err = m.desk.Publish(ctx, by, x.ID, x.Version, time.Time{}); err == nil {
			x.title = title
		}
	case what == 2:
		if is, err = m.desk.Withdraw(ctx, by, x.ID, x.Version, ""); err == nil {
			x.title = "" // where it was pushed to is kept, for when it is public again
		}
	case what == 3:
		if is, err = m.desk.Publish(ctx, by, x.ID, x.Version, time.Time{}); err == nil {
			x.title = x.draft
		}
	default:
		to := m.codes[r.IntN(3)]
		if is, err = m.desk.PushDown(ctx, by, x.ID, content.News, m.id(to)); err == nil {
			x.pushed = append(x.pushed, to)
		}
	}
	switch {
	case err == nil:
		x.Article = is
	case errors.Is(err, errs.Denied), errors.Is(err, errs.NotFound):
		m.refused++
	case errors.Is(err, errs.Invalid): // there is nothing to withdraw or to publish
	default:
		m.t.Fatalf("step %d: %v", step, err)
	}
	return x
}

// get returns a page that must be there. Any goroutine may ask.
func get(t *testing.T, address string) string {
	t.Helper()
	res, err := http.Get(address) //nolint:noctx // of the test's own server
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("GET %s: got %d, %v", address, res.StatusCode, err)
	}
	return string(b)
}
