package clean

import (
	"strings"

	"golang.org/x/net/html"
)

// block is a block of an article.
type block struct {
	tag   string // p, h2–h4, ul, ol, li, blockquote, figure, hr, pre, div, table, thead, tbody, tr, td, th; "item": of a list of Word's
	attrs [][2]string
	runs  []run    // of p, h2–h4; pictures of figure; the caption of table
	under []run    // the caption of figure
	text  string   // of pre
	kids  []*block // of the others

	level int // of item
}

func (b *block) set(name, value string) {
	if value != "" {
		b.attrs = append(b.attrs, [2]string{name, value})
	}
}

// write writes blocks, one a line, up to a bound.
func write(blocks []*block, rep *Report) string {
	var out, one strings.Builder
	for _, b := range blocks {
		one.Reset()
		b.write(&one)
		if out.Len()+one.Len() > MaxOut {
			rep.add(Cut)
			break
		}
		out.WriteString(one.String())
		out.WriteByte('\n')
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func (b *block) write(w *strings.Builder) {
	w.WriteString("<" + b.tag)
	for _, a := range b.attrs {
		w.WriteString(" " + a[0] + `="` + html.EscapeString(a[1]) + `"`)
	}
	w.WriteByte('>')
	switch b.tag {
	case "hr":
		return
	case "pre":
		w.WriteString("<code>" + html.EscapeString(b.text) + "</code>")
	case "figure":
		writeRuns(w, b.runs)
		if len(b.under) > 0 {
			w.WriteString("<figcaption>")
			writeRuns(w, b.under)
			w.WriteString("</figcaption>")
		}
	case "table":
		if len(b.runs) > 0 {
			w.WriteString("<caption>")
			writeRuns(w, b.runs)
			w.WriteString("</caption>")
		}
	default:
		writeRuns(w, b.runs)
	}
	kids := b.kids
	if (b.tag == "li" || b.tag == "td" || b.tag == "th") && loneParagraph(kids) {
		writeRuns(w, kids[0].runs)
		kids = kids[1:]
	}
	for _, k := range kids {
		k.write(w)
	}
	w.WriteString("</" + b.tag + ">")
}

// loneParagraph reports whether blocks begin with the only paragraph among them: it needs no tags then.
func loneParagraph(blocks []*block) bool {
	for i, b := range blocks {
		if (b.tag == "p") != (i == 0) {
			return false
		}
	}
	return len(blocks) > 0
}
