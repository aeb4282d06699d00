package signin_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// postbox is a Mailer that keeps what it gets.
type postbox struct {
	mu      sync.Mutex // guards letters
	letters []signin.Letter
	came    chan struct{} // one token for each letter
	broken  error
}

func (p *postbox) Send(_ context.Context, l signin.Letter) error {
	if p.broken != nil {
		return p.broken
	}
	p.mu.Lock()
	p.letters = append(p.letters, l)
	p.mu.Unlock()
	p.came <- struct{}{}
	return nil
}

func compose(name, link string) (subject, text string) { return "reset", name + " " + link }

func withMail(box *postbox) func(*signin.Config) {
	return func(c *signin.Config) { c.Mail, c.Address = box, "https://network.example/" }
}

var tokenIn = regexp.MustCompile(`https://network\.example/sign/reset\?token=(\S+)`)

// letter waits for the next letter and returns its token.
func (p *postbox) letter(t *testing.T) string {
	t.Helper()
	<-p.came
	p.mu.Lock()
	defer p.mu.Unlock()
	m := tokenIn.FindStringSubmatch(p.letters[len(p.letters)-1].Text)
	if m == nil {
		t.Fatalf("no link in %q", p.letters[len(p.letters)-1].Text)
	}
	token, err := url.QueryUnescape(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestResetByMail(t *testing.T) {
	box := &postbox{came: make(chan struct{}, 10)}
	b := newBench(t, withMail(box))
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	if err := b.AskReset("Wang", from("192.0.2.1"), compose); err != nil {
		t.Fatal(err)
	}
	token := box.letter(t)
	if box.letters[0].To != "wang@example.org" || !b.ResetOpen(t.Context(), token) {
		t.Errorf("letter: got %+v", box.letters[0])
	}
	b.wants("a bad new password", b.Reset(t.Context(), token, "short", from("192.0.2.1")), errs.Invalid)
	if err := b.Reset(t.Context(), token, another, from("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	b.wants("the link again", b.Reset(t.Context(), token, wangs, from("192.0.2.1")), errs.NotFound)
	_, err := b.visit(in.Token)
	b.wants("the session before", err, errs.NotFound)
	b.mustIn("wang", another, from("192.0.2.1"))
}

// Whoever asks for a reset learns nothing: the answer is the same, and comes before anybody looks.
func TestResetSaysNothing(t *testing.T) {
	box := &postbox{came: make(chan struct{}, 10)}
	b := newBench(t, withMail(box))
	b.store.Put(site.Account{ID: 7, Login: "nomail", Home: homeSite})
	b.store.Put(site.Account{ID: 8, Login: "disabled", Email: "x@example.org", Home: homeSite, Disabled: true})
	for _, login := range []string{"nobody", "nomail", "disabled", "wang", "wang", "li"} {
		if err := b.AskReset(login, from("192.0.2.1"), compose); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
	box.letter(t)
	box.letter(t)
	b.Close()
	if len(box.letters) != 2 || box.letters[0].To != "wang@example.org" || box.letters[1].To != "li@example.org" {
		t.Errorf("letters: got %+v", box.letters)
	}
}

func TestResetLinkGoesBy(t *testing.T) {
	box := &postbox{came: make(chan struct{}, 10)}
	b := newBench(t, withMail(box))
	ask := func() string {
		if err := b.AskReset("wang", from("192.0.2.1"), compose); err != nil {
			t.Fatal(err)
		}
		return box.letter(t)
	}
	first := ask()
	b.pass(6 * time.Minute)
	second := ask()
	b.wants("an older link", b.Reset(t.Context(), first, another, from("192.0.2.1")), errs.NotFound)
	b.pass(b.Rules().Session.Reset)
	b.wants("after half an hour", b.Reset(t.Context(), second, another, from("192.0.2.1")), errs.NotFound)
	for i := range b.Rules().Lock.Rate {
		b.wants("guess", b.Reset(t.Context(), fmt.Sprint("guess", i), another, from("198.51.100.7")), errs.NotFound)
	}
	waits(t, "guesses", b.Reset(t.Context(), second, another, from("198.51.100.7")))
}

func TestNoMailNoReset(t *testing.T) {
	b := newBench(t, nil)
	if b.MailsReset() {
		t.Error("offers letters without a way to send them")
	}
	b.wants("ask", b.AskReset("wang", from("192.0.2.1"), compose), errs.NotFound)
	unaddressed := newBench(t, func(c *signin.Config) { c.Mail = &postbox{broken: errors.New("no")} })
	if unaddressed.MailsReset() {
		t.Error("offers links that lead where the request says")
	}
}
