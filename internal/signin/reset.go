package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Mailer sends mail. SMTP is one.
type Mailer interface {
	Send(ctx context.Context, l Letter) error
}

// Letter is a mail.
type Letter struct{ To, Subject, Text string }

// Compose writes the letter with which somebody sets a new password.
type Compose func(name, link string) (subject, text string)

const (
	resetEvery = 5 * time.Minute // at most so often is one account written to
	mailWait   = 30 * time.Second
	waitMails  = 64 // full: the letter is dropped and that is logged; who waits for it asks again
)

// resetRequest is somebody who can't remember a password.
type resetRequest struct {
	login, remote string
	compose       Compose
}

// post sends letters in the background, so that nobody learns from the time of an answer whether there is such
// an account.
type post struct {
	ask    chan resetRequest
	cancel context.CancelFunc
	done   sync.WaitGroup
	log    *slog.Logger
}

// startPost starts the one goroutine that sends; close ends it and waits for it.
func startPost(send func(context.Context, resetRequest) error, log *slog.Logger) *post {
	ctx, cancel := context.WithCancel(context.Background())
	p := &post{ask: make(chan resetRequest, waitMails), cancel: cancel, log: log}
	p.done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case r := <-p.ask:
				one, cancel := context.WithTimeout(ctx, mailWait)
				if err := send(one, r); err != nil {
					log.Warn("password not reset by mail", "error", err)
				}
				cancel()
			}
		}
	})
	return p
}

func (p *post) close() {
	p.cancel()
	p.done.Wait()
}

// MailsReset reports whether passwords are reset by mail.
func (s *Service) MailsReset() bool { return s.post != nil }

// AskReset has a letter sent to whom a login belongs, if it belongs to anybody, has an address and was not
// written to just now. It says nothing of this.
func (s *Service) AskReset(login string, from From, compose Compose) error {
	if s.post == nil {
		return fmt.Errorf("reset by mail: %w", errs.NotFound)
	}
	if wait := s.guard.rate.take(neighbourhood(from.Remote), s.Rules().Lock.Rate, s.now()); wait > 0 {
		return &Wait{wait}
	}
	select {
	case s.post.ask <- resetRequest{cleanLogin(login), from.Remote, compose}:
	default:
		s.cfg.Log.Warn("password not reset by mail", "error", "too many letters wait")
	}
	return nil
}

func (s *Service) sendReset(ctx context.Context, r resetRequest) error {
	a, err := s.cfg.Store.AccountByLogin(ctx, r.login)
	if errors.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the account: %w", err)
	}
	if a.Disabled || a.Email == "" || !s.once.first(forAccount("reset", a.ID), s.now(), resetEvery) {
		return nil
	}
	token := newToken()
	e := site.Entry{Remote: r.remote, Site: a.Home, Action: "password.ask", Object: objectOf(a.ID), Detail: "{}"}
	if err := s.cfg.Store.AddReset(ctx, hashOf(token), a.ID, s.now().Add(s.Rules().Session.Reset), e); err != nil {
		return fmt.Errorf("permit a reset of account %d: %w", a.ID, err)
	}
	subject, text := r.compose(a.Name, strings.TrimRight(s.cfg.Address, "/")+"/sign/reset?token="+url.QueryEscape(token))
	if err := s.cfg.Mail.Send(ctx, Letter{To: a.Email, Subject: subject, Text: text}); err != nil {
		return fmt.Errorf("write to account %d: %w", a.ID, err)
	}
	return nil
}

// ResetOpen reports whether the token of a letter is still good, for pages.
func (s *Service) ResetOpen(ctx context.Context, token string) bool {
	h, err := hashToken(token)
	if err != nil {
		return false
	}
	_, err = s.cfg.Store.Reset(ctx, h, s.now())
	return err == nil
}

// Reset sets a new password with the token of a letter. A token that is not or no longer good is errs.NotFound;
// one stays good while what is entered is not acceptable.
func (s *Service) Reset(ctx context.Context, token, password string, from From) error {
	if wait := s.guard.rate.take(neighbourhood(from.Remote), s.Rules().Lock.Rate, s.now()); wait > 0 {
		return &Wait{wait}
	}
	h, err := hashToken(token)
	if err != nil {
		return fmt.Errorf("reset: %w", errs.NotFound)
	}
	id, err := s.cfg.Store.Reset(ctx, h, s.now())
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	a, err := s.cfg.Store.Account(ctx, id)
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	if a.Disabled {
		return fmt.Errorf("reset: %w", errs.NotFound)
	}
	c, err := s.cfg.Store.Credential(ctx, id)
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	e := site.Entry{By: id, Remote: from.Remote, Site: a.Home, Action: "password.reset", Object: objectOf(id), Detail: detail("by", "mail")}
	return s.setPassword(ctx, a, c, password, PasswordChange{Reset: &h, Entries: []site.Entry{e}})
}
