package broadcast

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"xianfeng/internal/site"
)

// Programme is a picture in memory of what is planned and on air. It is safe for all goroutines.
type Programme struct {
	keep    Keeper
	network Network
	now     atomic.Pointer[picture]
	wake    chan struct{} // capacity 1: the schedule looks again; full: it is about to
	stale   atomic.Bool   // the picture could not be read: the schedule tries again

	mu sync.Mutex // one reading at a time: the picture is never exchanged for an older one
}

// Network is where the sites stand. site.Network is one.
type Network interface{ Tree() *site.Tree }

// picture is what is planned and on air at one moment. Nobody changes it.
type picture struct {
	serial uint64 // grows with every picture, from one process to the next as well
	byID   map[ID]*Broadcast
	bySite map[site.ID][]*Broadcast
}

// Open reads the broadcasts.
func Open(ctx context.Context, keep Keeper, network Network) (*Programme, error) {
	p := &Programme{keep: keep, network: network, wake: make(chan struct{}, 1)}
	if err := p.Reload(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Changed reads the broadcasts again if tags say that some changed. Who tells others of changes calls it before
// them: they find the new picture.
func (p *Programme) Changed(ctx context.Context, tags []string) error {
	if !slices.ContainsFunc(tags, func(t string) bool { return strings.HasPrefix(t, "cards:") || t == "network" }) {
		return nil
	}
	return p.Reload(ctx)
}

// Reload reads the broadcasts again.
func (p *Programme) Reload(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.poke()
	active, err := p.keep.Broadcasts(ctx, Filter{States: []State{Planned, OnAir}})
	p.stale.Store(err != nil)
	if err != nil {
		return fmt.Errorf("read the broadcasts: %w", err)
	}
	x := &picture{serial: uint64(time.Now().UnixMilli()), byID: make(map[ID]*Broadcast, len(active)), bySite: map[site.ID][]*Broadcast{}}
	if old := p.now.Load(); old != nil {
		x.serial = max(x.serial, old.serial+1)
	}
	for i := range active {
		b := &active[i]
		x.byID[b.ID] = b
		x.bySite[b.Site] = append(x.bySite[b.Site], b)
	}
	p.now.Store(x)
	return nil
}

// poke has the schedule look again.
func (p *Programme) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// At returns what the pages of a site tell.
func (p *Programme) At(n *site.Node) Shown { return p.now.Load().at(n) }

func (x *picture) at(n *site.Node) Shown {
	if len(x.byID) == 0 {
		return Shown{}
	}
	return shown(n.Path(), func(id site.ID) []*Broadcast { return x.bySite[id] })
}

// Get returns a broadcast, also one that is over.
func (p *Programme) Get(ctx context.Context, id ID) (Broadcast, error) {
	if b := p.now.Load().byID[id]; b != nil {
		return *b, nil
	}
	b, err := p.keep.Broadcast(ctx, id)
	if err != nil {
		return b, fmt.Errorf("broadcast %d: %w", id, err)
	}
	return b, nil
}

// Current is Get of what is planned or on air: it asks nobody, and costs nothing.
func (p *Programme) Current(id ID) (Broadcast, bool) {
	b := p.now.Load().byID[id]
	if b == nil {
		return Broadcast{}, false
	}
	return *b, true
}

// Guide returns what a site shows from one moment until before another: its own and that of the sites above, what
// was and what is to come, cancelled ones as well.
func (p *Programme) Guide(ctx context.Context, n *site.Node, from, to time.Time) ([]Broadcast, error) {
	found, err := p.keep.Broadcasts(ctx, Filter{Sites: above(n), From: from, To: to, Limit: maxGuide})
	if err != nil {
		return nil, fmt.Errorf("guide of site %s: %w", n.Code, err)
	}
	return found, nil
}

// maxGuide bounds how many broadcasts a guide has.
const maxGuide = 1000

// above returns a site and those above it.
func above(n *site.Node) []site.ID {
	var out []site.ID
	for ; n != nil; n = n.Above {
		out = append(out, n.ID)
	}
	return out
}

// Active returns all that is planned or on air, in no order.
func (p *Programme) Active() []Broadcast {
	x := p.now.Load()
	out := make([]Broadcast, 0, len(x.byID))
	for _, b := range x.byID {
		out = append(out, *b)
	}
	return out
}

// Outranked returns the urgent broadcast that viewers of b see in its place; nil: none.
func (p *Programme) Outranked(b *Broadcast) *Broadcast {
	n := p.network.Tree().Get(b.Site)
	if n == nil || b.State.Over() {
		return nil
	}
	if u := p.At(n).Urgent; u != nil && u.ID != b.ID {
		return u
	}
	return nil
}
