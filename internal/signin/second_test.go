package signin_test

import (
	"errors"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
)

func TestSecondFactor(t *testing.T) {
	b := newBench(t, nil)
	first := b.mustIn("wang", wangs, from("192.0.2.1"))
	secret, codes, strong := b.withSecond(first.Token)
	if v := b.mustVisit(strong.Token); !v.Session.Strong {
		t.Error("the session after setting up is not strong")
	}
	_, err := b.visit(first.Token)
	b.wants("the session before", err, errs.NotFound)

	half := b.mustIn("wang", wangs, from("192.0.2.1"))
	if half.Token != "" || half.Half == "" || half.Device != "" {
		t.Fatalf("with the password only: got %+v", half)
	}
	with := func(code string) (signin.Entered, error) {
		return b.WithSecond(t.Context(), half.Half, code, from("192.0.2.1"))
	}
	_, err = with("000000")
	b.wants("a wrong code", err, signin.ErrRefused)
	code := b.code(secret)
	in, err := with(code[:3] + " " + code[3:])
	if err != nil || !b.mustVisit(in.Token).Session.Strong {
		t.Fatalf("the right code: %v", err)
	}
	_, err = with(code)
	b.wants("the same code again", err, signin.ErrRefused)

	in, err = with(codes[0])
	if err != nil {
		t.Fatalf("a recovery code: %v", err)
	}
	_, err = with(codes[0])
	b.wants("the same recovery code again", err, signin.ErrRefused)
	if s, err := b.State(t.Context(), b.mustVisit(in.Token)); err != nil || s.Recovery != len(codes)-1 || !s.Second {
		t.Errorf("state: got %+v, %v", s, err)
	}
}

func TestCodesOfTheLastAndNextStep(t *testing.T) {
	b := newBench(t, nil)
	secret, _, _ := b.withSecond(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
	half := b.mustIn("wang", wangs, from("192.0.2.1"))
	old := b.code(secret)
	b.pass(30 * time.Second)
	late := b.code(secret)
	if _, err := b.WithSecond(t.Context(), half.Half, late, from("192.0.2.1")); err != nil {
		t.Errorf("the code of now: %v", err)
	}
	_, err := b.WithSecond(t.Context(), half.Half, old, from("192.0.2.1"))
	b.wants("an older one after it", err, signin.ErrRefused)
}

func TestHalfIsShortLived(t *testing.T) {
	b := newBench(t, nil)
	secret, _, _ := b.withSecond(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
	half := b.mustIn("wang", wangs, from("192.0.2.1"))
	if !b.HalfOpen(t.Context(), half.Half) {
		t.Error("a new half is not open")
	}
	b.pass(5 * time.Minute)
	_, err := b.WithSecond(t.Context(), half.Half, b.code(secret), from("192.0.2.1"))
	b.wants("after five minutes", err, errs.NotFound)
	half = b.mustIn("wang", wangs, from("192.0.2.1"))
	if err := b.FirstPassword(t.Context(), wang, another, false); err != nil {
		t.Fatal(err)
	}
	_, err = b.WithSecond(t.Context(), half.Half, b.code(secret), from("192.0.2.1"))
	b.wants("after the password changed", err, errs.NotFound)
	_, err = b.WithSecond(t.Context(), "", b.code(secret), from("192.0.2.1"))
	b.wants("with nothing", err, errs.NotFound)
}

func TestGuessingCodesIsSlowed(t *testing.T) {
	b := newBench(t, nil)
	b.withSecond(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
	half := b.mustIn("wang", wangs, from("198.51.100.7"))
	begin, guesses := b.now(), 0
	for b.now().Sub(begin) < 4*time.Minute {
		_, err := b.WithSecond(t.Context(), half.Half, "123456", from("198.51.100.7"))
		var w *signin.Wait
		if errors.As(err, &w) {
			b.pass(w.For)
		} else if errors.Is(err, signin.ErrRefused) {
			guesses++
		} else {
			t.Fatal(err)
		}
	}
	if guesses > b.Rules().Lock.Tries+3 {
		t.Errorf("%d codes guessed in four minutes", guesses)
	}
}

func TestChangingFactorsNeedsAFreshSignIn(t *testing.T) {
	b := newBench(t, nil)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	begun, err := b.BeginSecond(b.mustVisit(in.Token))
	if err != nil {
		t.Fatal(err)
	}
	b.pass(b.Rules().Session.Fresh)
	v := b.mustVisit(in.Token)
	_, err = b.BeginSecond(v)
	b.wants("begin", err, signin.ErrStale)
	_, _, err = b.FinishSecond(t.Context(), v, begun.Sealed, b.code(begun.Secret), from("192.0.2.1"))
	b.wants("finish", err, signin.ErrStale)
	b.wants("drop", b.DropSecond(t.Context(), v), signin.ErrStale)
	_, err = b.NewRecovery(t.Context(), v)
	b.wants("new codes", err, signin.ErrStale)
	_, err = b.AskNewPasskey(t.Context(), v, "https://example.org")
	b.wants("passkey", err, signin.ErrStale)
	b.wants("drop a passkey", b.DropPasskey(t.Context(), v, []byte{1}), signin.ErrStale)
	b.wants("unlink", b.Unlink(t.Context(), v, "x", "y"), signin.ErrStale)
}

func TestSealedSecretIsForOneAccount(t *testing.T) {
	b := newBench(t, nil)
	mine, err := b.BeginSecond(b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.1")).Token))
	if err != nil {
		t.Fatal(err)
	}
	his := b.mustVisit(b.mustIn("li", wangs, from("192.0.2.2")).Token)
	_, _, err = b.FinishSecond(t.Context(), his, mine.Sealed, b.code(mine.Secret), from("192.0.2.2"))
	b.wants("another account's secret", err, errs.NotFound)
	if same, err := b.ResumeSecond(b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.1")).Token), mine.Sealed); err != nil || same.Secret != mine.Secret || same.URL != mine.URL {
		t.Errorf("resume: got %+v, %v, want %+v", same, err, mine)
	}
}

func TestDropSecond(t *testing.T) {
	b := newBench(t, nil)
	_, old, in := b.withSecond(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
	codes, err := b.NewRecovery(t.Context(), b.mustVisit(in.Token))
	if err != nil || len(codes) != len(old) {
		t.Fatalf("new codes: %v, %v", codes, err)
	}
	half := b.mustIn("wang", wangs, from("192.0.2.1"))
	_, err = b.WithSecond(t.Context(), half.Half, old[1], from("192.0.2.1"))
	b.wants("an old recovery code", err, signin.ErrRefused)
	if err := b.DropSecond(t.Context(), b.mustVisit(in.Token)); err != nil {
		t.Fatal(err)
	}
	if in := b.mustIn("wang", wangs, from("192.0.2.1")); in.Token == "" {
		t.Error("a code is still asked for")
	}
}
