package channel

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"xianfeng/recordings"
	"xianfeng/recordings/channel/slate"
)

const (
	// Behind is how far back a playlist goes, and Ahead how far it runs before the clock. Players begin three target
	// durations before its end (§6.3.3): there, what is on now lies just before them. And whoever plays by the clock
	// has half a minute of it already.
	Behind = 30 * time.Second
	Ahead  = 3*recordings.TargetDuration*time.Second - 3*time.Second

	takeover = time.Minute           // from saving a plan to its coming into force: every process has it by then
	fixed    = Ahead + 8*time.Second // what comes sooner is in somebody's playlist, or about to be
	history  = 10 * time.Minute      // versions that ended longer ago are forgotten
	longAgo  = 2 * time.Minute       // that a new channel is taken to have run already
	epoch    = 1735689600            // 2025: numbers begin with the seconds since, so that a name that is used again goes on higher
	// mostListed bounds a playlist; real ones have a twentieth of it.
	mostListed = 1000
	frame      = slate.FrameTime // of the slate
	half       = frame / 2       // for rounding
)

// Timeline is a channel, ready to be asked. It is safe for all goroutines and does not change.
type Timeline struct {
	channel  *Channel
	layouts  map[string]*layout
	versions []*version
}

// New reads a document.
func New(c *Channel) (*Timeline, error) {
	t := &Timeline{channel: c, layouts: map[string]*layout{}}
	for id, l := range c.Layouts {
		n := int64(0)
		for _, r := range l.Runs {
			if r[0] < 1 || r[0] > 1e6 || r[1] < int64(time.Microsecond) || r[1] > int64(time.Hour) {
				return nil, fmt.Errorf("channel %s: layout of %s", c.Name, id)
			}
			if n += r[0]; n > 1e6 {
				return nil, fmt.Errorf("channel %s: layout of %s", c.Name, id)
			}
		}
		if n > 0 {
			t.layouts[id] = newLayout(id, l)
		}
	}
	for i, v := range c.Versions {
		x, err := newVersion(v, t.layouts)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		if i > 0 {
			if v.From <= c.Versions[i-1].From {
				return nil, fmt.Errorf("channel %s: its versions are not in order", c.Name)
			}
			t.versions[i-1].until = x.from
		}
		t.versions = append(t.versions, x)
	}
	return t, nil
}

// Channel is the document.
func (t *Timeline) Channel() *Channel { return t.channel }

// segment is one of a playlist.
type segment struct {
	seq, disc uint64 // disc: discontinuities up to and with its own
	at        time.Time
	length    time.Duration
	item      *layout // nil: a slate
	index     int     // of the item
	init      int
	broken    bool // it does not continue the one before
	frame, n  int64
	sound     slate.Sound
}

// each calls fn with the segments that end after from, until it returns false.
func (t *Timeline) each(from time.Time, fn func(*segment) bool) {
	for _, v := range t.versions {
		if !v.until.IsZero() && !v.until.After(from) {
			continue
		}
		if !v.each(from, fn) {
			return
		}
	}
}

func (v *version) each(from time.Time, fn func(*segment) bool) bool {
	if from.Before(v.from) {
		from = v.from
	}
	s := v.slotOf(from)
	sum := v.before(s)
	for {
		f := v.open(s)
		if !v.eachIn(f, sum, from.Sub(f.at), fn) {
			return false
		}
		sum = sum.plus(f.sum)
		s = v.after(s)
		if !v.until.IsZero() && !v.begin(s).Before(v.until) {
			return true
		}
	}
}

// eachIn goes through a slot.
func (v *version) eachIn(f *filled, before tally, from time.Duration, fn func(*segment) bool) bool {
	i, _ := slices.BinarySearchFunc(f.spans, from, func(s span, t time.Duration) int {
		if s.start+s.length <= t {
			return -1
		}
		return 1
	})
	for ; i < len(f.spans); i++ {
		s := &f.spans[i]
		k := 0
		if s.start < from {
			k = sortSearch(s.n, func(k int) bool { return s.start+s.end(k+1) > from })
		}
		for ; k < s.n; k++ {
			begin, end := s.end(k), s.end(k+1)
			x := segment{
				seq: v.Sequence + uint64(before.n+s.base) + uint64(k), at: f.at.Add(s.start + begin), length: end - begin,
				item: s.item, broken: k == 0, sound: v.Slate,
				frame: int64((begin + half) / frame), n: min(max(int64((end+half)/frame)-int64((begin+half)/frame), 1), slate.Most),
			}
			x.disc = v.Discontinuity + uint64(before.discs+s.discs) + 1
			if s.item != nil {
				x.index = s.item.skip + k
				init, broken := s.item.init(k)
				x.init, x.broken = init, k == 0 || broken
				x.disc += uint64(s.item.breaks(k + 1))
			}
			if !v.until.IsZero() && !x.at.Before(v.until) {
				return true
			}
			if !fn(&x) {
				return false
			}
		}
	}
	return true
}

