package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// ChangePassword sets the visitor's own password. The present one is asked for, as at signing in; an account that
// has none needs a fresh sign-in instead. All sessions end, and a new one begins here. What is wrong with the new
// one comes as errs.Problems.
func (s *Service) ChangePassword(ctx context.Context, v *Visit, present, password string, from From) (Entered, error) {
	c, err := s.cfg.Store.Credential(ctx, v.Account.ID)
	if err != nil {
		return Entered{}, fmt.Errorf("change a password: %w", err)
	}
	if c.Password == "" && !v.Fresh {
		return Entered{}, ErrStale
	}
	if c.Password != "" {
		if err := s.prove(ctx, v, c, present, from); err != nil {
			return Entered{}, err
		}
	}
	e := s.entry(v, v.Account, "password.change")
	if err := s.setPassword(ctx, v.Account, c, password, PasswordChange{Entries: []site.Entry{e}}); err != nil {
		return Entered{}, err
	}
	return s.enter(ctx, v.Account, from, v.Session.Strong, "new password")
}

// prove checks the visitor's own password once more, with the same patience as at signing in.
func (s *Service) prove(ctx context.Context, v *Visit, c Credential, password string, from From) error {
	u := s.suspect("password", v.Account.Login, from.Remote, s.known(from, v.Account, c))
	done, err := s.admit(ctx, u)
	if err != nil {
		return err
	}
	defer done()
	if len(password) > maxPassword {
		password = ""
	}
	ok, _, err := s.hash.matches(ctx, c.Password, password, s.Rules().Password.Argon)
	if err != nil {
		return err
	}
	if !ok {
		return s.fail(ctx, u, v.Account, from, "password")
	}
	return nil
}

// setPassword checks a new password and keeps it.
func (s *Service) setPassword(ctx context.Context, a *site.Account, c Credential, password string, change PasswordChange) error {
	p := s.good(password, a.Login, a.Name)
	if len(p) == 0 {
		used, err := s.used(ctx, c, password)
		if err != nil {
			return err
		}
		if used {
			p.Add("password", "used", "")
		}
	}
	if err := p.Err(); err != nil {
		return err
	}
	hash, err := s.hash.hash(ctx, password, s.Rules().Password.Argon)
	if err != nil {
		return err
	}
	change.Account, change.Password, change.Old, change.At = a.ID, hash, s.older(c), s.now()
	defer s.cache.forgetAccount(a.ID)
	if err := s.cfg.Store.SetPassword(ctx, change); err != nil {
		return fmt.Errorf("set the password of account %d: %w", a.ID, err)
	}
	return nil
}

// FirstPassword sets the password of an account from the command line. must: it is to be changed at the first
// sign-in, and the rules do not hold for it.
func (s *Service) FirstPassword(ctx context.Context, id site.AccountID, password string, must bool) error {
	a, err := s.cfg.Store.Account(ctx, id)
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	c, err := s.cfg.Store.Credential(ctx, id)
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	e := site.Entry{By: site.System, Site: a.Home, Action: "password.reset", Object: objectOf(id), Detail: detail("by", "command line")}
	if !must {
		return s.setPassword(ctx, a, c, password, PasswordChange{Entries: []site.Entry{e}})
	}
	return s.setTemporary(ctx, a, c, password, e)
}

// Temporary returns a password to be told to somebody and changed by them: 60 bits, easy to read out.
func Temporary() string {
	t := rand.Text()
	return strings.Join([]string{t[0:4], t[4:8], t[8:12]}, "-")
}

func (s *Service) setTemporary(ctx context.Context, a *site.Account, c Credential, password string, e site.Entry) error {
	hash, err := s.hash.hash(ctx, password, s.Rules().Password.Argon)
	if err != nil {
		return err
	}
	defer s.cache.forgetAccount(a.ID)
	err = s.cfg.Store.SetPassword(ctx, PasswordChange{
		Account: a.ID, Password: hash, Old: s.older(c), MustChange: true, At: s.now(), Entries: []site.Entry{e},
	})
	if err != nil {
		return fmt.Errorf("set the password of account %d: %w", a.ID, err)
	}
	return nil
}

