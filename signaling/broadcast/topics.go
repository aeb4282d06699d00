package broadcast

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
)

// Topics tells pages that are open, as a ws.Provider: "site:CODE" is what a site shows ([Cards]), "broadcast:ID"
// one broadcast ([Full]). One change touches one tag of the site that broadcasts, however many sites are below.
type Topics struct {
	Programme *Programme
	Count     func(topic string) int // how many follow a topic; nil: nobody counts
	Touch     func(tags ...string)   // has topics told anew; nil: nobody listens
}

// The prefixes of the topics.
const (
	SitePrefix  = "site:"
	TopicPrefix = "broadcast:"
)

// Open implements ws.Provider. Both are for everybody.
func (t *Topics) Open(ctx context.Context, _ *signaling.Visitor, topic string) ([]string, error) {
	tags := []string{"network"}
	n, b, err := t.find(ctx, topic)
	if err != nil {
		return nil, err
	}
	if b != nil {
		tags = append(tags, Tag(b.ID), countTag(b.ID))
	}
	for ; n != nil; n = n.Above {
		tags = append(tags, SiteTag(n.ID), SitePrefix+strconv.FormatInt(int64(n.ID), 10))
	}
	return tags, nil
}

// Value implements ws.Provider.
func (t *Topics) Value(ctx context.Context, topic string, _ uint64) ([]byte, uint64, error) {
	n, b, err := t.find(ctx, topic)
	if err != nil {
		return nil, 0, err
	}
	var x any
	if b == nil {
		x = CardsOf(t.Programme.network.Tree(), t.Programme.At(n))
	} else {
		viewers := 0
		if t.Count != nil {
			viewers = t.Count(topic)
		}
		x = t.Programme.FullOf(b, viewers)
	}
	body, err := json.Marshal(x)
	if err != nil {
		return nil, 0, fmt.Errorf("topic %q: %w", topic, err)
	}
	return body, 0, nil
}

// find returns what a topic is about: a site, or a broadcast with its site.
func (t *Topics) find(ctx context.Context, topic string) (*site.Node, *Broadcast, error) {
	tree := t.Programme.network.Tree()
	var n *site.Node
	var b *Broadcast
	if code, ok := strings.CutPrefix(topic, SitePrefix); ok {
		n, _ = tree.ByCode(code)
	} else if id, ok := ParseID(strings.TrimPrefix(topic, TopicPrefix)); ok {
		x, err := t.Programme.Get(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		n, b = tree.Get(x.Site), &x
	}
	if n == nil || n.State == site.Closed {
		return nil, nil, fmt.Errorf("topic %q: %w", topic, errs.NotFound)
	}
	return n, b, nil
}

// countTag stands for how many watch a broadcast.
func countTag(id ID) string { return "viewers:" + id.String() }

// countEvery is how often pages are told how many watch.
const countEvery = 10 * time.Second

// Run tells how many watch what is on air, where that has changed, until ctx ends; the caller owns the goroutine.
func (t *Topics) Run(ctx context.Context) {
	if t.Count == nil || t.Touch == nil {
		return
	}
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	told := map[ID]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := map[ID]int{}
		for id, b := range t.Programme.now.Load().byID {
			if b.State != OnAir {
				continue
			}
			now[id] = t.Count(TopicPrefix + id.String())
			if now[id] != told[id] {
				t.Touch(countTag(id))
			}
		}
		told = now
	}
}
