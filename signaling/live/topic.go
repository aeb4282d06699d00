// Package live owns the topics "stream:NAME": what a page has to know of a stream that it plays, so that it shows
// each moment when others do. Such a topic says whether somebody publishes, and where the stream lies in
// programme time (docs/protocol.md).
//
// It refuses to reckon: the mapping is media.Timeline's, told anew when it is off by a millisecond.
package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/media"
	"xianfeng/signaling"
)

// Prefix begins the topics; what follows is the stream's name.
const Prefix = "stream:"

// Tag is what the topic of a stream depends on. It is to be touched with all news of the hub.
func Tag(name string) string { return Prefix + name }

// Topics is a provider for package ws.
type Topics struct {
	hub  *media.Hub
	gate media.Gate
}

// New returns the topics of the hub's streams, for those whom the gate lets read.
func New(hub *media.Hub, gate media.Gate) *Topics { return &Topics{hub, gate} }

// Open asks the gate. A socket brings no stream key: what needs one is denied, and a page that has it in the
// cookie of the stream asks for the stream's status instead.
func (t *Topics) Open(_ context.Context, v *signaling.Visitor, topic string) ([]string, error) {
	name := strings.TrimPrefix(topic, Prefix)
	if err := media.CheckName(name); err != nil {
		return nil, fmt.Errorf("topic %.80q: %w: %w", topic, errs.NotFound, err)
	}
	if err := t.gate.Allow(media.Access{Action: media.Read, Stream: name, Protocol: "ws", Remote: v.Remote.Addr().String()}); err != nil {
		return nil, fmt.Errorf("topic %q: %w: %w", topic, errs.Denied, err)
	}
	return []string{Tag(name)}, nil
}

// state is the body.
type state struct {
	Live  bool           `json:"live"`
	Epoch uint32         `json:"epoch"`
	Map   *media.MapInfo `json:"map,omitempty"` // not there before the first unit
}

// Value returns the state of a stream; one that is not there is not live.
func (t *Topics) Value(_ context.Context, topic string, _ uint64) ([]byte, uint64, error) {
	var x state
	s, err := t.hub.Lookup(strings.TrimPrefix(topic, Prefix))
	switch {
	case err == nil:
		x.Live = s.Live()
		if m, ok := s.Timeline().Map(); ok {
			x.Epoch, x.Map = m.Epoch, m.Info()
		}
	case !errors.Is(err, media.ErrNotFound):
		return nil, 0, fmt.Errorf("topic %.80q: %w", topic, err)
	}
	body, err := json.Marshal(x)
	if err != nil {
		return nil, 0, fmt.Errorf("topic %.80q: %w", topic, err)
	}
	return body, 0, nil
}