// Playlist appends the media playlist as it is at now. there says which items are there; of those that are not, slates
// take the place. It returns the numbers of the first segment and of the one behind the last.
func (t *Timeline) Playlist(b []byte, now time.Time, there func(id string) bool) (out []byte, first, last uint64) {
	begin, end := now.Add(-Behind), now.Add(Ahead)
	known := map[string]bool{}
	head := true
	init := ""
	var name [96]byte
	t.each(begin, func(s *segment) bool {
		if s.at.Add(s.length).After(end) || !head && s.seq-first >= mostListed {
			return false
		}
		if head {
			head = false
			first = s.seq
			b = appendHead(b, s)
		}
		last = s.seq + 1
		if s.broken {
			b = append(b, "#EXT-X-DISCONTINUITY\n"...)
			init = ""
		}
		item := s.item
		if item != nil {
			ok, asked := known[item.id]
			if !asked {
				ok = there(item.id)
				known[item.id] = ok
			}
			if !ok {
				item = nil
			}
		}
		var n []byte
		if item != nil {
			n = append(append(append(name[:0], "../../library/"...), item.id...), "/i"...)
			n = append(strconv.AppendInt(n, int64(s.init), 10), ".mp4"...)
		} else {
			n = append(name[:0], s.sound.InitName()...)
		}
		if string(n) != init {
			init = string(n)
			b = append(append(append(b, `#EXT-X-MAP:URI="`...), n...), "\"\n"...)
		}
		b = recordings.AppendProgramTime(b, s.at)
		b = recordings.AppendDuration(b, s.length)
		if item != nil {
			b = append(append(append(b, "../../library/"...), item.id...), "/s"...)
			b = append(strconv.AppendInt(b, int64(s.index), 10), ".mp4\n"...)
		} else {
			b = append(s.sound.AppendName(b, s.frame, s.n), '\n')
		}
		return true
	})
	if head { // it begins later
		b = appendHead(b, &segment{})
	}
	return b, first, last
}

func appendHead(b []byte, s *segment) []byte {
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, recordings.TargetDuration, 10)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:"...)
	b = strconv.AppendUint(b, s.seq, 10)
	b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	passed := s.disc
	if s.broken { // its own tag is in the playlist
		passed--
	}
	b = strconv.AppendUint(b, passed, 10)
	return append(b, '\n')
}

// sortSearch is sort.Search with the result kept below n: what is asked for is there.
func sortSearch(n int, f func(int) bool) int {
	lo, hi := 0, n
	for lo < hi {
		if mid := (lo + hi) / 2; f(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// With returns the document with another plan, in force a minute after now, or at once where the channel is new.
// layouts has that of each item that the plan names.
func (c *Channel) With(p Plan, title, zone string, layouts map[string]Layout, now time.Time) (*Channel, error) {
	next := &Channel{Name: c.Name, Title: title, Edition: c.Edition + 1, Layouts: map[string]Layout{}}
	for _, v := range c.Versions {
		if v.From <= now.Add(fixed).UnixNano() { // what is in nobody's playlist may as well not have been
			next.Versions = append(next.Versions, v)
		}
	}
	all := map[string]Layout{}
	for id, l := range c.Layouts {
		all[id] = l
	}
	for id, l := range layouts {
		all[id] = l
	}
	v := Version{Zone: zone, Plan: p, Slate: soundOf(&p, all)}
	if len(next.Versions) == 0 {
		v.From = now.Add(-longAgo).Truncate(time.Second).UnixNano()
		v.Sequence = uint64(max(now.Unix()-epoch, 0))
	} else {
		t, err := New(&Channel{Name: c.Name, Versions: next.Versions, Layouts: all})
		if err != nil {
			return nil, err
		}
		t.each(now.Add(takeover), func(s *segment) bool {
			v.From, v.Sequence, v.Discontinuity = s.at.Add(s.length).UnixNano(), s.seq+1, s.disc
			return false
		})
	}
	next.Versions = append(next.Versions, v)
	for len(next.Versions) > 1 && next.Versions[1].From < now.Add(-history).UnixNano() {
		next.Versions = next.Versions[1:]
	}
	for i := range next.Versions {
		for _, id := range next.Versions[i].Plan.items() {
			if l, ok := all[id]; ok {
				next.Layouts[id] = l
			}
		}
	}
	_, err := New(next)
	return next, err
}

// soundOf is the sound that most of a plan's items have.
func soundOf(p *Plan, layouts map[string]Layout) slate.Sound {
	count := map[slate.Sound]int{}
	for _, id := range p.items() {
		if l, ok := layouts[id]; ok {
			count[l.Sound.Or()]++
		}
	}
	best := slate.Sound{Codec: "AAC", Rate: 48000, Channels: 2}
	for s, n := range count {
		if n > count[best] || n == count[best] && less(s, best) {
			best = s
		}
	}
	return best
}

func less(a, b slate.Sound) bool {
	return cmp.Or(cmp.Compare(a.Codec, b.Codec), cmp.Compare(a.Rate, b.Rate), cmp.Compare(a.Channels, b.Channels)) < 0
}
