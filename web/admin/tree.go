package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// mostChildren is how many sites the tree shows below one; the rest is found by searching.
const mostChildren = 300

// branch is a site in the tree at the left.
type branch struct {
	Node     *site.Node
	Href     string
	Fetch    string // where its children are; "": it has none
	Here     bool
	Open     bool
	Children []*branch
	More     string // says how many children are not shown
	Label    string // of the button that opens it
}

// branches are the trees of the sites that somebody works on, open down to the one of the page.
func (v *visit) branches(section string) []*branch {
	open := map[*site.Node]bool{}
	for n := v.at; n != nil; n = n.Above {
		open[n] = true
	}
	roots := v.roots()
	if v.at == nil && len(roots) == 1 {
		open[roots[0]] = true
	}
	var out []*branch
	for _, n := range roots {
		out = append(out, v.branch(n, section, open))
	}
	return out
}

func (v *visit) branch(n *site.Node, section string, open map[*site.Node]bool) *branch {
	b := &branch{Node: n, Href: "/admin/s/" + n.Code, Here: n == v.at, Open: open[n] && len(n.Children) > 0, Label: fmt.Sprintf(v.t.TreeOpen, n.Label())}
	if section != "" {
		for _, x := range sections {
			if x.name == section && v.may(x.act, n) {
				b.Href = siteAddress(n, section)
			}
		}
	}
	if len(n.Children) > 0 {
		b.Fetch = "/admin/tree/" + n.Code + "?section=" + section
	}
	if !b.Open {
		return b
	}
	for i, c := range n.Children {
		if i == mostChildren {
			b.More = fmt.Sprintf(v.t.TreeMore, len(n.Children)-i)
			break
		}
		b.Children = append(b.Children, v.branch(c, section, open))
	}
	return b
}

// branch answers with the children of a site, for the tree's script.
func (s *Server) branch(w http.ResponseWriter, r *http.Request, v *visit) {
	b := v.branch(v.at, r.URL.Query().Get("section"), map[*site.Node]bool{v.at: true})
	b.Open = true
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := s.pages["find"].ExecuteTemplate(w, "children", b); err != nil {
		s.cfg.Debug.Debug("visitor left", "error", err)
	}
}

type found struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Where string `json:"where"`
	Href  string `json:"href"`
	Size  int    `json:"size"` // sites below it
}

type findPage struct {
	shell
	Query string
	Found []found
}

// find looks for sites by name, initials or code, as a page and for scripts as JSON. act narrows what is found to
// where somebody may push, broadcast or write.
func (s *Server) find(w http.ResponseWriter, r *http.Request, v *visit) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	act := site.EnterConsole
	switch r.URL.Query().Get("for") {
	case "push":
		act = site.PushDown
	case "broadcast":
		act = site.Broadcast
	case "tree":
		act = site.ManageTree
	}
	list := []found{}
	for _, n := range s.search(v, q, act, 30) {
		list = append(list, foundSite(n))
	}
	if !kit.WantsPage(r) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if err := json.NewEncoder(w).Encode(list); err != nil {
			s.cfg.Debug.Debug("visitor left", "error", err)
		}
		return
	}
	s.show(w, r, "find", findPage{s.shell(r, v, "", v.t.FindTitle), q, list})
}

func foundSite(n *site.Node) found {
	var above []string
	for up := n.Above; up != nil; up = up.Above {
		above = append([]string{up.Label()}, above...)
	}
	return found{Code: n.Code, Name: n.Name, Where: strings.Join(above, " › "), Href: "/admin/s/" + n.Code, Size: n.Size() - 1}
}

// search returns sites on which somebody may do act.
func (s *Server) search(v *visit, q string, act site.Action, limit int) []*site.Node {
	if q == "" || utf8.RuneCountInString(q) > 60 {
		return nil
	}
	var out []*site.Node
	take := func(n *site.Node) bool {
		if v.may(act, n) {
			out = append(out, n)
		}
		return len(out) < limit
	}
	if s.cfg.Names == nil { // without the index of names: by their parts
		for _, n := range v.tree.All() {
			if (strings.Contains(n.Name, q) || strings.HasPrefix(n.Code, q)) && !take(n) {
				break
			}
		}
		return out
	}
	for _, id := range s.cfg.Names.Find(q, 20*limit) {
		if n := v.tree.Get(id); n != nil && !take(n) {
			break
		}
	}
	return out
}

// siteStart leads to the first kind of work that somebody may do on a site.
func (s *Server) siteStart(w http.ResponseWriter, r *http.Request, v *visit) {
	tabs := s.tabs(v)
	if len(tabs) == 0 {
		s.show(w, r, "find", findPage{s.shell(r, v, "", v.at.Name), "", nil})
		return
	}
	http.Redirect(w, r, tabs[0].Href, http.StatusSeeOther)
}
