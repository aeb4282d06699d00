package broadcast

import (
	"strconv"
	"time"

	"xianfeng/internal/site"
)

// ID is a broadcast's number.
type ID int64

func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// ParseID reads a broadcast's number as addresses have it.
func ParseID(text string) (ID, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != text {
		return 0, false
	}
	return ID(n), true
}

// State is how far a broadcast is.
type State string

// The states.
const (
	Planned   State = "planned"
	OnAir     State = "onair"
	Ended     State = "ended"
	Cancelled State = "cancelled"
)

// Over reports whether nothing comes any more, but perhaps a replay.
func (s State) Over() bool { return s == Ended || s == Cancelled }

// Kind is what a broadcast shows.
type Kind string

// The kinds of sources.
const (
	Stream  Kind = "stream"  // a live stream
	Channel Kind = "channel" // a channel of recorded items
	Item    Kind = "item"    // one recorded item
)

// Source is what a broadcast shows.
type Source struct {
	Kind Kind
	Name string // of the stream or channel; the item's number
}

// Address is where the player finds the source.
func (s Source) Address() string {
	switch s.Kind {
	case Channel:
		return "/channel/" + s.Name
	case Item:
		return "/library/" + s.Name
	default:
		return "/live/" + s.Name
	}
}

// Chat says whether viewers may write beside the player.
type Chat string

// The ways to chat.
const (
	ChatOff       Chat = "off"
	ChatModerated Chat = "moderated" // seen by all when somebody has let it through
	ChatOpen      Chat = "open"
)

// Profile is for which lines a broadcast is made: how far behind the source all viewers watch.
type Profile string

// The profiles.
const (
	Low    Profile = "low"    // low delay
	Normal Profile = "normal" //
	Weak   Profile = "weak"   // for weak lines
)

// Profiles are all profiles, in the order in which they are shown.
var Profiles = []Profile{Normal, Low, Weak}

// Delay is D, as a broadcast of the profile begins: programme time shown = server time − D.
func (p Profile) Delay() time.Duration {
	switch p {
	case Low:
		return 1500 * time.Millisecond
	case Weak:
		return 8 * time.Second
	default:
		return 3 * time.Second
	}
}

// Most is the longest delay that the profile is raised to.
func (p Profile) Most() time.Duration { return 2 * p.Delay() }

// Broadcast is one broadcast. Texts are plain.
type Broadcast struct {
	ID      ID
	Site    site.ID // shown there and on all sites below
	Title   string
	Summary string
	Source  Source
	State   State

	Announce     time.Time // shown on the pages with a countdown from then on; zero: it is not
	Starts, Ends time.Time // as planned; Ends zero: until somebody ends it
	Began, Ended time.Time // as it was; zero: not yet, or never

	Profile Profile
	Delay   time.Duration // D as it is now
	Before  string        // said in the player before it begins; "": the usual words
	After   string        // and after it ended
	Chat    Chat
	Record  bool
	Replay  string // the library's item; "": there is none
	Urgent  bool   // it goes before all others

	By               site.AccountID // who planned it
	Created, Updated time.Time
	Version          int64 // grows with every change that people see: two who change it at once are told
}

// Now is the delay that holds: that of the profile until it is on air.
func (b *Broadcast) Now() time.Duration {
	if b.Delay == 0 {
		return b.Profile.Delay()
	}
	return b.Delay
}

// From is when it began, or begins.
func (b *Broadcast) From() time.Time {
	if !b.Began.IsZero() {
		return b.Began
	}
	return b.Starts
}

// Until is when it ended, or is to end; zero: nobody knows.
func (b *Broadcast) Until() time.Time {
	if !b.Ended.IsZero() {
		return b.Ended
	}
	return b.Ends
}

// Address is the broadcast's page.
func (b *Broadcast) Address() string { return "/b/" + b.ID.String() }

// Tag names what pages of the broadcast itself depend on.
func Tag(id ID) string { return "broadcast:" + id.String() }

// SiteTag names what pages depend on that show the broadcasts of a site. A page of a site depends on its own and
// on those of all sites above.
func SiteTag(id site.ID) string { return "cards:" + strconv.FormatInt(int64(id), 10) }
