package admin

import (
	"net/http"
	"strconv"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

type statsPage struct {
	shell
	From, To string
	Sum      content.Figure
	Rows     []figure
	Days     []bar
}

type figure struct {
	content.Figure
	Node *site.Node
}

// bar is a day in the chart; the table beside it says the same.
type bar struct {
	content.Day
	Part int // of the highest day, in tenths
}

// period is what ?from= and ?to= ask for, else the last thirty days.
func (s *Server) period(r *http.Request) (from, to string) {
	now := s.cfg.Now().In(s.cfg.Zone)
	from, to = now.AddDate(0, 0, -29).Format(time.DateOnly), now.Format(time.DateOnly)
	if d, err := time.Parse(time.DateOnly, r.URL.Query().Get("from")); err == nil {
		from = d.Format(time.DateOnly)
	}
	if d, err := time.Parse(time.DateOnly, r.URL.Query().Get("to")); err == nil {
		to = d.Format(time.DateOnly)
	}
	return from, to
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request, v *visit) {
	p := statsPage{shell: s.shell(r, v, "stats", v.at.Label()+" · "+v.t.NavStats)}
	p.From, p.To = s.period(r)
	list, err := s.cfg.Figures.Below(r.Context(), v.at, p.From, p.To)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	days, err := s.cfg.Figures.Days(r.Context(), v.at, p.From, p.To)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	for i, f := range list {
		if i == 0 {
			p.Sum = f
			continue
		}
		if n := v.tree.Get(f.Site); n != nil {
			p.Rows = append(p.Rows, figure{f, n})
		}
	}
	var most int64 = 1
	for _, d := range days {
		most = max(most, d.Pages)
	}
	for _, d := range days {
		p.Days = append(p.Days, bar{d, int((d.Pages*10 + most - 1) / most)})
	}
	s.show(w, r, "stats", p)
}

// statsCSV exports the figures of every site of the subtree.
func (s *Server) statsCSV(w http.ResponseWriter, r *http.Request, v *visit) {
	from, to := s.period(r)
	list, err := s.cfg.Figures.Each(r.Context(), v.at, from, to)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	out := s.csv(w, "figures-"+v.at.Code, "code", "name", "sites", "pages", "visitors", "published", "pages_below", "visitors_below", "published_below")
	num := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, f := range list {
		n := v.tree.Get(f.Site)
		if n == nil {
			continue
		}
		row := []string{n.Code, plainCell(n.Name), strconv.Itoa(f.Sites), num(f.Own.Pages), num(f.Own.Visitors), num(f.Own.Published), num(f.All.Pages), num(f.All.Visitors), num(f.All.Published)}
		if err := out.Write(row); err != nil {
			return // the visitor left
		}
	}
	out.Flush()
}
