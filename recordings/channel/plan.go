package channel

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"xianfeng/recordings"
	"xianfeng/recordings/channel/slate"
)

// Days of a week, as bits: Monday is 1, Sunday 64.
const (
	EveryDay = 127
	secsADay = 24 * 60 * 60

	MaxEntries = 500
	MaxItems   = 200              // of an entry, and of the filler
	leastLoop  = 10 * time.Second // what is shorter is not played over and over
)

// Entry is what begins at a time of the day.
type Entry struct {
	Days  int      `json:"days"` // bits; 0: every day
	At    int      `json:"at"`   // seconds since midnight, on the clock of the place
	Items []string `json:"items"`
	Loop  bool     `json:"loop,omitempty"` // over and over until the next entry begins
}

// Plan is a weekly programme.
type Plan struct {
	Entries []Entry  `json:"entries"`
	Filler  []string `json:"filler,omitempty"` // items that are played over and over in gaps
}

// Layout is how an item is cut. It is kept with the plan, so that numbers stay when the item goes.
type Layout struct {
	Title string `json:"title"`
	// Runs are the lengths of segments: how many, and of how many nanoseconds each.
	Runs   [][2]int64 `json:"runs"`
	Breaks []Break    `json:"breaks,omitempty"` // segments that do not continue the one before, but for the first
	Codecs string     `json:"codecs"`
	Sound  slate.Sound
}

// Break is where an item does not go on as before.
type Break struct {
	Segment int `json:"s"`
	Init    int `json:"i"`
}

// NewLayout is the layout of an item.
func NewLayout(it *recordings.Item) Layout {
	l := Layout{Title: it.Title}
	for i := range it.Segments {
		s := &it.Segments[i]
		if n := len(l.Runs); n > 0 && l.Runs[n-1][1] == int64(s.Duration) {
			l.Runs[n-1][0]++
		} else {
			l.Runs = append(l.Runs, [2]int64{1, int64(s.Duration)})
		}
		if i > 0 && (s.Break || s.Init != it.Segments[i-1].Init) || i == 0 && s.Init != 0 {
			l.Breaks = append(l.Breaks, Break{i, s.Init})
		}
	}
	for i := range it.Tracks {
		t := &it.Tracks[i]
		if l.Codecs += " " + t.Codec; !t.Video() {
			l.Sound = slate.Sound{Codec: t.Codec, Rate: t.SampleRate, Channels: t.Channels}.Or()
		}
	}
	return l
}

// Version is a plan and since when it is in force.
type Version struct {
	From          int64       `json:"from"` // nanoseconds since 1970, a boundary of segments
	Sequence      uint64      `json:"sequence"`
	Discontinuity uint64      `json:"discontinuity"`
	Zone          string      `json:"zone"` // of the clock on the wall
	Slate         slate.Sound `json:"slate"`
	Plan          Plan        `json:"plan"`
}

// Channel is the document of a channel.
type Channel struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Edition int    `json:"edition"` // how often it was saved
	// Versions are in order of time; the last one is the plan, those before are for who still watches them.
	Versions []Version         `json:"versions"`
	Layouts  map[string]Layout `json:"layouts"`
}

// Plan is the newest plan.
func (c *Channel) Plan() Plan {
	if len(c.Versions) == 0 {
		return Plan{}
	}
	return c.Versions[len(c.Versions)-1].Plan
}

// items are all that a plan names, each once.
func (p *Plan) items() []string {
	all := slices.Clone(p.Filler)
	for i := range p.Entries {
		all = append(all, p.Entries[i].Items...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// slot is one beginning within the week.
type slot struct {
	day, sec int
	entry    int // index into the plan; -1: there is no entry at all
}

// slots are the beginnings of a week in order. Of two entries at the same time the first in the plan holds.
func (p *Plan) slots() (out []slot) {
	for i := range p.Entries {
		e := &p.Entries[i]
		for day := range 7 {
			if e.Days == 0 || e.Days>>day&1 == 1 {
				out = append(out, slot{day, e.At, i})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b slot) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.sec, b.sec)) })
	out = slices.CompactFunc(out, func(a, b slot) bool { return a.day == b.day && a.sec == b.sec })
	if len(out) == 0 {
		out = []slot{{0, 0, -1}}
	}
	return out
}

// check says what is wrong with a plan as such; the console asks before.
func (p *Plan) check() error {
	if len(p.Entries) > MaxEntries || len(p.Filler) > MaxItems {
		return fmt.Errorf("a plan of %d entries and %d fillers", len(p.Entries), len(p.Filler))
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.At < 0 || e.At >= secsADay || e.Days < 0 || e.Days > EveryDay || len(e.Items) > MaxItems {
			return fmt.Errorf("entry %d of the plan", i+1)
		}
	}
	return nil
}
