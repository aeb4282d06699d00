package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

const (
	totpPeriod    = 30 // seconds
	totpSkew      = 1  // steps that a clock may be wrong by
	recoveryCodes = 10
	recoveryChars = 10 // of base32: 50 bits
	enrolFor      = 15 * time.Minute
)

// Second is a second factor that is being set up.
type Second struct {
	Secret string // as people type it in
	URL    string // otpauth://…, for the picture that apps read
	Sealed string // comes back with the first code
}

// BeginSecond makes a new secret. It holds once FinishSecond has seen a code of it.
func (s *Service) BeginSecond(v *Visit) (Second, error) {
	if !v.Fresh {
		return Second{}, ErrStale
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: s.issuer(), AccountName: v.Account.Login, Period: totpPeriod, SecretSize: 20})
	if err != nil {
		return Second{}, fmt.Errorf("make a secret: %w", err)
	}
	sealed, err := s.cfg.Key.sealText(forAccount("enrol", v.Account.ID), s.now().Add(enrolFor), key.Secret())
	if err != nil {
		return Second{}, err
	}
	return Second{Secret: key.Secret(), URL: key.URL(), Sealed: sealed}, nil
}

// ResumeSecond is the way back to a secret that is being set up, when its first code was wrong.
func (s *Service) ResumeSecond(v *Visit, sealed string) (Second, error) {
	var secret string
	if err := s.cfg.Key.openText(forAccount("enrol", v.Account.ID), sealed, s.now(), &secret); err != nil {
		return Second{}, fmt.Errorf("second factor: %w", errs.NotFound)
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return Second{}, fmt.Errorf("second factor: %w", errs.NotFound)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: s.issuer(), AccountName: v.Account.Login, Period: totpPeriod, Secret: raw})
	if err != nil {
		return Second{}, fmt.Errorf("second factor: %w", err)
	}
	return Second{Secret: key.Secret(), URL: key.URL(), Sealed: sealed}, nil
}

func (s *Service) issuer() string {
	if s.cfg.Name != "" {
		return strings.ReplaceAll(s.cfg.Name, ":", " ")
	}
	return "Xianfeng"
}

// FinishSecond sets the second factor up, with the first code of it. It returns the recovery codes, which are
// not to be had again, and a new session in the place of the present one: it is a stronger one.
func (s *Service) FinishSecond(ctx context.Context, v *Visit, sealed, code string, from From) ([]string, Entered, error) {
	if !v.Fresh {
		return nil, Entered{}, ErrStale
	}
	var secret string
	if err := s.cfg.Key.openText(forAccount("enrol", v.Account.ID), sealed, s.now(), &secret); err != nil {
		return nil, Entered{}, fmt.Errorf("second factor: %w", errs.NotFound)
	}
	step := s.stepOf(secret, cleanCode(code), 0)
	if step == 0 {
		return nil, Entered{}, ErrRefused
	}
	codes, hashes := s.newRecovery(v.Account.ID)
	e := s.entry(v, v.Account, "second.set")
	if err := s.cfg.Store.SetTOTP(ctx, v.Account.ID, s.cfg.Key.seal(forAccount("totp", v.Account.ID), []byte(secret)), step, hashes, e); err != nil {
		return nil, Entered{}, fmt.Errorf("keep the second factor: %w", err)
	}
	s.cache.forgetAccount(v.Account.ID)
	in, err := s.enter(ctx, v.Account, from, true, "second factor set up")
	return codes, in, err
}

// NewRecovery makes new recovery codes; the old ones are void.
func (s *Service) NewRecovery(ctx context.Context, v *Visit) ([]string, error) {
	if !v.Fresh {
		return nil, ErrStale
	}
	c, err := s.cfg.Store.Credential(ctx, v.Account.ID)
	if err != nil {
		return nil, fmt.Errorf("recovery codes: %w", err)
	}
	if c.TOTP == nil {
		return nil, fmt.Errorf("recovery codes: %w", errs.NotFound)
	}
	codes, hashes := s.newRecovery(v.Account.ID)
	if err := s.cfg.Store.SetTOTP(ctx, v.Account.ID, c.TOTP, c.Step, hashes, s.entry(v, v.Account, "second.recovery")); err != nil {
		return nil, fmt.Errorf("recovery codes: %w", err)
	}
	return codes, nil
}

// DropSecond takes the second factor away.
func (s *Service) DropSecond(ctx context.Context, v *Visit) error {
	if !v.Fresh {
		return ErrStale
	}
	defer s.cache.forgetAccount(v.Account.ID)
	if err := s.cfg.Store.SetTOTP(ctx, v.Account.ID, nil, 0, nil, s.entry(v, v.Account, "second.drop")); err != nil {
		return fmt.Errorf("drop the second factor: %w", err)
	}
	return nil
}

