package clean

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// MaxMarkdown is how many bytes of Markdown are read: far more than anybody types.
const MaxMarkdown = 256 << 10

func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify),
		// Raw HTML comes through here and is cleaned like all other: it is how blocks are embedded.
		// A line that somebody ends is a line: nobody here leaves two spaces at its end.
		goldmark.WithRendererOptions(html.WithUnsafe(), html.WithHardWraps()),
	)
}

// Markdown returns the harmless HTML that comes of Markdown.
func (c *Cleaner) Markdown(in string) string {
	out, _ := c.CheckMarkdown(in)
	return out
}

// CheckMarkdown is Markdown that also tells what was dropped.
func (c *Cleaner) CheckMarkdown(in string) (string, Report) {
	cut := len(in) > MaxMarkdown
	var b bytes.Buffer
	if err := c.md.Convert([]byte(calm(shallow(cutAt(in, MaxMarkdown)))), &b); err != nil {
		panic("clean: a buffer refused to be written to: " + err.Error()) // bytes.Buffer never does
	}
	out, rep := c.Check(b.String())
	if cut {
		rep.add(Cut)
	}
	return out, rep
}

// maxMarkers is how many marks of quotes and lists may begin a line. Each one nests deeper, and readers of
// Markdown walk down on a stack.
const maxMarkers = 40

// shallow takes from the beginning of lines what would nest deeper than anybody writes.
func shallow(in string) string {
	var b strings.Builder
	for line := range strings.Lines(in) {
		marks, at := 0, 0
	scan:
		for ; at < len(line); at++ {
			switch c := line[at]; {
			case c == '>' || c == '-' || c == '*' || c == '+' || c == '.' || c == ')':
				marks++
			case c == ' ' || c == '\t' || c >= '0' && c <= '9':
			default:
				break scan
			}
		}
		if marks > maxMarkers && strings.Trim(line, "-* \t\r\n") != "" { // a line of nothing but dashes is a rule
			line = line[at:]
		}
		b.WriteString(line)
	}
	return b.String()
}

// maxMarks is how many characters that may begin or end something a block of text has. What comes of them takes a
// reader of Markdown as long as their number squared, or worse: a text of brackets alone would keep a core for hours.
const maxMarks = 2000

// calm breaks blocks with more marks than anybody writes into several, by empty lines. Nothing else changes.
func calm(in string) string {
	var b strings.Builder
	marks := 0
	for line := range strings.Lines(in) {
		if strings.TrimSpace(line) == "" { // a block ends here
			marks = 0
		}
		from := 0
		for i := range len(line) {
			switch line[i] {
			case '*', '_', '~', '[', ']', '`', '<', '!', '&':
				marks++
			}
			if marks == maxMarks {
				b.WriteString(line[from:i+1] + "\n\n")
				from, marks = i+1, 0
			}
		}
		b.WriteString(line[from:])
	}
	return b.String()
}