// managed returns an account that the visitor looks after: its home and all its grants are within what the
// visitor administers. What is not is errs.Denied, and so is the visitor's own: who has forgotten the own
// password asks somebody else.
func (s *Service) managed(ctx context.Context, v *Visit, id site.AccountID) (*site.Account, Credential, error) {
	a, err := s.cfg.Store.Account(ctx, id)
	if err != nil {
		return nil, Credential{}, fmt.Errorf("account %d: %w", id, err)
	}
	who, tree := v.Who(), s.cfg.Tree()
	ok := a.ID != v.Account.ID && tree.May(who, site.ManagePeople, site.Object{Site: a.Home})
	for _, g := range a.Grants {
		ok = ok && tree.MayGrant(who, g)
	}
	if !ok {
		return nil, Credential{}, fmt.Errorf("account %d: %w", id, errs.Denied)
	}
	c, err := s.cfg.Store.Credential(ctx, id)
	if err != nil {
		return nil, Credential{}, fmt.Errorf("account %d: %w", id, err)
	}
	return a, c, nil
}

// ResetFor gives somebody else a temporary password, which is not to be had again. Their sessions end.
func (s *Service) ResetFor(ctx context.Context, v *Visit, id site.AccountID) (temporary string, err error) {
	a, c, err := s.managed(ctx, v, id)
	if err != nil {
		return "", err
	}
	temporary = Temporary()
	return temporary, s.setTemporary(ctx, a, c, temporary, s.entry(v, a, "password.reset", "by", "administrator"))
}

// DropFactorsFor takes somebody else's second factor and passkeys away, who lost their telephone, and ends
// their sessions.
func (s *Service) DropFactorsFor(ctx context.Context, v *Visit, id site.AccountID) error {
	a, _, err := s.managed(ctx, v, id)
	if err != nil {
		return err
	}
	keys, err := s.cfg.Store.PasskeysOf(ctx, id)
	if err != nil {
		return fmt.Errorf("drop the factors of account %d: %w", id, err)
	}
	for _, k := range keys {
		err := s.cfg.Store.RemovePasskey(ctx, id, k.ID, s.entry(v, a, "passkey.remove", "by", "administrator"))
		if err != nil && !errors.Is(err, errs.NotFound) {
			return fmt.Errorf("drop the factors of account %d: %w", id, err)
		}
	}
	if err := s.cfg.Store.SetTOTP(ctx, id, nil, 0, nil, s.entry(v, a, "second.drop", "by", "administrator")); err != nil {
		return fmt.Errorf("drop the factors of account %d: %w", id, err)
	}
	return s.end(ctx, v, Ending{Account: id}, "session.end", a)
}

// EndSessionsFor ends a session of somebody else; with "" all of them.
func (s *Service) EndSessionsFor(ctx context.Context, v *Visit, id site.AccountID, session string) error {
	a, _, err := s.managed(ctx, v, id)
	if err != nil {
		return err
	}
	return s.end(ctx, v, Ending{Account: id, ID: session}, "session.end", a)
}

// LinkFor links somebody else's account to who they are at a provider.
func (s *Service) LinkFor(ctx context.Context, v *Visit, id site.AccountID, providerID, subject string) error {
	a, _, err := s.managed(ctx, v, id)
	if err != nil {
		return err
	}
	p, err := s.provider(providerID)
	if err != nil {
		return err
	}
	if subject = strings.TrimSpace(subject); subject == "" || len(subject) > 255 {
		return errs.Problems{{Field: "subject", Code: "missing"}}
	}
	e := s.entry(v, a, "identity.add", "provider", p.ID, "by", "administrator")
	if err := s.cfg.Store.AddIdentity(ctx, Identity{p.Issuer, subject, id}, e); err != nil {
		return fmt.Errorf("link account %d: %w", id, err)
	}
	return nil
}

// UnlinkFor takes that away.
func (s *Service) UnlinkFor(ctx context.Context, v *Visit, i Identity) error {
	a, _, err := s.managed(ctx, v, i.Account)
	if err != nil {
		return err
	}
	if err := s.cfg.Store.RemoveIdentity(ctx, i, s.entry(v, a, "identity.remove", "by", "administrator")); err != nil {
		return fmt.Errorf("unlink account %d: %w", i.Account, err)
	}
	return nil
}

// State is what an account signs in with, as its holder may know it.
type State struct {
	Password bool
	Second   bool
	Recovery int  // codes that are left
	Asked    bool // the holder's role asks for a second factor
}

// State returns what the visitor signs in with.
func (s *Service) State(ctx context.Context, v *Visit) (State, error) {
	c, err := s.cfg.Store.Credential(ctx, v.Account.ID)
	if err != nil {
		return State{}, fmt.Errorf("account %d: %w", v.Account.ID, err)
	}
	return State{c.Password != "", c.TOTP != nil, len(c.Recovery), s.wantsSecond(v.Account)}, nil
}
