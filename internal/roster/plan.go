package roster

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// place is a site as it would stand: in the list, in the network, or in both.
type place struct {
	code   string
	parent *place // nil: it stands at the top, or its site above is missing
	above  string // code of the site above; "": it stands at the top
	level  site.Level
	row    *row       // nil: not in the list
	node   *site.Node // nil: new
	seen   int        // marks of the search for loops
}

// planner compares a list with the network.
type planner struct {
	tree    *site.Tree
	o       Options
	report  Report
	rows    []*row
	byCode  map[string]*row // of rows that are still good; by the code that the site has now
	problem map[*row]errs.Problems
	badLine map[string]int // by the codes of bad lines
}

// Plan returns what has to change so that the network is as the list says, and the report of it. The change has
// no sites where everything is so already, and where there are bad lines that hold up all.
func (l *List) Plan(tree *site.Tree, o Options) (site.Change, Report) {
	p := &planner{tree: tree, o: o, byCode: make(map[string]*row, len(l.rows)), problem: map[*row]errs.Problems{}, badLine: map[string]int{}}
	for _, b := range l.bad {
		p.badLine[b.Code] = b.Number
	}
	p.report = Report{Encoding: l.Encoding, Unknown: l.Unknown, Rows: l.Rows(), Bad: slices.Clone(l.bad)}
	p.take(l.rows)
	for p.refuse() {
		// Each round takes bad lines out; those below them are bad in the next.
	}
	c := p.change()
	for r, problems := range p.problem {
		p.report.Bad = append(p.report.Bad, Line{r.line, r.site.Code, problems})
	}
	byNumber := func(a, b Line) int { return cmp.Compare(a.Number, b.Number) }
	slices.SortFunc(p.report.Bad, byNumber)
	slices.SortFunc(p.report.Notices, byNumber)
	if len(p.report.Bad) > 0 && !o.SkipBad {
		return site.Change{}, p.report
	}
	if o.Progress != nil {
		o.Progress(Checked, p.report.Rows, p.report.Rows)
	}
	return c, p.report
}

// take finds which site of the network each row is about, and says what is wrong with single rows in it.
func (p *planner) take(rows []row) {
	for i := range rows {
		r := rows[i] // the list stays as it is: it may be planned again
		row := &r
		p.rows = append(p.rows, row)
		if n, old := p.tree.ByCode(r.site.Code); n != nil {
			if old { // the site has another code since: nobody wants a second one in its place
				p.notice(row, "code", "renamed", n.Code)
			}
			row.site.ID = n.ID
			row.site.Code = n.Code
		}
		if n, old := p.tree.ByCode(r.parent); n != nil && old {
			row.parent = n.Code
		}
		if first := p.byCode[row.site.Code]; first != nil {
			p.bad(row, "code", "twice", itoa(first.line))
			continue
		}
		p.byCode[row.site.Code] = row
		if host := row.site.Host; host != "" {
			if n, old := p.tree.ByHost(host); n != nil && !old && n.ID != row.site.ID {
				p.bad(row, "host", "taken", n.Code)
			}
		}
		if theme := row.site.Look.Theme; theme != "" && p.o.Theme != nil && !p.o.Theme(theme) {
			p.bad(row, "theme", "unknown", theme)
		}
		if !site.StandardCode(row.site.Code, row.site.Level) {
			p.notice(row, "code", "not standard", row.site.Level.String())
		}
	}
	p.dropBad()
}

func (p *planner) bad(r *row, field, code, value string) {
	problems := p.problem[r]
	problems.Add(field, code, value)
	p.problem[r] = problems
	if _, told := p.badLine[r.site.Code]; !told {
		p.badLine[r.site.Code] = r.line
	}
}

func (p *planner) notice(r *row, field, code, value string) {
	p.report.Notices = append(p.report.Notices, Line{r.line, r.site.Code, errs.Problems{{Field: field, Code: code, Value: value}}})
}

