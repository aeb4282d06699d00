// Package themes owns the looks that a site may choose from: a few, each a set of tokens and of variants of the
// blocks, so that an upgrade of the program reaches every site and no site can look broken.
//
// It refuses free design: a site chooses a theme, one of its accents, its blocks and their order.
package themes

import (
	"slices"

	"xianfeng/internal/site"
)

// Theme is a look. Its tokens are in NAME.css, as are those of its accents.
type Theme struct {
	Name     string
	Zh, En   string
	Masthead string // band: a coloured one; photo: the place's photograph; plain: words on paper
	Elder    bool   // large text for everybody
	Accents  []Accent
}

// Accent is one of a theme's colours.
type Accent struct {
	Name   string
	Zh, En string
}

var all = []Theme{
	{Name: "official", Zh: "庄重", En: "Official", Masthead: "band", Accents: []Accent{{"crimson", "正红", "Crimson"}, {"maroon", "绛红", "Maroon"}, {"russet", "赭红", "Russet"}}},
	{Name: "rural", Zh: "田园", En: "Rural", Masthead: "photo", Accents: []Accent{{"green", "青绿", "Green"}, {"bamboo", "竹青", "Bamboo"}, {"earth", "土黄", "Earth"}}},
	{Name: "azure", Zh: "蓝韵", En: "Azure", Masthead: "band", Accents: []Accent{{"blue", "湛蓝", "Blue"}, {"teal", "湖青", "Teal"}, {"indigo", "靛蓝", "Indigo"}}},
	{Name: "plain", Zh: "简洁", En: "Plain", Masthead: "plain", Accents: []Accent{{"ink", "墨", "Ink"}, {"crimson", "红", "Crimson"}, {"blue", "蓝", "Blue"}}},
	{Name: "elder", Zh: "长者", En: "Large print", Masthead: "plain", Elder: true, Accents: []Accent{{"crimson", "深红", "Crimson"}, {"green", "深绿", "Green"}, {"blue", "深蓝", "Blue"}}},
}

// All returns the themes in the order in which they are offered.
func All() []Theme { return slices.Clone(all) }

// Find returns a theme by its name.
func Find(name string) (Theme, bool) {
	for _, t := range all {
		if t.Name == name {
			return t, true
		}
	}
	return Theme{}, false
}

// Accent returns one of the theme's colours, its first where it has none of that name.
func (t Theme) Accent(name string) Accent {
	for _, a := range t.Accents {
		if a.Name == name {
			return a
		}
	}
	return t.Accents[0]
}

// Of returns the look of a site: the theme and accent that it has chosen, or the nearest site above it has.
// Villages and townships for which nobody above has chosen are rural, all others official.
func Of(n *site.Node) (Theme, Accent) {
	for up := n; up != nil; up = up.Above {
		if t, ok := Find(up.Look.Theme); ok {
			accent := up.Look.Accent
			if n.Look.Accent != "" { // a colour of its own in the theme of the site above
				accent = n.Look.Accent
			}
			return t, t.Accent(accent)
		}
	}
	t := all[0]
	if n.Level == site.Township || n.Level == site.Village {
		t = all[1]
	}
	return t, t.Accent(n.Look.Accent)
}
