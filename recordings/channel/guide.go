package channel

import (
	"slices"
	"strings"
	"time"
)

// Programme is one line of a programme guide.
type Programme struct {
	From, To time.Time
	Item     string // "": the slate
	Title    string
	Filler   bool // it only fills a gap
}

const mostProgrammes = 5000

// Guide returns what is shown between two moments, at most some thousand lines. What is played over and over is one.
func (t *Timeline) Guide(from, to time.Time) (out []Programme) {
	for _, v := range t.versions {
		if !v.until.IsZero() && !v.until.After(from) {
			continue
		}
		s := v.slotOf(later(from, v.from))
		for {
			at := v.begin(s)
			if !at.Before(to) || !v.until.IsZero() && !at.Before(v.until) || len(out) >= mostProgrammes {
				break
			}
			out = v.guide(out, s, from, to)
			s = v.after(s)
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (v *version) guide(out []Programme, s slotAt, from, to time.Time) []Programme {
	f, c := v.open(s), v.what[s.i]
	left := len(c.items)
	if c.loop {
		left = len(f.spans)
	}
	short := c.loop && total(c.items) < leastLine
	for i := range f.spans {
		x := &f.spans[i]
		p := Programme{From: f.at.Add(x.start), To: f.at.Add(x.start + x.length)}
		if x.item != nil {
			p.Item, p.Title, p.Filler = x.item.id, x.item.Title, left <= 0
			if left--; p.Filler {
				p.Item, p.Title = all(c.filler)
			} else if short {
				p.Item, p.Title = all(c.items)
			}
		}
		if !v.until.IsZero() && p.To.After(v.until) {
			p.To = v.until
		}
		if !p.To.After(from) || !p.From.Before(to) || !p.To.After(p.From) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Item == p.Item && out[n-1].Title == p.Title && out[n-1].Filler == p.Filler && out[n-1].To.Equal(p.From) {
			out[n-1].To = p.To
			continue
		}
		out = append(out, p)
	}
	return out
}

// leastLine is how long what is played over and over has to be for each item to have a line of its own.
const leastLine = 30 * time.Minute

// all is what is played over and over as one programme.
func all(items []*layout) (id, title string) {
	var titles []string
	for _, l := range items {
		if !slices.Contains(titles, l.Title) {
			titles = append(titles, l.Title)
		}
	}
	if len(titles) > 3 {
		titles = append(titles[:3], "…")
	}
	return items[0].id, strings.Join(titles, " · ")
}

// Now returns the item that is shown at a moment, and since when; "": the slate.
func (t *Timeline) Now(now time.Time) (id string, since time.Time) {
	t.each(now, func(s *segment) bool {
		if since = s.at; s.item != nil {
			id = s.item.id
			since = s.at.Add(-(s.item.ends[s.index-s.item.skip] - s.length))
		}
		return false
	})
	return id, since
}

// Problem is something about a plan that whoever made it should know.
type Problem struct {
	Kind   string        // "gap", "cut", "same", "gone", "mixed", "short"
	Entry  int           // index into the plan, -1: none
	Day    int           // 0: Monday, where it matters
	At     int           // seconds since midnight, where it matters
	Item   string        // id
	Title  string        // of the item
	Length time.Duration // of the gap, or of what is cut off
}

// leastGap is a slate that is worth telling of.
const leastGap = 15 * time.Second

// Problems says what is to be known of the newest plan: gaps that only the slate fills, items that are cut off because
// the next entry begins, entries that never begin as another has their time, items that are gone, items that are coded
// in another way than the others, which some players can't change to, and loops that are too short to be any.
func (t *Timeline) Problems(there func(id string) bool) (out []Problem) {
	if len(t.versions) == 0 {
		return nil
	}
	last := t.versions[len(t.versions)-1]
	v := &version{Version: last.Version, zone: time.UTC, slots: last.slots, what: last.what, kept: map[slotAt]*filled{}}
	p := &v.Plan
	began := make([]bool, len(p.Entries))
	for i, s := range v.slots {
		f := v.open(slotAt{2900, i}) // a week without a change of clocks
		c := v.what[i]
		if s.entry >= 0 {
			began[s.entry] = true
			if d := total(c.items) - f.length; d > 0 && !c.loop {
				out = append(out, Problem{Kind: "cut", Entry: s.entry, Day: s.day, At: s.sec, Length: d})
			}
		}
		for k := range f.spans {
			x := &f.spans[k]
			if x.item == nil && x.length >= leastGap {
				at := (s.sec + int(x.start/time.Second)) % secsADay
				out = append(out, Problem{Kind: "gap", Entry: s.entry, Day: (s.day + (s.sec+int(x.start/time.Second))/secsADay) % 7, At: at, Length: x.length})
			}
		}
	}
	for i := range p.Entries {
		if !began[i] {
			out = append(out, Problem{Kind: "same", Entry: i, At: p.Entries[i].At})
		}
		if l := t.lengthOf(p.Entries[i].Items); p.Entries[i].Loop && l < max(leastLoop, time.Duration(len(p.Entries[i].Items))*leastLoop/2) {
			out = append(out, Problem{Kind: "short", Entry: i, At: p.Entries[i].At, Length: l})
		}
	}
	codecs := ""
	for _, id := range p.items() {
		l, known := t.channel.Layouts[id]
		if !known || !there(id) {
			out = append(out, Problem{Kind: "gone", Entry: -1, Item: id, Title: l.Title})
			continue
		}
		if codecs == "" {
			codecs = l.Codecs
		} else if codecs != l.Codecs {
			out = append(out, Problem{Kind: "mixed", Entry: -1, Item: id, Title: l.Title})
		}
	}
	return out
}

func (t *Timeline) lengthOf(ids []string) (d time.Duration) {
	for _, id := range ids {
		if l := t.layouts[id]; l != nil {
			d += l.length()
		}
	}
	return d
}
