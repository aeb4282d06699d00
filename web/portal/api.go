package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
)

// The read API. pages/openapi.json describes it, and a test holds the answers against that.

type apiSite struct {
	Code     string     `json:"code"`
	Name     string     `json:"name"`
	Level    string     `json:"level"`
	URL      string     `json:"url"`
	Above    *apiRef    `json:"above"`
	Children int        `json:"children"` // directly below
	Sites    int        `json:"sites"`    // all below
	About    site.About `json:"about"`
}

type apiRef struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Level string `json:"level"`
	URL   string `json:"url"`
}

type apiColumn struct {
	Slug   string `json:"slug"`
	Name   string `json:"name"`
	NameEN string `json:"name_en,omitempty"`
	Kind   string `json:"kind"`
	URL    string `json:"url"`
}

type apiItem struct {
	ID        int64             `json:"id"`
	Title     string            `json:"title"`
	Summary   string            `json:"summary,omitempty"`
	Source    string            `json:"source,omitempty"`
	Kind      string            `json:"kind"`
	Column    string            `json:"column"`
	Site      string            `json:"site"` // code of the site that it comes from
	Published string            `json:"published"`
	Expires   string            `json:"expires,omitempty"`
	Pinned    bool              `json:"pinned"`
	URL       string            `json:"url"`
	Image     string            `json:"image,omitempty"`
	Produce   *content.Offering `json:"produce,omitempty"`
}

type apiArticle struct {
	apiItem
	Author   string       `json:"author,omitempty"`
	Views    int64        `json:"views"` // may be some seconds old
	Body     string       `json:"body"`  // clean HTML
	Pictures []apiPicture `json:"pictures"`
	Files    []apiFile    `json:"files"`
}

type apiPicture struct {
	URL     string `json:"url"`
	Alt     string `json:"alt"`
	Caption string `json:"caption,omitempty"`
}

type apiFile struct {
	URL  string `json:"url"`
	Name string `json:"name"`
	Size int64  `json:"size,omitempty"`
}

type apiList[T any] struct {
	Items []T  `json:"items"`
	Page  int  `json:"page"`
	More  bool `json:"more"`
}

func (s *Server) apiRoutes(r *kit.Router) {
	at := func(pattern string, m maker) { r.Open("GET /api/v1/"+pattern, s.answer(m)) }
	at("sites/{code}", s.apiSite)
	at("sites/{code}/children", s.apiChildren)
	at("sites/{code}/columns", s.apiColumns)
	at("sites/{code}/articles", s.apiArticles)
	at("articles/{id}", s.apiArticle)
	at("sites/{code}/broadcasts", s.apiBroadcasts)
	at("broadcasts/{id}", s.apiBroadcast)
	at("search", s.apiSearch)
	r.Open("GET /api/v1/openapi.json", http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		p := cache.Page{Status: http.StatusOK, Header: dataHeaders("application/json"), Body: s.api}
		if err := s.cfg.Cache.Serve(w, q, []byte("openapi"), func(context.Context, *cache.Deps) (cache.Page, error) { return p, nil }); err != nil {
			s.cfg.Kit.Fail(w, q, err)
		}
	}))
	r.Open("OPTIONS /api/v1/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Allow-Headers", "If-None-Match")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	}))
	r.Open("/api/v1/", http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if q.Method != http.MethodGet && q.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			s.cfg.Kit.Problem(w, q, http.StatusMethodNotAllowed, "the API is for reading")
			return
		}
		s.cfg.Kit.Problem(w, q, http.StatusNotFound, "no such address in the API")
	}))
}

