package portal

import (
	"context"
	"slices"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/web/cache"
	"xianfeng/web/portal/themes"
)

type frontPage struct {
	base
	Blocks  []block
	Village bool // phone first: name and photograph, whom to call
}

// block is a part of a front page. Kind says which template shows it.
type block struct {
	Kind  string // headline, text, album, produce, call, sites, links, contact
	Slug  string
	Name  string
	Href  string
	Items []content.Item
	Lead  *content.Item // headline: the first with a picture
	Sites []tile
	Links []content.Link
	Page  *frontPage
}

func (s *Server) front(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	b.At, b.Front = "home", true
	p := &frontPage{base: b, Village: v.node.Level == site.Township || v.node.Level == site.Village}
	if photo := v.node.Look.Photo; photo != "" {
		p.Image = v.root + pictureURL(photo, 0, 960)
	}
	if err := p.fill(ctx, d); err != nil {
		return cache.Page{}, err
	}
	return s.html("front", p)
}

// fill makes the blocks that the site has chosen, or its theme, and leaves out those that are empty.
func (p *frontPage) fill(ctx context.Context, d *cache.Deps) error {
	s, n := p.s, p.Node
	order := p.order()
	var wants []content.Want
	for _, name := range order {
		if c, ok := s.cfg.Columns.Find(n, name); ok && !c.Hidden {
			wants = append(wants, content.Want{Slug: name, N: p.many(c)})
		}
	}
	found, err := s.cfg.Shelf.Blocks(ctx, n, wants...)
	if err != nil {
		return err //nolint:wrapcheck // it says which
	}
	for _, name := range order {
		b, err := p.block(ctx, d, name, found)
		if err != nil {
			return err
		}
		if b != nil {
			b.Page = p
			p.Blocks = append(p.Blocks, *b)
		}
	}
	return nil
}

// order returns the names of the blocks. Columns that nobody has put anywhere come where the theme has its
// place for them.
func (p *frontPage) order() []string {
	order := p.Node.Look.Blocks
	if len(order) > 0 {
		return order
	}
	order = themes.Blocks(p.Node.Level)
	at := slices.Index(order, themes.OtherColumns)
	var others []string
	for _, c := range p.s.cfg.Columns.Of(p.Node) {
		if !slices.Contains(order, c.Slug) {
			others = append(others, c.Slug)
		}
	}
	return slices.Concat(order[:at], others, order[at+1:])
}

// many is how many articles of a column the front page has.
func (p *frontPage) many(c content.Column) int {
	switch {
	case c.Kind == content.Album:
		return 6
	case c.Kind == content.Produce:
		return 4
	case c.Slug == content.News && !p.Village:
		return 8
	default:
		return 6
	}
}

// block makes one block; nil: it is empty.
func (p *frontPage) block(ctx context.Context, d *cache.Deps, name string, found map[string][]content.Item) (*block, error) {
	s, n := p.s, p.Node
	switch name {
	case themes.Call:
		if n.About.Phone == "" && len(n.About.People) == 0 {
			return nil, nil //nolint:nilnil // an empty block is not a failure
		}
		return &block{Kind: name, Name: p.T.CallTitle}, nil
	case themes.Contact:
		if a := n.About; a.Address == "" && a.Phone == "" && a.Email == "" && a.Intro == "" {
			return nil, nil //nolint:nilnil // as above
		}
		return &block{Kind: name, Name: p.T.ContactTitle}, nil
	case themes.Sites:
		d.On(content.TreeTag(n.ID))
		// Partners are in the directory, not on the front page.
		tiles := slices.DeleteFunc(s.tiles(p.v, d, n), func(x tile) bool { return x.Partner })
		if len(tiles) == 0 {
			return nil, nil //nolint:nilnil // as above
		}
		return &block{Kind: name, Name: p.T.SitesTitle, Href: p.Base + "/sites", Sites: tiles}, nil
	case themes.Links:
		d.On(content.LinksTag(n.ID))
		links, err := s.linksOf(ctx, n)
		if err != nil || len(links) == 0 {
			return nil, err
		}
		return &block{Kind: name, Name: p.T.LinksTitle, Href: p.Base + "/links", Links: links[:min(len(links), 12)]}, nil
	}
	items := found[name]
	c, ok := s.cfg.Columns.Find(n, name)
	if !ok || len(items) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	expires(d, items)
	b := &block{Kind: string(c.Kind), Slug: name, Name: c.Label(short(p.v.lang)), Href: p.Base + "/c/" + name, Items: items}
	if c.Slug == content.News && !p.Village {
		b.Kind = "headline"
		for i := range items {
			if items[i].Head.Cover != nil {
				lead := items[i]
				b.Lead, b.Items = &lead, slices.Delete(slices.Clone(items), i, i+1)
				if p.Image == "" {
					p.Image = p.v.root + p.Pic(*lead.Head.Cover, 960)
				}
				break
			}
		}
	}
	return b, nil
}

// listView is some articles for the templates of lists.
type listView struct {
	base
	Items []content.Item
}

// With is for the templates: the block's articles with what their addresses need.
func (b block) With() listView { return listView{b.Page.base, b.Items} }

type topsPage struct {
	base
	Sites []tile
}

// tops is the page of a network of several trees, for hosts that are nobody's.
func (s *Server) tops(_ context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	d.On(content.TreeTag(0))
	p := topsPage{base: s.base(v)}
	f := s.cfg.Kit.FrameIn(v.r, v.lang, v.look)
	p.Site, p.Home, p.Classes, p.Path = f.Site, "/", nil, nil
	for _, n := range s.cfg.Network.Tree().Tops() {
		if n.State != site.Closed {
			p.Sites = append(p.Sites, s.tile(v, d, n))
		}
	}
	return s.html("tops", p)
}
