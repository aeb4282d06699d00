package signin

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

const (
	ceremonyFor  = 5 * time.Minute
	maxPasskeys  = 20
	maxCeremony  = 64 << 10 // bytes that a browser answers with
	passkeyNames = 60       // characters
)

// Ceremony is a question to the browser's authenticator.
type Ceremony struct {
	Options json.RawMessage // for navigator.credentials
	Sealed  string          // comes back with the answer
}

// ceremony is what Sealed says.
type ceremony struct {
	Session webauthn.SessionData `json:"s"`
	Origin  string               `json:"o"`
}

// relying returns the library set up for an origin: "https://HOST[:PORT]".
func (s *Service) relying(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil || !PasskeysAt(origin) {
		return nil, fmt.Errorf("passkeys: none at %q: %w", clip(origin, 100), errs.Invalid)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: s.issuer(), RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return w, nil
}

// PasskeysAt reports whether browsers let a page of an origin use passkeys: it is encrypted, or of this machine,
// and has a name.
func PasskeysAt(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || net.ParseIP(u.Hostname()) != nil {
		return false
	}
	return u.Scheme == "https" || u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost")
}

// holder is an account as the library wants it.
type holder struct {
	account *site.Account
	keys    []Passkey
	creds   []webauthn.Credential
}

func (h *holder) WebAuthnID() []byte                         { return handleOf(h.account.ID) }
func (h *holder) WebAuthnName() string                       { return h.account.Login }
func (h *holder) WebAuthnDisplayName() string                { return h.account.Name }
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.creds }

// handleOf is an account's number as authenticators keep it.
func handleOf(id site.AccountID) []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) }

func (s *Service) holder(ctx context.Context, a *site.Account) (*holder, error) {
	keys, err := s.cfg.Store.PasskeysOf(ctx, a.ID)
	if err != nil {
		return nil, fmt.Errorf("passkeys of account %d: %w", a.ID, err)
	}
	h := &holder{account: a, keys: keys, creds: make([]webauthn.Credential, len(keys))}
	for i, k := range keys {
		if err := json.Unmarshal([]byte(k.Data), &h.creds[i]); err != nil {
			return nil, fmt.Errorf("passkeys of account %d: %w", a.ID, err)
		}
	}
	return h, nil
}

// Passkeys lists an account's passkeys.
func (s *Service) Passkeys(ctx context.Context, id site.AccountID) ([]Passkey, error) {
	keys, err := s.cfg.Store.PasskeysOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("passkeys of account %d: %w", id, err)
	}
	return keys, nil
}

// AskNewPasskey begins to make a passkey for a visitor.
func (s *Service) AskNewPasskey(ctx context.Context, v *Visit, origin string) (Ceremony, error) {
	if !v.Fresh {
		return Ceremony{}, ErrStale
	}
	w, err := s.relying(origin)
	if err != nil {
		return Ceremony{}, err
	}
	h, err := s.holder(ctx, v.Account)
	if err != nil {
		return Ceremony{}, err
	}
	if len(h.keys) >= maxPasskeys {
		return Ceremony{}, fmt.Errorf("passkeys of account %d: %w", v.Account.ID, errs.TooMany)
	}
	options, session, err := w.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.creds).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.ask("passkey.new", options, session, origin)
}

func (s *Service) ask(purpose string, options any, session *webauthn.SessionData, origin string) (Ceremony, error) {
	b, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	sealed, err := s.cfg.Key.sealText(purpose, s.now().Add(ceremonyFor), ceremony{*session, origin})
	return Ceremony{Options: b, Sealed: sealed}, err
}

// answered opens what a ceremony began with. Each is good for one answer.
func (s *Service) answered(purpose, sealed string, response []byte) (ceremony, error) {
	var c ceremony
	if len(response) > maxCeremony || s.cfg.Key.openText(purpose, sealed, s.now(), &c) != nil ||
		!s.once.first(c.Session.Challenge, s.now(), ceremonyFor) {
		return c, ErrRefused
	}
	c.Session.Expires = time.Time{} // the seal has the time, by our clock
	return c, nil
}

