package clean

import (
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds. What Word puts on the clipboard is many times what comes of it.
const (
	MaxIn  = 4 << 20 // bytes of HTML that are read
	MaxOut = 2 << 20 // bytes of HTML that come of it, about
)

// Cleaner cleans. It is safe for all goroutines and holds nothing that changes.
type Cleaner struct {
	policy *bluemonday.Policy
	md     goldmark.Markdown
}

// New returns a Cleaner.
func New() *Cleaner { return &Cleaner{policy: newPolicy(), md: newMarkdown()} }

// HTML returns the harmless part of HTML.
func (c *Cleaner) HTML(in string) string {
	out, _ := c.Check(in)
	return out
}

// Check is HTML that also tells what was dropped.
func (c *Cleaner) Check(in string) (string, Report) {
	var rep Report
	if len(in) > MaxIn {
		in = cutAt(in, MaxIn)
		rep.add(Cut)
	}
	in = strings.ToValidUTF8(strings.ReplaceAll(in, "\x00", ""), "\uFFFD")
	roots, err := html.ParseFragmentWithOptions(strings.NewReader(in), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}, html.ParseOptionEnableScripting(false))
	if err != nil { // only depth: a browser would go on, and so would an attacker
		rep.add(Deep)
		return c.policy.Sanitize(write(paragraphs(Text(in)), &rep)), rep
	}
	f := flow{walk: &walk{rep: &rep}, tag: "p"}
	for _, n := range roots {
		f.node(n, place{})
	}
	return c.policy.Sanitize(write(f.done(), &rep)), rep
}

// paragraphs makes one block of each line.
func paragraphs(text string) []*block {
	f := flow{walk: &walk{rep: &Report{}}, tag: "p"}
	for line := range strings.Lines(text) {
		f.runs = append(f.runs, run{text: line})
		f.flush()
	}
	return f.out
}

// cutAt returns at most n bytes of text, of whole characters.
func cutAt(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
