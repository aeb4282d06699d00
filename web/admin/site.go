package admin

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
	"xianfeng/web/portal/themes"
)

func (s *Server) siteRoutes(r *kit.Router) {
	framed := kit.PagePolicy + "; frame-src 'self'" // the preview
	r.With("GET /admin/s/{code}/settings", framed, s.at(site.ManageSite, s.settings))
	r.With("POST /admin/s/{code}/settings", framed, s.at(site.ManageSite, s.saveSettings))
	r.Page("GET /admin/s/{code}/children", s.at(site.ManageTree, s.children))
	r.Page("POST /admin/s/{code}/children", s.at(site.ManageTree, s.changeTree))
	r.Page("GET /admin/s/{code}/columns", s.at(site.ManageColumns, s.columns))
	r.Page("POST /admin/s/{code}/columns", s.at(site.ManageColumns, s.changeColumns))
	r.Page("GET /admin/s/{code}/import", s.at(site.ManageTree, s.importForm))
	r.Page("POST /admin/s/{code}/import", s.at(site.ManageTree, s.importFile))
	r.Page("GET /admin/imports/{job}", s.inside(s.importState))
	s.airRoutes(r)
	s.linkRoutes(r)
}

type sitePage struct {
	shell
	Site    site.Site
	Themes  []look
	Blocks  []block
	People  []site.Contact
	Preview string
	Photo   string // its address
	Accent  string // the colour that is chosen, or the theme's first
	MayCode bool
}

// look is a theme with its colours.
type look struct {
	Name, Label string
	Accents     []option
}

type block struct {
	Name, Label string
	On          bool
}

func (s *Server) settings(w http.ResponseWriter, r *http.Request, v *visit) {
	s.show(w, r, "site", s.sitePage(r, v, v.at.Site))
}

func (s *Server) sitePage(r *http.Request, v *visit, x site.Site) sitePage {
	p := sitePage{shell: s.shell(r, v, "settings", v.at.Label()+" · "+v.t.NavSite), Site: x, Preview: "/v/" + v.at.Code + "/", MayCode: v.mayAddress()}
	if x.Look.Photo != "" {
		p.Photo = "/files/" + x.Look.Photo + "/w480.webp"
	}
	if t, ok := themes.Find(x.Look.Theme); ok {
		p.Accent = t.Accent(x.Look.Accent).Name
	}
	p.Themes = append(p.Themes, look{Label: v.t.ThemeAbove})
	for _, t := range themes.All() {
		l := look{Name: t.Name, Label: v.either(t.Zh, t.En)}
		for _, a := range t.Accents {
			l.Accents = append(l.Accents, option{a.Name, v.either(a.Zh, a.En)})
		}
		p.Themes = append(p.Themes, l)
	}
	seen := map[string]bool{}
	for _, name := range x.Look.Blocks {
		p.Blocks, seen[name] = append(p.Blocks, block{name, s.blockName(v, name), true}), true
	}
	for _, name := range s.blocks(v) {
		if !seen[name] {
			p.Blocks = append(p.Blocks, block{name, s.blockName(v, name), len(x.Look.Blocks) == 0})
		}
	}
	p.People = append([]site.Contact{}, x.About.People...)
	for len(p.People) < min(len(x.About.People)+2, site.MaxPeople) {
		p.People = append(p.People, site.Contact{})
	}
	return p
}

// blocks are all blocks that a site's front page can have, in the order of the themes.
func (s *Server) blocks(v *visit) []string {
	out := themes.Blocks(v.at.Level)
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, c := range s.cfg.Columns.All(v.at) {
		add(c.Slug)
	}
	for _, name := range themes.Special() {
		add(name)
	}
	return out
}

// blockName is the column's name where a block is a column.
func (s *Server) blockName(v *visit, name string) string {
	if c, ok := s.cfg.Columns.Find(v.at, name); ok {
		return c.Label(string(v.lang))
	}
	if said := v.t.block(name); said != "" {
		return said
	}
	return name
}

