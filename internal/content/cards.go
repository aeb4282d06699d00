package content

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// CardID is a broadcast card's number.
type CardID int64

// Card shows a live stream on a site and on all sites below it.
type Card struct {
	ID     CardID
	Site   site.ID
	Stream string
	Title  string
	By     site.AccountID
	Began  time.Time
	Ended  time.Time // zero: it is shown
}

// CardKeeper keeps cards. Package store is one.
type CardKeeper interface {
	Card(ctx context.Context, id CardID) (Card, error)
	ActiveCards(ctx context.Context, sites []site.ID) ([]Card, error) // started on these; nil: on any. Newest first
	StartCard(ctx context.Context, c Card, entries ...site.Entry) (Card, error)
	StopCard(ctx context.Context, c Card, entries ...site.Entry) error // errs.Conflict: it was stopped
}

// Cards are the broadcast cards of the sites. It is safe for all goroutines.
type Cards struct {
	keep    CardKeeper
	network *site.Network
	now     func() time.Time
}

// NewCards returns the cards. now nil: time.Now.
func NewCards(keep CardKeeper, network *site.Network, now func() time.Time) *Cards {
	if now == nil {
		now = time.Now
	}
	return &Cards{keep, network, now}
}

// Active returns the cards that are shown on a site: its own and those of the sites above, the nearest first.
func (c *Cards) Active(ctx context.Context, n *site.Node) ([]Card, error) {
	at := PlaceOf(n)
	found, err := c.keep.ActiveCards(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("cards of site %s: %w", n.Code, err)
	}
	var out []Card
	for _, id := range at {
		for i := range found {
			if found[i].Site == id {
				out = append(out, found[i])
			}
		}
	}
	return out, nil
}

// Started returns the cards that were started where somebody may start and stop them, newest first.
func (c *Cards) Started(ctx context.Context, by Actor) ([]Card, error) {
	t := c.network.Tree()
	found, err := c.keep.ActiveCards(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("cards: %w", err)
	}
	var out []Card
	for i := range found {
		if t.May(by.Who, site.Broadcast, site.Object{Site: found[i].Site}) {
			out = append(out, found[i])
		}
	}
	return out, nil
}

// Start shows a stream on a site and all below it. Where it is shown there already, it is errs.Exists.
func (c *Cards) Start(ctx context.Context, by Actor, x Card) (Card, error) {
	if !c.network.Tree().May(by.Who, site.Broadcast, site.Object{Site: x.Site}) {
		return x, fmt.Errorf("card on site %d: %w", x.Site, errs.Denied)
	}
	x.Title, x.Stream = strings.TrimSpace(x.Title), strings.TrimSpace(x.Stream)
	var p errs.Problems
	if x.Stream == "" {
		p.Add("stream", "missing", "")
	}
	if utf8.RuneCountInString(x.Title) > MaxTitle {
		p.Add("title", "long", fmt.Sprint(MaxTitle))
	}
	if err := p.Err(); err != nil {
		return x, err
	}
	x.By, x.Began, x.Ended = by.Who.Account, c.now().UTC(), time.Time{}
	return c.keep.StartCard(ctx, x, by.entry(x.Site, "card.start", "live:"+x.Stream, ""))
}

// Stop takes a card away.
func (c *Cards) Stop(ctx context.Context, by Actor, id CardID) (Card, error) {
	x, err := c.keep.Card(ctx, id)
	if err != nil {
		return x, fmt.Errorf("card %d: %w", id, err)
	}
	if !c.network.Tree().May(by.Who, site.Broadcast, site.Object{Site: x.Site}) {
		return Card{}, fmt.Errorf("card %d: %w", id, errs.NotFound)
	}
	x.Ended = c.now().UTC()
	return x, c.keep.StopCard(ctx, x, by.entry(x.Site, "card.stop", "live:"+x.Stream, ""))
}
