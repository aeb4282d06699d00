package content

import (
	"regexp"
	"strconv"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// ColumnID is a column's number.
type ColumnID int64

// Column is a column (栏目) as a site defines it. A column with Inherit holds for all sites below as well,
// until one of them defines the same slug anew.
type Column struct {
	ID       ColumnID
	Site     site.ID // who defines it
	Slug     string  // part of its address
	Name     string
	NameEN   string
	Kind     Kind
	Position int
	Inherit  bool
	Hidden   bool // not shown to visitors; a site hides an inherited one by defining it hidden
}

// Label is the name in a language, "zh" or "en".
func (c *Column) Label(lang string) string {
	if lang == "en" && c.NameEN != "" {
		return c.NameEN
	}
	return c.Name
}

// The standard columns: the blocks of a village's page, and notices.
const (
	Disclosure = "disclosure"
	Education  = "education"
	News       = "news"
	Scenes     = "album"
	Market     = "produce"
	Notices    = "notices"
)

// Standard returns the columns that every new top site gets, inherited by all below it.
func Standard() []Column {
	return []Column{
		{Slug: News, Name: "新闻动态", NameEN: "News", Kind: Text, Position: 10, Inherit: true},
		{Slug: Notices, Name: "通知公告", NameEN: "Notices", Kind: Text, Position: 20, Inherit: true},
		{Slug: Disclosure, Name: "党务政务公开", NameEN: "Disclosure", Kind: Text, Position: 30, Inherit: true},
		{Slug: Education, Name: "学习教育", NameEN: "Education", Kind: Text, Position: 40, Inherit: true},
		{Slug: Scenes, Name: "美好乡村", NameEN: "Album", Kind: Album, Position: 50, Inherit: true},
		{Slug: Market, Name: "农产品", NameEN: "Produce", Kind: Produce, Position: 60, Inherit: true},
	}
}

var slugPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (c *Column) check() error {
	var p errs.Problems
	if !slugPattern.MatchString(c.Slug) {
		p.Add("slug", "bad", c.Slug)
	}
	switch n := utf8.RuneCountInString(c.Name); {
	case n == 0:
		p.Add("name", "missing", "")
	case n > 40:
		p.Add("name", "long", strconv.Itoa(40))
	}
	if utf8.RuneCountInString(c.NameEN) > 60 {
		p.Add("name_en", "long", strconv.Itoa(60))
	}
	switch c.Kind {
	case Text, Album, Produce:
	default:
		p.Add("kind", "unknown", string(c.Kind))
	}
	return p.Err()
}
