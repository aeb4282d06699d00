// Package signintest owns what tests of signing in lean on: a store in memory and an authenticator without a
// thumb. It refuses to be part of the program.
package signintest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// Memory is a signin.Store that forgets everything at the end.
type Memory struct {
	Calls int // to the store, for tests that count work; read it while nothing runs

	mu         sync.Mutex // guards everything
	accounts   map[site.AccountID]site.Account
	creds      map[site.AccountID]signin.Credential
	failures   map[string]signin.Failure
	sessions   map[signin.Hash]signin.Session
	passkeys   []signin.Passkey
	identities []signin.Identity
	resets     map[signin.Hash]reset
	log        []site.Entry
}

type reset struct {
	account site.AccountID
	expires time.Time
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		accounts: map[site.AccountID]site.Account{}, creds: map[site.AccountID]signin.Credential{}, failures: map[string]signin.Failure{},
		sessions: map[signin.Hash]signin.Session{}, resets: map[signin.Hash]reset{},
	}
}

// lock counts a call; what it returns ends it.
func (m *Memory) lock() func() {
	m.mu.Lock()
	m.Calls++
	return m.mu.Unlock
}

func missing(what string) error { return fmt.Errorf("%s: %w", what, errs.NotFound) }

// Put adds an account, or changes it.
func (m *Memory) Put(a site.Account) {
	defer m.lock()()
	m.accounts[a.ID] = a
}

// Log returns what was noted.
func (m *Memory) Log() []site.Entry {
	defer m.lock()()
	return slices.Clone(m.log)
}

// Account implements signin.Accounts.
func (m *Memory) Account(_ context.Context, id site.AccountID) (*site.Account, error) {
	defer m.lock()()
	a, ok := m.accounts[id]
	if !ok {
		return nil, missing("account")
	}
	return &a, nil
}

// AccountByLogin implements signin.Accounts.
func (m *Memory) AccountByLogin(_ context.Context, login string) (*site.Account, error) {
	defer m.lock()()
	for _, a := range m.accounts {
		if a.Login == login {
			return &a, nil
		}
	}
	return nil, missing("account")
}

// Note implements signin.Accounts.
func (m *Memory) Note(_ context.Context, entries ...site.Entry) error {
	defer m.lock()()
	m.log = append(m.log, entries...)
	return nil
}

// Credential implements signin.Credentials.
func (m *Memory) Credential(_ context.Context, id site.AccountID) (signin.Credential, error) {
	defer m.lock()()
	c := m.creds[id]
	c.Account = id
	return c, nil
}

// SetPassword implements signin.Credentials.
func (m *Memory) SetPassword(_ context.Context, p signin.PasswordChange) error {
	defer m.lock()()
	if p.Reset != nil {
		if r, ok := m.resets[*p.Reset]; !ok || r.account != p.Account || !p.At.Before(r.expires) {
			return missing("reset")
		}
	}
	for h, r := range m.resets {
		if r.account == p.Account {
			delete(m.resets, h)
		}
	}
	for h, s := range m.sessions {
		if s.Account == p.Account && (p.Keep == nil || h != *p.Keep) {
			delete(m.sessions, h)
		}
	}
	c := m.creds[p.Account]
	c.Password, c.Old, c.MustChange, c.Changed = p.Password, p.Old, p.MustChange, p.At.UTC().Truncate(time.Millisecond)
	m.creds[p.Account] = c
	m.log = append(m.log, p.Entries...)
	return nil
}

// Rehash implements signin.Credentials.
func (m *Memory) Rehash(_ context.Context, id site.AccountID, was, now string) error {
	defer m.lock()()
	if c := m.creds[id]; c.Password == was {
		c.Password = now
		m.creds[id] = c
	}
	return nil
}

// SetTOTP implements signin.Credentials.
func (m *Memory) SetTOTP(_ context.Context, id site.AccountID, sealed []byte, step int64, recovery []string, entries ...site.Entry) error {
	defer m.lock()()
	c := m.creds[id]
	c.TOTP, c.Step, c.Recovery = sealed, step, recovery
	m.creds[id] = c
	m.log = append(m.log, entries...)
	return nil
}

// UseCode implements signin.Credentials.
func (m *Memory) UseCode(_ context.Context, id site.AccountID, step int64, recovery string) error {
	defer m.lock()()
	c := m.creds[id]
	if recovery != "" {
		at := slices.Index(c.Recovery, recovery)
		if at < 0 {
			return errs.Conflict
		}
		c.Recovery = slices.Delete(slices.Clone(c.Recovery), at, at+1)
	} else {
		if step <= c.Step {
			return errs.Conflict
		}
		c.Step = step
	}
	m.creds[id] = c
	return nil
}

// Failures implements signin.Failures.
func (m *Memory) Failures(_ context.Context, keys ...string) ([]signin.Failure, error) {
	defer m.lock()()
	out := make([]signin.Failure, len(keys))
	for i, k := range keys {
		out[i] = m.failures[k]
	}
	return out, nil
}

// Fail implements signin.Failures.
func (m *Memory) Fail(_ context.Context, at, forget time.Time, keys []string, entries ...site.Entry) error {
	defer m.lock()()
	for k, f := range m.failures {
		if f.Last.Before(forget) {
			delete(m.failures, k)
		}
	}
	for _, k := range keys {
		f := m.failures[k]
		f.N++
		f.Last = at
		m.failures[k] = f
	}
	m.log = append(m.log, entries...)
	return nil
}

// Forgive implements signin.Failures.
func (m *Memory) Forgive(_ context.Context, keys ...string) error {
	defer m.lock()()
	for _, k := range keys {
		delete(m.failures, k)
	}
	return nil
}

