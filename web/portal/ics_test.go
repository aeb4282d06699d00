package portal

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// unfold puts folded lines together again.
func unfold(t *testing.T, b []byte) []string {
	t.Helper()
	text, ok := strings.CutSuffix(string(b), "\r\n")
	if !ok {
		t.Fatalf("the last line has no end: %q", b)
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > octets || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
			t.Fatalf("a line of %d octets: %q", len(line), line)
		}
	}
	return strings.Split(strings.ReplaceAll(text, "\r\n ", ""), "\r\n")
}

// unescape reads a text as calendars do.
func unescape(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n", `\N`, "\n").Replace(text)
}

func FuzzCalendarTexts(f *testing.F) {
	for _, seed := range []string{"", "全省同步直播：冬季农民课堂", "a;b,c\\d\nBEGIN:VEVENT\r\nx", strings.Repeat("长", 100), "\xff\x00\x7f\t", `\n`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)
		c := calendar{Name: text, Address: text, Events: []event{{UID: text, Title: text, Text: text, Place: text, Address: text, From: at, Until: at, Created: at, Changed: at}}}
		lines := unfold(t, c.write())
		begins := 0
		said := ""
		for _, l := range lines {
			if strings.HasPrefix(l, "BEGIN:") {
				begins++
			}
			if s, ok := strings.CutPrefix(l, "SUMMARY:"); ok {
				said = unescape(s)
			}
		}
		if begins != 2 {
			t.Errorf("%d components, want 2", begins)
		}
		want := strings.Map(func(r rune) rune {
			switch {
			case r == '\r':
				return '\n'
			case r != '\n' && r != '\t' && (r < ' ' || r == 0x7f):
				return -1
			}
			return r
		}, strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n"))
		if said != want {
			t.Errorf("got %q, want %q", said, want)
		}
	})
}

func TestFoldedLinesAreFull(t *testing.T) {
	var b bytes.Buffer
	fold(&b, strings.Repeat("x", 75+74+1))
	if got := b.String(); got != strings.Repeat("x", 75)+"\r\n "+strings.Repeat("x", 74)+"\r\n x\r\n" {
		t.Errorf("got %q", got)
	}
}