// dropBad takes the rows that were found bad out of the good ones.
func (p *planner) dropBad() {
	for code, r := range p.byCode {
		if p.problem[r] != nil {
			delete(p.byCode, code)
		}
	}
}

// places returns all sites as they would stand if the good rows were taken.
func (p *planner) places() []*place {
	all := make(map[string]*place, p.tree.Len()+len(p.byCode))
	list := make([]*place, 0, p.tree.Len()+len(p.byCode))
	add := func(x *place) {
		all[x.code] = x
		list = append(list, x)
	}
	for _, n := range p.tree.All() {
		x := &place{code: n.Code, level: n.Level, node: n}
		if n.Above != nil {
			x.above = n.Above.Code
		}
		if r := p.byCode[n.Code]; r != nil {
			x.row, x.above, x.level = r, r.parent, r.site.Level
		}
		add(x)
	}
	for _, r := range p.rows {
		if p.byCode[r.site.Code] == r && all[r.site.Code] == nil {
			add(&place{code: r.site.Code, above: r.parent, level: r.site.Level, row: r})
		}
	}
	for _, x := range list {
		x.parent = all[x.above]
	}
	return list
}

// refuse finds rows that make no tree, and reports whether there were any.
func (p *planner) refuse() bool {
	list := p.places()
	before := len(p.problem)
	for i, x := range list {
		p.loop(x, i+1)
	}
	for _, x := range list {
		switch {
		case x.row != nil && p.problem[x.row] != nil: // told already
		case x.row != nil && x.above != "" && x.parent == nil:
			p.orphan(x.row)
		case x.parent != nil && !x.level.Below(x.parent.level):
			if x.row != nil {
				p.bad(x.row, "level", "level", x.parent.level.String())
			} else if x.parent.row != nil && p.problem[x.parent.row] == nil {
				p.bad(x.parent.row, "level", "level below", x.code)
			}
		case x.row != nil && !p.allowed(x):
			p.bad(x.row, "", "denied", "")
		}
	}
	p.dropBad()
	return len(p.problem) > before
}

// loop looks upwards from x, marking its way, and tells of rows on a loop.
func (p *planner) loop(x *place, mark int) {
	for y := x; y != nil; y = y.parent {
		switch y.seen {
		case 0:
			y.seen = mark
			continue
		case mark:
			for z := y; ; {
				if z.row != nil && p.problem[z.row] == nil {
					p.bad(z.row, "parent", "loop", "")
				}
				if z = z.parent; z == y {
					return
				}
			}
		}
		return // somebody has been here
	}
}

// orphan tells why a row has no site above: its line is bad, or there is none.
func (p *planner) orphan(r *row) {
	if line := p.badLine[r.parent]; line > 0 {
		p.bad(r, "parent", "below bad", itoa(line))
		return
	}
	p.bad(r, "parent", "orphan", r.parent)
}

// allowed reports whether who imports may do what a row asks for.
func (p *planner) allowed(x *place) bool {
	if p.o.May == nil {
		return true
	}
	moved := x.node == nil
	if x.node != nil {
		if !p.o.May(x.node.ID) && differs(x) {
			return false
		}
		old := ""
		if x.node.Above != nil {
			old = x.node.Above.Code
		}
		if moved = old != x.above; moved && !p.o.May(x.node.Parent) {
			return false
		}
	}
	switch {
	case !moved:
		return true
	case x.parent == nil:
		return p.o.May(0)
	case x.parent.node != nil:
		return p.o.May(x.parent.node.ID)
	}
	return true // below a new site, which was asked about itself
}

// differs reports whether the row wants something else than there is, but for the place in the tree.
func differs(x *place) bool {
	s := merged(x)
	s.Parent = x.node.Parent
	return site.Difference(&x.node.Site, &s) != nil
}

