package clean

import "golang.org/x/net/html"

// table makes a table block. A table of one cell was only there to place something.
func (f *flow) table(n *html.Node, p place) {
	f.flush()
	if p.depth >= maxDepth {
		f.children(n, p)
		f.flush()
		return
	}
	p.depth++
	t := &block{tag: "table"}
	var head, body []*block
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		switch c.Data {
		case "caption":
			for _, b := range f.inside(c, p) {
				if len(b.runs) > 0 && b.tag != "table" {
					t.runs = append(append(t.runs, b.runs...), run{text: " "})
				}
			}
		case "thead":
			head = append(head, f.rows(c, p)...)
		case "tbody", "tfoot":
			body = append(body, f.rows(c, p)...)
		}
	}
	t.runs = oneParagraph(tidy(t.runs))
	if len(head) == 0 && len(body) > 1 && allHeads(body[0]) {
		head, body = body[:1], body[1:]
	}
	switch {
	case empty(head) && empty(body):
		f.runs = t.runs
		f.flush()
		return
	case len(head)+len(body) == 1 && len(t.runs) == 0:
		for _, rows := range [][]*block{head, body} {
			if len(rows) == 1 && len(rows[0].kids) == 1 {
				f.out = append(f.out, rows[0].kids[0].kids...)
				return
			}
		}
	}
	if len(head) > 0 {
		for _, row := range head {
			scopes(row, "col", true)
		}
		t.kids = append(t.kids, &block{tag: "thead", kids: head})
	}
	if len(body) > 0 {
		for _, row := range body {
			scopes(row, "row", false)
		}
		t.kids = append(t.kids, &block{tag: "tbody", kids: body})
	}
	f.add(t)
}

func (f *flow) rows(n *html.Node, p place) []*block {
	var out []*block
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || c.Data != "tr" {
			continue
		}
		row := &block{tag: "tr"}
		for d := c.FirstChild; d != nil; d = d.NextSibling {
			if d.Type != html.ElementNode || d.Data != "td" && d.Data != "th" {
				continue
			}
			at := p
			at.marks = 0
			at = at.format(d)
			cell := &block{tag: d.Data}
			if d.Data == "th" {
				switch s := attr(d, "scope"); s {
				case "col", "row", "colgroup", "rowgroup":
					cell.set("scope", s)
				}
			}
			for _, name := range []string{"colspan", "rowspan"} {
				if v := number(d, name, 200); v != "1" {
					cell.set(name, v)
				}
			}
			if !at.hidden {
				cell.kids = f.inside(d, at)
			}
			row.kids = append(row.kids, cell)
		}
		if len(row.kids) > 0 {
			out = append(out, row)
		}
	}
	return out
}

func allHeads(row *block) bool {
	for _, c := range row.kids {
		if c.tag != "th" {
			return false
		}
	}
	return true
}

func empty(rows []*block) bool {
	for _, r := range rows {
		for _, c := range r.kids {
			if len(c.kids) > 0 {
				return false
			}
		}
	}
	return true
}

// scopes says of the heads in a row what they are heads of.
func scopes(row *block, scope string, makeHeads bool) {
	for _, c := range row.kids {
		if makeHeads {
			c.tag = "th"
		}
		if c.tag == "th" && (len(c.attrs) == 0 || c.attrs[0][0] != "scope") {
			c.attrs = append([][2]string{{"scope", scope}}, c.attrs...)
		}
	}
}
