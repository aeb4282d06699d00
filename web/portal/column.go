package portal

import (
	"context"
	"fmt"
	"strconv"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/web/cache"
)

type columnPage struct {
	base
	Column  content.Column
	Name    string
	Items   []content.Item
	Current int
	Newer   string // address of the page before; "": this is the first
	Older   string
}

func (s *Server) column(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	slug := v.r.PathValue("slug")
	c, ok := s.cfg.Columns.Find(v.node, slug)
	if !ok || c.Hidden {
		return cache.Page{}, fmt.Errorf("column: %w", errs.NotFound)
	}
	number, err := pageNumber(v.r.URL.Query().Get("page"))
	if err != nil {
		return cache.Page{}, err
	}
	dependOnList(d, v.node, slug)
	size := 20
	if c.Kind != content.Text {
		size = 24
	}
	list, err := s.cfg.Shelf.Latest(ctx, v.node, slug, number, size)
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	if len(list.Items) == 0 && number > 1 {
		return cache.Page{}, fmt.Errorf("page %d: %w", number, errs.NotFound)
	}
	expires(d, list.Items)
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	p := columnPage{base: b, Column: c, Name: c.Label(short(v.lang)), Items: list.Items, Current: number}
	p.At, p.Title, p.FeedBase = slug, p.Name, v.base+"/c/"+slug+"/"
	if number > 1 {
		p.Newer, p.Title = "?page="+strconv.Itoa(number-1), fmt.Sprintf(p.T.TitlePage, p.Name, number)
		p.Canonical += "?page=" + strconv.Itoa(number)
	}
	if list.More {
		p.Older = "?page=" + strconv.Itoa(number+1)
	}
	return s.html("column", p)
}

// pageNumber reads ?page=.
func pageNumber(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		return 0, fmt.Errorf("page %.20q: %w", text, errs.NotFound)
	}
	return n, nil
}
