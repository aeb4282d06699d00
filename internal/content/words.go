package content

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The index has terms, not text, so that both databases find the same. Han is written without spaces, and a
// word may have one character or two: each run of Han becomes its overlapping pairs, so that any string of two
// and more is a phrase of pairs, and every character once more by itself. Other letters and digits become
// whole words in lower case.
//
//	党员干部 5G → 党员 员干 干部 部 5g … 党 员 干
//
// The last character of a run ends its pairs: a phrase can't reach from one run into the next. Terms of
// titles begin with "_" and so have lists of their own.

const (
	maxIndexed = 12_000 // characters of a text; PostgreSQL counts positions up to 16,383
	maxWord    = 64     // bytes of a word; longer ones are cut
	maxPhrases = 8      // of a query
	maxQuery   = 100    // characters of a query
)

// run is a string of one script.
type run struct {
	text []rune
	han  bool
}

// runs cuts a text where words may end.
func runs(text string, limit int) []run {
	var out []run
	var now run
	end := func() {
		if len(now.text) > 0 {
			out = append(out, now)
		}
		now = run{}
	}
	n := 0
	for _, r := range norm.NFKC.String(text) {
		if n++; n > limit {
			break
		}
		switch {
		case isHan(r):
			if !now.han {
				end()
				now.han = true
			}
			now.text = append(now.text, r)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if now.han {
				end()
			}
			now.text = append(now.text, unicode.ToLower(r))
		default:
			end()
		}
	}
	end()
	return out
}

// isHan reports whether a script's words are not told apart by spaces.
func isHan(r rune) bool {
	return r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

func (r *run) word() string {
	w := string(r.text)
	if len(w) > maxWord {
		w = strings.ToValidUTF8(w[:maxWord], "")
	}
	return w
}

// terms returns the terms of a text in their order.
func terms(text string) []string {
	var out, singles []string
	seen := map[rune]bool{}
	for _, r := range runs(text, maxIndexed) {
		if !r.han {
			out = append(out, r.word())
			continue
		}
		for i, c := range r.text {
			if i+1 < len(r.text) {
				out = append(out, string(r.text[i:i+2]))
				if !seen[c] {
					seen[c] = true
					singles = append(singles, string(c))
				}
				continue
			}
			out = append(out, string(c))
		}
	}
	return append(out, singles...)
}

// Index returns the terms of an article.
func Index(title, text string) Words {
	inTitle, all := terms(title), terms(title+"\n"+text)
	for i := range inTitle {
		inTitle[i] = "_" + encode(inTitle[i])
	}
	for i := range all {
		all[i] = encode(all[i])
	}
	return Words{Title: strings.Join(inTitle, " "), Body: strings.Join(all, " ")}
}

// encode writes a term so that every database takes it for a word. Characters beyond the first 65,536, of
// which names of people and places have some, are younger than what SQLite knows of Unicode.
func encode(term string) string {
	plain := true
	for _, r := range term {
		plain = plain && r <= 0xffff
	}
	if plain {
		return term
	}
	var b strings.Builder
	for _, r := range term {
		if r > 0xffff {
			b.WriteString("u" + strconv.FormatInt(int64(r), 16) + "u")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func encoded(words [][]string) [][]string {
	out := make([][]string, len(words))
	for i, p := range words {
		for _, t := range p {
			out[i] = append(out[i], encode(t))
		}
	}
	return out
}

// phrases returns what a query asks for: all of the phrases have to be there, each of terms side by side. It
// is nil where nothing can be looked for.
func phrases(query string) [][]string {
	var out [][]string
	for _, r := range runs(query, maxQuery) {
		if len(out) == maxPhrases {
			break
		}
		if !r.han {
			out = append(out, []string{r.word()})
			continue
		}
		if len(r.text) == 1 {
			out = append(out, []string{string(r.text)})
			continue
		}
		var p []string
		for i := range len(r.text) - 1 {
			p = append(p, string(r.text[i:i+2]))
		}
		out = append(out, p)
	}
	return out
}
