package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
	"xianfeng/signaling/broadcast"
)

// The prefixes of the topics: what everybody sees of a chat, and what moderators see.
const (
	ChatTopic = "chat:"
	DeskTopic = "moderate:"
)

// Told is a line as pages are told of it. One that was removed has nothing but its number.
type Told struct {
	ID      int64  `json:"id"`
	At      int64  `json:"at"` // ms since 1970
	Name    string `json:"name,omitempty"`
	Text    string `json:"text,omitempty"`
	Known   bool   `json:"known,omitempty"` // by somebody who is signed in
	Waiting bool   `json:"waiting,omitempty"`
	Removed bool   `json:"removed,omitempty"`
}

func tell(x *Line) Told {
	t := Told{ID: x.ID, At: x.At.UnixMilli()}
	if x.State == Removed {
		t.Removed = true
		return t
	}
	t.Name, t.Text, t.Known, t.Waiting = x.Name, x.Text, x.By != 0, x.State == Waiting
	return t
}

// Topics tells pages of chats, as a ws.Provider.
type Topics struct{ Chat *Chat }

// Appends says which topics are lines after one another.
func (t Topics) Appends(string) bool { return true }

// Open implements ws.Provider.
func (t Topics) Open(ctx context.Context, v *signaling.Visitor, topic string) ([]string, error) {
	id, desk, err := parseTopic(topic)
	if err != nil {
		return nil, err
	}
	b, err := t.Chat.programme.Get(ctx, id)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says which
	}
	if desk && !t.Chat.moderates(Actor{Who: v.Who}, b.Site) {
		return nil, fmt.Errorf("topic %q: %w", topic, errs.Denied)
	}
	if desk {
		return []string{DeskTag(id)}, nil
	}
	return []string{ChatTag(id)}, nil
}

// Value implements ws.Provider: {"lines": [...]}, those that changed since a version. Who begins gets the newest,
// without those that were removed.
func (t Topics) Value(ctx context.Context, topic string, since uint64) ([]byte, uint64, error) {
	id, desk, err := parseTopic(topic)
	if err != nil {
		return nil, 0, err
	}
	states := []LineState{Visible}
	if desk {
		states = append(states, Waiting)
	}
	if since > 0 {
		states = append(states, Removed)
	}
	most := backlog
	if desk {
		most += MaxWaiting
	}
	lines, err := t.Chat.keep.Lines(ctx, id, since, states, most)
	if err != nil {
		return nil, 0, fmt.Errorf("topic %q: %w", topic, err)
	}
	version := since
	said := make([]Told, len(lines))
	for i := range lines {
		said[i], version = tell(&lines[i]), max(version, lines[i].Seq)
	}
	body, err := json.Marshal(map[string]any{"lines": said})
	if err != nil {
		return nil, 0, fmt.Errorf("topic %q: %w", topic, err)
	}
	return body, version, nil
}

func parseTopic(topic string) (id broadcast.ID, desk bool, err error) {
	rest, desk := strings.CutPrefix(topic, DeskTopic)
	id, ok := broadcast.ParseID(strings.TrimPrefix(rest, ChatTopic))
	if !ok {
		return 0, false, fmt.Errorf("topic %q: %w", topic, errs.NotFound)
	}
	return id, desk, nil
}

// request is what pages ask for.
type request struct {
	Broadcast broadcast.ID `json:"broadcast"`
	Name      string       `json:"name"` // of who is not signed in
	Text      string       `json:"text"`
	Kind      string       `json:"kind"`
	Line      int64        `json:"line"`
}

func parse(body json.RawMessage) (q request, err error) {
	if err := json.Unmarshal(body, &q); err != nil {
		return q, fmt.Errorf("%w: not the fields of this command", errs.Invalid)
	}
	return q, nil
}

// Commands are what pages may ask for, by kind: "chat" {broadcast, name, text} adds a line, "judge" {broadcast,
// line, kind} lets one through ("shown") or takes it away ("removed"), "react" {broadcast, kind} gives a sign.
func Commands(c *Chat, a *Applause) map[string]func(ctx context.Context, v *signaling.Visitor, body json.RawMessage) (any, error) {
	return map[string]func(context.Context, *signaling.Visitor, json.RawMessage) (any, error){
		"chat": func(ctx context.Context, v *signaling.Visitor, body json.RawMessage) (any, error) {
			q, err := parse(body)
			if err != nil {
				return nil, err
			}
			w := Writer{Visitor: v.ID, Who: v.Who, Name: v.Name, From: v.Remote}
			if !v.SignedIn() {
				w.Who, w.Name = site.Who{}, q.Name
			}
			x, err := c.Write(ctx, q.Broadcast, w, q.Text)
			if err != nil {
				return nil, err
			}
			return tell(&x), nil
		},
		"judge": func(ctx context.Context, v *signaling.Visitor, body json.RawMessage) (any, error) {
			q, err := parse(body)
			if err != nil {
				return nil, err
			}
			return struct{}{}, c.Judge(ctx, Actor{Who: v.Who, Remote: v.Remote.Addr().String()}, q.Broadcast, q.Line, LineState(q.Kind))
		},
		"react": func(ctx context.Context, v *signaling.Visitor, body json.RawMessage) (any, error) {
			q, err := parse(body)
			if err != nil {
				return nil, err
			}
			return struct{}{}, a.React(ctx, q.Broadcast, v, q.Kind)
		},
	}
}
