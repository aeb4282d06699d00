package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// ErrUnlinked says that a provider knows somebody, and no account here is linked to them.
var ErrUnlinked = errors.New("no account is linked to this identity")

// Provider is a provider of single sign-on by OpenID Connect.
type Provider struct {
	ID       string // in addresses
	Name     string // on the button
	Issuer   string
	ClientID string
	Secret   string
	Scopes   []string // besides openid
	Second   bool     // it asks for a second factor itself: none is asked for here
}

const (
	ssoFor    = 10 * time.Minute
	ssoWait   = 10 * time.Second // for one answer of a provider
	ssoAnswer = 1 << 20          // bytes
)

// provider is one that is known by its issuer's description, read at the first use.
type provider struct {
	Provider
	client *http.Client
	turn   chan struct{} // holds one token while nobody reads the description
	known  *oidc.Provider
}

func newProvider(p Provider) *provider {
	x := &provider{Provider: p, client: &http.Client{Timeout: ssoWait, Transport: bounded{http.DefaultTransport}}, turn: make(chan struct{}, 1)}
	x.turn <- struct{}{}
	return x
}

// bounded cuts answers that are longer than any of a provider's.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, ssoAnswer), resp.Body}
	}
	return resp, err
}

// describe returns what the issuer says of itself. One that can't be reached is asked again at the next use.
func (p *provider) describe(ctx context.Context) (*oidc.Provider, error) {
	select {
	case <-p.turn:
	case <-ctx.Done():
		return nil, fmt.Errorf("provider %s: %w", p.ID, ctx.Err())
	}
	defer func() { p.turn <- struct{}{} }()
	if p.known == nil {
		known, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
		if err != nil {
			return nil, fmt.Errorf("provider %s: %w", p.ID, err)
		}
		p.known = known
	}
	return p.known, nil
}

func (p *provider) oauth(known *oidc.Provider, origin string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: known.Endpoint(),
		RedirectURL: origin + "/sign/with/" + p.ID + "/back", Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
}

// Providers lists the providers in the order of the configuration, without their secrets.
func (s *Service) Providers() []Provider {
	var out []Provider
	for _, p := range s.oidc {
		x := p.Provider
		x.Secret = ""
		out = append(out, x)
	}
	return out
}

