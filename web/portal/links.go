package portal

import (
	"context"
	"fmt"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/web/cache"
)

type linksPage struct {
	base
	Sections []section
}

// section is the links under one heading.
type section struct {
	Name  string
	Links []content.Link
}

// linksOf returns a site's links that work.
func (s *Server) linksOf(ctx context.Context, n *site.Node) ([]content.Link, error) {
	if s.cfg.Links == nil {
		return nil, nil
	}
	all, err := s.cfg.Links.Links(ctx, n.ID)
	if err != nil {
		return nil, fmt.Errorf("links of site %s: %w", n.Code, err)
	}
	var out []content.Link
	for i := range all {
		if !all[i].Broken() {
			out = append(out, all[i])
		}
	}
	return out, nil
}

func (s *Server) links(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	d.On(content.LinksTag(v.node.ID))
	links, err := s.linksOf(ctx, v.node)
	if err != nil {
		return cache.Page{}, err
	}
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	p := linksPage{base: b}
	p.At, p.Title = "links", p.T.LinksTitle
	for _, l := range links {
		at := -1
		for i := range p.Sections {
			if p.Sections[i].Name == l.Section {
				at = i
			}
		}
		if at < 0 {
			p.Sections = append(p.Sections, section{Name: l.Section})
			at = len(p.Sections) - 1
		}
		p.Sections[at].Links = append(p.Sections[at].Links, l)
	}
	return s.html("links", p)
}
