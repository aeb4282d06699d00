package admin

import (
	"html"
	"strings"
	"time"
	"unicode/utf8"
)

var zeroTime time.Time

// firstSentence is the first sentence of a text, without its full stop, cut to most characters.
func firstSentence(text string, most int) string {
	line := ""
	for l := range strings.Lines(text) {
		if line = strings.TrimSpace(l); line != "" {
			break
		}
	}
	if i := strings.IndexAny(line, "。！？!?；;"); i >= 0 {
		_, size := utf8.DecodeRuneInString(line[i:])
		line = line[:i+size]
	}
	line = strings.TrimRight(line, "。；;，,：:. ")
	runes := []rune(line)
	if len(runes) <= most {
		return line
	}
	short := string(runes[:most])
	if i := strings.LastIndexAny(short, "，、, "); utf8.RuneCountInString(short[:max(i, 0)]) > most/3 {
		return short[:i]
	}
	return short
}

// paragraphs makes HTML of plain lines. What is HTML already (the editor was there) stays.
func paragraphs(text string) string {
	if strings.HasPrefix(strings.TrimSpace(text), "<p>") {
		return text
	}
	var b strings.Builder
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			b.WriteString("<p>" + html.EscapeString(l) + "</p>")
		}
	}
	return b.String()
}
