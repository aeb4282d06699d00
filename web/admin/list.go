package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

const (
	perPage = 40
	maxBulk = 100
)

var states = []content.State{content.Draft, content.Review, content.Scheduled, content.Published, content.Withdrawn}

var stateClass = map[content.State]string{content.Published: "ok", content.Review: "warn", content.Scheduled: "ok"}

// listed is an article in a list of the console.
type listed struct {
	content.Article
	Title, Href    string
	Where, Column  string
	Tag, TagClass  string
	Edited, Public bool
	Late           int // working days; only on the start page
}

type articlesPage struct {
	shell
	State, Column, Query string
	Below                bool
	States               []option
	Columns              []content.Column
	List                 []listed
	Prev, Next           string
	MayWrite, MayPublish bool
	Failed               []string
}

type option struct{ Value, Text string }

func (s *Server) articles(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.articlesPage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "articles", p)
}

func (s *Server) articlesPage(r *http.Request, v *visit) (articlesPage, error) {
	q := r.URL.Query()
	p := articlesPage{shell: s.shell(r, v, "articles", v.at.Label()+" · "+v.t.NavArticles)}
	p.State, p.Column, p.Query, p.Below = q.Get("state"), q.Get("column"), strings.TrimSpace(kit.Clip(q.Get("q"))), q.Get("below") == "1"
	p.Columns = s.cfg.Columns.All(v.at)
	p.MayWrite, p.MayPublish = v.mayHere(site.Write), v.mayHere(site.Publish)
	p.States = []option{{"", v.t.AllStates}}
	f := content.Filter{Sites: []site.ID{v.at.ID}, Slug: p.Column, Title: p.Query, Limit: perPage + 1}
	for _, st := range states {
		p.States = append(p.States, option{string(st), v.t.state(st)})
		if p.State == string(st) {
			f.States = []content.State{st}
		}
	}
	if p.Below {
		f.Sites = nil
		for _, n := range v.tree.Subtree(v.at) {
			f.Sites = append(f.Sites, n.ID)
		}
	}
	page, err := strconv.Atoi(q.Get("page"))
	if err != nil || page < 1 || page > 1000 {
		page = 1
	}
	f.Offset = (page - 1) * perPage
	found, err := s.cfg.Desk.List(r.Context(), v.by, f)
	if err != nil {
		return p, err //nolint:wrapcheck // it says what
	}
	more := len(found) > perPage
	if more {
		found = found[:perPage]
	}
	p.List = s.listed(v, found)
	if page > 1 {
		p.Prev = pageAddress(r.URL, page-1)
	}
	if more {
		p.Next = pageAddress(r.URL, page+1)
	}
	return p, nil
}

func pageAddress(u *url.URL, page int) string {
	q := u.Query()
	for _, x := range []string{"done", "ids"} {
		q.Del(x)
	}
	q.Set("page", strconv.Itoa(page))
	return u.Path + "?" + q.Encode()
}

func (s *Server) listed(v *visit, as []content.Article) []listed {
	now := s.cfg.Now()
	out := make([]listed, len(as))
	for i := range as {
		a := as[i]
		l := listed{Article: a, Title: a.Title, Href: articleAddress(a.ID), Tag: v.t.state(a.State), Edited: a.Edited(), Public: a.Public(now)}
		if l.Title == "" {
			l.Title = v.t.Untitled
		}
		l.TagClass = stateClass[a.State]
		if a.State == content.Published && !l.Public {
			l.Tag, l.TagClass = v.t.Expired, "warn"
		}
		if n := v.tree.Get(a.Site); n != nil {
			l.Where = n.Label()
			if c, ok := s.cfg.Columns.Find(n, a.Slug); ok {
				l.Column = c.Label(string(v.lang))
			}
		}
		out[i] = l
	}
	return out
}

// bulk does one thing to all articles that are ticked. What fails is told, the rest is done.
func (s *Server) bulk(w http.ResponseWriter, r *http.Request, v *visit) {
	failed, done := s.doAll(r, v, r.PostFormValue("do"))
	if len(failed) == 0 {
		if len(done) == 0 {
			http.Redirect(w, r, backTo(r, v.address("articles")), http.StatusSeeOther)
			return
		}
		s.done(w, r, backTo(r, v.address("articles")), r.PostFormValue("do"), done...)
		return
	}
	p, err := s.articlesPage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems = failed
	s.showWrong(w, r, "articles", p)
}

func (s *Server) undo(w http.ResponseWriter, r *http.Request, v *visit) {
	failed, done := s.doAll(r, v, r.PostFormValue("do"))
	if len(failed) > 0 && len(done) == 0 {
		s.kit.FailPage(w, r, http.StatusUnprocessableEntity, "", failed[0])
		return
	}
	s.done(w, r, backTo(r, "/admin/"), "undone")
}

func (s *Server) doAll(r *http.Request, v *visit, do string) (failed []string, done []content.ArticleID) {
	if err := r.ParseForm(); err != nil {
		return []string{v.t.ProblemBad}, nil
	}
	for i, text := range r.PostForm["id"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || i >= maxBulk {
			break
		}
		a, err := s.doOne(r, v, do, content.ArticleID(id))
		if err == nil {
			done = append(done, a.ID)
			continue
		}
		why := v.t.ProblemDenied
		if said, ok := v.problems(err); ok && len(said) > 0 {
			why = said[0]
		} else if errors.Is(err, errs.Conflict) {
			why = v.t.ConflictTitle
		}
		title := a.Title
		if title == "" {
			title = v.t.Untitled
		}
		failed = append(failed, title+": "+why)
	}
	return failed, done
}

func (s *Server) doOne(r *http.Request, v *visit, do string, id content.ArticleID) (content.Article, error) {
	d, ctx := s.cfg.Desk, r.Context()
	if do == "undelete" {
		return d.Undelete(ctx, v.by, id) //nolint:wrapcheck // it names the article
	}
	a, err := d.Get(ctx, v.by, id)
	if err != nil {
		return a, err //nolint:wrapcheck // it names the article
	}
	var b content.Article
	switch do {
	case "publish":
		b, err = d.Publish(ctx, v.by, id, a.Version, time.Time{})
	case "withdraw":
		b, err = d.Withdraw(ctx, v.by, id, a.Version, "")
	case "pin", "unpin":
		b, err = d.Pin(ctx, v.by, id, a.Version, do == "pin")
	case "push":
		b, err = d.PushDown(ctx, v.by, id, "", s.targets(r, v)...)
	case "refile":
		b, err = d.Refile(ctx, v.by, id, a.Version, r.PostFormValue("refile"))
	case "unpush":
		b, err = d.Unpush(ctx, v.by, id, s.targets(r, v)...)
	default:
		return a, errs.Invalid
	}
	if err != nil {
		return a, err //nolint:wrapcheck // it names the article
	}
	return b, nil
}