// answer returns the handler of one kind of answer. Articles and searches name no site: they are asked of the
// site of the host, or that ?site= names.
func (s *Server) answer(m maker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := s.asked(r)
		if err == nil {
			key := []byte("api\n" + v.root + "\n" + r.URL.Path + "\n" + v.node.Code + pageQuery(r))
			err = s.cfg.Cache.Serve(w, r, key, func(ctx context.Context, d *cache.Deps) (cache.Page, error) {
				n := s.cfg.Network.Tree().Get(v.node.ID) // as it is now that the cache has noted the time
				if n == nil || n.Code != v.node.Code || n.State == site.Closed {
					return cache.Page{}, errs.NotFound
				}
				v.node = n
				for up := n; up != nil; up = up.Above {
					d.On(content.SiteTag(up.ID), content.ColumnsTag(up.ID))
				}
				return m(ctx, &v, d)
			})
		}
		if err == nil {
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		status := kit.StatusOf(err)
		detail := ""
		switch {
		case errors.Is(err, errBadQuery):
			status, detail = http.StatusBadRequest, err.Error()
		case status >= http.StatusInternalServerError:
			s.log.Warn("answer not made", "path", kit.Clip(r.URL.Path), "error", err)
		}
		s.cfg.Kit.Problem(w, r, status, detail)
	}
}

var errBadQuery = errors.New("the query is not acceptable")

func (s *Server) asked(r *http.Request) (visit, error) {
	t := s.cfg.Network.Tree()
	code := r.PathValue("code")
	if code == "" {
		code = r.URL.Query().Get("site")
	}
	v := visit{r: r, root: rootOf(r), lang: kit.Chinese}
	switch {
	case code != "":
		v.node, _ = t.ByCode(code)
	default:
		if v.node, _ = t.ByHost(hostOf(r)); v.node == nil && len(t.Tops()) > 0 {
			v.node = s.defaultTop(t)
		}
	}
	if v.node == nil || v.node.State == site.Closed {
		return v, fmt.Errorf("site %.40q: %w", code, errs.NotFound)
	}
	v.base = "/v/" + v.node.Code
	return v, nil
}

func jsonPage(x any) (cache.Page, error) {
	b, err := json.Marshal(x)
	if err != nil {
		return cache.Page{}, fmt.Errorf("write the answer: %w", err)
	}
	return cache.Page{Status: http.StatusOK, Header: dataHeaders("application/json"), Body: append(b, '\n')}, nil
}

func (s *Server) ref(v *visit, n *site.Node) apiRef {
	return apiRef{n.Code, n.Name, n.Level.String(), s.absolute(*v, n)}
}

func (s *Server) apiSite(_ context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	n := v.node
	d.On(content.TreeTag(n.ID))
	x := apiSite{Code: n.Code, Name: n.Name, Level: n.Level.String(), URL: s.absolute(*v, n), Children: len(n.Children), Sites: n.Size() - 1, About: n.About}
	if n.Above != nil {
		up := s.ref(v, n.Above)
		x.Above = &up
	}
	return jsonPage(x)
}

func (s *Server) apiChildren(_ context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	d.On(content.TreeTag(v.node.ID))
	x := apiList[apiRef]{Items: []apiRef{}, Page: 1}
	for _, c := range v.node.Children {
		if c.State != site.Closed {
			d.On(content.SiteTag(c.ID))
			x.Items = append(x.Items, s.ref(v, c))
		}
	}
	return jsonPage(x)
}

func (s *Server) apiColumns(_ context.Context, v *visit, _ *cache.Deps) (cache.Page, error) {
	x := apiList[apiColumn]{Items: []apiColumn{}, Page: 1}
	for _, c := range s.cfg.Columns.Of(v.node) {
		x.Items = append(x.Items, apiColumn{c.Slug, c.Name, c.NameEN, string(c.Kind), s.absolute(*v, v.node) + "c/" + c.Slug})
	}
	return jsonPage(x)
}

