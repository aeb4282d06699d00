package content

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/mozillazg/go-pinyin"

	"xianfeng/internal/site"
)

// Names finds sites by a part of their name, its pinyin or the first letters of that, or the beginning of
// their code. It follows the tree. It is safe for all goroutines.
type Names struct {
	network *site.Network

	mu    sync.Mutex // guards tree, list
	tree  *site.Tree
	list  []name // in the tree's order; nobody changes it
	known map[site.ID]int
}

// name is a site as it may be looked for.
type name struct {
	id       site.ID
	level    site.Level
	code     string
	text     string // name and short name, in lower case
	initials []string
	sounds   []sound
}

// sound is a way to say a name: its syllables without spaces, and where each begins.
type sound struct {
	text   string
	begins []int
}

// maxSounds bounds how many ways to say a name are known. Most names have one or two.
const maxSounds = 8

// NewNames returns an index of the names of a network's sites.
func NewNames(network *site.Network) *Names { return &Names{network: network} }

// Find returns sites, the best first: by code, by the beginning of the name, by a part of it, by first
// letters, by sound; within each, higher levels first.
func (x *Names) Find(text string, limit int) []site.ID {
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	if text == "" || limit < 1 {
		return nil
	}
	letters := strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") == ""
	type hit struct {
		at, score int
	}
	var hits []hit
	list := x.current()
	for i := range list {
		if s := list[i].score(text, letters); s > 0 {
			hits = append(hits, hit{i, s})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(list[a.at].level, list[b.at].level), cmp.Compare(a.at, b.at))
	})
	out := make([]site.ID, 0, min(limit, len(hits)))
	for _, h := range hits[:min(limit, len(hits))] {
		out = append(out, list[h.at].id)
	}
	return out
}

// score returns how well a name fits, 1 best; 0: not at all.
func (n *name) score(text string, letters bool) int {
	switch {
	case n.code == text:
		return 1
	case strings.HasPrefix(n.text, text):
		return 2
	case strings.HasPrefix(n.code, text):
		return 3
	case strings.Contains(n.text, text):
		return 4
	case !letters:
		return 0
	}
	for _, s := range n.initials {
		if strings.HasPrefix(s, text) {
			return 5
		}
	}
	for _, s := range n.initials {
		if strings.Contains(s, text) {
			return 6
		}
	}
	if len(text) < 2 {
		return 0
	}
	for _, s := range n.sounds {
		for i, b := range s.begins {
			if strings.HasPrefix(s.text[b:], text) {
				return 7 + min(i, 1)
			}
		}
	}
	return 0
}

// current returns the names of the tree as it is now. Names that did not change are not read again.
func (x *Names) current() []name {
	t := x.network.Tree()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tree == t {
		return x.list
	}
	list := make([]name, 0, t.Len())
	known := make(map[site.ID]int, t.Len())
	for _, n := range t.All() {
		text := strings.ToLower(n.Name)
		if n.Short != "" {
			text += " " + strings.ToLower(n.Short)
		}
		e := name{id: n.ID, level: n.Level, code: strings.ToLower(n.Code), text: text}
		if i, ok := x.known[n.ID]; ok && x.list[i].text == text {
			e.initials, e.sounds = x.list[i].initials, x.list[i].sounds
		} else {
			e.say(n.Name)
		}
		known[n.ID] = len(list)
		list = append(list, e)
	}
	x.tree, x.list, x.known = t, list, known
	return list
}

// say finds the ways to say a name.
func (n *name) say(text string) {
	args := pinyin.Args{Style: pinyin.Normal, Heteronym: true}
	ways := [][]string{nil}
	for _, r := range text {
		var said []string
		switch {
		case r < 0x80:
			if s := strings.ToLower(strings.TrimSpace(string(r))); s != "" {
				said = []string{s}
			}
		default:
			for _, s := range pinyin.SinglePinyin(r, args) {
				if s = strings.ReplaceAll(s, "ü", "v"); s != "" && !slices.Contains(said, s) {
					said = append(said, s)
				}
			}
		}
		if len(said) == 0 {
			continue
		}
		if len(ways)*len(said) > maxSounds {
			said = said[:max(1, maxSounds/len(ways))] // the most common reading comes first
		}
		next := make([][]string, 0, len(ways)*len(said))
		for _, s := range said {
			for _, w := range ways {
				next = append(next, append(slices.Clip(w), s))
			}
		}
		ways = next
	}
	for _, w := range ways {
		var s sound
		var first strings.Builder
		for _, syllable := range w {
			s.begins = append(s.begins, len(s.text))
			s.text += syllable
			first.WriteByte(syllable[0])
		}
		n.sounds = append(n.sounds, s)
		if f := first.String(); !slices.Contains(n.initials, f) {
			n.initials = append(n.initials, f)
		}
	}
}
