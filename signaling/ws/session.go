package ws

import (
	"container/list"
	"crypto/rand"
	"encoding/base64"
	"time"

	"xianfeng/internal/site"
)

// sessions remembers the pages: those with a socket, and for a while those that have lost theirs. It is guarded by the
// server's lock.
type sessions struct {
	most int // of those without a socket; full: who lost theirs first is forgotten
	by   map[string]*session
	lost *list.List // of *session, in the order in which they lost their sockets
}

type session struct {
	token   string // opens it
	id      string // names it
	account site.AccountID
	foreign bool
	socket  *socket
	until   time.Time
	place   *list.Element // in lost; nil: it has a socket
}

func newSessions(most int) sessions {
	return sessions{most: most, by: map[string]*session{}, lost: list.New()}
}

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // it never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

// take gives a socket the session of a token, or a new one. before is the socket that had it.
func (x *sessions) take(token string, k *socket) (s *session, before *socket) {
	s = x.by[token]
	if s == nil || s.account != k.visitor.Who.Account || s.foreign != k.visitor.Foreign {
		s = &session{token: random(24), id: random(12), account: k.visitor.Who.Account, foreign: k.visitor.Foreign}
		x.by[s.token] = s
	}
	if s.place != nil {
		x.lost.Remove(s.place)
		s.place = nil
	}
	before, s.socket = s.socket, k
	return s, before
}

// lose notes that a socket is gone.
func (x *sessions) lose(s *session, k *socket, now time.Time) {
	if s == nil || s.socket != k {
		return // another socket has it
	}
	s.socket, s.until = nil, now.Add(resumeTime)
	s.place = x.lost.PushBack(s)
	x.forget(now)
}

// forget forgets those whose time is over, and the oldest of too many.
func (x *sessions) forget(now time.Time) {
	for e := x.lost.Front(); e != nil; e = x.lost.Front() {
		s := e.Value.(*session) //nolint:forcetypeassert // there is nothing else in it
		if s.until.After(now) && x.lost.Len() <= x.most {
			return
		}
		x.lost.Remove(e)
		delete(x.by, s.token)
	}
}
