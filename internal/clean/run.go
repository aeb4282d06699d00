package clean

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// mark is a set of formats of text. They nest in the order of their bits.
type mark uint8

const (
	strong mark = 1 << iota
	em
	under
	strike
	sub
	sup
	code
)

var markTags = []string{"strong", "em", "u", "s", "sub", "sup", "code"}

// run is a piece of a paragraph: text, a line break, or a picture.
type run struct {
	text  string
	brk   bool
	img   *image
	marks mark
	href  string
}

type image struct{ src, alt, width, height string }

func (r *run) isText() bool { return !r.brk && r.img == nil }

// visible drops what can't be seen or turns text around, and makes all spaces the same one.
func visible(r rune) rune {
	switch {
	case r == '\u3000': // a space as wide as a character: it has its place within a line
		return r
	case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
		return ' '
	case unicode.IsControl(r), r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u2069', r == '\ufeff', r == '\ufffc', r == '\u00ad':
		return -1
	}
	return r
}

// indent is what people put in front of a line to move it.
const indent = " \u3000"

// tidy returns the runs of a paragraph without spaces that show nowhere, in as few pieces as possible.
func tidy(in []run) []run {
	var out []run
	start := true  // nothing in this line yet
	space := false // it ends in a space
	trim := func() {
		for len(out) > 0 && out[len(out)-1].isText() {
			last := &out[len(out)-1]
			if last.text = strings.TrimRight(last.text, indent); last.text != "" {
				break
			}
			out = out[:len(out)-1]
		}
	}
	for _, r := range in {
		if !r.isText() {
			if r.brk {
				trim()
				r.marks, r.href = 0, ""
			}
			start, space = r.brk, false
			out = append(out, r)
			continue
		}
		var b strings.Builder
		for _, c := range r.text {
			c = visible(c)
			if c < 0 || start && strings.ContainsRune(indent, c) || c == ' ' && space {
				continue
			}
			start, space = false, c == ' '
			b.WriteRune(c)
		}
		if r.text = b.String(); r.text == "" {
			continue
		}
		if n := len(out); n > 0 && out[n-1].isText() && out[n-1].marks == r.marks && out[n-1].href == r.href {
			out[n-1].text += r.text
			continue
		}
		out = append(out, r)
	}
	trim()
	for len(out) > 0 && out[len(out)-1].brk {
		out = out[:len(out)-1]
		trim()
	}
	for len(out) > 0 && out[0].brk {
		out = out[1:]
	}
	return out
}

// lines splits the runs of a paragraph where a line is empty: two breaks are a new paragraph.
func lines(runs []run) [][]run {
	var out [][]run
	from := 0
	for i := 0; i+1 < len(runs); i++ {
		if runs[i].brk && runs[i+1].brk {
			out = append(out, runs[from:i])
			for i+1 < len(runs) && runs[i+1].brk {
				i++
			}
			from = i + 1
		}
	}
	return append(out, runs[from:])
}

// writeRuns writes runs; links are outside of marks, marks nest in their order, neighbours share them.
func writeRuns(b *strings.Builder, runs []run) {
	for len(runs) > 0 {
		n := 1
		for n < len(runs) && runs[n].href == runs[0].href {
			n++
		}
		if href := runs[0].href; href != "" {
			b.WriteString(`<a href="` + html.EscapeString(href) + `"`)
			if foreign(href) {
				b.WriteString(` rel="nofollow noopener"`)
			}
			b.WriteByte('>')
			writeMarks(b, runs[:n], 0)
			b.WriteString("</a>")
		} else {
			writeMarks(b, runs[:n], 0)
		}
		runs = runs[n:]
	}
}

func writeMarks(b *strings.Builder, runs []run, bit int) {
	if bit == len(markTags) {
		for i := range runs {
			writeRun(b, &runs[i])
		}
		return
	}
	for len(runs) > 0 {
		has := runs[0].marks >> bit & 1
		n := 1
		for n < len(runs) && runs[n].marks>>bit&1 == has {
			n++
		}
		if has == 1 {
			b.WriteString("<" + markTags[bit] + ">")
		}
		writeMarks(b, runs[:n], bit+1)
		if has == 1 {
			b.WriteString("</" + markTags[bit] + ">")
		}
		runs = runs[n:]
	}
}

func writeRun(b *strings.Builder, r *run) {
	switch {
	case r.brk:
		b.WriteString("<br>")
	case r.img != nil:
		b.WriteString(`<img src="` + html.EscapeString(r.img.src) + `" alt="` + html.EscapeString(r.img.alt) + `"`)
		if r.img.width != "" && r.img.height != "" {
			b.WriteString(` width="` + r.img.width + `" height="` + r.img.height + `"`)
		}
		b.WriteString(` loading="lazy">`)
	default:
		b.WriteString(html.EscapeString(r.text))
	}
}
