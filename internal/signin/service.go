package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// ErrRefused says that somebody is not who they say, and nothing more: not whether there is such an account.
var ErrRefused = errors.New("the sign-in was refused")

// ErrStale says that somebody must sign in again before they change what they sign in with.
var ErrStale = errors.New("signed in too long ago for this")

// Config is what a Service needs. Store, Key and Tree are required.
type Config struct {
	Store     Store
	Key       *Key
	Tree      func() *site.Tree
	Rules     Rules // the zero value: DefaultRules
	Providers []Provider
	Mail      Mailer // nil: passwords are not reset by mail
	Name      string // of the network, in authenticator apps
	Address   string // https://HOST of the sign-in pages; "": as the browser says, and no mail with links
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
	Hashes    int              // passwords that are hashed at once; 0: 4
}

// Service finds out who somebody is. It is safe for all goroutines. Close ends what it sends in the background.
type Service struct {
	cfg    Config
	rules  atomic.Pointer[Rules]
	hash   *hasher
	common map[string]bool
	guard  guard
	cache  cache
	once   once
	oidc   []*provider
	post   *post // nil: no mail
}

// New returns a Service.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil || cfg.Key == nil || cfg.Tree == nil {
		return nil, errors.New("signing in: no store, key or tree")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Hashes <= 0 {
		cfg.Hashes = 4
	}
	if reflect.ValueOf(cfg.Rules).IsZero() {
		cfg.Rules = DefaultRules()
	}
	if err := cfg.Rules.Check(); err != nil {
		return nil, fmt.Errorf("rules of signing in: %w", err)
	}
	s := &Service{cfg: cfg, hash: newHasher(cfg.Hashes), common: commonWords()}
	s.rules.Store(&cfg.Rules)
	for _, p := range cfg.Providers {
		s.oidc = append(s.oidc, newProvider(p))
	}
	if cfg.Mail != nil && cfg.Address != "" {
		s.post = startPost(s.sendReset, cfg.Log)
	}
	return s, nil
}

// Close waits until the mails under way are sent or given up.
func (s *Service) Close() {
	if s.post != nil {
		s.post.close()
	}
}

// Rules returns the rules as they are now.
func (s *Service) Rules() Rules { return *s.rules.Load() }

// SetRules replaces them. Rules under which nobody could sign in, or the machine could not keep up, are refused as
// errs.Problems.
func (s *Service) SetRules(r Rules) error {
	if err := r.Check(); err != nil {
		return err
	}
	s.rules.Store(&r)
	return nil
}

// Origin returns what passkeys and single sign-on belong to: the configured address, or else the one that the
// browser came by.
func (s *Service) Origin(asked string) string {
	if s.cfg.Address != "" {
		return strings.TrimRight(s.cfg.Address, "/")
	}
	return asked
}

func (s *Service) now() time.Time { return s.cfg.Now() }

// From is where a try to sign in comes from.
type From struct {
	Remote string // address, without port
	Agent  string // as the browser calls itself
	Device string // what Entered.Device said once; "": the browser is not known
	Token  string // of the session that the browser has; it ends when a new one begins
}

func (f From) agent() string { return clip(f.Agent, 200) }

// Entered is what came of a try: a session, or the way to the second factor.
type Entered struct {
	Account *site.Account
	Token   string // of the session; "": the second factor is missing
	Session Session
	Device  string // the browser keeps it for a year, to be known again
	Half    string // sealed: the password was right; WithSecond wants it back
}

// half is what a sealed Half says.
type half struct {
	Account site.AccountID `json:"a"`
	Changed int64          `json:"c"` // when the password was set: another password makes it void
	How     string         `json:"h"` // the first factor
}

// device is what a sealed Device says.
type device struct {
	Account site.AccountID `json:"a"`
	ID      string         `json:"i"`
	Made    int64          `json:"m"` // Unix ms: a new password makes it void
}

const (
	halfFor   = 5 * time.Minute
	deviceFor = 365 * 24 * time.Hour
)

// cleanLogin is a login as accounts have it.
func cleanLogin(login string) string { return strings.ToLower(strings.TrimSpace(clip(login, 200))) }

// WithPassword signs in with a password. It is ErrRefused, a *Wait, or an error of the machine.
func (s *Service) WithPassword(ctx context.Context, login, password string, from From) (Entered, error) {
	login = cleanLogin(login)
	if wait := s.guard.rate.take(neighbourhood(from.Remote), s.Rules().Lock.Rate, s.now()); wait > 0 {
		return Entered{}, &Wait{wait}
	}
	a, c, err := s.find(ctx, login)
	if err != nil {
		return Entered{}, err
	}
	u := s.suspect("password", login, from.Remote, s.known(from, a, c))
	done, err := s.admit(ctx, u)
	if err != nil {
		return Entered{}, err
	}
	defer done()
	if len(password) > maxPassword {
		password = "" // no password is as long, and none is empty
	}
	ok, outdated, err := s.hash.matches(ctx, c.Password, password, s.Rules().Password.Argon)
	if err != nil {
		return Entered{}, err
	}
	if !ok || a.ID == 0 || a.Disabled {
		return Entered{}, s.fail(ctx, u, a, from, "password")
	}
	if outdated {
		if now, err := s.hash.hash(ctx, password, s.Rules().Password.Argon); err != nil {
			s.cfg.Log.Warn("password not hashed anew", "account", a.ID, "error", err)
		} else if err := s.cfg.Store.Rehash(ctx, a.ID, c.Password, now); err != nil {
			s.cfg.Log.Warn("password not hashed anew", "account", a.ID, "error", err)
		}
	}
	if c.TOTP != nil {
		return s.enterHalf(a, c, "password")
	}
	return s.enter(ctx, a, from, false, "password", u)
}

