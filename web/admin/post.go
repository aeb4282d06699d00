package admin

import (
	"html"
	"net/http"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// lastColumn is the cookie that remembers where somebody wrote last: "CODE SLUG".
const lastColumn = "xf_post"

func (s *Server) postRoutes(r *kit.Router) {
	r.Page("GET /admin/post", s.inside(s.post))
	r.Page("POST /admin/post", s.inside(s.sendPost))
}

type postPage struct {
	shell
	Site       *site.Node
	Sites      []*site.Node
	Columns    []content.Column
	Column     string
	Text       string
	Pictures   string
	Price      string
	Unit       string
	Phone      string
	MayPublish bool
	Upload     string
}

// post is 发一条: text, pictures, done. Which site and column are guessed from the last time.
func (s *Server) post(w http.ResponseWriter, r *http.Request, v *visit) {
	p, ok := s.postPage(r, v, r.URL.Query().Get("site"), r.URL.Query().Get("column"))
	if !ok {
		s.deny(w, r, http.StatusForbidden)
		return
	}
	s.show(w, r, "post", p)
}

func (s *Server) postPage(r *http.Request, v *visit, code, slug string) (postPage, bool) {
	if c, err := r.Cookie(lastColumn); err == nil && code == "" {
		var kept string
		code, kept, _ = strings.Cut(c.Value, ".")
		if slug == "" {
			slug = kept
		}
	}
	n := v.node(code, site.Write)
	if n == nil {
		n = v.home(site.Write)
	}
	if n == nil {
		return postPage{}, false
	}
	v.at = n
	p := postPage{shell: s.shell(r, v, "post", v.t.PostTitle), Site: n, Sites: v.reach(site.Write), Column: slug, MayPublish: v.mayHere(site.Publish)}
	p.Plain = true
	p.Columns = s.cfg.Columns.All(n)
	known := false
	for _, c := range p.Columns {
		known = known || c.Slug == slug
	}
	if !known && len(p.Columns) > 0 {
		p.Column = p.Columns[0].Slug
	}
	if !containsNode(p.Sites, n) {
		p.Sites = append([]*site.Node{n}, p.Sites...)
	}
	return p, true
}

func containsNode(list []*site.Node, n *site.Node) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}

type postedPage struct {
	shell
	Article content.Article
	Public  bool
	Address string
}

// sendPost makes an article of a few lines and pictures, and publishes it or sends it to review.
func (s *Server) sendPost(w http.ResponseWriter, r *http.Request, v *visit) {
	p, ok := s.postPage(r, v, r.PostFormValue("site"), r.PostFormValue("column"))
	if !ok {
		s.deny(w, r, http.StatusForbidden)
		return
	}
	wr, err := s.readWriting(r, content.Head{})
	if err == nil && strings.TrimSpace(wr.Text) == "" && len(wr.Head.Pictures) == 0 {
		err = errs.Problems{{Field: "text", Code: "missing"}}
	}
	var a content.Article
	if err == nil {
		a, err = s.keepPost(r, v, p.Site, p.Columns, p.Column, wr)
	}
	if err == nil {
		http.SetCookie(w, &http.Cookie{Name: lastColumn, Value: p.Site.Code + "." + a.Slug, Path: "/admin/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: kit.OverTLS(r)})
		if !kit.WantsPage(r) {
			s.tell(w, http.StatusCreated, draftAnswer{ID: a.ID, Version: a.Version, Page: articleAddress(a.ID)})
			return
		}
		q := postedPage{shell: p.shell, Article: a, Public: a.LiveN > 0}
		if q.Public {
			q.Address = "/v/" + p.Site.Code + "/a/" + articleAddress(a.ID)[len("/admin/articles/"):]
		}
		s.show(w, r, "posted", q)
		return
	}
	said, ok := v.problems(err)
	switch {
	case !kit.WantsPage(r):
		s.tellDraft(w, r, v, err)
	case !ok:
		s.kit.Fail(w, r, err)
	default:
		p.Problems = said
		p.Text, p.Pictures = r.PostFormValue("text"), r.PostFormValue("pictures")
		p.Price, p.Unit, p.Phone = r.PostFormValue("price"), r.PostFormValue("unit"), r.PostFormValue("phone")
		s.showWrong(w, r, "post", p)
	}
}

// keepPost turns plain lines and pictures into an article: the title is the first sentence where none was given,
// pictures of an album stay pictures, those of other columns follow the text.
func (s *Server) keepPost(r *http.Request, v *visit, at *site.Node, cols []content.Column, slug string, wr content.Writing) (content.Article, error) {
	kind := content.Text
	for _, c := range cols {
		if c.Slug == slug {
			kind = c.Kind
		}
	}
	wr.ID, wr.Version, wr.Site, wr.Slug, wr.Format = 0, 0, at.ID, slug, content.HTML
	if wr.Head.Title == "" {
		wr.Head.Title = firstSentence(wr.Text, 40)
	}
	wr.Text = paragraphs(wr.Text)
	if kind != content.Album {
		var b strings.Builder
		for i := range wr.Head.Pictures {
			pic := &wr.Head.Pictures[i]
			b.WriteString(`<p><img src="/files/` + html.EscapeString(pic.File+"/"+pic.Name) + `" alt="` + html.EscapeString(pic.Alt) + `"></p>`)
		}
		wr.Text += b.String()
		if kind == content.Text {
			wr.Head.Pictures = nil
		}
	}
	if kind != content.Produce {
		wr.Head.Produce = nil
	}
	a, err := s.cfg.Desk.Save(r.Context(), v.by, wr)
	if err != nil {
		return a, err //nolint:wrapcheck // it says what
	}
	var a2 content.Article
	if s.cfg.Desk.May(v.by, site.Publish, &a) {
		a2, err = s.cfg.Desk.Publish(r.Context(), v.by, a.ID, a.Version, zeroTime)
	} else {
		a2, err = s.cfg.Desk.Submit(r.Context(), v.by, a.ID, a.Version, "")
	}
	if err == nil {
		return a2, nil
	}
	// It was kept, but is not good enough for visitors. The form is shown again: a second draft would be one too many.
	if derr := s.cfg.Desk.Delete(r.Context(), v.by, a.ID, a.Version); derr != nil {
		s.cfg.Debug.Warn("take a draft away that could not be published", "article", a.ID, "error", derr)
	}
	return a, err //nolint:wrapcheck // it says what
}
