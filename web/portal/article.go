package portal

import (
	"context"
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/web/cache"
)

type articlePage struct {
	base
	Article      content.Shown
	Column       string // its name
	ColumnHref   string
	Body         template.HTML
	HomeSite     *homeOf // where it was published, if that is another site
	Newer, Older *content.Item
	Player       bool // there is a stream in it
	Pictures     []content.Picture
}

// homeOf is the site that an article comes from.
type homeOf struct{ Href, Name string }

// shownAt returns the article that the address names.
func (s *Server) shownAt(ctx context.Context, v *visit, d *cache.Deps) (content.Shown, error) {
	number, err := strconv.ParseInt(v.r.PathValue("id"), 10, 64)
	if err != nil || number < 1 {
		return content.Shown{}, fmt.Errorf("article: %w", errs.NotFound)
	}
	a, err := s.cfg.Shelf.Live(ctx, v.node, content.ArticleID(number))
	if err != nil {
		return a, err //nolint:wrapcheck // it says which
	}
	d.On(content.ArticleTag(a.ID))
	d.Until(a.Expires)
	dependOnList(d, v.node, a.Slug) // whether it is shown here, and what is beside it
	return a, nil
}

func (s *Server) article(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	a, err := s.shownAt(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	p := articlePage{base: b, Article: a}
	if p.Newer, p.Older, err = s.cfg.Shelf.Beside(ctx, v.node, &a.Item); err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	for _, x := range []*content.Item{p.Newer, p.Older} {
		if x != nil {
			d.On(content.ArticleTag(x.ID))
			d.Until(x.Expires)
		}
	}
	if c, ok := s.cfg.Columns.Find(v.node, a.Slug); ok {
		p.Column, p.ColumnHref = c.Label(short(v.lang)), v.base+"/c/"+a.Slug
	}
	if n := s.cfg.Network.Tree().Get(a.Site); n != nil && n != v.node {
		d.On(content.SiteTag(n.ID))
		p.HomeSite = &homeOf{s.siteURL(*v, n), n.Name}
		if _, err := s.cfg.Shelf.Live(ctx, n, a.ID); err == nil { // its home is where search engines find it
			p.Canonical = s.absolute(*v, n) + "a/" + strconv.FormatInt(int64(a.ID), 10)
		}
	}
	p.At, p.Title, p.Description = a.Slug, a.Head.Title, a.Head.Summary
	p.Body, p.Player = expand(a.Body, p.T)
	p.Pictures = a.Head.Pictures
	switch {
	case a.Head.Cover != nil:
		p.Image = v.root + p.Pic(*a.Head.Cover, 960)
	case len(a.Head.Pictures) > 0:
		p.Image = v.root + p.Pic(a.Head.Pictures[0], 960)
	}
	return s.html("article", p)
}

// embedded blocks as package clean leaves them.
var blockPattern = regexp.MustCompile(`<div data-embed="([a-z]+):([A-Za-z0-9][A-Za-z0-9._-]{0,63})"></div>`)

// expand puts what the blocks in a clean text stand for in their place, and reports whether one is a player.
// Blocks of a kind that is not known here are left out.
func expand(body string, t *Messages) (out template.HTML, player bool) {
	text := blockPattern.ReplaceAllStringFunc(body, func(block string) string {
		m := blockPattern.FindStringSubmatch(block)
		if m[1] != "live" {
			return ""
		}
		player = true
		var b strings.Builder
		name := template.HTMLEscapeString(m[2])
		b.WriteString(`<div class="stream"><xf-player src="/live/` + name + `"></xf-player><p><a href="/live/` + name + `">`)
		b.WriteString(template.HTMLEscapeString(t.OpenStream) + `</a></p></div>`)
		return b.String()
	})
	return template.HTML(text), player //nolint:gosec // it was cleaned when it was saved; what is added is escaped
}