// enterHalf goes on to the second factor.
func (s *Service) enterHalf(a *site.Account, c Credential, how string) (Entered, error) {
	h, err := s.cfg.Key.sealText("half", s.now().Add(halfFor), half{a.ID, c.Changed.UnixMilli(), how})
	return Entered{Account: a, Half: h}, err
}

// find returns an account and what it signs in with; the zero account where there is none.
func (s *Service) find(ctx context.Context, login string) (*site.Account, Credential, error) {
	a, err := s.cfg.Store.AccountByLogin(ctx, login)
	if errors.Is(err, errs.NotFound) {
		a, err = &site.Account{}, nil
	}
	if err != nil {
		return nil, Credential{}, fmt.Errorf("look for the account: %w", err)
	}
	c, err := s.cfg.Store.Credential(ctx, a.ID)
	if err != nil {
		return nil, Credential{}, fmt.Errorf("look for the account: %w", err)
	}
	return a, c, nil
}

// known returns the name of a browser from which the account was used before, since its password was set.
func (s *Service) known(from From, a *site.Account, c Credential) string {
	var d device
	if err := s.cfg.Key.openText("device", from.Device, s.now(), &d); err != nil {
		return ""
	}
	if d.Account != a.ID || a.ID == 0 || d.Made < c.Changed.UnixMilli() {
		return ""
	}
	return d.ID
}

// fail counts and notes a failure and returns ErrRefused. The login is not noted: people type passwords there.
func (s *Service) fail(ctx context.Context, u suspect, a *site.Account, from From, what string) error {
	e := site.Entry{Remote: from.Remote, Site: a.Home, Action: "signin.fail", Object: objectOf(a.ID), Detail: detail("with", what)}
	if a.Disabled {
		e.Detail = detail("with", what, "account", "disabled")
	}
	now := s.now()
	if err := s.cfg.Store.Fail(ctx, now, now.Add(-s.Rules().Lock.Forget), u.keys(), e); err != nil {
		return fmt.Errorf("count a failure: %w", err)
	}
	return ErrRefused
}

// enter begins a session.
func (s *Service) enter(ctx context.Context, a *site.Account, from From, strong bool, how string, forgive ...suspect) (Entered, error) {
	now := s.now()
	token := newToken()
	session := Session{
		ID: rand.Text(), Account: a.ID, Created: now, Seen: now, Expires: now.Add(s.Rules().Session.Absolute),
		Strong: strong, Remote: from.Remote, Agent: from.agent(),
	}
	e := site.Entry{By: a.ID, Remote: from.Remote, Site: a.Home, Action: "signin", Object: objectOf(a.ID), Detail: detail("with", how)}
	var replaces *Hash
	if h, err := hashToken(from.Token); err == nil {
		replaces = &h
		defer s.cache.forget(h)
	}
	if err := s.cfg.Store.AddSession(ctx, hashOf(token), session, replaces, e); err != nil {
		return Entered{}, fmt.Errorf("begin a session: %w", err)
	}
	for _, u := range forgive {
		if err := s.cfg.Store.Forgive(ctx, u.near); err != nil {
			s.cfg.Log.Warn("failures not forgiven", "account", a.ID, "error", err)
		}
	}
	known, err := s.cfg.Key.sealText("device", now.Add(deviceFor), device{a.ID, s.deviceID(from, a), now.UnixMilli()})
	if err != nil {
		return Entered{}, err
	}
	return Entered{Account: a, Token: token, Session: session, Device: known}, nil
}

// deviceID goes on with the browser's name if it has one, so that signing in does not give it new tries.
func (s *Service) deviceID(from From, a *site.Account) string {
	var d device
	if err := s.cfg.Key.openText("device", from.Device, s.now(), &d); err == nil && d.Account == a.ID {
		return d.ID
	}
	return rand.Text()
}

// hashOf is what is kept of a token.
func hashOf(token string) Hash { return sha256.Sum256([]byte(token)) }

func objectOf(id site.AccountID) string {
	if id == 0 {
		return ""
	}
	return "account:" + strconv.FormatInt(int64(id), 10)
}

// detail is the JSON of an entry's detail, of names and values in turn.
func detail(pairs ...string) string {
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "{}" // strings can be marshalled
	}
	return string(b)
}

// clip cuts what visitors send, between characters.
func clip(text string, n int) string {
	if len(text) <= n {
		return strings.ToValidUTF8(text, "")
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return strings.ToValidUTF8(text[:n], "")
}
