package clean

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// list makes a list block of a list element. What stands between its items becomes an item.
func (f *flow) list(n *html.Node, p place) {
	f.flush()
	if p.depth >= maxDepth {
		f.children(n, p)
		f.flush()
		return
	}
	p.depth++
	b := &block{tag: "ul"}
	if n.Data == "ol" {
		b.tag = "ol"
		if start := number(n, "start", 9999); start != "1" {
			b.set("start", start)
		}
	}
	loose := flow{walk: f.walk, tag: "p"}
	settle := func() {
		if kids := loose.done(); len(kids) > 0 {
			b.kids = append(b.kids, &block{tag: "li", kids: kids})
		}
		loose.out = nil
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		element := c.Type == html.ElementNode && c.Namespace == ""
		switch {
		case element && c.Data == "li":
			settle()
			if at := p.format(c); !at.hidden {
				if kids := f.inside(c, at); len(kids) > 0 {
					b.kids = append(b.kids, &block{tag: "li", kids: kids})
				}
			}
		case element && (c.Data == "ul" || c.Data == "ol") && len(b.kids) > 0: // Word's: beside the item that it belongs to
			settle()
			inner := flow{walk: f.walk, tag: "p"}
			inner.list(c, p)
			last := b.kids[len(b.kids)-1]
			last.kids = append(last.kids, inner.done()...)
		default:
			loose.node(c, p)
		}
	}
	settle()
	if len(b.kids) > 0 {
		f.add(b)
	}
}

// listLevel reads what Word and WPS write instead of a list: style="mso-list:l0 level2 lfo1".
func listLevel(n *html.Node) (level int, found bool) {
	if n.Data != "p" && n.Data != "div" {
		return 0, false
	}
	styles(n, func(name, value string) {
		if name != "mso-list" || value == "ignore" || value == "none" {
			return
		}
		for word := range strings.FieldsSeq(value) {
			if digits, ok := strings.CutPrefix(word, "level"); ok {
				if v, err := strconv.Atoi(digits); err == nil && v > 0 {
					level, found = v, true
				}
			}
		}
	})
	return level, found
}

// item makes an item of a list that has no list around it.
func item(w *walk, n *html.Node, p place, level int) *block {
	level = min(level, maxDepth-p.depth)
	b := &block{tag: "item", level: level}
	if numbered(marker(n)) {
		b.set("kind", "ol")
	}
	p.depth += level
	b.kids = w.inside(n, p)
	return b
}

// marker is the bullet or number that Word drew as text: <span style="mso-list:Ignore">1.</span>.
func marker(n *html.Node) string {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		drawn := false
		styles(c, func(name, value string) { drawn = drawn || name == "mso-list" && value == "ignore" })
		if !drawn {
			if text := marker(c); text != "" {
				return text
			}
			continue
		}
		return Text(render(c))
	}
	return ""
}

func render(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		return "" // a marker is not worth more: the item is a bullet then
	}
	return b.String()
}

// numbered reports whether a marker counts: "1.", "一、", "(a)", "iv)". A letter alone is a bullet of Wingdings.
func numbered(text string) bool {
	bare := strings.Trim(text, " .、)(）（．")
	count := 0
	for _, r := range bare {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if letter && bare == text || !letter && !unicode.IsDigit(r) && !strings.ContainsRune("一二三四五六七八九十", r) {
			return false
		}
		count++
	}
	return count > 0 && count <= 5
}

// items puts neighbouring items into lists.
func items(in []*block) []*block {
	var out []*block
	var open []*block // lists, outer first
	for _, b := range in {
		if b.tag != "item" {
			open = nil
			out = append(out, b)
			continue
		}
		if len(b.kids) == 0 {
			continue
		}
		kind := "ul"
		if len(b.attrs) > 0 {
			kind = "ol"
		}
		level := min(b.level, len(open)+1)
		open = open[:min(level, len(open))]
		if len(open) == level && open[level-1].tag != kind {
			open = open[:level-1]
		}
		if len(open) < level {
			l := &block{tag: kind}
			if len(open) == 0 {
				out = append(out, l)
			} else {
				up := open[len(open)-1]
				last := up.kids[len(up.kids)-1]
				last.kids = append(last.kids, l)
			}
			open = append(open, l)
		}
		l := open[level-1]
		l.kids = append(l.kids, &block{tag: "li", kids: b.kids})
	}
	return out
}
