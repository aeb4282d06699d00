package portal

import (
	"encoding/json"
	"time"

	"xianfeng/signaling/broadcast"
	"xianfeng/web/cache"
)

// cardView is a broadcast as it is shown. The zero value is the card that the script fills in.
type cardView struct {
	broadcast.Card
	T    *Messages
	By   string // from whom, and when
	When string // when it began or begins, for programs
}

// air is what a site's pages tell of broadcasts: the same as script/air-state.js picks out of the topic of the site.
type air struct {
	On     []cardView
	Next   *cardView // the first that is announced; nil: none is
	Urgent *cardView
	Offset int    // of the network's zone, in minutes
	Told   string // the topic's value, so that the script begins where the page stands
}

// addAir notes what is on air, and until when that holds.
func (b *base) addAir(d *cache.Deps) {
	for up := b.Node; up != nil; up = up.Above {
		d.On(broadcast.SiteTag(up.ID))
	}
	if b.s.cfg.Broadcasts == nil {
		return
	}
	tree, now := b.s.cfg.Network.Tree(), b.s.cfg.Now()
	_, east := now.In(b.s.cfg.Zone).Zone()
	b.Air.Offset = east / 60
	shown := b.s.cfg.Broadcasts.At(b.Node)
	for i := range shown.On {
		b.Air.On = append(b.Air.On, b.card(broadcast.CardOf(tree, &shown.On[i])))
	}
	if shown.Urgent != nil {
		b.Air.Urgent = &b.Air.On[0]
	}
	for i := range shown.Next {
		x := &shown.Next[i]
		if x.Announced(now) {
			if b.Air.Next == nil {
				c := b.card(broadcast.CardOf(tree, x))
				b.Air.Next = &c
			}
			continue
		}
		d.Until(x.Announce)
	}
	told, err := json.Marshal(broadcast.CardsOf(tree, shown))
	if err != nil {
		b.s.log.Error("write what is on air", "site", b.Node.Code, "error", err)
		return
	}
	b.Air.Told = string(told)
}

// card is a card for the templates.
func (b *base) card(c broadcast.Card) cardView {
	at, say := c.Starts, b.T.AirStarts
	if c.State == broadcast.OnAir {
		at, say = c.Began, b.T.LiveBy
	}
	when := time.UnixMilli(at).In(b.s.cfg.Zone)
	return cardView{Card: c, T: b.T, By: b.T.by(say, c.From, when, b.s.cfg.Now().In(b.s.cfg.Zone)), When: when.Format(time.RFC3339)}
}

// The methods below are for the templates.

// Blank is the card that the script fills in.
func (b base) Blank() cardView { return cardView{T: b.T} }

// Upcoming reports whether a card is of what is planned.
func (c cardView) Upcoming() bool { return c.State == broadcast.Planned }
