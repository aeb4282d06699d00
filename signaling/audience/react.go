package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/signaling"
	"xianfeng/signaling/broadcast"
)

// Reactions are the signs that viewers may give.
var Reactions = [...]string{"clap", "like", "heart", "flower"}

const (
	reactMost  = 10  // of one visitor in reactTime
	reactFrom  = 200 // from one address: a hall full of telephones has one
	reactTime  = 10 * time.Second
	tellEvery  = time.Second // at most so often are counts told
	ReactTopic = "react:"
)

// Applause counts reactions of what is on air. Counts are in memory: of this process, since it started, and gone
// when the broadcast is over.
type Applause struct {
	programme *broadcast.Programme
	touch     func(tags ...string)
	now       func() time.Time
	visitors  *limiter
	addresses *limiter

	mu     sync.Mutex // guards counts
	counts map[broadcast.ID]*applause
}

type applause struct {
	n     [len(Reactions)]uint64 // by Reactions
	fresh bool                   // not told yet
}

// NewApplause returns the counts; touch has a topic told anew. now nil: time.Now.
func NewApplause(p *broadcast.Programme, touch func(tags ...string), now func() time.Time) *Applause {
	if now == nil {
		now = time.Now
	}
	return &Applause{programme: p, touch: touch, now: now, visitors: newLimiter(reactMost, reactTime), addresses: newLimiter(reactFrom, reactTime), counts: map[broadcast.ID]*applause{}}
}

// React counts one.
func (a *Applause) React(ctx context.Context, id broadcast.ID, v *signaling.Visitor, kind string) error {
	i := slices.Index(Reactions[:], kind)
	if i < 0 {
		return fmt.Errorf("reaction %q: %w", kind, errs.Invalid)
	}
	b, err := a.programme.Get(ctx, id)
	if err != nil {
		return err //nolint:wrapcheck // it says which
	}
	if b.Chat == broadcast.ChatOff || b.State != broadcast.OnAir {
		return fmt.Errorf("reaction to broadcast %d: %w", id, errs.Denied)
	}
	if now := a.now(); !a.visitors.take(v.ID, now) || !a.addresses.take(v.Remote.String(), now) {
		return fmt.Errorf("reaction to broadcast %d: %w", id, errs.TooMany)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.counts[id]
	if x == nil {
		x = &applause{}
		a.counts[id] = x // as many as are on air: Run drops the others
	}
	x.n[i]++
	x.fresh = true
	return nil
}

// Run tells counts that changed, until ctx ends; the caller owns the goroutine.
func (a *Applause) Run(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if tags := a.turn(ctx); len(tags) > 0 {
			a.touch(tags...)
		}
	}
}

// turn returns what is to be told, and drops what is over.
func (a *Applause) turn(ctx context.Context) (tags []string) {
	a.mu.Lock()
	ids := make([]broadcast.ID, 0, len(a.counts))
	for id, x := range a.counts {
		if x.fresh {
			x.fresh = false
			tags = append(tags, ReactTopic+id.String())
		}
		ids = append(ids, id)
	}
	a.mu.Unlock()
	for _, id := range ids {
		if b, err := a.programme.Get(ctx, id); err == nil && b.State.Over() {
			a.mu.Lock()
			delete(a.counts, id)
			a.mu.Unlock()
		}
	}
	return tags
}

// Open implements ws.Provider: reactions are for everybody.
func (a *Applause) Open(ctx context.Context, _ *signaling.Visitor, topic string) ([]string, error) {
	id, ok := broadcast.ParseID(strings.TrimPrefix(topic, ReactTopic))
	if !ok {
		return nil, fmt.Errorf("topic %q: %w", topic, errs.NotFound)
	}
	if _, err := a.programme.Get(ctx, id); err != nil {
		return nil, err //nolint:wrapcheck // it says which
	}
	return []string{topic}, nil
}

// Value implements ws.Provider.
func (a *Applause) Value(_ context.Context, topic string, _ uint64) ([]byte, uint64, error) {
	id, _ := broadcast.ParseID(strings.TrimPrefix(topic, ReactTopic))
	counts := map[string]uint64{}
	a.mu.Lock()
	if x := a.counts[id]; x != nil {
		for i, kind := range Reactions {
			if x.n[i] > 0 {
				counts[kind] = x.n[i]
			}
		}
	}
	a.mu.Unlock()
	body, err := json.Marshal(counts)
	if err != nil {
		return nil, 0, fmt.Errorf("topic %q: %w", topic, err)
	}
	return body, 0, nil
}
