package broadcast

import (
	"strconv"
	"time"

	"xianfeng/internal/site"
)

// Card is a broadcast as pages and sockets show it. Times are milliseconds since 1970; what is absent is not
// known or does not apply.
type Card struct {
	ID       ID     `json:"id"`
	Title    string `json:"title"`
	State    State  `json:"state"`
	From     string `json:"from"`  // name of the site that broadcasts
	Level    string `json:"level"` // of that site
	Source   string `json:"source"`
	Watch    string `json:"watch"`
	Delay    int64  `json:"delay"` // D, in milliseconds
	Announce int64  `json:"announce,omitempty"`
	Starts   int64  `json:"starts,omitempty"`
	Ends     int64  `json:"ends,omitempty"`
	Began    int64  `json:"began,omitempty"`
	Ended    int64  `json:"ended,omitempty"`
	Urgent   bool   `json:"urgent,omitempty"`
	Replay   string `json:"replay,omitempty"` // address of the recording
}

// Cards is the value of a topic "site:CODE".
type Cards struct {
	On     []Card `json:"on"`
	Next   []Card `json:"next"`
	Urgent *Card  `json:"urgent"` // also the first of On
}

// Full is the value of a topic "broadcast:ID".
type Full struct {
	Card
	Summary string `json:"summary"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Chat    Chat   `json:"chat"`
	Instead *Card  `json:"instead"` // the urgent one that its viewers see in its place
	Viewers int    `json:"viewers"`
}

// CardOf returns a broadcast as it is shown.
func CardOf(t *site.Tree, b *Broadcast) Card {
	c := Card{
		ID: b.ID, Title: b.Title, State: b.State, Source: b.plays(), Watch: b.Address(), Delay: b.Now().Milliseconds(),
		Announce: stamp(b.Announce), Starts: stamp(b.Starts), Ends: stamp(b.Ends), Began: stamp(b.Began), Ended: stamp(b.Ended), Urgent: b.Urgent,
	}
	if b.Replay != "" && b.State == Ended {
		c.Replay = Source{Item, b.Replay}.Address()
	}
	if n := t.Get(b.Site); n != nil {
		c.From, c.Level = n.Name, n.Level.String()
	}
	return c
}

// plays is where the player finds what is shown. An item on air is a live stream that began with the broadcast, so that
// everybody sees the same of it.
func (b *Broadcast) plays() string {
	if b.Source.Kind == Item && !b.Began.IsZero() {
		return b.Source.Address() + "/from/" + strconv.FormatInt(b.Began.UnixMilli(), 10)
	}
	return b.Source.Address()
}

// CardsOf returns what a site shows.
func CardsOf(t *site.Tree, x Shown) Cards {
	out := Cards{On: []Card{}, Next: []Card{}}
	for i := range x.On {
		out.On = append(out.On, CardOf(t, &x.On[i]))
	}
	for i := range x.Next {
		out.Next = append(out.Next, CardOf(t, &x.Next[i]))
	}
	if x.Urgent != nil {
		c := CardOf(t, x.Urgent)
		out.Urgent = &c
	}
	return out
}

// FullOf returns all that viewers of a broadcast are told.
func (p *Programme) FullOf(b *Broadcast, viewers int) Full {
	t := p.network.Tree()
	f := Full{Card: CardOf(t, b), Summary: b.Summary, Before: b.Before, After: b.After, Chat: b.Chat, Viewers: viewers}
	if u := p.Outranked(b); u != nil {
		c := CardOf(t, u)
		f.Instead = &c
	}
	return f
}

func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