// WithSecond goes on from Entered.Half with a code, of the app or a recovery code.
func (s *Service) WithSecond(ctx context.Context, sealed, code string, from From) (Entered, error) {
	if wait := s.guard.rate.take(neighbourhood(from.Remote), s.Rules().Lock.Rate, s.now()); wait > 0 {
		return Entered{}, &Wait{wait}
	}
	a, c, first, err := s.opened(ctx, sealed)
	if err != nil {
		return Entered{}, err
	}
	id := strconv.FormatInt(int64(a.ID), 10)
	u := s.suspect("second", id, from.Remote, s.known(from, a, c))
	done, err := s.admit(ctx, u)
	if err != nil {
		return Entered{}, err
	}
	defer done()
	how, err := s.useCode(ctx, c, cleanCode(code))
	if errors.Is(err, errs.Conflict) || errors.Is(err, ErrRefused) {
		return Entered{}, s.fail(ctx, u, a, from, "code")
	}
	if err != nil {
		return Entered{}, err
	}
	return s.enter(ctx, a, from, true, first+" and "+how, u, s.suspect("password", a.Login, from.Remote, s.known(from, a, c)))
}

// HalfOpen reports whether a half is still good, for pages.
func (s *Service) HalfOpen(ctx context.Context, sealed string) bool {
	_, _, _, err := s.opened(ctx, sealed)
	return err == nil
}

// opened returns whose first factor was right a short while ago, and which. Anything else is errs.NotFound.
func (s *Service) opened(ctx context.Context, sealed string) (a *site.Account, c Credential, first string, err error) {
	var h half
	if err := s.cfg.Key.openText("half", sealed, s.now(), &h); err != nil {
		return nil, c, "", fmt.Errorf("second factor: %w", errs.NotFound)
	}
	if a, err = s.cfg.Store.Account(ctx, h.Account); err != nil {
		return nil, c, "", fmt.Errorf("second factor: %w", err)
	}
	if c, err = s.cfg.Store.Credential(ctx, h.Account); err != nil {
		return nil, c, "", fmt.Errorf("second factor: %w", err)
	}
	if a.Disabled || c.TOTP == nil || c.Changed.UnixMilli() != h.Changed {
		return nil, c, "", fmt.Errorf("second factor: %w", errs.NotFound)
	}
	return a, c, h.How, nil
}

// useCode checks a code and uses it up.
func (s *Service) useCode(ctx context.Context, c Credential, code string) (how string, err error) {
	if len(code) == int(otp.DigitsSix) {
		secret, err := s.cfg.Key.open(forAccount("totp", c.Account), c.TOTP)
		if err != nil {
			return "", fmt.Errorf("second factor of account %d: the key is another one: %w", c.Account, err)
		}
		step := s.stepOf(string(secret), code, c.Step)
		if step == 0 {
			return "", ErrRefused
		}
		return "code", s.cfg.Store.UseCode(ctx, c.Account, step, "")
	}
	want := s.recoveryHash(c.Account, code)
	for _, have := range c.Recovery {
		if subtle.ConstantTimeCompare([]byte(have), []byte(want)) == 1 {
			return "recovery code", s.cfg.Store.UseCode(ctx, c.Account, 0, want)
		}
	}
	return "", ErrRefused
}

// stepOf returns the time step that a code is of; 0: none that may be used, after the newest that was used.
func (s *Service) stepOf(secret, code string, used int64) int64 {
	now := s.now().Unix() / totpPeriod
	found := int64(0)
	for step := now - totpSkew; step <= now+totpSkew; step++ {
		want, err := hotp.GenerateCode(secret, uint64(step))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > used {
			found = step
		}
	}
	return found
}

func (s *Service) newRecovery(id site.AccountID) (codes, hashes []string) {
	for range recoveryCodes {
		raw := rand.Text()[:recoveryChars]
		codes = append(codes, raw[:recoveryChars/2]+"-"+raw[recoveryChars/2:])
		hashes = append(hashes, s.recoveryHash(id, raw))
	}
	return codes, hashes
}

func (s *Service) recoveryHash(id site.AccountID, code string) string {
	return s.cfg.Key.name("recovery", objectOf(id), code)
}

// cleanCode takes what people and apps put into codes for the eye.
func cleanCode(code string) string {
	if len(code) > 64 {
		return ""
	}
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(code))
}

// forAccount is a purpose of sealing for one account: what is sealed for another does not open.
func forAccount(purpose string, id site.AccountID) string {
	return purpose + ":" + strconv.FormatInt(int64(id), 10)
}
