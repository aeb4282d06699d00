package content

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"xianfeng/internal/site"
)

// Scope is how far a search goes.
type Scope string

// The scopes.
const (
	ScopeSite  Scope = "site"  // what is shown on the site
	ScopeBelow Scope = "below" // on it and on all sites below
	ScopeAll   Scope = "all"   // on all sites of its tree
)

// Query is what a visitor looks for.
type Query struct {
	Site  site.ID
	Text  string
	Scope Scope
	Page  int // from 1
}

// Results are a page of what was found: hits in titles first, then the newest.
type Results struct {
	Found []Found // may be fewer than a page, also where More says that there are others
	Page  int
	More  bool
	Total int  // at most 1,000
	Over  bool // there are more than Total
}

// Found is an article that was found, on a site where it can be read.
type Found struct {
	Item
	At      site.ID   // where to read it
	Title   []Segment // its title, cut at the hits
	Snippet []Segment // of its text
}

// Segment is a piece of plain text.
type Segment struct {
	Text string
	Hit  bool
}

// Match is a search in terms of the index. Each of Words is a phrase.
type Match struct {
	Words  [][]string
	Places []string // in one of these; nil: anywhere
	Offset int
	Limit  int
	Count  int // how far hits are counted
}

// Hits are what the index found: those with all words in the title first, then the newest.
type Hits struct {
	Hits  []Hit
	Count int // of all, as far as they are counted
}

// Hit is an article that the index found, with its text for a snippet.
type Hit struct {
	Item
	Body   string // clean HTML
	Placed []Placement
}

const (
	perPage  = 20
	maxFound = 1000
)

// Where an article is found is a matter of terms as well, so that the scope of a search is a merge of lists
// and never a look at each hit. An article that is placed on a site has the terms
//
//	__p12  it is placed on site 12
//	__d12  it is placed on site 12 and all below
//	__a12  it is placed on site 12 or on one below it
//
// No text has such terms: see words.go.

