package broadcast

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Actor is who does something, and from where.
type Actor struct {
	Who    site.Who
	Remote string
}

func (by Actor) entry(b *Broadcast, action string, detail map[string]any) site.Entry {
	text, err := json.Marshal(detail)
	if err != nil || len(detail) == 0 {
		text = []byte("{}") // texts and numbers can always be written
	}
	return site.Entry{By: by.Who.Account, Remote: by.Remote, Site: b.Site, Action: "broadcast." + action, Detail: string(text)}
}

// Desk is where people plan broadcasts, start and end them.
type Desk struct {
	keep      Keeper
	network   Network
	programme *Programme
	now       func() time.Time
}

// NewDesk returns a desk. now nil: time.Now.
func NewDesk(keep Keeper, network Network, p *Programme, now func() time.Time) *Desk {
	if now == nil {
		now = time.Now
	}
	return &Desk{keep, network, p, now}
}

func (d *Desk) time() time.Time { return d.now().UTC().Truncate(time.Millisecond) }

func (d *Desk) may(by Actor, at site.ID) bool {
	return d.network.Tree().May(by.Who, site.Broadcast, site.Object{Site: at})
}

// own returns a broadcast that somebody may change: others are not there for them.
func (d *Desk) own(ctx context.Context, by Actor, id ID) (Broadcast, error) {
	b, err := d.keep.Broadcast(ctx, id)
	if err == nil && !d.may(by, b.Site) {
		err = errs.NotFound
	}
	if err != nil {
		return Broadcast{}, fmt.Errorf("broadcast %d: %w", id, err)
	}
	return b, nil
}

// Get returns a broadcast to somebody who may change it, as it is kept.
func (d *Desk) Get(ctx context.Context, by Actor, id ID) (Broadcast, error) {
	return d.own(ctx, by, id)
}

// Past returns what is over on sites below those where somebody may broadcast, the newest first.
func (d *Desk) Past(ctx context.Context, by Actor, n *site.Node, limit int) ([]Broadcast, error) {
	if !d.may(by, n.ID) {
		return nil, fmt.Errorf("broadcasts of site %s: %w", n.Code, errs.Denied)
	}
	t := d.network.Tree()
	sub := t.Subtree(n)
	q := Filter{States: []State{Ended, Cancelled}, Last: true, Limit: limit}
	if len(sub) < t.Len() {
		q.Sites = make([]site.ID, len(sub))
		for i, x := range sub {
			q.Sites[i] = x.ID
		}
	}
	found, err := d.keep.Broadcasts(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("broadcasts below site %s: %w", n.Code, err)
	}
	return found, nil
}

// Plan plans a broadcast.
func (d *Desk) Plan(ctx context.Context, by Actor, b Broadcast) (Broadcast, error) {
	now := d.time()
	if err := d.fresh(by, &b, now); err != nil {
		return b, err
	}
	b.State, b.Urgent = Planned, false
	p := b.check(now)
	if !b.Starts.IsZero() && b.Starts.Before(now.Add(-time.Minute)) {
		p.Add("starts", "past", "")
	}
	if err := p.Err(); err != nil {
		return b, err
	}
	return d.keep.KeepBroadcast(ctx, Change{Broadcast: b, Entries: []site.Entry{by.entry(&b, "plan", b.told())}})
}

// StartNow puts a broadcast on air that nobody planned. Where its source is on air on the same site already, it is
// errs.Exists.
func (d *Desk) StartNow(ctx context.Context, by Actor, b Broadcast) (Broadcast, error) {
	now := d.time()
	if err := d.begin(by, &b, now, false); err != nil {
		return b, err
	}
	return d.keep.KeepBroadcast(ctx, Change{Broadcast: b, Alone: true, Entries: []site.Entry{by.entry(&b, "start", b.told())}})
}

// Insert puts an urgent broadcast on air: on all sites below it goes before everything else. The order of urgent
// ones is that of their levels, and of one level the first stays: a later or lower one is an *OutrankedError.
func (d *Desk) Insert(ctx context.Context, by Actor, b Broadcast) (Broadcast, error) {
	now := d.time()
	if err := d.begin(by, &b, now, true); err != nil {
		return b, err
	}
	return d.keep.KeepBroadcast(ctx, Change{
		Broadcast: b, Alone: true, Above: above(d.network.Tree().Get(b.Site)),
		Entries: []site.Entry{by.entry(&b, "insert", b.told())},
	})
}

// begin fills in a broadcast that is to be on air at once.
func (d *Desk) begin(by Actor, b *Broadcast, now time.Time, urgent bool) error {
	if err := d.fresh(by, b, now); err != nil {
		return err
	}
	if b.Title == "" {
		b.Title = b.Source.Name
	}
	b.Starts, b.Announce, b.Urgent = now, time.Time{}, urgent
	b.turn(OnAir, now)
	return b.check(now).Err()
}

func (d *Desk) fresh(by Actor, b *Broadcast, now time.Time) error {
	if !d.may(by, b.Site) {
		return fmt.Errorf("broadcast on site %d: %w", b.Site, errs.Denied)
	}
	if d.programme.count(b.Site) >= MaxPlanned {
		return fmt.Errorf("broadcasts of site %d: %w", b.Site, errs.TooMany)
	}
	b.tidy()
	b.ID, b.Version, b.By, b.Created, b.Updated = 0, 0, by.Who.Account, now, now
	b.Began, b.Ended, b.Replay, b.Delay = time.Time{}, time.Time{}, "", 0
	return nil
}

