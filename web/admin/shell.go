package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// shell is what every page of the console has around it.
type shell struct {
	kit.Frame
	T        *Messages
	Here     *site.Node // nil: the page is about no site
	Section  string     // which kind of work
	Tabs     []kit.Link
	Tree     []*branch
	Todo     int
	Toast    *toast
	Problems []string // what is wrong with what was entered
	Plain    bool     // without tree: 发一条 on the phone
}

// toast says what was done and offers to undo it.
type toast struct {
	Text   string
	Undo   string   // what to do to undo it; "": it can't be
	IDs    []string // to these articles
	At     []string // on these sites, by code
	Column string   // back into this column
	Back   string
}

// section is a kind of work on a site, and the right that it takes.
type section struct {
	name  string
	act   site.Action
	label func(*Messages) string
	there func(*Config) bool // nil: always
}

var sections = []section{
	{"articles", site.ReadDraft, func(t *Messages) string { return t.NavArticles }, nil},
	{"columns", site.ManageColumns, func(t *Messages) string { return t.NavColumns }, nil},
	{"links", site.ManageColumns, func(t *Messages) string { return t.NavLinks }, func(c *Config) bool { return c.Links != nil }},
	{"settings", site.ManageSite, func(t *Messages) string { return t.NavSite }, nil},
	{"children", site.ManageTree, func(t *Messages) string { return t.NavChildren }, nil},
	{"people", site.ManagePeople, func(t *Messages) string { return t.NavPeople }, func(c *Config) bool { return c.People != nil }},
	{"live", site.Broadcast, func(t *Messages) string { return t.NavLive }, func(c *Config) bool { return c.Broadcasts != nil }},
	{"channels", site.Broadcast, func(t *Messages) string { return t.NavChannels }, func(c *Config) bool { return c.Channels != nil }},
	{"terminals", site.Broadcast, func(t *Messages) string { return t.NavTerminals }, func(c *Config) bool { return c.Halls != nil }},
	{"stats", site.ReadStats, func(t *Messages) string { return t.NavStats }, func(c *Config) bool { return c.Figures != nil }},
	{"reception", site.ReadStats, func(t *Messages) string { return t.NavReception }, func(c *Config) bool { return c.Beacons != nil }},
	{"health", site.ReadStats, func(t *Messages) string { return t.NavHealth }, func(c *Config) bool { return c.Health != nil }},
	{"audit", site.ReadAudit, func(t *Messages) string { return t.NavAudit }, func(c *Config) bool { return c.Log != nil }},
}

func (s *Server) shell(r *http.Request, v *visit, name, title string) shell {
	f := s.kit.Frame(r)
	f.Title, f.Site, f.Home, f.Classes = title, v.t.Console, "/admin/", []string{"console"}
	sh := shell{Frame: f, T: v.t, Here: v.at, Section: name, Toast: s.toast(r, v)}
	sh.Tabs = s.tabs(v)
	sh.Tree = v.branches(name)
	sh.Todo = s.countTodo(r, v)
	return sh
}

func (s *Server) tabs(v *visit) []kit.Link {
	if v.at == nil {
		return nil
	}
	var out []kit.Link
	for _, x := range sections {
		if v.mayHere(x.act) && (x.there == nil || x.there(&s.cfg)) {
			out = append(out, kit.Link{Href: v.address(x.name), Text: x.label(v.t), At: x.name})
		}
	}
	return out
}

// address is where a kind of work on the site of the page is done.
func (v *visit) address(name string) string { return siteAddress(v.at, name) }

func siteAddress(n *site.Node, name string) string { return "/admin/s/" + n.Code + "/" + name }

func (s *Server) show(w http.ResponseWriter, r *http.Request, name string, data any) {
	s.kit.Show(w, r, http.StatusOK, s.pages[name], data)
}

// showWrong shows a form again with what is wrong with it.
func (s *Server) showWrong(w http.ResponseWriter, r *http.Request, name string, data any) {
	s.kit.Show(w, r, http.StatusUnprocessableEntity, s.pages[name], data)
}

// problems says what is wrong with what was entered; ok is false where it is another kind of failure.
func (v *visit) problems(err error) (said []string, ok bool) {
	var p errs.Problems
	if !errors.As(err, &p) {
		switch {
		case errors.Is(err, errs.Exists), errors.Is(err, site.ErrDuplicate):
			return []string{v.t.ProblemTaken}, true
		case errors.Is(err, site.ErrLevel):
			return []string{v.t.ProblemLevel}, true
		case errors.Is(err, site.ErrLoop):
			return []string{v.t.ProblemLoop}, true
		}
		return nil, false
	}
	for _, x := range p {
		said = append(said, v.t.problem(x))
	}
	return said, true
}

// done sends the browser to a page that says what was done.
func (s *Server) done(w http.ResponseWriter, r *http.Request, to, what string, ids ...content.ArticleID) {
	s.doneAt(w, r, to, what, nil, ids...)
}

// doneAt is done for what was done on some sites.
func (s *Server) doneAt(w http.ResponseWriter, r *http.Request, to, what string, at []string, ids ...content.ArticleID) {
	q := url.Values{"done": {what}}
	if len(at) > 0 {
		q.Set("at", strings.Join(at, ","))
	}
	if len(ids) > 0 {
		list := make([]string, len(ids))
		for i, id := range ids {
			list[i] = strconv.FormatInt(int64(id), 10)
		}
		q.Set("ids", strings.Join(list, ","))
	}
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	http.Redirect(w, r, to+sep+q.Encode(), http.StatusSeeOther)
}

// undo says which step takes another one back.
var undo = map[string]string{
	"publish": "withdraw", "withdraw": "publish", "pin": "unpin", "unpin": "pin", "delete": "undelete", "push": "unpush", "unpush": "push", "refile": "refile",
}

func (s *Server) toast(r *http.Request, v *visit) *toast {
	q := r.URL.Query()
	said := v.t.done(q.Get("done"))
	if said == "" {
		return nil
	}
	t := &toast{Text: said, Back: r.URL.Path}
	if ids := q.Get("ids"); ids != "" && undo[q.Get("done")] != "" {
		t.Undo = undo[q.Get("done")]
		for id := range strings.SplitSeq(ids, ",") {
			if _, err := strconv.ParseInt(id, 10, 64); err == nil && len(t.IDs) < maxBulk {
				t.IDs = append(t.IDs, id)
			}
		}
		for code := range strings.SplitSeq(q.Get("at"), ",") {
			if site.ValidCode(code) && len(t.At) < maxBulk {
				t.At = append(t.At, code)
			}
		}
		t.Column = q.Get("was")
		if len(t.At) == 0 && strings.HasSuffix(t.Undo, "push") {
			t.Undo = "" // it changed nothing
		}
	}
	return t
}

// doneRefile is done for an article that was moved out of a column.
func (s *Server) doneRefile(w http.ResponseWriter, r *http.Request, to, was string, id content.ArticleID) {
	q := url.Values{"was": {was}}
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	s.done(w, r, to+sep+q.Encode(), "refile", id)
}

// backTo returns a local address that a form names, or other.
func backTo(r *http.Request, other string) string {
	to := r.PostFormValue("back")
	if !strings.HasPrefix(to, "/admin/") || strings.ContainsAny(to, "\\\r\n") {
		return other
	}
	return to
}
