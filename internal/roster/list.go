package roster

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// List is a table of sites as it was read.
type List struct {
	Encoding string
	Unknown  []string // names of columns that nobody knows; what stands in them is left out

	rows []row
	bad  []Line // lines that can't be taken, whatever the network is
}

// row is a line that can be taken as far as it can be known without the network.
type row struct {
	line   int
	parent string // code of the site above; "": it stands at the top
	site   site.Site
}

// Line is what there is to say about one line of the table.
type Line struct {
	Number   int
	Code     string
	Problems errs.Problems
}

// columns are the known columns by the names that lists give them: lower case, without spaces.
var columns = map[string]string{
	"code": "code", "代码": "code", "编码": "code", "区划代码": "code", "行政区划代码": "code", "站点代码": "code",
	"parent": "parent", "上级": "parent", "上级代码": "parent", "上级编码": "parent", "父级": "parent", "上级站点": "parent",
	"level": "level", "级别": "level", "层级": "level", "站点级别": "level",
	"name": "name", "名称": "name", "站点名称": "name", "网站名称": "name", "单位名称": "name",
	"short": "short", "简称": "short",
	"host": "host", "域名": "host", "网址": "host",
	"phone": "phone", "电话": "phone", "联系电话": "phone",
	"address": "address", "地址": "address", "联系地址": "address",
	"email": "email", "邮箱": "email", "电子邮箱": "email",
	"intro": "intro", "简介": "intro", "介绍": "intro",
	"theme": "theme", "主题": "theme", "模板": "theme",
	"kind": "kind", "类型": "kind", "类别": "kind",
}

// needed are the columns without which a table is no list of sites.
var needed = []string{"code", "parent", "level", "name"}

// Read reads a table. The error is errs.TooLarge, or errs.Invalid where it is no list of sites at all;
// what is wrong with single lines is in the report of [List.Plan].
func Read(r io.Reader) (*List, error) {
	t, err := decode(r)
	if err != nil {
		return nil, err
	}
	l := &List{Encoding: t.encoding}
	s := newScanner(t.bytes)
	place, err := l.header(s)
	if err != nil {
		return nil, err
	}
	byCode, byHost := map[string]int{}, map[string]int{}
	for {
		rec, ok := s.next()
		if !ok {
			return l, nil
		}
		if rec.blank() {
			continue
		}
		if len(l.rows)+len(l.bad) == maxRows {
			return nil, errs.TooLarge
		}
		l.add(rec, place, byCode, byHost)
	}
}

// Rows returns how many lines have something in them, without the header.
func (l *List) Rows() int { return len(l.rows) + len(l.bad) }

// header reads the names of the columns and returns which column is where.
func (l *List) header(s *scanner) ([]string, error) {
	rec, ok := s.next()
	for ok && rec.blank() {
		rec, ok = s.next()
	}
	if !ok {
		return nil, errs.Problems{{Code: "empty"}}
	}
	if len(rec.problems) > 0 {
		return nil, rec.problems
	}
	var problems errs.Problems
	place := make([]string, len(rec.cells))
	for i, cell := range rec.cells {
		cell = trim(cell)
		name := columns[strings.ToLower(strings.Join(strings.Fields(cell), ""))]
		switch {
		case cell == "":
		case name == "":
			l.Unknown = append(l.Unknown, clip(cell))
		case slices.Contains(place, name):
			problems.Add(name, "column twice", "")
		default:
			place[i] = name
		}
	}
	for _, name := range needed {
		if !slices.Contains(place, name) {
			problems.Add(name, "column missing", "")
		}
	}
	return place, problems.Err()
}

// add takes a record. byCode and byHost have the lines of what came before.
func (l *List) add(rec record, place []string, byCode, byHost map[string]int) {
	p := rec.problems
	cell := map[string]string{}
	for i, text := range rec.cells {
		switch text = trim(text); {
		case i < len(place) && place[i] != "":
			cell[place[i]] = text
		case i >= len(place) && text != "":
			p.Add("", "fields", "")
		}
	}
	r := row{line: rec.line}
	if len(p) == 0 {
		r, p = parse(cell)
		r.line = rec.line
	}
	s := &r.site
	if first, taken := byCode[s.Code]; taken && s.Code != "" {
		p.Add("code", "twice", itoa(first))
	}
	if first, taken := byHost[s.Host]; taken && s.Host != "" {
		p.Add("host", "twice", itoa(first))
	}
	if len(p) > 0 {
		code := s.Code
		if code == "" {
			code = cell["code"]
		}
		l.bad = append(l.bad, Line{rec.line, clip(code), p})
		return
	}
	byCode[s.Code] = rec.line
	byHost[s.Host] = rec.line
	l.rows = append(l.rows, r)
}

// scientific is what spreadsheets make of long codes.
var scientific = regexp.MustCompile(`^[0-9](\.[0-9]+)?[eE]\+[0-9]+$`)

// parse makes a site of the cells of a line.
func parse(cell map[string]string) (row, errs.Problems) {
	var p errs.Problems
	r := row{parent: narrow(cell["parent"])}
	s := &r.site
	*s = site.Site{
		Code: narrow(cell["code"]), Name: cell["name"], Short: cell["short"], Host: strings.ToLower(cell["host"]),
		Look:  site.Look{Theme: cell["theme"]},
		About: site.About{Intro: cell["intro"], Address: cell["address"], Phone: cell["phone"], Email: cell["email"]},
	}
	level := strings.TrimSuffix(strings.ToLower(cell["level"]), "级")
	switch kind := strings.ToLower(cell["kind"]); kind {
	case "", "site", "站点":
	case "partner", "单位", "合作单位":
		if level == "" {
			level = "partner"
		}
	default:
		p.Add("kind", "unknown", clip(cell["kind"]))
	}
	var known bool
	if s.Level, known = site.ParseLevel(level); !known && level != "" {
		p.Add("level", "unknown", clip(cell["level"]))
		s.Level = site.Village // so that Check has nothing to add
	}
	switch {
	case scientific.MatchString(s.Code), scientific.MatchString(r.parent):
		p.Add("code", "number", clip(cell["code"]))
		return r, p
	case r.parent != "" && !site.ValidCode(r.parent):
		p.Add("parent", "bad", clip(cell["parent"]))
	case r.parent != "" && r.parent == s.Code:
		p.Add("parent", "loop", "")
	}
	return r, append(p, s.Check()...)
}

// trim takes away the spaces around a cell, those that can't be seen too.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' || r == '\u200e' || r == '\u200f'
	})
}

// narrow makes full-width letters and digits of a code common ones.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, s)
}

// clip keeps what a report repeats short.
func clip(s string) string {
	const most = 40
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
