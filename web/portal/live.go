package portal

import (
	"context"

	"xianfeng/internal/content"
	"xianfeng/web/cache"
)

type livePage struct {
	base
	First  *cardView // the one in the player
	Others []cardView
	Lately []content.Item // what to read while nothing is on air

	LatelyName string
}

// Notices is for the template.
func (p livePage) Notices() listView { return listView{p.base, p.Lately} }

func (s *Server) live(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	p := livePage{base: b}
	p.At, p.Title = "live", p.T.LiveTitle
	if len(p.Air.On) > 0 {
		p.First, p.Others = &p.Air.On[0], p.Air.On[1:]
	}
	found, err := s.cfg.Shelf.Blocks(ctx, v.node, content.Want{Slug: content.Notices, N: 5})
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	p.Lately = found[content.Notices]
	expires(d, p.Lately)
	if c, ok := s.cfg.Columns.Find(v.node, content.Notices); ok {
		p.LatelyName = c.Label(short(v.lang))
	}
	return s.html("live", p)
}