// merged is the site as it would be: what the list says over what there is.
func merged(x *place) site.Site {
	if x.node == nil {
		return x.row.site
	}
	s, r := x.node.Site, &x.row.site
	s.Level, s.Name = r.Level, r.Name
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&s.Short, r.Short},
		{&s.Host, r.Host},
		{&s.Look.Theme, r.Look.Theme},
		{&s.About.Intro, r.About.Intro},
		{&s.About.Address, r.About.Address},
		{&s.About.Phone, r.About.Phone},
		{&s.About.Email, r.About.Email},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	return s
}

// change makes the change of the good rows.
func (p *planner) change() site.Change {
	list := p.places()
	depth := func(x *place) int {
		n := 0
		for y := x.parent; y != nil; y = y.parent {
			n++
		}
		return n
	}
	byDepth := [8][]*place{} // a tree has six levels
	for _, x := range list {
		if x.row != nil {
			byDepth[min(depth(x), len(byDepth)-1)] = append(byDepth[min(depth(x), len(byDepth)-1)], x)
		}
	}
	c := site.Change{Above: map[string]string{}}
	for _, run := range byDepth {
		slices.SortFunc(run, func(a, b *place) int { return cmp.Compare(a.code, b.code) })
		for _, x := range run {
			p.add(&c, x)
		}
	}
	if len(c.Sites) == 0 {
		return site.Change{}
	}
	c.Entries = append(c.Entries, p.entry("site.import", 0, "", map[string]any{
		"file": p.o.Source, "rows": p.report.Rows, "created": p.report.Created, "changed": p.report.Changed,
	}))
	if len(c.Tags) > maxTags {
		c.Tags = []string{"network"}
	}
	if p.o.Progress != nil {
		total := len(c.Sites)
		c.Progress = func(n int) { p.o.Progress(Stored, n, total) }
	}
	return c
}

// maxTags is how many tags a change has before everything counts as changed: throwing away all pages is
// cheaper than looking for many.
const maxTags = 64

// add puts one site into the change, unless it is so already.
func (p *planner) add(c *site.Change, x *place) {
	s := merged(x)
	switch {
	case x.parent == nil:
		s.Parent = 0
	case x.parent.node != nil:
		s.Parent = x.parent.node.ID
	default:
		s.Parent = 0
		c.Above[s.Code] = x.parent.code
	}
	tag := func(t string) {
		if len(c.Tags) <= maxTags && !slices.Contains(c.Tags, t) {
			c.Tags = append(c.Tags, t)
		}
	}
	if x.node == nil {
		p.report.Created++
		c.Sites = append(c.Sites, s)
		switch {
		case s.Parent != 0:
			tag("tree:" + strconv.FormatInt(int64(s.Parent), 10))
		case x.parent == nil:
			tag("network")
		}
		return
	}
	d := site.Difference(&x.node.Site, &s)
	switch below := c.Above[s.Code]; {
	case below != "": // the site above has no number yet
		if d == nil {
			d = map[string]any{}
		}
		d["parent"] = [2]any{x.node.Parent, below}
		tag("network")
	case d == nil:
		p.report.Unchanged++
		return
	}
	p.report.Changed++
	c.Sites = append(c.Sites, s)
	var one site.Change
	one.Replaces(x.node, &s)
	c.Aliases = append(c.Aliases, one.Aliases...)
	for _, t := range one.Tags {
		tag(t)
	}
	c.Entries = append(c.Entries, p.entry("site.change", x.node.ID, s.Code, d))
}

func (p *planner) entry(action string, on site.ID, code string, detail map[string]any) site.Entry {
	b, err := json.Marshal(detail)
	if err != nil {
		b = []byte("{}") // texts and numbers can always be written
	}
	e := site.Entry{By: p.o.By, Remote: p.o.Remote, Site: on, Action: action, Detail: string(b)}
	if code != "" {
		e.Object = "site:" + code
	}
	return e
}

func itoa(n int) string { return strconv.Itoa(n) }