// PlaceTerms returns the terms of where an article is found. above returns a site's place.
func PlaceTerms(placed []Placement, above func(site.ID) (Place, error)) (string, error) {
	var out []string
	for _, p := range placed {
		out = append(out, placeTerm('p', p.Site))
		if p.Below {
			out = append(out, placeTerm('d', p.Site))
		}
		at, err := above(p.Site)
		if err != nil {
			return "", err
		}
		for _, id := range at {
			out = append(out, placeTerm('a', id))
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " "), nil
}

func placeTerm(kind byte, id site.ID) string {
	return "__" + string(kind) + strconv.FormatInt(int64(id), 10)
}

// places returns in which places a search looks; nil: in all.
func (s *Shelf) places(n *site.Node, scope Scope) []string {
	if scope == ScopeAll {
		n = n.Top()
		if len(s.network.Tree().Tops()) == 1 {
			return nil
		}
	}
	self := byte('p')
	if scope != ScopeSite {
		self = 'a'
	}
	out := []string{placeTerm(self, n.ID)}
	for up := n.Above; up != nil; up = up.Above {
		out = append(out, placeTerm('d', up.ID))
	}
	return out
}

// Search finds public articles that have all of the words, in the title or the text.
func (s *Shelf) Search(ctx context.Context, q Query) (Results, error) {
	res := Results{Page: max(q.Page, 1)}
	n := s.network.Tree().Get(q.Site)
	words := phrases(q.Text)
	offset := (res.Page - 1) * perPage
	if n == nil || len(words) == 0 || offset >= maxFound {
		return res, nil
	}
	hits, err := s.keep.Find(ctx, Match{Words: encoded(words), Places: s.places(n, q.Scope), Offset: offset, Limit: perPage, Count: maxFound + 1})
	if err != nil {
		return res, fmt.Errorf("search: %w", err)
	}
	res.Total, res.Over = min(hits.Count, maxFound), hits.Count > maxFound
	res.More = res.Total > offset+perPage
	for i := range hits.Hits {
		h := &hits.Hits[i]
		at, slug := s.readAt(n, h)
		if at == nil {
			continue
		}
		f := Found{Item: h.Item, At: at.ID, Title: Mark(h.Head.Title, words), Snippet: snippet(s.clean.Text(h.Body), words)}
		f.Slug = slug
		if len(f.Snippet) == 0 {
			f.Snippet = []Segment{{Text: h.Head.Summary}}
		}
		res.Found = append(res.Found, f)
	}
	return res, nil
}

// readAt returns where a visitor of a site (nil: of none) reads what was found, and in which column: there, where it is shown
// there, else at its home, else where it was pushed to. It is nil where all of those are closed or hide the
// column: the index knows nothing of that.
func (s *Shelf) readAt(n *site.Node, h *Hit) (*site.Node, string) {
	t := s.network.Tree()
	var best *site.Node
	slug := ""
	for _, p := range h.Placed {
		at := t.Get(p.Site)
		if at == nil {
			continue
		}
		here := n != nil && (at == n || p.Below && n.Under(at))
		if here {
			at = n
		}
		if col, ok := s.columns.Find(at, p.Slug); !ok || col.Hidden || at.State == site.Closed {
			continue
		}
		if here {
			return n, p.Slug
		}
		if best == nil || p.Site == h.Site {
			best, slug = at, p.Slug
		}
	}
	return best, slug
}

// Mark cuts a text at the words of a query.
func Mark(text string, words [][]string) []Segment {
	hit := marks(text, words)
	var out []Segment
	for i, r := range []rune(text) {
		if len(out) == 0 || out[len(out)-1].Hit != hit[i] {
			out = append(out, Segment{Hit: hit[i]})
		}
		out[len(out)-1].Text += string(r)
	}
	return out
}

// marks says of each character of a text whether it belongs to a word of a query.
func marks(text string, words [][]string) []bool {
	rs := []rune(text)
	low := make([]rune, len(rs))
	for i, r := range rs {
		low[i] = fold(r)
	}
	hit := make([]bool, len(rs))
	for _, p := range words {
		w := []rune(p[0])
		for _, t := range p[1:] {
			w = append(w, []rune(t)[1:]...) // pairs overlap
		}
		whole := !isHan(w[0])
		for i := 0; i+len(w) <= len(low); i++ {
			if !slices.Equal(low[i:i+len(w)], w) || whole && (i > 0 && inWord(low[i-1]) || i+len(w) < len(low) && inWord(low[i+len(w)])) {
				continue
			}
			for j := range w {
				hit[i+j] = true
			}
		}
	}
	return hit
}

// fold makes a character what the index has for it, where that is one character.
func fold(r rune) rune {
	if r < 0x80 {
		return unicode.ToLower(r)
	}
	if f := []rune(norm.NFKC.String(string(r))); len(f) == 1 {
		r = f[0]
	}
	return unicode.ToLower(r)
}

func inWord(r rune) bool { return !isHan(r) && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// around is how many characters of a text are shown around the first hit.
const around = 90

// snippet returns the piece of a text around its first hit.
func snippet(text string, words [][]string) []Segment {
	text = strings.Join(strings.Fields(text), " ")
	hit := marks(text, words)
	first := slices.Index(hit, true)
	if first < 0 {
		if text == "" {
			return nil
		}
		return []Segment{{Text: beginning(text, around)}}
	}
	rs := []rune(text)
	from := max(0, first-around/4)
	to := min(len(rs), from+around)
	var out []Segment
	if from > 0 {
		out = append(out, Segment{Text: "…"})
	}
	for i := from; i < to; i++ {
		if len(out) == 0 || out[len(out)-1].Hit != hit[i] {
			out = append(out, Segment{Hit: hit[i]})
		}
		out[len(out)-1].Text += string(rs[i])
	}
	if to < len(rs) {
		out = append(out, Segment{Text: "…"})
	}
	return out
}