func (s *Server) saveSettings(w http.ResponseWriter, r *http.Request, v *visit) {
	if err := r.ParseForm(); err != nil {
		s.kit.Fail(w, r, errs.Invalid)
		return
	}
	x := v.at.Site
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	if v.mayAddress() && r.PostForm.Has("code") {
		x.Code, x.Host = line("code"), strings.ToLower(line("host"))
	}
	x.Name, x.Short = line("name"), line("short")
	x.About.Intro, x.About.Address, x.About.Phone, x.About.Email, x.About.Hours = line("intro"), line("address"), line("phone"), line("email"), line("hours")
	x.About.People = nil
	for i, name := range r.PostForm["person"] {
		c := site.Contact{Name: strings.TrimSpace(name), Duty: strings.TrimSpace(nth(r.PostForm["duty"], i)), Phone: strings.TrimSpace(nth(r.PostForm["tel"], i))}
		if c != (site.Contact{}) {
			x.About.People = append(x.About.People, c)
		}
	}
	x.Look.Theme, x.Look.Accent, _ = strings.Cut(line("theme"), "/")
	x.Look.Motto = line("motto")
	if photo := line("photo"); photo != "" {
		if m := fileAddress.FindStringSubmatch(photo); m != nil {
			x.Look.Photo = m[1]
		}
	} else if r.PostForm.Has("photo") {
		x.Look.Photo = ""
	}
	if list, moved := moveBlock(r.PostForm["order"], line("move")); moved || r.PostForm.Has("order") {
		x.Look.Blocks = keepTicked(list, r.PostForm["block"])
		if !moved && len(r.PostForm["block"]) == len(s.blocks(v)) && slices.Equal(list, s.blocks(v)) {
			x.Look.Blocks = nil // as the theme has them
		}
	}
	version, err := strconv.ParseInt(line("version"), 10, 64)
	if err != nil {
		s.kit.Fail(w, r, errs.Invalid)
		return
	}
	x.Version = version
	c, err := s.editor(v).Edit(x)
	if err == nil {
		_, err = s.cfg.Network.Save(r.Context(), c)
	}
	if err == nil {
		s.done(w, r, siteAddress(&site.Node{Site: x}, "settings"), "site")
		return
	}
	said, ok := v.problems(err)
	if errors.Is(err, errs.Conflict) {
		said, ok = []string{v.t.ConflictTitle}, true
	}
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.sitePage(r, v, x)
	p.Site.Version = v.at.Version
	p.Problems = said
	s.showWrong(w, r, "site", p)
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// moveBlock moves "NAME up" or "NAME down" by one.
func moveBlock(list []string, how string) ([]string, bool) {
	name, to, _ := strings.Cut(how, " ")
	out := append([]string(nil), list...)
	for i, x := range out {
		if x != name {
			continue
		}
		j := i - 1
		if to == "down" {
			j = i + 1
		}
		if j >= 0 && j < len(out) {
			out[i], out[j] = out[j], out[i]
		}
		return out, true
	}
	return out, false
}

func keepTicked(order, ticked []string) []string {
	on := map[string]bool{}
	for _, x := range ticked {
		on[x] = true
	}
	var out []string
	for _, x := range order {
		if on[x] && len(out) < 40 {
			out, on[x] = append(out, x), false
		}
	}
	return out
}

func (s *Server) editor(v *visit) site.Changer {
	return site.Changer{Tree: v.tree, By: v.Who.Account, Remote: v.by.Remote}
}

type childrenPage struct {
	shell
	Children []*site.Node
	Levels   []option
	New      site.Site
	NewLevel string
}

// LevelOf names a site's level.
func (p childrenPage) LevelOf(n *site.Node) string { return p.T.level(n.Level) }

// children are the sites directly below one: make, rename, move, close.
func (s *Server) children(w http.ResponseWriter, r *http.Request, v *visit) {
	s.show(w, r, "children", s.childrenPage(r, v))
}

func (s *Server) childrenPage(r *http.Request, v *visit) childrenPage {
	p := childrenPage{shell: s.shell(r, v, "children", v.at.Label()+" · "+v.t.NavChildren), Children: v.at.Children}
	for l := site.Province; l <= site.Partner; l++ {
		if l.Below(v.at.Level) {
			p.Levels = append(p.Levels, option{l.String(), v.t.level(l)})
		}
	}
	return p
}

// changeTree makes, renames, moves, closes or opens a site below {code}.
func (s *Server) changeTree(w http.ResponseWriter, r *http.Request, v *visit) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	do, e := line("do"), s.editor(v)
	var c site.Change
	var err error
	var fresh site.Site
	if do == "create" {
		level, _ := site.ParseLevel(line("level"))
		fresh = site.Site{Code: line("newcode"), Name: line("name"), Short: line("short"), Level: level, State: site.Active}
		c, err = e.Create(fresh, v.at.ID)
	} else {
		child := v.node(line("child"), site.ManageTree)
		if child == nil || !child.Under(v.at) {
			s.kit.Fail(w, r, errs.NotFound)
			return
		}
		switch do {
		case "rename":
			c, err = e.Rename(child.ID, line("name"), line("short"))
		case "move":
			to := v.node(line("to"), site.ManageTree)
			if to == nil {
				err = errs.Problems{{Field: "to", Code: "unknown", Value: line("to")}}
				break
			}
			c, err = e.Move(child.ID, to.ID)
		case "close":
			c, err = e.Close(child.ID)
		case "reopen":
			c, err = e.Reopen(child.ID)
		default:
			err = errs.Invalid
		}
	}
	if err == nil {
		_, err = s.cfg.Network.Save(r.Context(), c)
	}
	if err == nil {
		s.done(w, r, v.address("children"), do)
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.childrenPage(r, v)
	p.Problems, p.New, p.NewLevel = said, fresh, line("level")
	s.showWrong(w, r, "children", p)
}

type columnsPage struct {
	shell
	List []column
	New  content.Column
}

type column struct {
	content.Column
	Own   bool
	From  string
	Named string
}

func (s *Server) columns(w http.ResponseWriter, r *http.Request, v *visit) {
	s.show(w, r, "columns", s.columnsPage(r, v))
}

func (s *Server) columnsPage(r *http.Request, v *visit) columnsPage {
	p := columnsPage{shell: s.shell(r, v, "columns", v.at.Label()+" · "+v.t.NavColumns)}
	for _, c := range s.cfg.Columns.All(v.at) {
		x := column{Column: c, Own: c.Site == v.at.ID, Named: v.t.kind(c.Kind)}
		if n := v.tree.Get(c.Site); n != nil {
			x.From = n.Label()
		}
		p.List = append(p.List, x)
		p.New.Position = c.Position + 10
	}
	return p
}

// changeColumns saves a column: an own one is changed, an inherited one becomes the site's own.
func (s *Server) changeColumns(w http.ResponseWriter, r *http.Request, v *visit) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	slug, do := line("slug"), line("do")
	c, known := s.cfg.Columns.Find(v.at, slug)
	if known && c.Site != v.at.ID {
		c.ID, c.Site, c.Inherit = 0, v.at.ID, true
	}
	if !known {
		c = content.Column{Site: v.at.ID, Slug: slug, Kind: content.Kind(line("kind")), Inherit: true}
	}
	var err error
	switch do {
	case "hide", "show":
		c.Hidden = do == "hide"
	case "delete":
	case "save", "create":
		if do == "create" && known && c.ID != 0 {
			err = errs.Exists
		}
		c.Name, c.NameEN, c.Inherit, c.Hidden = line("name"), line("name_en"), line("inherit") != "", line("hidden") != ""
		if n, nerr := strconv.Atoi(line("position")); nerr == nil {
			c.Position = n
		}
	default:
		err = errs.Invalid
	}
	if err == nil && do == "delete" {
		err = s.cfg.Columns.Delete(r.Context(), v.by, v.at.ID, slug)
		if errors.Is(err, errs.Exists) {
			err = errs.Problems{{Field: "slug", Code: "used"}}
		}
	} else if err == nil {
		_, err = s.cfg.Columns.Save(r.Context(), v.by, c)
	}
	if err == nil {
		s.done(w, r, v.address("columns"), "column")
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.columnsPage(r, v)
	p.Problems, p.New = said, c
	s.showWrong(w, r, "columns", p)
}
