package portal

import (
	"context"
	"html/template"
	"strconv"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
	"xianfeng/web/portal/themes"
)

// base is what every page of a site has.
type base struct {
	kit.Frame
	T           *Messages
	Node        *site.Node
	Path        []step // the sites above, from the top
	Base        string // before the addresses of the site's pages
	Theme       themes.Theme
	Columns     []columnLink
	Canonical   string
	Description string
	Image       string // absolute, for those who show the page as a card
	Hidden      bool   // from search engines
	FeedBase    string // before feed.xml; "": the site's
	Query       string // in the search field
	Front       bool
	Air         air // what is on air

	s *Server
	v *visit
}

// step leads to a site above.
type step struct{ Href, Name string }

// columnLink leads to a column.
type columnLink struct{ Href, Slug, Name string }

// base fills in what does not need the database.
func (s *Server) base(v *visit) base {
	f := s.cfg.Kit.FrameIn(v.r, v.lang, v.look)
	n := v.node
	theme, accent := themes.Of(n)
	f.Site, f.Home, f.Nav = n.Name, v.base+"/", nil
	f.Classes = []string{"theme-" + theme.Name, "accent-" + accent.Name}
	if theme.Elder {
		f.Look.Elder = true
	}
	b := base{Frame: f, T: messages(v.lang), Node: n, Base: v.base, Theme: theme, s: s, v: v, Description: n.About.Intro}
	if n.Host == "" {
		b.Canonical = v.root + v.r.URL.Path
	} else {
		b.Canonical = s.absolute(*v, n) + trimBase(v.r.URL.Path, v.base)
	}
	path := n.Path()
	for _, up := range path[:len(path)-1] {
		b.Path = append(b.Path, step{s.siteURL(*v, up), up.Label()})
	}
	return b
}

func trimBase(path, base string) string {
	if len(path) > len(base) {
		return path[len(base)+1:]
	}
	return ""
}

// full is base with what needs the database: which columns have something in them, and what is on air.
func (s *Server) full(ctx context.Context, v *visit, d *cache.Deps) (base, error) {
	b := s.base(v)
	n := v.node
	var wants []content.Want
	cols := s.cfg.Columns.Of(n)
	for _, c := range cols {
		wants = append(wants, content.Want{Slug: c.Slug, N: 1})
		dependOnList(d, n, c.Slug)
	}
	found, err := s.cfg.Shelf.Blocks(ctx, n, wants...)
	if err != nil {
		return b, err //nolint:wrapcheck // it says which
	}
	for _, c := range cols {
		if len(found[c.Slug]) > 0 {
			expires(d, found[c.Slug])
			b.Columns = append(b.Columns, columnLink{v.base + "/c/" + c.Slug, c.Slug, c.Label(short(v.lang))})
		}
	}
	b.addAir(d)
	return b, nil
}

// dependOnList notes what the list of a column depends on: what is placed there, and what is pushed down from
// above.
func dependOnList(d *cache.Deps, n *site.Node, slug string) {
	d.On(content.ListTag(n.ID, slug))
	for up := n; up != nil; up = up.Above {
		d.On(content.DownTag(up.ID, slug))
	}
}

// expires notes when the first of some articles goes.
func expires(d *cache.Deps, items []content.Item) {
	for i := range items {
		d.Until(items[i].Expires)
	}
}

func short(l kit.Lang) string {
	if l == kit.English {
		return "en"
	}
	return "zh"
}

// The methods below are for the templates.

// Href is the address of an article on this site.
func (b base) Href(id content.ArticleID) string {
	return b.Base + "/a/" + strconv.FormatInt(int64(id), 10)
}

// SiteHref is the address of another site.
func (b base) SiteHref(n *site.Node) string { return b.s.siteURL(*b.v, n) }

// Day is a date in words.
func (b base) Day(t time.Time) string { return b.T.day(t.In(b.s.cfg.Zone)) }

// Stamp is a date for programs.
func (b base) Stamp(t time.Time) string { return t.In(b.s.cfg.Zone).Format(time.RFC3339) }

// LevelName is the level of a site in words.
func (b base) LevelName(l site.Level) string { return b.T.Levels[l] }

// Pic is the address of a picture, at most so wide.
func (b base) Pic(p content.Picture, width int) string { return pictureURL(p.File, p.Width, width) }

// Photo is the address of the site's photograph; "": it has none.
func (b base) Photo(width int) string {
	if b.Node.Look.Photo == "" {
		return ""
	}
	return pictureURL(b.Node.Look.Photo, 0, width)
}

// Tel is a phone number as an address.
func (b base) Tel(number string) template.URL {
	out := make([]byte, 0, len(number))
	for _, c := range []byte(number) {
		if c >= '0' && c <= '9' || c == '+' && len(out) == 0 {
			out = append(out, c)
		}
	}
	return template.URL("tel:" + string(out)) //nolint:gosec // digits only
}

// Phase is which of the themes' drawings stands for a site without a photograph.
func (b base) Phase() int { return int(b.Node.ID%3) + 1 }

// Size is a file's size in words; "": it is not known.
func (b base) Size(n int64) string { return kit.Size(n) }
