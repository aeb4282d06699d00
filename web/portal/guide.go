package portal

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/cache"
)

// guidePage is a week of the programme guide (节目单).
type guidePage struct {
	base
	Days         []guideDay
	From, To     string // first and last day, in words
	Before, Next string // addresses of the weeks around
	This         string // address of this week; "": it is the page
	Calendar     string // address of the calendar
}

type guideDay struct {
	Name  string
	Stamp string
	Today bool
	Lines []guideLine
}

type guideLine struct {
	Time  string
	Stamp string
	Title string
	Href  string
	From  string
	State broadcast.State
	Said  string // the state in words
	Note  string
}

// guideAhead bounds how far a guide can be leafed through, in weeks to each side.
const guideAhead = 104

func (s *Server) guide(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	b, err := s.full(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	p := guidePage{base: b, Calendar: v.base + "/guide.ics"}
	p.At, p.Title = "guide", p.T.GuideTitle
	now := s.cfg.Now().In(s.cfg.Zone)
	d.Until(midnight(now).AddDate(0, 0, 1)) // today is another day then
	this := monday(now)
	first := this
	if q := v.r.URL.Query().Get("week"); q != "" {
		asked, err := time.ParseInLocation(time.DateOnly, q, s.cfg.Zone)
		if err != nil || asked.Before(this.AddDate(0, 0, -7*guideAhead)) || asked.After(this.AddDate(0, 0, 7*guideAhead)) {
			return cache.Page{}, fmt.Errorf("week: %w", errBadQuery)
		}
		first = monday(asked)
	}
	last := first.AddDate(0, 0, 7)
	week := func(t time.Time) string { return v.base + "/guide?week=" + t.Format(time.DateOnly) }
	p.Before, p.Next = week(first.AddDate(0, 0, -7)), week(last)
	p.From, p.To = p.T.day(first), p.T.day(last.AddDate(0, 0, -1))
	if !first.Equal(this) {
		p.This, p.Hidden = v.base+"/guide", true
	}
	found, err := s.listed(ctx, v.node, first, last)
	if err != nil {
		return cache.Page{}, err
	}
	for i := range 7 {
		from := first.AddDate(0, 0, i)
		x := guideDay{Name: p.T.weekday(from), Stamp: from.Format(time.DateOnly), Today: midnight(now).Equal(from)}
		for j := range found {
			if at := found[j].From().In(s.cfg.Zone); midnight(at).Equal(from) || i == 0 && at.Before(from) {
				x.Lines = append(x.Lines, p.line(&found[j]))
			}
		}
		if len(x.Lines) > 0 || x.Today {
			p.Days = append(p.Days, x)
		}
	}
	return s.html("guide", p)
}

// listed is what a guide has between two moments.
func (s *Server) listed(ctx context.Context, n *site.Node, from, to time.Time) ([]broadcast.Broadcast, error) {
	if s.cfg.Broadcasts == nil {
		return nil, nil
	}
	return s.cfg.Broadcasts.Guide(ctx, n, from, to)
}

func (p *guidePage) line(b *broadcast.Broadcast) guideLine {
	zone := p.s.cfg.Zone
	from := b.From().In(zone)
	x := guideLine{Time: from.Format("15:04"), Stamp: from.Format(time.RFC3339), Title: b.Title, Href: b.Address(), State: b.State, Said: p.T.broadcastState(b.State), Note: b.Summary}
	if until := b.Until(); !until.IsZero() {
		x.Time += "–" + until.In(zone).Format("15:04")
	}
	if b.State == broadcast.Ended && b.Replay != "" {
		x.Said = p.T.Replay
	}
	if n := p.s.cfg.Network.Tree().Get(b.Site); n != nil {
		x.From = n.Name
	}
	return x
}

// midnight is when the day of a moment began, where the moment is.
func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// monday is when the week of a moment began.
func monday(t time.Time) time.Time {
	return midnight(t).AddDate(0, 0, -(int(t.Weekday())+6)%7)
}

// What a calendar has: who subscribes to it keeps what is older.
const (
	calendarBack  = 60 * 24 * time.Hour
	calendarAhead = 400 * 24 * time.Hour
)

func (s *Server) calendar(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	for up := v.node; up != nil; up = up.Above {
		d.On(broadcast.SiteTag(up.ID))
	}
	now := s.cfg.Now()
	d.Until(now.Add(24 * time.Hour)) // other days are in it then
	found, err := s.listed(ctx, v.node, now.Add(-calendarBack), now.Add(calendarAhead))
	if err != nil {
		return cache.Page{}, err
	}
	c := calendar{Name: v.node.Name + " · " + messages(v.lang).GuideTitle, Address: s.absolute(*v, v.node) + "guide"}
	for i := range found {
		b := &found[i]
		e := event{
			UID: fmt.Sprintf("broadcast-%d-%d@xianfeng", b.ID, b.Created.UnixMilli()), Sequence: b.Version - 1, Changed: b.Updated, Created: b.Created,
			From: b.From(), Until: b.Until(), Title: b.Title, Text: b.Summary, Address: v.root + b.Address(), Cancelled: b.State == broadcast.Cancelled,
		}
		if n := s.cfg.Network.Tree().Get(b.Site); n != nil {
			e.Place = n.Name
		}
		c.Events = append(c.Events, e)
	}
	h := dataHeaders("text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `inline; filename="guide.ics"`)
	return cache.Page{Status: http.StatusOK, Header: h, Body: c.write()}, nil
}