func (s *Service) provider(id string) (*provider, error) {
	i := slices.IndexFunc(s.oidc, func(p *provider) bool { return p.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("provider %q: %w", clip(id, 40), errs.NotFound)
	}
	return s.oidc[i], nil
}

// errand is what the browser carries to the provider and back, sealed.
type errand struct {
	Provider string         `json:"p"`
	State    string         `json:"s"`
	Nonce    string         `json:"n"`
	Verifier string         `json:"v"`
	Origin   string         `json:"o"`
	To       string         `json:"t"`
	Link     site.AccountID `json:"l,omitempty"` // this account wants to be linked
}

// SendOut returns the provider's address to send the browser to, and what the browser has to bring back. v, if
// any, wants to be linked; else somebody signs in. to comes back with the answer.
func (s *Service) SendOut(ctx context.Context, v *Visit, providerID, origin, to, remote string) (address, sealed string, err error) {
	if wait := s.guard.rate.take(neighbourhood(remote), s.Rules().Lock.Rate, s.now()); wait > 0 {
		return "", "", &Wait{wait}
	}
	p, err := s.provider(providerID)
	if err != nil {
		return "", "", err
	}
	e := errand{Provider: p.ID, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Origin: s.Origin(origin), To: clip(to, 500)}
	if v != nil {
		if !v.Fresh {
			return "", "", ErrStale
		}
		e.Link = v.Account.ID
	}
	known, err := p.describe(ctx)
	if err != nil {
		return "", "", err
	}
	if sealed, err = s.cfg.Key.sealText("sso", s.now().Add(ssoFor), e); err != nil {
		return "", "", err
	}
	return p.oauth(known, e.Origin).AuthCodeURL(e.State, oidc.Nonce(e.Nonce), oauth2.S256ChallengeOption(e.Verifier)), sealed, nil
}

// Answer is what a provider's answer brings along.
type Answer struct {
	State, Code, Issuer string // of the query; Issuer is "" with most providers
}

// Return is what came of an errand.
type Return struct {
	Entered
	To      string
	Linked  bool   // an account was linked; nobody signed in
	Subject string // who it is at the provider, for an administrator, with ErrUnlinked
}

// ComeBack ends what SendOut began. v is who is signed in already; nil: nobody.
func (s *Service) ComeBack(ctx context.Context, v *Visit, providerID, sealed string, a Answer, from From) (Return, error) {
	var e errand
	if s.cfg.Key.openText("sso", sealed, s.now(), &e) != nil || e.Provider != providerID ||
		subtle.ConstantTimeCompare([]byte(e.State), []byte(a.State)) != 1 || a.Code == "" || !s.once.first(e.State, s.now(), ssoFor) {
		return Return{}, ErrRefused
	}
	p, err := s.provider(e.Provider)
	if err != nil {
		return Return{}, err
	}
	if a.Issuer != "" && a.Issuer != p.Issuer { // RFC 9207: an answer of another provider
		return Return{}, ErrRefused
	}
	subject, err := s.subject(ctx, p, e, a.Code)
	if err != nil {
		return Return{}, err
	}
	out := Return{To: e.To, Subject: subject}
	if e.Link != 0 {
		return s.link(ctx, v, p, e, out)
	}
	id, err := s.cfg.Store.IdentityOwner(ctx, p.Issuer, subject)
	if errors.Is(err, errs.NotFound) {
		note := site.Entry{Remote: from.Remote, Action: "signin.fail", Detail: detail("with", "provider "+p.ID, "subject", subject)}
		if err := s.cfg.Store.Note(ctx, note); err != nil {
			return Return{}, fmt.Errorf("note a failure: %w", err)
		}
		return out, ErrUnlinked
	}
	if err != nil {
		return Return{}, fmt.Errorf("look for an identity: %w", err)
	}
	out.Entered, err = s.enterFrom(ctx, p, id, from)
	return out, err
}

// subject fetches who the provider says it is.
func (s *Service) subject(ctx context.Context, p *provider, e errand, code string) (string, error) {
	known, err := p.describe(ctx)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(known, e.Origin).Exchange(ctx, code, oauth2.VerifierOption(e.Verifier))
	if err != nil {
		var answer *oauth2.RetrieveError
		if errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode < http.StatusInternalServerError {
			s.cfg.Log.Info("code refused by the provider", "provider", p.ID, "error", clip(answer.ErrorCode, 100))
			return "", ErrRefused
		}
		return "", fmt.Errorf("provider %s: fetch the token: %w", p.ID, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := known.Verifier(&oidc.Config{ClientID: p.ClientID, Now: s.now}).Verify(ctx, raw)
	if err == nil && id.AccessTokenHash != "" {
		err = id.VerifyAccessToken(token.AccessToken)
	}
	if err != nil {
		s.cfg.Log.Warn("token of the provider refused", "provider", p.ID, "error", err)
		return "", ErrRefused
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(e.Nonce)) != 1 || id.Subject == "" || len(id.Subject) > 255 {
		s.cfg.Log.Warn("token of the provider refused", "provider", p.ID, "error", "it is for another sign-in, or of nobody")
		return "", ErrRefused
	}
	return id.Subject, nil
}

func (s *Service) enterFrom(ctx context.Context, p *provider, id site.AccountID, from From) (Entered, error) {
	a, err := s.cfg.Store.Account(ctx, id)
	if err != nil {
		return Entered{}, fmt.Errorf("account of an identity: %w", err)
	}
	how := "provider " + p.ID
	if a.Disabled {
		e := site.Entry{Remote: from.Remote, Site: a.Home, Action: "signin.fail", Object: objectOf(a.ID), Detail: detail("with", how, "account", "disabled")}
		if err := s.cfg.Store.Note(ctx, e); err != nil {
			return Entered{}, fmt.Errorf("note a failure: %w", err)
		}
		return Entered{}, ErrRefused
	}
	c, err := s.cfg.Store.Credential(ctx, id)
	if err != nil {
		return Entered{}, fmt.Errorf("account of an identity: %w", err)
	}
	if c.TOTP != nil && !p.Second {
		return s.enterHalf(a, c, how)
	}
	return s.enter(ctx, a, from, p.Second, how)
}

func (s *Service) link(ctx context.Context, v *Visit, p *provider, e errand, out Return) (Return, error) {
	if v == nil || v.Account.ID != e.Link {
		return Return{}, ErrRefused
	}
	if !v.Fresh {
		return Return{}, ErrStale
	}
	i := Identity{Issuer: p.Issuer, Subject: out.Subject, Account: v.Account.ID}
	if err := s.cfg.Store.AddIdentity(ctx, i, s.entry(v, v.Account, "identity.add", "provider", p.ID)); err != nil {
		return Return{}, fmt.Errorf("link an identity: %w", err)
	}
	out.Linked = true
	return out, nil
}

// Identities lists which providers' identities an account is linked to.
func (s *Service) Identities(ctx context.Context, id site.AccountID) ([]Identity, error) {
	list, err := s.cfg.Store.IdentitiesOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("identities of account %d: %w", id, err)
	}
	return list, nil
}

// Unlink takes an identity of the visitor's own away.
func (s *Service) Unlink(ctx context.Context, v *Visit, issuer, subject string) error {
	if !v.Fresh {
		return ErrStale
	}
	i := Identity{Issuer: issuer, Subject: subject, Account: v.Account.ID}
	if err := s.cfg.Store.RemoveIdentity(ctx, i, s.entry(v, v.Account, "identity.remove")); err != nil {
		return fmt.Errorf("unlink an identity: %w", err)
	}
	return nil
}
