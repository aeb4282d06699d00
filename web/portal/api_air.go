package portal

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/cache"
)

type apiBroadcast struct {
	ID      int64  `json:"id"`
	Title   string `json:"title"`
	Summary string `json:"summary,omitempty"`
	State   string `json:"state"`
	Site    string `json:"site"` // code of the site that broadcasts
	From    string `json:"from"` // its name
	Level   string `json:"level"`
	Starts  string `json:"starts"` // as it began, or as planned
	Ends    string `json:"ends,omitempty"`
	Delay   int64  `json:"delay"` // in milliseconds: all viewers see what the source sent so long ago
	Urgent  bool   `json:"urgent"`
	URL     string `json:"url"`
	Source  string `json:"source"` // address of what is shown
	Replay  string `json:"replay,omitempty"`
}

func (s *Server) apiBroadcastOf(v *visit, b *broadcast.Broadcast) apiBroadcast {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(s.cfg.Zone).Format(time.RFC3339)
	}
	c := broadcast.CardOf(s.cfg.Network.Tree(), b)
	x := apiBroadcast{
		ID: int64(b.ID), Title: b.Title, Summary: b.Summary, State: string(b.State), From: c.From, Level: c.Level, Starts: when(b.From()), Ends: when(b.Until()),
		Delay: c.Delay, Urgent: b.Urgent, URL: v.root + c.Watch, Source: v.root + c.Source,
	}
	if n := s.cfg.Network.Tree().Get(b.Site); n != nil {
		x.Site = n.Code
	}
	if c.Replay != "" {
		x.Replay = v.root + c.Replay
	}
	return x
}

// apiSpan is the longest time that one answer tells of.
const apiSpan = 366 * 24 * time.Hour

func (s *Server) apiBroadcasts(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	for up := v.node; up != nil; up = up.Above {
		d.On(broadcast.SiteTag(up.ID))
	}
	now := s.cfg.Now().In(s.cfg.Zone)
	from := midnight(now)
	q := v.r.URL.Query()
	day := func(name string, otherwise time.Time) (time.Time, error) {
		if !q.Has(name) {
			return otherwise, nil
		}
		t, err := time.ParseInLocation(time.DateOnly, q.Get(name), s.cfg.Zone)
		if err != nil {
			return t, fmt.Errorf("%s is a date such as 2026-11-23: %w", name, errBadQuery)
		}
		return t, nil
	}
	from, err := day("from", from)
	if err != nil {
		return cache.Page{}, err
	}
	to, err := day("to", from.AddDate(0, 0, 7))
	switch {
	case err != nil:
		return cache.Page{}, err
	case !to.After(from) || to.Sub(from) > apiSpan:
		return cache.Page{}, fmt.Errorf("to is after from, a year at most: %w", errBadQuery)
	}
	if !q.Has("from") {
		d.Until(midnight(now).AddDate(0, 0, 1))
	}
	found, err := s.listed(ctx, v.node, from, to)
	if err != nil {
		return cache.Page{}, err
	}
	x := apiList[apiBroadcast]{Items: []apiBroadcast{}, Page: 1}
	for i := range found {
		x.Items = append(x.Items, s.apiBroadcastOf(v, &found[i]))
	}
	return jsonPage(x)
}

func (s *Server) apiBroadcast(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	id, ok := broadcast.ParseID(v.r.PathValue("id"))
	if !ok || s.cfg.Broadcasts == nil {
		return cache.Page{}, errs.NotFound
	}
	d.On(broadcast.Tag(id))
	b, err := s.cfg.Broadcasts.Get(ctx, id)
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	n := s.cfg.Network.Tree().Get(b.Site)
	if n == nil || n.State == site.Closed {
		return cache.Page{}, errs.NotFound
	}
	d.On(content.SiteTag(n.ID))
	return jsonPage(s.apiBroadcastOf(v, &b))
}
