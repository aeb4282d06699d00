package ws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
)

// topic is what at least one socket follows.
type topic struct {
	job      // of the makers
	name     string
	provider Provider
	appends  bool
	value    atomic.Pointer[value] // the newest; nil: not made yet, or it appends

	mu    sync.Mutex                        // guards lines
	lines map[uint64]func() (*value, error) // of a topic that appends: what is newer than a version

	// These are guarded by Server.mu.
	tags   []string
	subs   map[*socket]*sub
	failed time.Time // when its value could not be made; the zero value: it could
}

// value is one value of a topic, framed.
type value struct {
	version uint64
	long    bool // worth compressing
	message *websocket.PreparedMessage
}

func newValue(name string, body []byte, version uint64) (*value, error) {
	if version == 0 {
		h := fnv.New64a()
		h.Write(body)
		version = h.Sum64()&signaling.MaxNumber | 1
	}
	return frame(name, body, version)
}

// frame makes a value whose version is the provider's.
func frame(name string, body []byte, version uint64) (*value, error) {
	b, err := json.Marshal(signaling.TopicReply{Type: signaling.Topic, Topic: name, Version: version, Body: body})
	if err != nil {
		return nil, fmt.Errorf("value of %q: %w", name, err)
	}
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, b)
	if err != nil {
		return nil, fmt.Errorf("value of %q: %w", name, err)
	}
	return &value{version, len(b) >= compressFrom, m}, nil
}

// Touch says that values which depend on a tag are new. It is cheap and never blocks.
func (s *Server) Touch(tags ...string) {
	s.mu.Lock()
	var list []*topic
	for _, tag := range tags {
		for t := range s.tags[tag] {
			list = append(list, t)
		}
	}
	s.mu.Unlock()
	s.makers.push(list...)
}

// Count returns how many sockets follow a topic.
func (s *Server) Count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[name]; t != nil {
		return len(t.subs)
	}
	return 0
}

// Renew has the sockets of an account connect again: what it may do has changed, or one of its sessions is over.
func (s *Server) Renew(id site.AccountID) {
	s.mu.Lock()
	list := make([]*socket, 0, len(s.accounts[id]))
	for k := range s.accounts[id] {
		list = append(list, k)
	}
	s.mu.Unlock()
	for _, k := range list {
		k.end(signaling.CloseAnew, "who you are has changed")
	}
}

// join has a socket follow a topic.
func (s *Server) join(k *socket, p Provider, m *signaling.Request, tags []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.sockets[k]; !there {
		return
	}
	t := s.topics[m.Topic]
	if t == nil {
		a, ok := p.(Appender)
		t = &topic{name: m.Topic, provider: p, appends: ok && a.Appends(m.Topic), subs: map[*socket]*sub{}}
		s.topics[m.Topic] = t
	}
	s.tagLocked(t, tags)
	x := &sub{topic: t}
	if m.Since != nil {
		x.has, x.sent = true, *m.Since
	}
	t.subs[k] = x
	if !t.appends && t.value.Load() == nil {
		s.makers.push(t) // marks it
	}
	k.mu.Lock()
	if k.follows == nil {
		k.follows = map[string]*sub{}
	}
	k.follows[m.Topic] = x
	k.markLocked(x)
	k.mu.Unlock()
	s.writers.push(k)
}

// leave stops following a topic.
func (k *socket) leave(name string) {
	s := k.server
	s.mu.Lock()
	defer s.mu.Unlock()
	k.mu.Lock()
	x := k.follows[name]
	delete(k.follows, name)
	k.mu.Unlock()
	if x != nil {
		s.leaveLocked(k, x.topic)
	}
}

func (s *Server) leaveLocked(k *socket, t *topic) {
	delete(t.subs, k)
	if len(t.subs) == 0 && s.topics[t.name] == t {
		s.tagLocked(t, nil)
		delete(s.topics, t.name)
	}
}

// tagLocked has a topic depend on tags.
func (s *Server) tagLocked(t *topic, tags []string) {
	if slices.Equal(t.tags, tags) {
		return
	}
	for _, tag := range t.tags {
		if of := s.tags[tag]; of != nil {
			if delete(of, t); len(of) == 0 {
				delete(s.tags, tag)
			}
		}
	}
	t.tags = slices.Clone(tags)
	for _, tag := range t.tags {
		if s.tags[tag] == nil {
			s.tags[tag] = map[*topic]struct{}{}
		}
		s.tags[tag][t] = struct{}{}
	}
}

