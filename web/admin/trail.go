package admin

import (
	"html/template"
	"net/http"
	"strconv"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

type versionsPage struct {
	shell
	Article  content.Article
	List     []version
	From, To int
	Lines    []content.Line
	MayWrite bool
}

type version struct {
	content.Revision
	Who  string
	Live bool
}

// versions lists the revisions of an article and what is different between two of them.
func (s *Server) versions(w http.ResponseWriter, r *http.Request, v *visit) {
	a, ok := s.open(w, r, v)
	if !ok {
		return
	}
	revs, err := s.cfg.Desk.Revisions(r.Context(), v.by, a.ID)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p := versionsPage{shell: s.shell(r, v, "articles", v.t.VersionsTitle), Article: a, MayWrite: s.cfg.Desk.May(v.by, site.Write, &a)}
	for _, x := range revs {
		p.List = append(p.List, version{x, s.nameOf(r, v, x.By), x.N == a.LiveN})
	}
	p.From, p.To = number(r, "from", max(a.Newest-1, 1)), number(r, "to", a.Newest)
	if p.From != p.To {
		if p.Lines, err = s.cfg.Desk.Compare(r.Context(), v.by, a.ID, p.From, p.To); err != nil {
			s.kit.Fail(w, r, err)
			return
		}
	}
	s.show(w, r, "versions", p)
}

func number(r *http.Request, name string, other int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 1 {
		return other
	}
	return n
}

func (s *Server) restore(w http.ResponseWriter, r *http.Request, v *visit) {
	a, ok := s.open(w, r, v)
	if !ok {
		return
	}
	n, err := strconv.Atoi(r.PostFormValue("n"))
	if err != nil {
		s.kit.Fail(w, r, errs.Invalid)
		return
	}
	if _, err := s.cfg.Desk.Restore(r.Context(), v.by, a.ID, a.Version, n); err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.done(w, r, articleAddress(a.ID), "restore")
}

type trailPage struct {
	shell
	Article content.Article
	Views   int64
	Public  bool
	Places  []place
	Pushed  bool // to other sites as well
	Offers  []offered
	Copies  []copied
	Origin  *copied
	Above   []*site.Node // to whom it can be offered, nearest first
	Targets []*site.Node // to whom it can be pushed without searching
	Can     abilities
}

type place struct {
	Node *site.Node
	Size int
	Home bool
	Who  string
}

type copied struct {
	content.Copy
	Where string
	Tag   string
	Href  string // "": not for these eyes
}

// trail shows where an article is shown, to whom it was offered, and what became of it there.
func (s *Server) trail(w http.ResponseWriter, r *http.Request, v *visit) {
	a, ok := s.open(w, r, v)
	if !ok {
		return
	}
	p, err := s.trailPage(r, v, a)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "trail", p)
}

func (s *Server) trailPage(r *http.Request, v *visit, a content.Article) (trailPage, error) {
	p := trailPage{shell: s.shell(r, v, "articles", v.t.TrailTitle), Article: a, Public: a.Public(s.cfg.Now()), Can: s.abilities(v, &a)}
	t, err := s.cfg.Desk.Trail(r.Context(), v.by, a.ID)
	if err != nil {
		return p, err //nolint:wrapcheck // it names the article
	}
	p.Views = t.Views
	for _, x := range t.Placements {
		if n := v.tree.Get(x.Site); n != nil {
			pl := place{Node: n, Size: 1, Home: !x.Below, Who: s.nameOf(r, v, x.By)}
			if x.Below {
				pl.Size, p.Pushed = n.Size(), true
			}
			p.Places = append(p.Places, pl)
		}
	}
	for _, o := range t.Offers {
		p.Offers = append(p.Offers, s.offered(v, o))
	}
	for _, c := range t.Copies {
		p.Copies = append(p.Copies, s.copied(v, c))
	}
	if t.Origin != nil {
		c := s.copied(v, *t.Origin)
		p.Origin = &c
	}
	for up := v.at.Above; up != nil; up = up.Above {
		p.Above = append(p.Above, up)
	}
	if v.mayHere(site.PushDown) && len(v.at.Children) > 0 {
		p.Targets = append(p.Targets, v.at)
		for _, c := range v.at.Children {
			if len(p.Targets) < 40 {
				p.Targets = append(p.Targets, c)
			}
		}
	}
	return p, nil
}

func (s *Server) copied(v *visit, c content.Copy) copied {
	x := copied{Copy: c, Tag: v.t.state(c.State)}
	if n := v.tree.Get(c.Site); n != nil {
		x.Where = n.Name
		if v.may(site.ReadDraft, n) {
			x.Href = articleAddress(c.Article)
		}
	}
	return x
}

func (s *Server) offered(v *visit, o content.Offer) offered {
	x := offered{Offer: o, Href: "/admin/offers/" + strconv.FormatInt(int64(o.ID), 10)}
	if n := v.tree.Get(o.From); n != nil {
		x.From = n.Name
	}
	if n := v.tree.Get(o.To); n != nil {
		x.To = n.Name
	}
	return x
}

