package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
)

// maker makes a page of a site. It is errs.NotFound where there is none.
type maker func(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error)

// IsAnswer is cache.Config.Answer for pages of sites: what was withdrawn is not shown any more.
func IsAnswer(err error) bool {
	return errors.Is(err, errs.NotFound) || errors.Is(err, errs.Denied) || errors.Is(err, errs.Invalid)
}

// page returns the handler of one kind of page.
func (s *Server) page(make maker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, make, true) }
}

// quiet is page for what only programs fetch: nobody looked at anything.
func (s *Server) quiet(make maker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, make, false) }
}

// pageHeaders are the lines of every page's header.
func pageHeaders() http.Header {
	h := kit.Headers(kit.PagePolicy)
	h.Set("Vary", "Accept-Encoding, Accept-Language, Cookie")
	h.Set("Content-Type", "text/html; charset=utf-8")
	return h
}

// serve answers with a page out of the cache, or made now.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, make maker, counted bool) {
	v, to := s.find(r)
	switch {
	case to != "":
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, to, http.StatusMovedPermanently)
		return
	case v.node == nil:
		s.lost(w, r)
		return
	case v.node.State == site.Closed:
		s.fail(w, &v, http.StatusGone)
		return
	}
	v.lang, v.look = kit.LangOf(r), kit.LookOf(r)
	s.answerPage(w, &v, make, counted)
}

// answerPage answers with a page of a site that is there.
func (s *Server) answerPage(w http.ResponseWriter, v *visit, make maker, counted bool) {
	r := v.r
	query := ""
	if r.URL.RawQuery != "" {
		kit.KeepChoices(w, r)
		query = pageQuery(r)
	}
	var room [192]byte
	key := append(room[:0], v.root...)
	key = append(key, '\n')                            // which no host has: no host and path read like another host and path
	key = strconv.AppendInt(key, int64(v.node.ID), 10) // a host may be another site's by now
	key = append(key, r.URL.Path...)
	key = append(key, query...)
	key = append(key, ' ')
	key = append(key, v.lang...)
	if v.look.Elder {
		key = append(key, 'e')
	}
	if v.look.Contrast {
		key = append(key, 'c')
	}
	err := s.cfg.Cache.Serve(w, r, key, func(ctx context.Context, d *cache.Deps) (cache.Page, error) {
		// The site as it is now that the cache has noted the time: it was looked up before that.
		now := s.cfg.Network.Tree().Get(v.node.ID)
		if now == nil || now.Code != v.node.Code || now.State == site.Closed {
			return cache.Page{}, errs.NotFound
		}
		v.node = now
		for up := v.node; up != nil; up = up.Above { // look, name and columns come from above
			d.On(content.SiteTag(up.ID), content.ColumnsTag(up.ID))
		}
		return make(ctx, v, d)
	})
	switch {
	case err == nil:
		if counted && s.cfg.Viewed != nil {
			id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) //nolint:errcheck // 0: another page
			s.cfg.Viewed(r, v.node, content.ArticleID(id))
		}
	case errors.Is(err, errs.NotFound):
		s.fail(w, v, http.StatusNotFound)
	case errors.Is(err, errs.Invalid), errors.Is(err, errBadQuery):
		s.fail(w, v, http.StatusBadRequest)
	default:
		s.log.Warn("page not made", "site", v.node.Code, "path", kit.Clip(r.URL.Path), "error", err)
		s.fail(w, v, kit.StatusOf(err))
	}
}

// pageQuery is what of the query makes a different page. Whatever else a visitor puts there is the same page.
func pageQuery(r *http.Request) string {
	q, out := r.URL.Query(), url.Values{}
	for _, name := range []string{"column", "page", "n", "q", "scope", "week", "from", "to"} {
		if x := q.Get(name); x != "" {
			out.Set(name, clipRunes(x, maxQuery+1))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "?" + out.Encode()
}

// html renders a template.
func (s *Server) html(name string, data any) (cache.Page, error) {
	b, err := s.cfg.Kit.Render(s.pages[name], data)
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it names template and line
	}
	return cache.Page{Status: http.StatusOK, Header: s.fixed, Body: b}, nil
}

type failurePage struct {
	base
	Reason string
	Gone   bool
}

// fail answers with a page that looks like the site's own.
func (s *Server) fail(w http.ResponseWriter, v *visit, status int) {
	if !kit.WantsPage(v.r) || v.node == nil {
		s.cfg.Kit.FailPage(w, v.r, status, "", "")
		return
	}
	v.lang, v.look = kit.LangOf(v.r), kit.LookOf(v.r)
	p := failurePage{base: s.base(v), Gone: status == http.StatusGone}
	said, ok := p.Words.Failures[status]
	if !ok {
		said = p.Words.Failures[http.StatusInternalServerError]
	}
	p.Title, p.Reason, p.Hidden = said.Title, said.Reason, true
	page, err := s.html("failure", p)
	if err != nil {
		s.log.Error("render page", "page", "failure", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	s.write(w, status, &page)
}

// write answers with a page that is not kept.
func (s *Server) write(w http.ResponseWriter, status int, p *cache.Page) {
	h := w.Header()
	for name, values := range p.Header {
		h[name] = values
	}
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(p.Body) //nolint:errcheck // the visitor left
}

// lost answers where there is no such site, or no such page of one.
func (s *Server) lost(w http.ResponseWriter, r *http.Request) {
	if v, to := s.find(r); v.node != nil {
		if to != "" {
			http.Redirect(w, r, to, http.StatusMovedPermanently)
			return
		}
		s.fail(w, &v, http.StatusNotFound)
		return
	}
	s.cfg.Kit.FailPage(w, r, http.StatusNotFound, "", "")
}