// markLocked notes that there may be something newer for a socket; its mu is held.
func (k *socket) markLocked(x *sub) {
	if !x.marked {
		x.marked = true
		k.marks = append(k.marks, x)
	}
}

// make makes a topic's value, for all who follow it.
func (s *Server) make(t *topic) {
	ctx, cancel := context.WithTimeout(s.ctx, valueTime)
	defer cancel()
	err := s.guarded(func() error { return s.renew(ctx, t) })
	if err != nil && s.ctx.Err() == nil {
		s.log.Warn("value of a topic", "topic", t.name, "error", err)
		s.mu.Lock()
		t.failed = time.Now() // the sweeper has it tried again
		s.mu.Unlock()
	}
}

// renew asks the provider. Its tags are in force before the value is made: what is touched in between is made again.
func (s *Server) renew(ctx context.Context, t *topic) error {
	for {
		s.mu.Lock()
		t.failed = time.Time{}
		var k *socket
		for k = range t.subs {
			break
		}
		s.mu.Unlock()
		if k == nil {
			return nil
		}
		tags, err := t.provider.Open(ctx, k.visitor, t.name)
		if errors.Is(err, errs.Denied) {
			s.drop(t, k, err)
			continue
		}
		if errors.Is(err, errs.NotFound) {
			s.drop(t, nil, err)
			return nil
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		if len(t.subs) > 0 {
			s.tagLocked(t, tags)
		}
		s.mu.Unlock()
		break
	}
	if t.appends {
		t.mu.Lock()
		t.lines = nil
		t.mu.Unlock()
		s.mark(t)
		return nil
	}
	body, version, err := t.provider.Value(ctx, t.name, 0)
	if errors.Is(err, errs.NotFound) || errors.Is(err, errs.Denied) {
		s.drop(t, nil, err)
		return nil
	}
	if err != nil {
		return err
	}
	v, err := newValue(t.name, body, version)
	if err != nil {
		return err
	}
	s.figures.values.Add(1)
	t.value.Store(v)
	s.mark(t)
	return nil
}

// mark has all who follow a topic written to.
func (s *Server) mark(t *topic) {
	s.mu.Lock()
	list := make([]*socket, 0, len(t.subs))
	for k, x := range t.subs {
		k.mu.Lock()
		k.markLocked(x)
		k.mu.Unlock()
		list = append(list, k)
	}
	s.mu.Unlock()
	s.writers.push(list...)
}

// drop ends a topic for one socket, or for all.
func (s *Server) drop(t *topic, only *socket, err error) {
	kind, _ := signaling.KindOf(err)
	s.mu.Lock()
	var list []*socket
	for k, x := range t.subs {
		if only != nil && k != only {
			continue
		}
		k.mu.Lock()
		x.gone = kind
		delete(k.follows, t.name)
		k.markLocked(x)
		k.mu.Unlock()
		list = append(list, k)
	}
	for _, k := range list {
		s.leaveLocked(k, t)
	}
	s.mu.Unlock()
	s.writers.push(list...)
}

// since returns what is newer than a version of a topic that appends. Many who have the same have it made once.
func (t *topic) since(s *Server, version uint64) (*value, error) {
	t.mu.Lock()
	fn := t.lines[version]
	if fn == nil {
		fn = sync.OnceValues(func() (v *value, err error) {
			ctx, cancel := context.WithTimeout(s.ctx, valueTime)
			defer cancel()
			err = s.guarded(func() error {
				body, newest, err := t.provider.Value(ctx, t.name, version)
				if err == nil {
					v, err = frame(t.name, body, newest) // 0: there is no line yet
				}
				return err
			})
			return v, err
		})
		if t.lines == nil || len(t.lines) >= 64 { // full: made again for those who ask later
			t.lines = map[uint64]func() (*value, error){}
		}
		t.lines[version] = fn
	}
	t.mu.Unlock()
	return fn()
}