// KeepPasskey ends what AskNewPasskey began.
func (s *Service) KeepPasskey(ctx context.Context, v *Visit, sealed, name string, response []byte) error {
	if !v.Fresh {
		return ErrStale
	}
	c, err := s.answered("passkey.new", sealed, response)
	if err != nil {
		return err
	}
	w, err := s.relying(c.Origin)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return s.refused("passkey can't be read", err)
	}
	credential, err := w.CreateCredential(&holder{account: v.Account}, c.Session, parsed)
	if err != nil {
		return s.refused("passkey is not what was asked for", err)
	}
	data, err := json.Marshal(credential)
	if err != nil {
		return fmt.Errorf("keep a passkey: %w", err)
	}
	if name = strings.TrimSpace(name); name == "" {
		name = s.now().UTC().Format(time.DateOnly)
	}
	p := Passkey{ID: credential.ID, Account: v.Account.ID, Name: firstRunes(name, passkeyNames), Data: string(data), Created: s.now()}
	defer s.cache.forgetAccount(v.Account.ID)
	if err := s.cfg.Store.AddPasskey(ctx, p, s.entry(v, v.Account, "passkey.add", "name", p.Name)); err != nil {
		return fmt.Errorf("keep a passkey: %w", err)
	}
	return nil
}

// refused logs what the library says and returns ErrRefused.
func (s *Service) refused(what string, err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		s.cfg.Log.Info(what, "error", e.Details, "more", clip(e.DevInfo, 200))
	} else {
		s.cfg.Log.Info(what, "error", err)
	}
	return ErrRefused
}

// DropPasskey takes one away.
func (s *Service) DropPasskey(ctx context.Context, v *Visit, id []byte) error {
	if !v.Fresh {
		return ErrStale
	}
	if err := s.cfg.Store.RemovePasskey(ctx, v.Account.ID, id, s.entry(v, v.Account, "passkey.remove")); err != nil {
		return fmt.Errorf("remove a passkey: %w", err)
	}
	return nil
}

// AskPasskey begins to sign in with a passkey, whoever has it.
func (s *Service) AskPasskey(origin, remote string) (Ceremony, error) {
	if wait := s.guard.rate.take(neighbourhood(remote), s.Rules().Lock.Rate, s.now()); wait > 0 {
		return Ceremony{}, &Wait{wait}
	}
	w, err := s.relying(origin)
	if err != nil {
		return Ceremony{}, err
	}
	options, session, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.ask("passkey", options, session, origin)
}

// WithPasskey signs in with the answer to AskPasskey. A passkey is two factors: it is something to have, and it
// asks its holder who they are.
func (s *Service) WithPasskey(ctx context.Context, sealed string, response []byte, from From) (Entered, error) {
	c, err := s.answered("passkey", sealed, response)
	if err != nil {
		return Entered{}, err
	}
	w, err := s.relying(c.Origin)
	if err != nil {
		return Entered{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Entered{}, s.refused("passkey can't be read", err)
	}
	var h *holder
	var broken error // of the machine, not of the passkey
	_, credential, err := w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		if len(handle) != 8 {
			return nil, ErrRefused
		}
		a, err := s.cfg.Store.Account(ctx, site.AccountID(binary.BigEndian.Uint64(handle)))
		if errors.Is(err, errs.NotFound) {
			return nil, ErrRefused
		}
		if err == nil {
			h, err = s.holder(ctx, a)
		}
		if err != nil {
			broken = err
			return nil, err
		}
		return h, nil
	}, c.Session, parsed)
	switch {
	case broken != nil:
		return Entered{}, broken
	case err != nil && h == nil:
		return Entered{}, s.refused("passkey of nobody", err)
	case err != nil, credential.Authenticator.CloneWarning, h.account.Disabled:
		if err != nil {
			_ = s.refused("passkey refused", err)
		}
		// It has no part in locks: nobody guesses a signature.
		return Entered{}, s.notePasskey(ctx, h.account, from, credential)
	}
	data, err := json.Marshal(credential)
	if err != nil {
		return Entered{}, fmt.Errorf("use a passkey: %w", err)
	}
	if err := s.cfg.Store.UsePasskey(ctx, credential.ID, string(data), s.now()); err != nil {
		return Entered{}, fmt.Errorf("use a passkey: %w", err)
	}
	return s.enter(ctx, h.account, from, true, "passkey")
}

func (s *Service) notePasskey(ctx context.Context, a *site.Account, from From, c *webauthn.Credential) error {
	e := site.Entry{Remote: from.Remote, Site: a.Home, Action: "signin.fail", Object: objectOf(a.ID), Detail: detail("with", "passkey")}
	if c != nil && c.Authenticator.CloneWarning {
		e.Detail = detail("with", "passkey", "passkey", "seems to be a copy")
	}
	if err := s.cfg.Store.Note(ctx, e); err != nil {
		return fmt.Errorf("note a failure: %w", err)
	}
	return ErrRefused
}

func firstRunes(text string, n int) string {
	r := []rune(strings.ToValidUTF8(text, ""))
	return string(r[:min(len(r), n)])
}