func (s *Server) item(v *visit, it *content.Item) apiItem {
	x := apiItem{
		ID: int64(it.ID), Title: it.Head.Title, Summary: it.Head.Summary, Source: it.Head.Source, Kind: string(it.Kind), Column: it.Slug,
		Published: it.Published.In(s.cfg.Zone).Format(time.RFC3339), Pinned: it.Pinned, Produce: it.Head.Produce,
		URL: s.absolute(*v, v.node) + "a/" + strconv.FormatInt(int64(it.ID), 10),
	}
	if !it.Expires.IsZero() {
		x.Expires = it.Expires.In(s.cfg.Zone).Format(time.RFC3339)
	}
	if n := s.cfg.Network.Tree().Get(it.Site); n != nil {
		x.Site = n.Code
	}
	if c := it.Head.Cover; c != nil {
		x.Image = v.root + pictureURL(c.File, c.Width, 960)
	}
	return x
}

func (s *Server) apiArticles(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	q := v.r.URL.Query()
	page, err := pageNumber(q.Get("page"))
	if err != nil {
		return cache.Page{}, fmt.Errorf("page: %w", errBadQuery)
	}
	size := 20
	if q.Has("n") {
		if size, err = strconv.Atoi(q.Get("n")); err != nil || size < 1 || size > 50 {
			return cache.Page{}, fmt.Errorf("n is 1 to 50: %w", errBadQuery)
		}
	}
	x := apiList[apiItem]{Items: []apiItem{}, Page: page}
	slug := q.Get("column")
	if slug == "" {
		slug = content.News
	}
	dependOnList(d, v.node, slug)
	list, err := s.cfg.Shelf.Latest(ctx, v.node, slug, page, size)
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	expires(d, list.Items)
	for i := range list.Items {
		x.Items = append(x.Items, s.item(v, &list.Items[i]))
	}
	x.More = list.More
	return jsonPage(x)
}

func (s *Server) apiArticle(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	a, err := s.shownAt(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	d.Until(s.cfg.Now().Add(viewsKeep))
	x := apiArticle{apiItem: s.item(v, &a.Item), Views: a.Views, Author: a.Head.Author, Body: a.Body, Pictures: []apiPicture{}, Files: []apiFile{}}
	for _, p := range a.Head.Pictures {
		x.Pictures = append(x.Pictures, apiPicture{v.root + pictureURL(p.File, p.Width, 1600), p.Alt, p.Caption})
	}
	for _, f := range a.Head.Files {
		x.Files = append(x.Files, apiFile{v.root + "/files/" + f.File + "/" + url.PathEscape(f.Name), f.Name, f.Size})
	}
	return jsonPage(x)
}

type apiHit struct {
	apiItem
	Snippet string `json:"snippet"`
}

func (s *Server) apiSearch(ctx context.Context, v *visit, _ *cache.Deps) (cache.Page, error) {
	q := v.r.URL.Query()
	page, err := pageNumber(q.Get("page"))
	if err != nil {
		return cache.Page{}, fmt.Errorf("page: %w", errBadQuery)
	}
	text := strings.TrimSpace(q.Get("q"))
	if text == "" || clipRunes(text, maxQuery) != text {
		return cache.Page{}, fmt.Errorf("q is 1 to %d characters: %w", maxQuery, errBadQuery)
	}
	scope := content.ScopeBelow
	switch x := content.Scope(q.Get("scope")); x {
	case content.ScopeSite, content.ScopeBelow, content.ScopeAll:
		scope = x
	case "":
	default:
		return cache.Page{}, fmt.Errorf("scope is site, below or all: %w", errBadQuery)
	}
	r, err := s.cfg.Shelf.Search(ctx, content.Query{Site: v.node.ID, Text: text, Scope: scope, Page: page})
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	x := apiList[apiHit]{Items: []apiHit{}, Page: page, More: r.More}
	for i := range r.Found {
		f := &r.Found[i]
		h := apiHit{apiItem: s.item(v, &f.Item)}
		if n := s.cfg.Network.Tree().Get(f.At); n != nil {
			h.URL = s.absolute(*v, n) + "a/" + strconv.FormatInt(int64(f.ID), 10)
		}
		for _, part := range f.Snippet {
			h.Snippet += part.Text
		}
		x.Items = append(x.Items, h)
	}
	p, err := jsonPage(x)
	p.NoStore = true
	return p, err
}
