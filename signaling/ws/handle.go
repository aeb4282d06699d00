package ws

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/internal/errs"
	"xianfeng/signaling"
	"xianfeng/signaling/clock"
)

// handle acts on a message. It reports whether there may be another.
func (k *socket) handle(m *signaling.Request, received time.Time) bool {
	k.mu.Lock()
	closing := k.closing
	k.mu.Unlock()
	if closing {
		return true // until the page has answered, or its time is over
	}
	if !k.greeted {
		return k.greet(m)
	}
	switch m.Type {
	case signaling.Time:
		return k.stamp(m.A, received)
	case signaling.Sub:
		if err := k.follow(m); err != nil {
			return k.fail(m.ID, err)
		}
		return true
	case signaling.Unsub:
		k.leave(m.Topic)
		return true
	case signaling.Do:
		return k.do(m, received)
	case signaling.Hello:
		k.abuse(signaling.CloseNoHello, "hello twice")
		return false
	default:
		return k.fail(m.ID, fmt.Errorf("%w: no such message", errs.Invalid))
	}
}

// greet makes the page known.
func (k *socket) greet(m *signaling.Request) bool {
	if m.Type != signaling.Hello {
		k.abuse(signaling.CloseNoHello, "the first message is hello")
		return false
	}
	if m.V != signaling.Version {
		k.abuse(signaling.CloseVersion, "this server speaks version "+strconv.Itoa(signaling.Version))
		return false
	}
	s := k.server
	s.mu.Lock()
	x, before := s.sessions.take(m.Token, k)
	k.session, k.visitor.ID = x, x.id
	token := x.token
	s.mu.Unlock()
	if before != nil {
		before.end(signaling.CloseReplaced, "another socket resumed")
	}
	k.greeted = true
	return k.reply(signaling.HelloReply{Type: signaling.Hello, V: signaling.Version, Token: token, Now: clock.Stamp(time.Now())})
}

// stamp answers an exchange of time stamps: the last is taken when nothing is before it any more.
func (k *socket) stamp(a float64, received time.Time) bool {
	b := make([]byte, 0, 128)
	b = append(b, `{"t":"time","a":`...)
	b = strconv.AppendFloat(b, a, 'g', -1, 64)
	b = append(b, `,"b":`...)
	b = strconv.AppendFloat(b, clock.Stamp(received), 'f', 3, 64)
	b = append(b, `,"c":`...)
	k.write.Lock()
	defer k.write.Unlock()
	b = strconv.AppendFloat(b, clock.Stamp(time.Now()), 'f', 3, 64)
	return k.textLocked(append(b, '}'))
}

// reply answers; it reports whether the socket still works.
func (k *socket) reply(m any) bool {
	b, err := json.Marshal(m)
	if err != nil {
		k.server.log.Error("answer of a socket", "error", err)
		b, _ = json.Marshal(signaling.FailReply{Type: signaling.Fail, Kind: signaling.KindServer, Why: "failed on the server"}) //nolint:errchkjson // strings
	}
	k.write.Lock()
	defer k.write.Unlock()
	return k.textLocked(b)
}

func (k *socket) textLocked(b []byte) bool {
	k.conn.SetWriteDeadline(time.Now().Add(k.server.writeTime)) //nolint:errcheck // the write tells
	k.conn.EnableWriteCompression(len(b) >= compressFrom)
	if err := k.conn.WriteMessage(websocket.TextMessage, b); err != nil {
		k.broken(err)
		return false
	}
	return true
}

func (k *socket) fail(id uint64, err error) bool {
	kind, why := signaling.KindOf(err)
	if kind == signaling.KindServer {
		k.server.log.Warn("socket", "remote", k.visitor.Remote, "error", err)
	}
	return k.reply(signaling.FailReply{Type: signaling.Fail, ID: id, Kind: kind, Why: why})
}

// do carries out a command.
func (k *socket) do(m *signaling.Request, now time.Time) bool {
	c, ok := k.server.commands[m.Kind]
	switch {
	case !ok:
		return k.fail(m.ID, fmt.Errorf("%w: no such command", errs.Invalid))
	case k.visitor.Foreign && !c.foreign:
		return k.fail(m.ID, errs.Denied)
	case !k.commands.take(now, commandRate, commandBurst):
		return k.fail(m.ID, errs.TooMany)
	}
	k.server.figures.commands.Add(1)
	ctx, cancel := context.WithTimeout(k.server.ctx, commandTime)
	defer cancel()
	var reply any
	err := k.server.guarded(func() (err error) {
		reply, err = c.run(ctx, k.visitor, m.Body)
		return err
	})
	if err != nil {
		return k.fail(m.ID, err)
	}
	return k.reply(signaling.DoneReply{Type: signaling.Done, ID: m.ID, Body: reply})
}

// guarded turns a panic into an error: the others go on.
func (s *Server) guarded(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic in what a socket asked for", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn()
}

// provider returns who answers for a topic.
func (s *Server) provider(name string) (Provider, error) {
	prefix, _, ok := strings.Cut(name, ":")
	if !ok {
		return nil, fmt.Errorf("%w: a topic is like kind:name", errs.Invalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.providers[prefix+":"]
	if p == nil {
		return nil, errs.NotFound
	}
	return p, nil
}

// follow begins to follow a topic, or says again that the page has a version of it.
func (k *socket) follow(m *signaling.Request) error {
	s := k.server
	k.mu.Lock()
	n := len(k.follows)
	k.mu.Unlock()
	if n >= maxTopics {
		return errs.Full
	}
	p, err := s.provider(m.Topic)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, valueTime)
	defer cancel()
	var tags []string
	if err := s.guarded(func() (err error) { tags, err = p.Open(ctx, k.visitor, m.Topic); return err }); err != nil {
		return err
	}
	if !k.reply(signaling.DoneReply{Type: signaling.Done, ID: m.ID}) {
		return nil
	}
	s.join(k, p, m, tags)
	return nil
}
