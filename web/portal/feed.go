package portal

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
)

// feedSize is how many articles a feed has.
const feedSize = 20

// feedFormat is how a feed is written.
type feedFormat string

const (
	rss      feedFormat = "application/rss+xml; charset=utf-8"
	atom     feedFormat = "application/atom+xml; charset=utf-8"
	jsonFeed feedFormat = "application/feed+json; charset=utf-8"
)

// digest is what all formats say.
type digest struct {
	Title, About string
	Page, Self   string // addresses
	Lang         string
	Updated      time.Time // of the newest article; zero: there is none
	Entries      []digestEntry
}

type digestEntry struct {
	Title, Summary, Author, Column string
	Page, Image, ID                string
	Published                      time.Time
}

// feed makes the feed of a site, or of one of its columns.
func (s *Server) feed(format feedFormat) maker {
	return func(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
		x, err := s.digest(ctx, v, d, v.r.PathValue("slug"), feedSize)
		if err != nil {
			return cache.Page{}, err
		}
		b, err := x.write(format)
		if err != nil {
			return cache.Page{}, fmt.Errorf("feed of site %s: %w", v.node.Code, err)
		}
		return cache.Page{Status: http.StatusOK, Header: dataHeaders(string(format)), Body: b}, nil
	}
}

// dataHeaders are the header lines of what programs of anybody may fetch.
func dataHeaders(mime string) http.Header {
	h := kit.Headers(kit.DataPolicy)
	h.Set("Content-Type", mime)
	h.Set("Cache-Control", "no-cache")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Del("Permissions-Policy")
	return h
}

// digest collects the newest articles of a column, or of all where slug is "".
func (s *Server) digest(ctx context.Context, v *visit, d *cache.Deps, slug string, n int) (*digest, error) {
	names := map[string]string{}
	var wants []content.Want
	for _, c := range s.cfg.Columns.Of(v.node) {
		if slug == "" || c.Slug == slug {
			names[c.Slug] = c.Name
			wants = append(wants, content.Want{Slug: c.Slug, N: n})
			dependOnList(d, v.node, c.Slug)
		}
	}
	if slug != "" && len(wants) == 0 {
		return nil, fmt.Errorf("column %.40q: %w", slug, errs.NotFound)
	}
	found, err := s.cfg.Shelf.Blocks(ctx, v.node, wants...)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says which
	}
	var items []content.Item
	for _, w := range wants {
		items = append(items, found[w.Slug]...)
	}
	slices.SortStableFunc(items, func(a, b content.Item) int {
		return cmp.Or(b.Published.Compare(a.Published), cmp.Compare(b.ID, a.ID))
	})
	items = slices.CompactFunc(items, func(a, b content.Item) bool { return a.ID == b.ID })
	items = items[:min(len(items), n)]
	expires(d, items)
	here := s.absolute(*v, v.node)
	x := &digest{Title: v.node.Name, About: v.node.About.Intro, Page: here, Self: v.root + v.r.URL.Path, Lang: "zh-CN"}
	if slug != "" {
		x.Title, x.Page = names[slug]+" · "+x.Title, here+"c/"+slug
	}
	for i := range items {
		x.add(s, v, d, &items[i], here, names)
	}
	return x, nil
}

func (x *digest) add(s *Server, v *visit, d *cache.Deps, it *content.Item, here string, names map[string]string) {
	id := strconv.FormatInt(int64(it.ID), 10)
	e := digestEntry{
		Title: it.Head.Title, Summary: it.Head.Summary, Author: it.Head.Source, Column: names[it.Slug],
		Page: here + "a/" + id, Published: it.Published.In(s.cfg.Zone),
		// The same wherever the article is shown, for readers who follow two sites (RFC 4151).
		ID: "tag:xianfeng,2004:article/" + id,
	}
	if e.Author == "" {
		e.Author = v.node.Name
		if n := s.cfg.Network.Tree().Get(it.Site); n != nil {
			e.Author = n.Name
			d.On(content.SiteTag(n.ID))
		}
	}
	if c := it.Head.Cover; c != nil {
		e.Image = v.root + pictureURL(c.File, c.Width, 960)
	}
	x.Updated = later(x.Updated, e.Published)
	x.Entries = append(x.Entries, e)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (x *digest) write(format feedFormat) ([]byte, error) {
	var v any
	switch format {
	case atom:
		v = x.atom()
	case jsonFeed:
		b, err := json.MarshalIndent(x.json(), "", " ")
		return append(b, '\n'), err
	default:
		v = x.rss()
	}
	b, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller wraps
	}
	return append(append([]byte(xml.Header), b...), '\n'), nil
}