// AddSession implements signin.Sessions.
func (m *Memory) AddSession(_ context.Context, token signin.Hash, s signin.Session, replaces *signin.Hash, entries ...site.Entry) error {
	defer m.lock()()
	if replaces != nil {
		delete(m.sessions, *replaces)
	}
	m.sessions[token] = s
	m.log = append(m.log, entries...)
	return nil
}

// Session implements signin.Sessions.
func (m *Memory) Session(_ context.Context, token signin.Hash) (signin.Session, error) {
	defer m.lock()()
	s, ok := m.sessions[token]
	if !ok {
		return s, missing("session")
	}
	return s, nil
}

// SeeSession implements signin.Sessions.
func (m *Memory) SeeSession(_ context.Context, token signin.Hash, at time.Time, remote string) error {
	defer m.lock()()
	if s, ok := m.sessions[token]; ok {
		s.Seen, s.Remote = at, remote
		m.sessions[token] = s
	}
	return nil
}

// SessionsOf implements signin.Sessions.
func (m *Memory) SessionsOf(_ context.Context, id site.AccountID) ([]signin.Session, error) {
	defer m.lock()()
	var out []signin.Session
	for _, s := range m.sessions {
		if s.Account == id {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b signin.Session) int {
		if c := b.Seen.Compare(a.Seen); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// EndSessions implements signin.Sessions.
func (m *Memory) EndSessions(_ context.Context, e signin.Ending, entries ...site.Entry) (int, error) {
	defer m.lock()()
	n := 0
	for h, s := range m.sessions {
		if s.Account == e.Account && (e.ID == "" || s.ID == e.ID) && (e.But == "" || s.ID != e.But) {
			delete(m.sessions, h)
			n++
		}
	}
	m.log = append(m.log, entries...)
	return n, nil
}

// PasskeysOf implements signin.Passkeys.
func (m *Memory) PasskeysOf(_ context.Context, id site.AccountID) ([]signin.Passkey, error) {
	defer m.lock()()
	var out []signin.Passkey
	for _, p := range m.passkeys {
		if p.Account == id {
			out = append(out, p)
		}
	}
	return out, nil
}

func (m *Memory) passkey(id []byte) int {
	return slices.IndexFunc(m.passkeys, func(p signin.Passkey) bool { return bytes.Equal(p.ID, id) })
}

// AddPasskey implements signin.Passkeys.
func (m *Memory) AddPasskey(_ context.Context, p signin.Passkey, entries ...site.Entry) error {
	defer m.lock()()
	if m.passkey(p.ID) >= 0 {
		return errs.Exists
	}
	m.passkeys = append(m.passkeys, p)
	m.log = append(m.log, entries...)
	return nil
}

// UsePasskey implements signin.Passkeys.
func (m *Memory) UsePasskey(_ context.Context, id []byte, data string, at time.Time) error {
	defer m.lock()()
	i := m.passkey(id)
	if i < 0 {
		return missing("passkey")
	}
	m.passkeys[i].Data, m.passkeys[i].Used = data, at
	return nil
}

// RemovePasskey implements signin.Passkeys.
func (m *Memory) RemovePasskey(_ context.Context, owner site.AccountID, id []byte, entries ...site.Entry) error {
	defer m.lock()()
	i := m.passkey(id)
	if i < 0 || m.passkeys[i].Account != owner {
		return missing("passkey")
	}
	m.passkeys = slices.Delete(m.passkeys, i, i+1)
	m.log = append(m.log, entries...)
	return nil
}

// IdentityOwner implements signin.Identities.
func (m *Memory) IdentityOwner(_ context.Context, issuer, subject string) (site.AccountID, error) {
	defer m.lock()()
	for _, i := range m.identities {
		if i.Issuer == issuer && i.Subject == subject {
			return i.Account, nil
		}
	}
	return 0, missing("identity")
}

// IdentitiesOf implements signin.Identities.
func (m *Memory) IdentitiesOf(_ context.Context, id site.AccountID) ([]signin.Identity, error) {
	defer m.lock()()
	var out []signin.Identity
	for _, i := range m.identities {
		if i.Account == id {
			out = append(out, i)
		}
	}
	return out, nil
}

// AddIdentity implements signin.Identities.
func (m *Memory) AddIdentity(_ context.Context, i signin.Identity, entries ...site.Entry) error {
	defer m.lock()()
	for _, x := range m.identities {
		if x.Issuer == i.Issuer && x.Subject == i.Subject {
			return errs.Exists
		}
	}
	m.identities = append(m.identities, i)
	m.log = append(m.log, entries...)
	return nil
}

// RemoveIdentity implements signin.Identities.
func (m *Memory) RemoveIdentity(_ context.Context, i signin.Identity, entries ...site.Entry) error {
	defer m.lock()()
	at := slices.Index(m.identities, i)
	if at < 0 {
		return missing("identity")
	}
	m.identities = slices.Delete(m.identities, at, at+1)
	m.log = append(m.log, entries...)
	return nil
}

// AddReset implements signin.Resets.
func (m *Memory) AddReset(_ context.Context, token signin.Hash, id site.AccountID, expires time.Time, entries ...site.Entry) error {
	defer m.lock()()
	for h, r := range m.resets {
		if r.account == id {
			delete(m.resets, h)
		}
	}
	m.resets[token] = reset{id, expires}
	m.log = append(m.log, entries...)
	return nil
}

// Reset implements signin.Resets.
func (m *Memory) Reset(_ context.Context, token signin.Hash, now time.Time) (site.AccountID, error) {
	defer m.lock()()
	r, ok := m.resets[token]
	if !ok || !now.Before(r.expires) {
		return 0, missing("reset")
	}
	return r.account, nil
}

var _ signin.Store = (*Memory)(nil)
