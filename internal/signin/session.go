package signin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

const (
	tokenBytes = 32
	seenEvery  = time.Minute     // how often it is written that a session is used
	cachedFor  = 2 * time.Second // what another process ended is over here after this at the latest
	cachedMost = 4096            // full: all are forgotten, and read again
)

// Need is what somebody must do before anything else.
type Need string

// The needs.
const (
	NeedPassword Need = "password" // somebody else set their password
	NeedSecond   Need = "second"   // their role asks for a second factor, and they have none
)

// Visit is a request of somebody who is signed in. Nobody changes what is in it.
type Visit struct {
	Account *site.Account
	Session Session
	Need    Need // "": nothing
	Fresh   bool // signed in a short while ago: may change what they sign in with

	token Hash
}

// Who is who asks, for site.Tree.May. Of a visitor, or of somebody who must do something first, it is nobody.
func (v *Visit) Who() site.Who {
	if v == nil || v.Need != "" {
		return site.Who{}
	}
	return v.Account.Who()
}

type contextKey struct{}

// NewContext returns a context that knows who asks, once somebody wants to know: most requests of people who
// are signed in are for what everybody may have. find is called by each who wants to know.
func NewContext(ctx context.Context, find func() *Visit) context.Context {
	return context.WithValue(ctx, contextKey{}, find)
}

// FromContext returns who asks; nil: a visitor.
func FromContext(ctx context.Context) *Visit {
	if find, ok := ctx.Value(contextKey{}).(func() *Visit); ok {
		return find()
	}
	return nil
}

// newToken returns 256 random bits as text.
func newToken() string {
	var b [tokenBytes]byte
	rand.Read(b[:]) //nolint:errcheck // it never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

var errToken = errors.New("not a token")

// hashToken checks that a text may be a token before anybody is asked about it.
func hashToken(token string) (Hash, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return Hash{}, errToken
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(token); err != nil {
		return Hash{}, errToken
	}
	return hashOf(token), nil
}

// Visit returns whose session a token is. No such session, or one that is over, is errs.NotFound.
func (s *Service) Visit(ctx context.Context, token, remote string) (*Visit, error) {
	h, err := hashToken(token)
	if err != nil {
		return nil, fmt.Errorf("session: %w", errs.NotFound)
	}
	now := s.now()
	v, round := s.cache.get(h, now)
	if v == nil {
		if v, err = s.load(ctx, h); err != nil {
			return nil, err
		}
	}
	if !s.lasts(v.Session, now) || v.Account.Disabled {
		return nil, fmt.Errorf("session: %w", errs.NotFound)
	}
	if now.Sub(v.Session.Seen) >= seenEvery {
		seen := *v // others have the old one
		seen.Session.Seen, seen.Session.Remote = now, remote
		v = &seen
		if err := s.cfg.Store.SeeSession(ctx, h, now, remote); err != nil {
			return nil, fmt.Errorf("session: %w", err)
		}
	}
	s.cache.put(h, v, now, round)
	out := *v
	out.Fresh = now.Sub(v.Session.Created) < s.Rules().Session.Fresh
	return &out, nil
}

func (s *Service) lasts(x Session, now time.Time) bool {
	return now.Before(x.Expires) && now.Sub(x.Seen) < s.Rules().Session.Idle
}

// load reads a session and who has it.
func (s *Service) load(ctx context.Context, h Hash) (*Visit, error) {
	x, err := s.cfg.Store.Session(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	a, err := s.cfg.Store.Account(ctx, x.Account)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	c, err := s.cfg.Store.Credential(ctx, x.Account)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	v := &Visit{Account: a, Session: x, token: h}
	switch {
	case c.MustChange:
		v.Need = NeedPassword
	case !x.Strong && s.wantsSecond(a):
		v.Need = NeedSecond
	}
	return v, nil
}

func (s *Service) wantsSecond(a *site.Account) bool {
	roles := s.Rules().SecondFor
	return slices.ContainsFunc(a.Grants, func(g site.Grant) bool { return slices.Contains(roles, g.Role) })
}

// Leave ends a session: its holder signs out.
func (s *Service) Leave(ctx context.Context, v *Visit) error {
	return s.end(ctx, v, Ending{Account: v.Account.ID, ID: v.Session.ID}, "signout", v.Account)
}

// Sessions lists the sessions of an account that are not over.
func (s *Service) Sessions(ctx context.Context, id site.AccountID) ([]Session, error) {
	list, err := s.cfg.Store.SessionsOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	now := s.now()
	return slices.DeleteFunc(list, func(x Session) bool { return !s.lasts(x, now) }), nil
}

// EndSession ends one session of the visitor's own; with "" all others.
func (s *Service) EndSession(ctx context.Context, v *Visit, id string) error {
	e := Ending{Account: v.Account.ID, ID: id}
	if id == "" {
		e.But = v.Session.ID
	}
	return s.end(ctx, v, e, "session.end", v.Account)
}

func (s *Service) end(ctx context.Context, v *Visit, e Ending, action string, of *site.Account) error {
	defer s.cache.forgetAccount(e.Account)
	_, err := s.cfg.Store.EndSessions(ctx, e, s.entry(v, of, action))
	if err != nil {
		return fmt.Errorf("end sessions of account %d: %w", e.Account, err)
	}
	return nil
}

// entry is a line of the audit log about an account.
func (s *Service) entry(v *Visit, of *site.Account, action string, pairs ...string) site.Entry {
	return site.Entry{By: v.Account.ID, Remote: v.Session.Remote, Site: of.Home, Action: action, Object: objectOf(of.ID), Detail: detail(pairs...)}
}

// Changed is told the tags of what was written: what is remembered of an account that changed is forgotten.
func (s *Service) Changed(tags []string) {
	for _, t := range tags {
		if n, ok := strings.CutPrefix(t, "account:"); ok {
			if id, err := strconv.ParseInt(n, 10, 64); err == nil {
				s.cache.forgetAccount(site.AccountID(id))
			}
		}
	}
}

// cache remembers sessions for a moment.
type cache struct {
	mu    sync.Mutex // guards the rest
	by    map[Hash]cached
	round uint64 // grows when something is forgotten: what was read before must not be remembered after
}

type cached struct {
	visit *Visit
	until time.Time
}

func (c *cache) get(h Hash, now time.Time) (*Visit, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x, ok := c.by[h]; ok && now.Before(x.until) {
		return x.visit, c.round
	}
	return nil, c.round
}

func (c *cache) put(h Hash, v *Visit, now time.Time, round uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.round != round {
		return
	}
	if old, ok := c.by[h]; ok && now.Before(old.until) {
		c.by[h] = cached{v, old.until} // using it does not make it live longer
		return
	}
	if c.by == nil || len(c.by) >= cachedMost {
		c.by = map[Hash]cached{}
	}
	c.by[h] = cached{v, now.Add(cachedFor)}
}

func (c *cache) forget(h Hash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.by, h)
	c.round++
}

func (c *cache) forgetAccount(id site.AccountID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for h, x := range c.by {
		if x.visit.Account.ID == id {
			delete(c.by, h)
		}
	}
	c.round++
}
