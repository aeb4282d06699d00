package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	ringUnits = 4096     // units kept at the most; a power of two
	ringBytes = 48 << 20 // bytes kept at the most
	ringSpan  = 2 * time.Second
)

// Stream is one named programme: its tracks, the ring of its newest units, its publisher and the
// sessions that read it. It outlives its publisher by the hub's grace time.
//
// The ring holds everything from the last key frame on, and at least the last two seconds, within
// 4096 units and 48 MiB. Full: the oldest units go, and readers that still wanted them skip to the
// newest key frame. With Keep it holds more, which only those who are shown the stream later see.
type Stream struct {
	name     string
	tracks   []Track
	video    int // index of the video track, or -1
	timeline Timeline
	started  time.Time
	totals   *totals

	reordered atomic.Bool // a unit with PTS below an earlier one was seen

	mu       sync.Mutex // guards all below
	ring     [ringUnits]*Unit
	first    uint64 // oldest unit kept
	floor    uint64 // oldest unit for readers that are not delayed
	after    uint64 // where the first key unit after first is looked for
	keep     time.Duration
	next     uint64 // number that the next unit gets
	bytes    int
	key      uint64 // newest unit to begin with; valid if hasKey
	hasKey   bool
	changed  chan struct{} // closed when something below changes; nil while nobody waits
	watchers []*watcher    // copied when it changes
	params   *Params       // of the newest key frame
	epoch    uint32        // of the newest units
	pub      *Publisher    // nil while nobody publishes
	sessions map[*Session]struct{}
	idle     time.Time // since when there have been no sessions
	notes    map[string]string
	ended    error
}

func newStream(name string, tracks []Track, sum *totals) *Stream {
	s := &Stream{name: name, tracks: tracks, video: -1, totals: sum, started: time.Now(), idle: time.Now(), sessions: map[*Session]struct{}{}}
	for i := range tracks {
		if tracks[i].Codec.Video() {
			s.video = i
			s.params = tracks[i].Params
		}
	}
	return s
}

// Name returns the stream's name.
func (s *Stream) Name() string { return s.name }

// Tracks returns the tracks; the slice does not change and must not be changed.
func (s *Stream) Tracks() []Track { return s.tracks }

// Track returns the index of the video (or the sound) track, or -1.
func (s *Stream) Track(video bool) int {
	for i := range s.tracks {
		if s.tracks[i].Codec.Video() == video {
			return i
		}
	}
	return -1
}

// Timeline maps the stream's time to the wall clock.
func (s *Stream) Timeline() *Timeline { return &s.timeline }

// Reordered reports whether the stream has been seen to have B-frames: pictures whose order of
// decoding is not their order of presentation.
func (s *Stream) Reordered() bool { return s.reordered.Load() }

// Params returns the parameters of the newest key frame, or what the publisher announced, or nil.
func (s *Stream) Params() *Params {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.params
}

// Ready reports whether a reader can begin now: a unit to begin with is in the ring.
func (s *Stream) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hasKey
}

// Live reports whether somebody publishes now.
func (s *Stream) Live() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pub != nil
}

// Ended returns nil while the stream lives, and afterwards why it ended.
func (s *Stream) Ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// Changed returns a channel that is closed at the next change: a unit, a publisher that comes or
// goes, the end.
func (s *Stream) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changedLocked()
}

func (s *Stream) changedLocked() <-chan struct{} {
	if s.changed == nil {
		s.changed = make(chan struct{})
		if s.ended != nil {
			close(s.changed)
		}
	}
	return s.changed
}

// wakeLocked wakes every waiter. Between two wakes there is one channel for all of them.
func (s *Stream) wakeLocked() {
	if s.changed != nil && s.ended == nil {
		close(s.changed)
		s.changed = nil
	}
}

// watcher is one registration with Watch.
type watcher struct{ f func() }

// Watch has f called after each unit and at the end, until stop is called. f must not block; it may still
// be running, or about to, when stop returns. It is for those who look after many streams at once, for
// whom a channel for each and change would be too dear.
func (s *Stream) Watch(f func()) (stop func()) {
	w := &watcher{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(slices.Clone(s.watchers), w)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.watchers = slices.DeleteFunc(slices.Clone(s.watchers), func(x *watcher) bool { return x == w })
	}
}

func tell(watchers []*watcher) {
	for _, w := range watchers {
		w.f()
	}
}

// append gives u its number and puts it into the ring. Called by one publisher at a time.
func (s *Stream) append(u *Unit) { tell(s.put(u)) }

// put is append but for the watchers, whom it returns.
func (s *Stream) put(u *Unit) []*watcher {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return nil
	}
	u.Seq = s.next
	if s.next-s.first == ringUnits {
		s.dropLocked()
	}
	s.ring[s.next%ringUnits] = u
	s.next++
	s.bytes += u.Size
	if s.opens(u) {
		s.key, s.hasKey = u.Seq, true
		if u.Params != nil {
			s.params = u.Params
		}
	}
	for s.floor < s.next-1 && s.staleLocked(u) {
		s.floor++
	}
	for s.first < s.next-1 && (s.bytes > ringBytes || s.first < s.floor && !s.keptLocked(u)) {
		s.dropLocked()
	}
	s.wakeLocked()
	return s.watchers
}

// opens reports whether viewers can begin with u.
func (s *Stream) opens(u *Unit) bool { return u.Key && (s.video < 0 || u.Track == s.video) }

// staleLocked reports whether the unit at floor lies before the last key frame and the kept span.
func (s *Stream) staleLocked(newest *Unit) bool {
	return s.hasKey && s.floor < s.key && newest.DTS-s.ring[s.floor%ringUnits].DTS > ringSpan
}

// keptLocked reports whether the oldest unit is kept for those who are shown it later: they have nothing
// newer yet to begin with.
func (s *Stream) keptLocked(newest *Unit) bool {
	if s.keep == 0 {
		return false
	}
	s.after = max(s.after, s.first+1)
	for s.after < s.floor && !s.opens(s.ring[s.after%ringUnits]) {
		s.after++
	}
	u := s.ring[s.after%ringUnits]
	return !s.opens(u) || newest.Time.Sub(u.Time) < s.keep
}

// Keep has the ring hold, from now on, all from the newest key frame on that is d old, as far as it has
// room: whoever is shown the stream d later finds what to begin with. It never makes it hold less.
func (s *Stream) Keep(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = max(s.keep, d)
}

func (s *Stream) dropLocked() {
	i := s.first % ringUnits
	s.bytes -= s.ring[i].Size
	s.ring[i] = nil
	s.first++
	s.floor = max(s.floor, s.first)
	if s.hasKey && s.key < s.first {
		s.hasKey = false // a group of pictures larger than the ring: wait for the next key frame
	}
}

// end closes the stream for all its readers; their Next returns err.
func (s *Stream) end(err error) {
	s.mu.Lock()
	if s.ended != nil {
		s.mu.Unlock()
		return
	}
	s.wakeLocked()
	s.ended = err
	var open []*Session
	for x := range s.sessions {
		open = append(open, x)
	}
	watchers := s.watchers
	s.mu.Unlock()
	tell(watchers)
	for _, x := range open {
		x.Kick(err)
	}
}

// SetNote keeps one sentence about the stream under a topic ("sound", "source") for the status pages;
// an empty text removes it.
func (s *Stream) SetNote(topic, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		delete(s.notes, topic)
		return
	}
	if s.notes == nil {
		s.notes = map[string]string{}
	}
	s.notes[topic] = text
}