// send pushes an article down, takes it back, offers it up, or takes an offer back.
func (s *Server) send(w http.ResponseWriter, r *http.Request, v *visit) {
	a, ok := s.open(w, r, v)
	if !ok {
		return
	}
	var err error
	var changed []string // codes of the sites on which it is shown from now on, or no longer
	do := r.PostFormValue("do")
	switch do {
	case "push", "unpush":
		targets := s.targets(r, v)
		if len(targets) == 0 {
			err = errs.Problems{{Field: "targets", Code: "missing"}}
			break
		}
		if changed, err = s.pushChanges(r, v, a.ID, do == "push", targets); err != nil {
			break
		}
		if do == "push" {
			_, err = s.cfg.Desk.PushDown(r.Context(), v.by, a.ID, "", targets...)
		} else {
			_, err = s.cfg.Desk.Unpush(r.Context(), v.by, a.ID, targets...)
		}
	case "offer":
		to, _ := v.tree.ByCode(r.PostFormValue("to"))
		if to == nil {
			to = v.at.Above
		}
		if to == nil {
			err = errs.Invalid
			break
		}
		_, err = s.cfg.Desk.OfferUp(r.Context(), v.by, a.ID, to.ID, r.PostFormValue("note"))
	case "takeback":
		var id int64
		if id, err = strconv.ParseInt(r.PostFormValue("offer"), 10, 64); err == nil {
			_, err = s.cfg.Desk.TakeBack(r.Context(), v.by, content.OfferID(id))
		}
	default:
		err = errs.Invalid
	}
	if err == nil {
		s.doneAt(w, r, articleAddress(a.ID)+"/trail", do, changed, a.ID)
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p, err := s.trailPage(r, v, a)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems = said
	s.showWrong(w, r, "trail", p)
}

// pushChanges returns of some sites those on which a push, or taking it back, changes something: that is what undo
// is about.
func (s *Server) pushChanges(r *http.Request, v *visit, id content.ArticleID, push bool, targets []site.ID) ([]string, error) {
	trail, err := s.cfg.Desk.Trail(r.Context(), v.by, id)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the article
	}
	pushed := map[site.ID]bool{}
	for _, p := range trail.Placements {
		pushed[p.Site] = p.Below
	}
	var out []string
	for _, t := range targets {
		if n := v.tree.Get(t); n != nil && pushed[t] != push {
			out = append(out, n.Code)
		}
	}
	return out, nil
}

// targets are the sites that a form names by their codes.
func (s *Server) targets(r *http.Request, v *visit) []site.ID {
	var out []site.ID
	for _, code := range r.PostForm["target"] {
		if n := v.node(code, site.PushDown); n != nil && len(out) < maxBulk {
			out = append(out, n.ID)
		}
	}
	return out
}

type offerPage struct {
	shell
	Offer      offered
	Revision   content.Revision
	Columns    []content.Column
	MayPublish bool
	Body       template.HTML
	Slug       string // the column that it most likely goes into
	Who        string
	At         time.Time
}

// offer shows what a site below offers, to take it with one press or decline it.
func (s *Server) offer(w http.ResponseWriter, r *http.Request, v *visit) {
	id, ok := articleID(r)
	if !ok {
		s.kit.Fail(w, r, errs.NotFound)
		return
	}
	o, rev, err := s.cfg.Desk.Offered(r.Context(), v.by, content.OfferID(id))
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	v.at = v.tree.Get(o.To)
	p := offerPage{shell: s.shell(r, v, "articles", o.Title), Offer: s.offered(v, o), Revision: rev, Who: s.nameOf(r, v, o.By), At: o.At}
	p.Columns, p.MayPublish = s.cfg.Columns.All(v.at), v.mayHere(site.Publish)
	p.Body = template.HTML(rev.Body) //nolint:gosec // cleaned when it was saved
	if a, err := s.cfg.Desk.Articles.Article(r.Context(), o.Article); err == nil {
		p.Slug = a.Slug
	}
	s.show(w, r, "offer", p)
}

func (s *Server) answerOffer(w http.ResponseWriter, r *http.Request, v *visit) {
	id, ok := articleID(r)
	if !ok {
		s.kit.Fail(w, r, errs.NotFound)
		return
	}
	oid := content.OfferID(id)
	var err error
	switch do := r.PostFormValue("do"); do {
	case "take", "takepublic":
		var a content.Article
		if a, err = s.cfg.Desk.Take(r.Context(), v.by, oid, r.PostFormValue("slug"), do == "takepublic"); err == nil {
			s.done(w, r, articleAddress(a.ID), do)
			return
		}
	case "decline":
		if _, err = s.cfg.Desk.Decline(r.Context(), v.by, oid, r.PostFormValue("note")); err == nil {
			s.done(w, r, "/admin/", do)
			return
		}
	default:
		err = errs.Invalid
	}
	if said, ok := v.problems(err); ok {
		s.kit.FailPage(w, r, http.StatusUnprocessableEntity, "", said[0])
		return
	}
	s.kit.Fail(w, r, err)
}
