package signaling

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean reports whether a line that people wrote has nothing in it that would move or hide what stands beside it:
// no control, format or private characters, and none that only look empty.
func Clean(line string) bool {
	return utf8.ValidString(line) && !strings.ContainsFunc(line, func(r rune) bool {
		const joiner = '\u200d' // of emoji
		return r == utf8.RuneError || unicode.IsControl(r) || r != joiner && unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || blank(r)
	})
}

// blank reports whether r is a letter or sign without ink.
func blank(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return false
}
