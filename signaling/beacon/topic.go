package beacon

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
)

// Prefix is that of the topics: beacons:ID:CODE is how a broadcast is received on a site and those below,
// beacons:ID how it is on its own site.
const Prefix = "beacons:"

// Command is a report that comes over a socket.
func (b *Book) Command(_ context.Context, v *signaling.Visitor, body json.RawMessage) (any, error) {
	r, err := Parse(body)
	if err != nil {
		return nil, err
	}
	next, err := b.Report(v, r)
	if err != nil {
		return nil, err
	}
	return map[string]int64{"next": next.Milliseconds()}, nil
}

// find returns what a topic is about.
func (b *Book) find(topic string) (id string, at *site.Node, err error) {
	id, code, ok := strings.Cut(strings.TrimPrefix(topic, Prefix), ":")
	tree := b.cfg.Tree()
	if ok {
		at, _ = tree.ByCode(code)
	} else {
		b.mu.Lock()
		t := b.tallies[id]
		b.mu.Unlock()
		if t != nil {
			at = tree.Get(t.subject.Site)
		} else if s, ok := b.cfg.Find(id); ok {
			at = tree.Get(s.Site)
		}
	}
	if at == nil {
		return "", nil, fmt.Errorf("figures of broadcast: %w", errs.NotFound)
	}
	return id, at, nil
}

// Open lets those in who may read the figures of the site.
func (b *Book) Open(_ context.Context, v *signaling.Visitor, topic string) ([]string, error) {
	id, at, err := b.find(topic)
	if err != nil {
		return nil, err
	}
	if !b.cfg.Tree().May(v.Who, site.ReadStats, site.Object{Site: at.ID, Owner: v.Who.Account}) {
		return nil, fmt.Errorf("figures of broadcast: %w", errs.Denied)
	}
	return []string{Tag(id)}, nil
}

// Value is a [View]; before the first report, an empty one.
func (b *Book) Value(_ context.Context, topic string, _ uint64) (body []byte, version uint64, err error) {
	id, at, err := b.find(topic)
	if err != nil {
		return nil, 0, err
	}
	x, err := b.View(id, at)
	if err != nil {
		x = View{Renditions: []Share{}} // nobody has reported yet
	}
	body, err = json.Marshal(x)
	return body, 0, err //nolint:wrapcheck // numbers and texts
}
