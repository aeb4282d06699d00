package portal

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"xianfeng/internal/content"
	"xianfeng/web/cache"
)

// maxQuery is the longest question that is looked for, in characters.
const maxQuery = 60

type searchPage struct {
	base
	Asked        string
	Scope        content.Scope
	Scopes       []scopeLink
	Results      content.Results
	Hits         []hit
	Current      int
	Newer, Older string
}

type scopeLink struct {
	Href, Name string
	Current    bool
}

// hit is an article that was found.
type hit struct {
	content.Found
	Href string
	Site string // its name, where it is another one
}

func (s *Server) search(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	q := v.r.URL.Query()
	number, err := pageNumber(q.Get("page"))
	if err != nil {
		return cache.Page{}, err
	}
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	p := searchPage{base: b, Asked: clipRunes(strings.TrimSpace(q.Get("q")), maxQuery), Scope: content.ScopeBelow}
	p.Title, p.Query, p.Hidden = p.T.SearchTitle, p.Asked, true
	for _, x := range []struct {
		scope content.Scope
		name  string
	}{{content.ScopeSite, p.T.ScopeSite}, {content.ScopeBelow, p.T.ScopeBelow}, {content.ScopeAll, p.T.ScopeAll}} {
		if string(x.scope) == q.Get("scope") {
			p.Scope = x.scope
		}
		if x.scope == content.ScopeBelow && len(v.node.Children) == 0 {
			continue
		}
		p.Scopes = append(p.Scopes, scopeLink{"?" + url.Values{"q": {p.Asked}, "scope": {string(x.scope)}}.Encode(), x.name, false})
	}
	for i := range p.Scopes {
		p.Scopes[i].Current = strings.HasSuffix(p.Scopes[i].Href, "scope="+string(p.Scope))
	}
	if p.Scope == content.ScopeBelow && len(v.node.Children) == 0 {
		p.Scopes[0].Current = true
	}
	if p.Asked != "" {
		if err := p.ask(ctx, number); err != nil {
			return cache.Page{}, err
		}
	}
	page, err := s.html("search", p)
	page.NoStore = true // there are as many as there are questions
	return page, err
}

func (p *searchPage) ask(ctx context.Context, number int) error {
	s, v := p.s, p.v
	r, err := s.cfg.Shelf.Search(ctx, content.Query{Site: v.node.ID, Text: p.Asked, Scope: p.Scope, Page: number})
	if err != nil {
		return err //nolint:wrapcheck // it says which
	}
	p.Results, p.Current = r, number
	tree := s.cfg.Network.Tree()
	for _, f := range r.Found {
		h := hit{Found: f, Href: p.Href(f.ID)}
		if n := tree.Get(f.At); n != nil && n != v.node {
			h.Href, h.Site = s.siteURL(*v, n)+"a/"+strconv.FormatInt(int64(f.ID), 10), n.Name
		}
		p.Hits = append(p.Hits, h)
	}
	to := func(n int) string {
		return "?" + url.Values{"q": {p.Asked}, "scope": {string(p.Scope)}, "page": {strconv.Itoa(n)}}.Encode()
	}
	if number > 1 {
		p.Newer = to(number - 1)
	}
	if r.More {
		p.Older = to(number + 1)
	}
	return nil
}

// clipRunes keeps the first n characters.
func clipRunes(text string, n int) string {
	text = strings.ToValidUTF8(text, "")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}
