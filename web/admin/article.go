package admin

import (
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

func (s *Server) articleRoutes(r *kit.Router) {
	r.Page("GET /admin/s/{code}/articles", s.at(site.ReadDraft, s.articles))
	r.Page("POST /admin/s/{code}/articles", s.at(site.ReadDraft, s.bulk))
	r.Page("POST /admin/undo", s.inside(s.undo))
	r.Page("GET /admin/s/{code}/new", s.at(site.Write, s.newArticle))
	r.Page("POST /admin/s/{code}/new", s.at(site.Write, s.createArticle))
	r.Page("POST /admin/s/{code}/draft", s.at(site.Write, s.createDraft))
	r.Page("GET /admin/articles/{id}", s.inside(s.article))
	r.Page("POST /admin/articles/{id}", s.inside(s.changeArticle))
	r.Page("POST /admin/articles/{id}/draft", s.inside(s.saveDraft))
	r.Page("GET /admin/articles/{id}/versions", s.inside(s.versions))
	r.Page("POST /admin/articles/{id}/versions", s.inside(s.restore))
	r.Page("GET /admin/articles/{id}/trail", s.inside(s.trail))
	r.Page("POST /admin/articles/{id}/trail", s.inside(s.send))
	r.Page("GET /admin/offers/{id}", s.inside(s.offer))
	r.Page("POST /admin/offers/{id}", s.inside(s.answerOffer))
}

type articlePage struct {
	shell
	Article  content.Article
	Head     content.Head
	Format   content.Format
	Text     string
	Body     template.HTML // clean: for who may not write
	Action   string        // where the form goes
	Draft    string        // where drafts go by themselves
	Columns  []content.Column
	Others   []content.Column // into which it can be moved as it is
	Album    bool
	Market   bool
	Pictures string
	Files    string // lines of the form
	Endings  string // of attachments, as <input accept> has them
	Cover    string
	Remarks  []remark
	DraftKey string
	StateTag *tag
	LastSaid *remark
	Until    bool
	Edited   bool   // there is a newer text than the one that visitors see
	Preview  string // the article as visitors see it; "": they don't
	Can      abilities
}

// abilities are what somebody may do to an article, and what makes sense in its state.
type abilities struct {
	Write, Submit, Publish, SendBack, Withdraw, Delete, Pin, Unpin, Refile, Push, Offer bool
}

type remark struct {
	Who, What, Text string
	Class           string
	At              time.Time
}

type tag struct{ Text, Class string }

func articleID(r *http.Request) (content.ArticleID, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	return content.ArticleID(id), err == nil && id > 0
}

// open returns the article {id} and sets the site of the page.
func (s *Server) open(w http.ResponseWriter, r *http.Request, v *visit) (content.Article, bool) {
	id, ok := articleID(r)
	if !ok {
		s.kit.Fail(w, r, errs.NotFound)
		return content.Article{}, false
	}
	a, err := s.cfg.Desk.Get(r.Context(), v.by, id)
	if err != nil {
		s.kit.Fail(w, r, err)
		return a, false
	}
	v.at = v.tree.Get(a.Site)
	return a, true
}

func (s *Server) article(w http.ResponseWriter, r *http.Request, v *visit) {
	a, ok := s.open(w, r, v)
	if !ok {
		return
	}
	rev, err := s.cfg.Desk.Revision(r.Context(), v.by, a.ID, 0)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p, err := s.articlePage(r, v, a)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.fill(rev.Head, rev.Format, rev.Text)
	if !p.Can.Write {
		p.Body = template.HTML(rev.Body) //nolint:gosec // cleaned when it was saved
	}
	s.show(w, r, "article", p)
}

func (s *Server) articlePage(r *http.Request, v *visit, a content.Article) (articlePage, error) {
	title := a.Title
	if title == "" {
		title = v.t.Untitled
	}
	p := articlePage{shell: s.shell(r, v, "articles", title), Article: a, Can: s.abilities(v, &a), Edited: a.Edited()}
	p.Action = articleAddress(a.ID)
	p.Draft, p.DraftKey = p.Action+"/draft", strconv.FormatInt(int64(a.ID), 10)
	p.columns(s.columnsFor(v, &a), a.Slug)
	if p.Can.Refile {
		for _, c := range s.cfg.Columns.All(v.at) {
			if c.Kind == a.Kind && c.Slug != a.Slug {
				p.Others = append(p.Others, c)
			}
		}
	}
	if a.Public(s.cfg.Now()) {
		p.Preview = "/v/" + v.at.Code + "/a/" + strconv.FormatInt(int64(a.ID), 10)
	}
	said, err := s.cfg.Desk.Remarks(r.Context(), v.by, a.ID)
	if err != nil {
		return p, err //nolint:wrapcheck // it names the article
	}
	for i := len(said) - 1; i >= 0 && len(p.Remarks) < 20; i-- {
		x := said[i]
		p.Remarks = append(p.Remarks, remark{Who: s.nameOf(r, v, x.By), What: v.t.remark(x.Action), Text: x.Text, At: x.At})
	}
	if len(said) > 0 && said[len(said)-1].Action == "sendback" && a.State == content.Draft {
		p.LastSaid = &p.Remarks[0]
		p.LastSaid.Class = "warn"
	}
	p.StateTag = &tag{v.t.state(a.State), stateClass[a.State]}
	return p, nil
}

func articleAddress(id content.ArticleID) string {
	return "/admin/articles/" + strconv.FormatInt(int64(id), 10)
}

func (s *Server) abilities(v *visit, a *content.Article) abilities {
	may := func(act site.Action) bool { return s.cfg.Desk.May(v.by, act, a) }
	public := a.LiveN > 0
	return abilities{
		Write:    may(site.Write),
		Submit:   may(site.Submit) && !may(site.Publish) && (a.State == content.Draft || a.State == content.Withdrawn),
		Publish:  may(site.Publish) && (a.State != content.Published || a.Edited()),
		SendBack: may(site.Review) && (a.State == content.Review || a.State == content.Scheduled),
		Withdraw: may(site.Publish) && (public || a.State == content.Scheduled),
		Delete:   may(site.Write) && !public && a.State != content.Scheduled && a.ID != 0,
		Pin:      may(site.Publish) && public && !a.Pinned,
		Unpin:    may(site.Publish) && public && a.Pinned,
		Refile:   may(site.Publish) && public,
		Push:     may(site.PushDown) && public,
		Offer:    may(site.OfferUp) && v.at != nil && v.at.Above != nil && a.ID != 0,
	}
}

// columnsFor are the columns into which an article can be put.
func (s *Server) columnsFor(v *visit, a *content.Article) []content.Column {
	all := s.cfg.Columns.All(v.at)
	if a.LiveN == 0 {
		return all
	}
	for _, c := range all {
		if c.Slug == a.Slug {
			return []content.Column{c} // visitors see it: it stays where it is
		}
	}
	return nil
}

func (p *articlePage) columns(cols []content.Column, slug string) {
	p.Columns = cols
	for _, c := range cols {
		if c.Slug == slug {
			p.Album, p.Market = c.Kind == content.Album, c.Kind == content.Produce
		}
	}
}

func (p *articlePage) fill(h content.Head, f content.Format, text string) {
	p.Head, p.Format, p.Text = h, f, text
	p.Pictures, p.Cover, p.Until = pictureLines(h.Pictures), pictureLine(h.Cover), !h.Until.IsZero()
	p.Files, p.Endings = attachmentLines(h.Files), strings.Join(files.Endings(), ",")
	if p.Head.Produce == nil {
		p.Head.Produce = &content.Offering{}
	}
}

func (s *Server) newArticle(w http.ResponseWriter, r *http.Request, v *visit) {
	p := s.newPage(r, v, r.URL.Query().Get("column"))
	p.fill(content.Head{}, content.HTML, "")
	s.show(w, r, "article", p)
}

func (s *Server) newPage(r *http.Request, v *visit, slug string) articlePage {
	cols := s.cfg.Columns.All(v.at)
	if slug == "" && len(cols) > 0 {
		slug = cols[0].Slug
	}
	a := content.Article{Site: v.at.ID, Owner: v.Who.Account, Slug: slug, State: content.Draft}
	p := articlePage{shell: s.shell(r, v, "articles", v.t.NewArticle), Article: a, Can: s.abilities(v, &a)}
	p.columns(cols, slug)
	p.Action, p.Draft = v.address("new"), v.address("draft")
	p.DraftKey = "new:" + v.at.Code
	return p
}

func (s *Server) createArticle(w http.ResponseWriter, r *http.Request, v *visit) {
	wr, err := s.readWriting(r, content.Head{})
	var a content.Article
	if err == nil {
		wr.Site, wr.Version = v.at.ID, 0
		a, err = s.cfg.Desk.Save(r.Context(), v.by, wr)
	}
	if err == nil {
		s.step(w, r, v, a, r.PostFormValue("do"), &wr)
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.newPage(r, v, wr.Slug)
	p.fill(wr.Head, wr.Format, wr.Text)
	p.Problems = said
	s.showWrong(w, r, "article", p)
}

// changeArticle saves what the form has, where it has a text, and then does what was asked for.
func (s *Server) changeArticle(w http.ResponseWriter, r *http.Request, v *visit) {
	a, ok := s.open(w, r, v)
	if !ok {
		return
	}
	if !r.PostForm.Has("version") && r.ParseForm() != nil {
		s.kit.Fail(w, r, errs.Invalid)
		return
	}
	do := r.PostFormValue("do")
	if !r.PostForm.Has("text") {
		version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
		if err != nil {
			s.kit.Fail(w, r, errs.Invalid)
			return
		}
		a.Version = version
		s.step(w, r, v, a, do, nil)
		return
	}
	rev, err := s.cfg.Desk.Revision(r.Context(), v.by, a.ID, 0)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	wr, err := s.readWriting(r, rev.Head)
	wr.ID = a.ID
	if err == nil && !(do != "save" && same(&wr, &rev, &a)) {
		a, err = s.cfg.Desk.Save(r.Context(), v.by, wr)
	} else if err == nil {
		a.Version = wr.Version
	}
	if err != nil {
		a.Version = wr.Version // as the writer opened it: what somebody else saved since must not be overwritten unseen
		s.failArticle(w, r, v, a, &wr, err)
		return
	}
	s.step(w, r, v, a, do, &wr)
}

// same reports whether a form has nothing that is not in the newest revision already.
func same(w *content.Writing, rev *content.Revision, a *content.Article) bool {
	h, o := w.Head, rev.Head
	return w.Text == rev.Text && (w.Slug == "" || w.Slug == a.Slug) && h.Title == o.Title && h.Summary == o.Summary && h.Source == o.Source &&
		h.Author == o.Author && h.Until.Equal(o.Until) && pictureLines(h.Pictures) == pictureLines(o.Pictures) && pictureLine(h.Cover) == pictureLine(o.Cover) && slices.Equal(h.Files, o.Files) &&
		(o.Produce == nil || h.Produce != nil && *h.Produce == *o.Produce)
}

// step does what was asked for to an article that is saved.
func (s *Server) step(w http.ResponseWriter, r *http.Request, v *visit, a content.Article, do string, wr *content.Writing) {
	remark := r.PostFormValue("remark")
	var err error
	to := backTo(r, articleAddress(a.ID))
	switch do {
	case "submit":
		_, err = s.cfg.Desk.Submit(r.Context(), v.by, a.ID, a.Version, remark)
	case "publish":
		var at time.Time
		if at, err = s.readTime(r.PostFormValue("at")); err != nil {
			err = errs.Problems{{Field: "at", Code: "bad"}}
			break
		}
		if a, err = s.cfg.Desk.Publish(r.Context(), v.by, a.ID, a.Version, at); err == nil && a.State == content.Scheduled {
			do = "schedule"
		}
	case "sendback":
		_, err = s.cfg.Desk.SendBack(r.Context(), v.by, a.ID, a.Version, remark)
	case "withdraw":
		_, err = s.cfg.Desk.Withdraw(r.Context(), v.by, a.ID, a.Version, remark)
	case "pin", "unpin":
		_, err = s.cfg.Desk.Pin(r.Context(), v.by, a.ID, a.Version, do == "pin")
	case "refile":
		was := a.Slug
		if _, err = s.cfg.Desk.Refile(r.Context(), v.by, a.ID, a.Version, r.PostFormValue("refile")); err == nil {
			s.doneRefile(w, r, to, was, a.ID)
			return
		}
	case "delete":
		err = s.cfg.Desk.Delete(r.Context(), v.by, a.ID, a.Version)
		to = siteAddress(v.tree.Get(a.Site), "articles")
	default:
		do = "save"
	}
	if err != nil {
		s.failArticle(w, r, v, a, wr, err)
		return
	}
	s.done(w, r, to, do, a.ID)
}

// failArticle shows what was written again: with what is wrong, or beside what somebody else made of it.
func (s *Server) failArticle(w http.ResponseWriter, r *http.Request, v *visit, a content.Article, wr *content.Writing, err error) {
	var stale *content.StaleError
	if errors.As(err, &stale) && wr != nil {
		s.conflict(w, r, v, stale, wr)
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	now, err := s.cfg.Desk.Get(r.Context(), v.by, a.ID)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p, err := s.articlePage(r, v, now)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems = said
	if wr == nil {
		rev, err := s.cfg.Desk.Revision(r.Context(), v.by, a.ID, 0)
		if err != nil {
			s.kit.Fail(w, r, err)
			return
		}
		p.fill(rev.Head, rev.Format, rev.Text)
		if !p.Can.Write {
			p.Body = template.HTML(rev.Body) //nolint:gosec // cleaned when it was saved
		}
	} else {
		p.Article.Version = a.Version
		p.fill(wr.Head, wr.Format, wr.Text)
	}
	s.showWrong(w, r, "article", p)
}
