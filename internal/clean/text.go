package clean

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Text is what HTML says, one line for each block. Clean HTML is what it is made for; of any other it
// returns something harmless as text.
func (*Cleaner) Text(in string) string { return Text(in) }

// Summary is the beginning of what HTML says, at most n characters long.
func (*Cleaner) Summary(in string, n int) string { return Summary(in, n) }

// Text is Cleaner.Text.
func Text(in string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(cutAt(in, MaxIn)))
	skip := "" // the element whose text is none
	for {
		switch z.Next() {
		case html.ErrorToken:
			return squeeze(b.String())
		case html.TextToken:
			if skip == "" {
				b.WriteString(strings.Map(func(r rune) rune {
					if r == '\n' { // a block ends with one, and nothing else does
						return ' '
					}
					return visible(r)
				}, z.Token().Data))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			t := z.Token()
			switch {
			case skip != "":
				if t.Type == html.EndTagToken && t.Data == skip {
					skip = ""
				}
			case t.Type == html.StartTagToken && silent(t.Data):
				skip = t.Data
			case t.Data == "td" || t.Data == "th":
				b.WriteByte(' ')
			case t.Data == "br" || blocks[t.Data] || ownLine(t.Data):
				b.WriteByte('\n')
			}
		}
	}
}

func silent(tag string) bool {
	switch tag {
	case "script", "style", "title", "textarea", "iframe", "noembed", "noframes", "noscript", "xmp", "template":
		return true
	}
	return false
}

func ownLine(tag string) bool {
	switch tag {
	case "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "blockquote", "ul", "ol", "li", "table", "figure":
		return true
	}
	return false
}

// squeeze drops empty lines and spaces around lines.
func squeeze(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		first := true
		for word := range strings.FieldsSeq(line) {
			if !first {
				b.WriteByte(' ')
			} else if b.Len() > 0 {
				b.WriteByte('\n')
			}
			first = false
			b.WriteString(word)
		}
	}
	return b.String()
}

// Summary is Cleaner.Summary.
func Summary(in string, n int) string {
	text := strings.ReplaceAll(Text(in), "\n", " ")
	if n <= 0 {
		return ""
	}
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)[:n]
	for i := n - 1; i >= n*2/3; i-- { // a whole sentence, where one ends near
		switch runes[i] {
		case '。', '！', '？', '!', '?':
			return string(runes[:i+1])
		}
	}
	return strings.TrimRight(string(runes[:n-1]), " ，、；：,;:") + "…"
}
