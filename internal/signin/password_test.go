package signin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
)

func codesOf(err error) []string {
	var p errs.Problems
	if !errors.As(err, &p) {
		return nil
	}
	var out []string
	for _, x := range p {
		out = append(out, x.Code)
	}
	return out
}

func TestPasswordRules(t *testing.T) {
	b := newBench(t, nil)
	for password, want := range map[string]string{
		"":                        "missing",
		"Ab3$":                    "short",
		"abcdefghijkm":            "kinds",
		"Password123!":            "common",
		"P@ssw0rd2026":            "common",
		"Admin123@@@":             "common",
		"Aa1Aa1Aa1wang":           "login",
		"AAAAAAAAAAAAAAAAAAAA":    "common",
		wangs:                     "used",
		strings.Repeat("长", 1000): "long",
		"Bad\xffutf8-Password-1":  "long",
	} {
		err := b.FirstPassword(t.Context(), wang, password, false)
		if got := codesOf(err); !slices.Contains(got, want) {
			t.Errorf("%q: got %v, want %s", password, got, want)
		}
	}
	for _, password := range []string{"Qing-shan-9", "一二三四五六七Ab1", "every good morning i walk"} {
		if err := b.FirstPassword(t.Context(), wang, password, false); err != nil {
			t.Errorf("%q: %v", password, err)
		}
		b.mustIn("wang", password, from("192.0.2.1"))
	}
}

func TestLastPasswordsAreNotTakenAgain(t *testing.T) {
	b := newBench(t, nil)
	list := []string{wangs, "Chun-tian-lai-2", "Xia-tian-lai-3", "Qiu-tian-lai-4", "Dong-tian-lai-5", "You-shi-chun-6"}
	for _, p := range list[1:] {
		if err := b.FirstPassword(t.Context(), wang, p, false); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
	}
	for _, p := range list[1:] {
		if got := codesOf(b.FirstPassword(t.Context(), wang, p, false)); !slices.Equal(got, []string{"used"}) {
			t.Errorf("%s again: got %v", p, got)
		}
	}
	if err := b.FirstPassword(t.Context(), wang, list[0], false); err != nil {
		t.Errorf("the sixth last: %v", err)
	}
}

func TestHashGrowsAtSignIn(t *testing.T) {
	b := newBench(t, nil)
	r := b.Rules()
	r.Password.Argon = signin.Argon{Memory: 128, Time: 2, Lanes: 1}
	if err := b.SetRules(r); err != nil {
		t.Fatal(err)
	}
	b.mustIn("wang", wangs, from("192.0.2.1"))
	c, err := b.store.Credential(t.Context(), wang)
	if err != nil || !strings.HasPrefix(c.Password, "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("hash: got %.40s, %v", c.Password, err)
	}
	b.mustIn("wang", wangs, from("192.0.2.1"))
}

func TestChangedPasswordEndsOtherSessions(t *testing.T) {
	b := newBench(t, nil)
	here := b.mustIn("wang", wangs, from("192.0.2.1"))
	there := b.mustIn("wang", wangs, from("192.0.2.2"))
	v := b.mustVisit(here.Token)
	b.mustVisit(there.Token)
	me := signin.From{Remote: "192.0.2.1", Token: here.Token}
	_, err := b.ChangePassword(t.Context(), v, "wrong", another, me)
	b.wants("with a wrong present password", err, signin.ErrRefused)
	_, err = b.ChangePassword(t.Context(), v, wangs, "short", me)
	b.wants("with a bad new one", err, errs.Invalid)
	in, err := b.ChangePassword(t.Context(), v, wangs, another, me)
	if err != nil {
		t.Fatal(err)
	}
	for what, token := range map[string]string{"the other session": there.Token, "the old session here": here.Token} {
		_, err := b.visit(token)
		b.wants(what, err, errs.NotFound)
	}
	b.mustVisit(in.Token)
	b.pass(time.Minute)
	_, err = b.in("wang", wangs, from("192.0.2.1"))
	b.wants("the old password", err, signin.ErrRefused)
	b.mustIn("wang", another, from("192.0.2.1"))
}

// A session that was stolen can't be used to guess the password for ever.
func TestGuessingThePresentPasswordIsSlowed(t *testing.T) {
	b := newBench(t, nil)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	v := b.mustVisit(in.Token)
	for range b.Rules().Lock.Tries {
		_, err := b.ChangePassword(t.Context(), v, "guess", another, from("192.0.2.1"))
		b.wants("a guess", err, signin.ErrRefused)
	}
	_, err := b.ChangePassword(t.Context(), v, wangs, another, from("192.0.2.1"))
	waits(t, "after too many", err)
}

func TestTemporaryPasswordMustChange(t *testing.T) {
	b := newBench(t, nil)
	temporary := signin.Temporary()
	if err := b.FirstPassword(t.Context(), wang, temporary, true); err != nil {
		t.Fatal(err)
	}
	in := b.mustIn("wang", temporary, from("192.0.2.1"))
	v := b.mustVisit(in.Token)
	if v.Need != signin.NeedPassword || v.Who().Account != 0 {
		t.Fatalf("need: got %q, who %+v", v.Need, v.Who())
	}
	in, err := b.ChangePassword(t.Context(), v, temporary, another, signin.From{Remote: "192.0.2.1", Token: in.Token})
	if err != nil {
		t.Fatal(err)
	}
	if v := b.mustVisit(in.Token); v.Need != "" || v.Who().Account != wang {
		t.Errorf("afterwards: need %q, who %+v", v.Need, v.Who())
	}
}
