package portal

import (
	"context"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/web/cache"
)

// maxJump is how many sites a search by name shows.
const maxJump = 60

// tile is a site in the directory, with those directly below it.
type tile struct {
	Name, Code, Href string
	Level            string
	Count            int // of all sites below
	Below            []step
	More             int // of those directly below that are not in Below
	Partner          bool
}

type sitesPage struct {
	base
	Asked    string
	Found    []tile
	Groups   []group // by level
	Partners []tile
	Total    int
}

// group is the sites of one level.
type group struct {
	Name  string
	Tiles []tile
}

// tilesBelow is how many names a tile has.
const tilesBelow = 12

func (s *Server) tile(v *visit, d *cache.Deps, n *site.Node) tile {
	x := tile{Name: n.Label(), Code: n.Code, Href: s.siteURL(*v, n), Level: messages(v.lang).Levels[n.Level], Count: n.Size() - 1, Partner: n.Level == site.Partner}
	d.On(content.TreeTag(n.ID), content.SiteTag(n.ID))
	for _, c := range n.Children {
		switch {
		case c.State == site.Closed || c.Level == site.Partner:
		case len(x.Below) < tilesBelow:
			x.Below = append(x.Below, step{s.siteURL(*v, c), c.Label()})
		default:
			x.More++
		}
	}
	return x
}

// tiles returns the sites directly below one.
func (s *Server) tiles(v *visit, d *cache.Deps, n *site.Node) []tile {
	var out []tile
	for _, c := range n.Children {
		if c.State != site.Closed {
			out = append(out, s.tile(v, d, c))
		}
	}
	return out
}

func (s *Server) sites(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	p := sitesPage{base: b, Asked: clipRunes(strings.TrimSpace(v.r.URL.Query().Get("q")), maxQuery), Total: v.node.Size() - 1}
	p.At, p.Title = "sites", p.T.SitesTitle
	d.On(content.TreeTag(v.node.ID))
	if p.Asked != "" {
		p.Hidden = true
		p.Found = s.jump(v, d, p.Asked)
	}
	for _, x := range s.tiles(v, d, v.node) {
		if x.Partner {
			p.Partners = append(p.Partners, x)
			continue
		}
		if len(p.Groups) == 0 || p.Groups[len(p.Groups)-1].Name != x.Level {
			p.Groups = append(p.Groups, group{Name: x.Level})
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Tiles = append(g.Tiles, x)
	}
	page, err := s.html("sites", p)
	page.NoStore = p.Asked != ""
	return page, err
}

// jump finds sites below by a part of their name or the beginning of their code.
func (s *Server) jump(v *visit, d *cache.Deps, asked string) []tile {
	var out []tile
	for _, n := range s.cfg.Network.Tree().Subtree(v.node) {
		if n.State != site.Closed && (strings.Contains(n.Name, asked) || strings.HasPrefix(n.Code, asked)) {
			x := s.tile(v, d, n)
			x.Below, x.More = nil, 0
			out = append(out, x)
			if len(out) == maxJump {
				break
			}
		}
	}
	return out
}
