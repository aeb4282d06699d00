package signin_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
)

func waits(t *testing.T, what string, err error) time.Duration {
	t.Helper()
	var w *signin.Wait
	if !errors.As(err, &w) || !errors.Is(err, errs.TooMany) {
		t.Fatalf("%s: got %v, want to wait", what, err)
	}
	return w.For
}

func TestGuessingIsSlowed(t *testing.T) {
	b := newBench(t, nil)
	rules := b.Rules().Lock
	guesses, begin := 0, b.now()
	for b.now().Sub(begin) < 12*time.Hour {
		_, err := b.in("wang", fmt.Sprint("guess-", guesses), from("198.51.100.7"))
		var w *signin.Wait
		switch {
		case errors.As(err, &w):
			b.pass(w.For)
		case errors.Is(err, signin.ErrRefused):
			guesses++
		default:
			t.Fatal(err)
		}
	}
	// Five for nothing, then with waits that double up to half an hour.
	if most := rules.Tries + 6 + int(12*time.Hour/rules.MaxWait); guesses > most {
		t.Errorf("%d guesses in 12 hours, want at most %d", guesses, most)
	}
}

func TestRightPasswordDoesNotOpenALock(t *testing.T) {
	b := newBench(t, nil)
	for range b.Rules().Lock.Tries {
		_, err := b.in("wang", "wrong", from("198.51.100.7"))
		b.wants("a guess", err, signin.ErrRefused)
	}
	_, err := b.in("wang", wangs, from("198.51.100.7"))
	if w := waits(t, "the right password", err); w > b.Rules().Lock.Wait {
		t.Errorf("waits %v", w)
	}
	b.mustIn("wang", wangs, from("192.0.2.1")) // from elsewhere nothing is locked
	b.pass(b.Rules().Lock.Wait)
	b.mustIn("wang", wangs, from("198.51.100.7"))
	_, err = b.in("wang", "wrong", from("198.51.100.7"))
	b.wants("a guess after success", err, signin.ErrRefused)
}

// Strangers at a thousand addresses can't keep out whoever has signed in before, and slow others by a minute.
func TestNobodyIsKeptOutForEver(t *testing.T) {
	b := newBench(t, nil)
	mine := b.mustIn("wang", wangs, from("192.0.2.1"))
	for i := range 1000 {
		_, err := b.in("wang", "wrong", from(fmt.Sprintf("10.0.%d.%d", i/200, i%200)))
		if !errors.Is(err, signin.ErrRefused) {
			b.pass(waits(t, "a stranger", err))
		}
	}
	known := from("192.0.2.1")
	known.Device = mine.Device
	b.mustIn("wang", wangs, known)
	_, err := b.in("wang", wangs, from("203.0.113.5"))
	if err != nil {
		if w := waits(t, "a new browser", err); w > b.Rules().Lock.MaxAll {
			t.Errorf("a new browser waits %v, at most %v are wanted", w, b.Rules().Lock.MaxAll)
		}
	}
	stranger := from("203.0.113.6")
	stranger.Device = mine.Device
	_, err = b.in("li", wangs, stranger) // a known browser is known for one account only
	if err != nil {
		t.Errorf("another account: %v", err)
	}
}

func TestKnownBrowserIsUnknownAfterNewPassword(t *testing.T) {
	b := newBench(t, nil)
	mine := b.mustIn("wang", wangs, from("192.0.2.1"))
	b.pass(time.Minute)
	if err := b.FirstPassword(t.Context(), wang, another, false); err != nil {
		t.Fatal(err)
	}
	for i := range b.Rules().Lock.Anywhere {
		_, err := b.in("wang", "wrong", from(fmt.Sprintf("10.0.0.%d", i)))
		b.wants("a guess", err, signin.ErrRefused)
	}
	thief := from("198.51.100.9")
	thief.Device = mine.Device
	_, err := b.in("wang", "guess", thief)
	waits(t, "a stolen cookie of the old password", err)
}

func TestOneAddressTriesManyAccounts(t *testing.T) {
	b := newBench(t, nil)
	refused := 0
	for i := range 200 {
		_, err := b.in(fmt.Sprint("login", i), "123456", from("2001:db8:1:2::"+fmt.Sprint(i+1))) // one /64
		if errors.Is(err, signin.ErrRefused) {
			refused++
		}
	}
	if want := b.Rules().Lock.Rate; refused != want {
		t.Errorf("%d tries within a moment, want %d", refused, want)
	}
	b.pass(time.Minute)
	b.mustIn("wang", wangs, from("2001:db8:1:2::1"))
}

// Many tries at the same moment are not more than many one after another.
func TestTriesAtOnceAreCounted(t *testing.T) {
	b := newBench(t, func(c *signin.Config) { c.Rules.Lock.Rate = 1000 })
	var wg sync.WaitGroup
	var refused atomic.Int32
	for range 100 {
		wg.Go(func() {
			_, err := b.in("wang", "wrong", from("198.51.100.7"))
			if errors.Is(err, signin.ErrRefused) {
				refused.Add(1)
			} else if !errors.Is(err, errs.TooMany) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, want := int(refused.Load()), b.Rules().Lock.Tries; got != want {
		t.Errorf("%d passwords were tried at once, want %d", got, want)
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	b := newBench(t, nil)
	for range b.Rules().Lock.Tries {
		_, err := b.in("wang", "wrong", from("198.51.100.7"))
		b.wants("a guess", err, signin.ErrRefused)
	}
	b.pass(b.Rules().Lock.Forget)
	b.mustIn("wang", wangs, from("198.51.100.7"))
}