func (p *Programme) count(id site.ID) int { return len(p.now.Load().bySite[id]) }

// Edit changes what people enter of a broadcast that is not over. b.Version is the one that was shown to who
// edits: where it is older, it is a *StaleError. What is on air keeps its source, its beginning and its delay.
func (d *Desk) Edit(ctx context.Context, by Actor, b Broadcast) (Broadcast, error) {
	now := d.time()
	old, err := d.own(ctx, by, b.ID)
	if err != nil {
		return b, err
	}
	if old.Version != b.Version || old.State.Over() {
		return old, old.stale()
	}
	x := old
	x.Title, x.Summary, x.Before, x.After, x.Chat, x.Ends, x.Record = b.Title, b.Summary, b.Before, b.After, b.Chat, b.Ends, b.Record
	if old.State == Planned {
		x.Source, x.Starts, x.Announce, x.Profile = b.Source, b.Starts, b.Announce, b.Profile
	}
	x.Updated = now
	x.tidy()
	p := x.check(now)
	if x.State == Planned && !x.Starts.IsZero() && x.Starts.Before(now.Add(-time.Minute)) {
		p.Add("starts", "past", "")
	}
	if err := p.Err(); err != nil {
		return x, err
	}
	return d.keep.KeepBroadcast(ctx, Change{Broadcast: x, Entries: []site.Entry{by.entry(&x, "change", difference(&old, &x))}})
}

// Start puts a planned broadcast on air before its time.
func (d *Desk) Start(ctx context.Context, by Actor, id ID, version int64) (Broadcast, error) {
	return d.turn(ctx, by, id, version, Planned, OnAir, "start")
}

// End ends a broadcast that is on air.
func (d *Desk) End(ctx context.Context, by Actor, id ID, version int64) (Broadcast, error) {
	return d.turn(ctx, by, id, version, OnAir, Ended, "end")
}

// Cancel calls a planned broadcast off.
func (d *Desk) Cancel(ctx context.Context, by Actor, id ID, version int64) (Broadcast, error) {
	return d.turn(ctx, by, id, version, Planned, Cancelled, "cancel")
}

// turn changes the state; version 0: whatever it is.
func (d *Desk) turn(ctx context.Context, by Actor, id ID, version int64, from, to State, action string) (Broadcast, error) {
	b, err := d.own(ctx, by, id)
	if err != nil {
		return b, err
	}
	if b.State != from || version != 0 && version != b.Version {
		return b, b.stale()
	}
	b.turn(to, d.time())
	return d.keep.KeepBroadcast(ctx, Change{Broadcast: b, Entries: []site.Entry{by.entry(&b, action, map[string]any{"title": b.Title})}})
}

// Extend puts the end of a broadcast off by some time, from its planned end or, where it has none, from now.
func (d *Desk) Extend(ctx context.Context, by Actor, id ID, version int64, more time.Duration) (Broadcast, error) {
	b, err := d.own(ctx, by, id)
	if err != nil {
		return b, err
	}
	if b.State.Over() || version != 0 && version != b.Version {
		return b, b.stale()
	}
	old, now := b, d.time()
	if b.Ends.IsZero() {
		b.Ends = now
		if b.State == Planned {
			b.Ends = b.Starts
		}
	}
	b.Ends, b.Updated = b.Ends.Add(more), now
	if err := b.check(now).Err(); err != nil {
		return b, err
	}
	return d.keep.KeepBroadcast(ctx, Change{Broadcast: b, Entries: []site.Entry{by.entry(&b, "extend", difference(&old, &b))}})
}

func (b *Broadcast) stale() error {
	return fmt.Errorf("change it: %w", &StaleError{ID: b.ID, State: b.State, Version: b.Version, At: b.Updated})
}

// told is what the log keeps of a new broadcast.
func (b *Broadcast) told() map[string]any {
	d := map[string]any{"title": b.Title, "source": b.Source.Address(), "profile": b.Profile}
	if !b.Starts.IsZero() {
		d["starts"] = b.Starts
	}
	if !b.Ends.IsZero() {
		d["ends"] = b.Ends
	}
	if b.Urgent {
		d["urgent"] = true
	}
	return d
}

// difference tells what is different between two versions, as the log keeps it.
func difference(from, to *Broadcast) map[string]any {
	d := map[string]any{}
	note := func(field string, a, b any) {
		if a != b {
			d[field] = [2]any{a, b}
		}
	}
	when := func(field string, a, b time.Time) {
		if !a.Equal(b) {
			d[field] = [2]any{a, b}
		}
	}
	note("title", from.Title, to.Title)
	note("summary", from.Summary, to.Summary)
	note("source", from.Source.Address(), to.Source.Address())
	when("announce", from.Announce, to.Announce)
	when("starts", from.Starts, to.Starts)
	when("ends", from.Ends, to.Ends)
	note("profile", from.Profile, to.Profile)
	note("before", from.Before, to.Before)
	note("after", from.After, to.After)
	note("chat", from.Chat, to.Chat)
	note("record", from.Record, to.Record)
	return d
}
