package admin

import (
	"net/http"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

func (s *Server) linkRoutes(r *kit.Router) {
	if s.cfg.Links != nil {
		r.Page("GET /admin/s/{code}/links", s.at(site.ManageColumns, s.links))
		r.Page("POST /admin/s/{code}/links", s.at(site.ManageColumns, s.changeLinks))
	}
}

type linksPage struct {
	shell
	List []content.Link
	New  content.Link
}

// linkForm is what the fields of one link need.
type linkForm struct {
	T *Messages
	L content.Link
}

func (s *Server) links(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.linksPage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "links", p)
}

func (s *Server) linksPage(r *http.Request, v *visit) (linksPage, error) {
	p := linksPage{shell: s.shell(r, v, "links", v.at.Label()+" · "+v.t.NavLinks)}
	var err error
	if p.List, err = s.cfg.Links.Links(r.Context(), v.at.ID); err != nil {
		return p, err //nolint:wrapcheck // it says what
	}
	p.New.Position = 10 * (len(p.List) + 1)
	return p, nil
}

func (s *Server) changeLinks(w http.ResponseWriter, r *http.Request, v *visit) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	id, err := strconv.ParseInt("0"+line("id"), 10, 64)
	position, perr := strconv.Atoi("0" + line("position"))
	l := content.Link{ID: content.LinkID(id), Site: v.at.ID, Title: line("title"), URL: line("url"), Section: line("section"), Position: position}
	switch {
	case err != nil || perr != nil:
		err = errs.Problems{{Field: "url", Code: "bad"}}
	case line("do") == "delete":
		err = s.cfg.Links.Delete(r.Context(), v.by, v.at.ID, l.ID)
	default:
		_, err = s.cfg.Links.Save(r.Context(), v.by, l)
	}
	if err == nil {
		s.done(w, r, v.address("links"), "link")
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p, err := s.linksPage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems = said
	if l.ID == 0 {
		p.New = l
	}
	s.showWrong(w, r, "links", p)
}
