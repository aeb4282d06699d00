package signin_test

import (
	"context"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

func TestSessionsEnd(t *testing.T) {
	for what, end := range map[string]func(b *bench, token string){
		"signing out": func(b *bench, token string) {
			if err := b.Leave(b.t.Context(), b.mustVisit(token)); err != nil {
				b.t.Fatal(err)
			}
		},
		"idle": func(b *bench, _ string) { b.pass(b.Rules().Session.Idle) },
		"in use for too long": func(b *bench, token string) {
			for b.now().Before(time.Date(2026, 11, 24, 15, 50, 0, 0, time.UTC)) { // signed in at 4
				b.mustVisit(token)
				b.pass(10 * time.Minute)
			}
			b.pass(10 * time.Minute)
		},
		"ended elsewhere": func(b *bench, token string) {
			other := b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.2")).Token)
			if err := b.EndSession(b.t.Context(), other, ""); err != nil {
				b.t.Fatal(err)
			}
			b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.2")).Token)
		},
		"replaced by a new one": func(b *bench, token string) {
			b.mustIn("wang", wangs, signin.From{Remote: "192.0.2.1", Token: token})
		},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, nil)
			in := b.mustIn("wang", wangs, from("192.0.2.1"))
			b.mustVisit(in.Token)
			end(b, in.Token)
			_, err := b.visit(in.Token)
			b.wants("the cookie", err, errs.NotFound)
		})
	}
}

// A token that somebody put into the browser beforehand is worth nothing afterwards.
func TestFixedSession(t *testing.T) {
	b := newBench(t, nil)
	mine := b.mustIn("li", wangs, from("198.51.100.7"))
	in := b.mustIn("wang", wangs, signin.From{Remote: "192.0.2.1", Token: mine.Token})
	if in.Token == mine.Token {
		t.Fatal("the session has the token that was there")
	}
	_, err := b.visit(mine.Token)
	b.wants("the planted session", err, errs.NotFound)
}

func TestTokensThatAreNone(t *testing.T) {
	b := newBench(t, nil)
	before := b.store.Calls
	for _, token := range []string{"", "x", "' OR 1=1", string(make([]byte, 43)), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"} {
		_, err := b.visit(token)
		b.wants(token, err, errs.NotFound)
	}
	if b.store.Calls != before {
		t.Error("the store was asked about what can't be a token")
	}
}

func TestSeenIsWrittenOnceAMinute(t *testing.T) {
	b := newBench(t, nil)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	seen := func() time.Time {
		list, err := b.Sessions(t.Context(), wang)
		if err != nil || len(list) != 1 {
			t.Fatalf("sessions: %v, %v", list, err)
		}
		return list[0].Seen
	}
	first := seen()
	b.pass(50 * time.Second)
	b.mustVisit(in.Token)
	if got := seen(); !got.Equal(first) {
		t.Errorf("seen after 50 s: got %v, want %v", got, first)
	}
	b.pass(20 * time.Second)
	b.mustVisit(in.Token)
	if got := seen(); !got.Equal(b.now()) {
		t.Errorf("seen after 70 s: got %v, want %v", got, b.now())
	}
}

// What another process writes is seen after a moment, what this one writes at once.
func TestRightsThatWereTakenAway(t *testing.T) {
	b := newBench(t, nil)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	b.mustVisit(in.Token)
	b.store.Put(site.Account{ID: wang, Login: "wang", Home: homeSite})
	b.pass(2 * time.Second)
	if v := b.mustVisit(in.Token); len(v.Account.Grants) != 0 {
		t.Errorf("two seconds later: got %v", v.Account.Grants)
	}
	b.store.Put(site.Account{ID: wang, Login: "wang", Home: homeSite, Grants: []site.Grant{{Role: site.Viewer, Site: 1}}})
	b.Changed([]string{"account:1"})
	if v := b.mustVisit(in.Token); len(v.Account.Grants) != 1 {
		t.Errorf("at once: got %v", v.Account.Grants)
	}
}

func TestVisitIsCheap(t *testing.T) {
	b := newBench(t, nil)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	b.mustVisit(in.Token)
	before := b.store.Calls
	for range 100 {
		b.mustVisit(in.Token)
	}
	if n := b.store.Calls - before; n != 0 {
		t.Errorf("100 visits within a moment ask the store %d times", n)
	}
}

func TestRoleThatNeedsTwoFactors(t *testing.T) {
	b := newBench(t, func(c *signin.Config) { c.Rules.SecondFor = []site.Role{site.Editor} })
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	if v := b.mustVisit(in.Token); v.Need != signin.NeedSecond || v.Who().Account != 0 {
		t.Fatalf("with a password only: need %q, who %+v", v.Need, v.Who())
	}
	_, _, in = b.withSecond(in.Token)
	if v := b.mustVisit(in.Token); v.Need != "" || v.Who().Account != wang {
		t.Errorf("with a second factor: need %q, who %+v", v.Need, v.Who())
	}
}

func TestContext(t *testing.T) {
	if v := signin.FromContext(t.Context()); v != nil || v.Who().Account != 0 {
		t.Errorf("nobody: got %+v", v)
	}
	v := &signin.Visit{Account: &site.Account{ID: wang}}
	ctx := signin.NewContext(context.Background(), func() *signin.Visit { return v })
	if got := signin.FromContext(ctx); got != v {
		t.Errorf("got %+v", got)
	}
}
