package admin

import (
	"fmt"
	"net/http"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

const mostHealth = 500

type healthPage struct {
	shell
	List    []condition
	Only    bool
	Sick    int // sites that break a rule
	Warned  int // that are about to
	Healthy int
	More    bool
}

type condition struct {
	content.Condition
	Node     *site.Node
	Findings []warning
	Lacks    string // names of columns that are empty
	Old      string // that are not up to date
	Class    string
	Word     string
}

// health shows, for each site of the subtree, what is wrong or will be soon.
func (s *Server) health(w http.ResponseWriter, r *http.Request, v *visit) {
	p := healthPage{shell: s.shell(r, v, "health", v.at.Label()+" · "+v.t.NavHealth), Only: r.URL.Query().Get("all") == ""}
	all, err := s.cfg.Health.Of(r.Context(), v.at, false)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	for _, c := range all {
		x := s.condition(v, c)
		switch x.Class {
		case "bad":
			p.Sick++
		case "warn":
			p.Warned++
		default:
			p.Healthy++
		}
		if x.Node == nil || p.Only && x.Class == "ok" {
			continue
		}
		if len(p.List) == mostHealth {
			p.More = true
			continue
		}
		p.List = append(p.List, x)
	}
	s.show(w, r, "health", p)
}

func (s *Server) condition(v *visit, c content.Condition) condition {
	x := condition{Condition: c, Node: v.tree.Get(c.Site), Class: "ok", Word: v.t.HealthOK}
	for _, f := range c.Findings {
		y := warning{Text: v.t.finding(f), Class: "warn", Word: v.t.HealthWarn}
		if f.Struck {
			y.Class, y.Word = "bad", v.t.HealthBad
		}
		if x.Class != "bad" {
			x.Class, x.Word = y.Class, y.Word
		}
		x.Findings = append(x.Findings, y)
	}
	if x.Node != nil {
		x.Lacks, x.Old = s.columnNames(v, x.Node, c.Empty), s.columnNames(v, x.Node, c.Stale)
	}
	return x
}

func (s *Server) columnNames(v *visit, n *site.Node, slugs []string) string {
	var out []string
	for _, slug := range slugs {
		if c, ok := s.cfg.Columns.Find(n, slug); ok {
			out = append(out, c.Label(string(v.lang)))
		}
	}
	return strings.Join(out, v.either("、", ", "))
}

// finding says which rule is broken, or will be.
func (t *Messages) finding(f content.Finding) string {
	switch f.Rule {
	case "home":
		return fmt.Sprintf(t.FindingHome, f.Value, f.Limit)
	case "stale":
		return fmt.Sprintf(t.FindingStale, f.Value, f.Limit)
	case "empty":
		return fmt.Sprintf(t.FindingEmpty, f.Value, f.Limit)
	case "open":
		return fmt.Sprintf(t.FindingOpen, f.Value, f.Limit)
	}
	return fmt.Sprintf(t.FindingLinks, f.Value)
}

// warnings are the worst of what is wrong with the sites that somebody looks after, for the start page.
func (s *Server) warnings(r *http.Request, v *visit) []warning {
	if s.cfg.Health == nil {
		return nil
	}
	var bad, soon []warning
	for _, top := range v.tree.Reach(v.Who, site.Publish) {
		list, err := s.cfg.Health.Of(r.Context(), top, true)
		if err != nil {
			s.cfg.Debug.Warn("health of sites", "site", top.Code, "error", err)
			return nil
		}
		for _, c := range list {
			x := s.condition(v, c)
			if x.Node == nil || len(x.Findings) == 0 {
				continue
			}
			said := make([]string, len(x.Findings))
			for i, f := range x.Findings {
				said[i] = f.Text
			}
			y := warning{x.Node.Name, siteAddress(x.Node, "health"), strings.Join(said, v.either("；", "; ")), x.Word, x.Class}
			if x.Class == "bad" {
				bad = append(bad, y)
			} else {
				soon = append(soon, y)
			}
		}
	}
	list := append(bad, soon...)
	return list[:min(len(list), 8)]
}
