package signin_test

import (
	"encoding/json"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/signin/signintest"
	"xianfeng/internal/site"
)

const pageOrigin = "https://network.example:8443"

func phone() *signintest.Authenticator {
	return &signintest.Authenticator{Origin: pageOrigin, RPID: "network.example"}
}

// enrol gives wang a passkey in a.
func (b *bench) enrol(a *signintest.Authenticator, name string) {
	b.t.Helper()
	v := b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
	c, err := b.AskNewPasskey(b.t.Context(), v, pageOrigin)
	if err != nil {
		b.t.Fatal(err)
	}
	answer, err := a.Create(c.Options)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.KeepPasskey(b.t.Context(), v, c.Sealed, name, answer); err != nil {
		b.t.Fatal(err)
	}
	b.wants("the same answer again", b.KeepPasskey(b.t.Context(), v, c.Sealed, name, answer), signin.ErrRefused)
}

// ask returns a question, and a's answer to it.
func (b *bench) ask(a *signintest.Authenticator) (sealed string, answer []byte) {
	b.t.Helper()
	c, err := b.AskPasskey(pageOrigin, "192.0.2.1")
	if err != nil {
		b.t.Fatal(err)
	}
	answer, err = a.Get(c.Options)
	if err != nil {
		b.t.Fatal(err)
	}
	return c.Sealed, answer
}

func TestPasskey(t *testing.T) {
	b := newBench(t, nil)
	a := phone()
	b.enrol(a, "我的手机")
	b.enrol(phone(), "")
	keys, err := b.Passkeys(t.Context(), wang)
	if err != nil || len(keys) != 2 || keys[0].Name != "我的手机" || keys[1].Name != "2026-11-24" || !keys[0].Used.IsZero() {
		t.Fatalf("passkeys: got %+v, %v", keys, err)
	}
	b.pass(time.Hour)
	sealed, answer := b.ask(a)
	in, err := b.WithPasskey(t.Context(), sealed, answer, from("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	if v := b.mustVisit(in.Token); v.Account.ID != wang || !v.Session.Strong {
		t.Errorf("visit: got %+v", v)
	}
	_, err = b.WithPasskey(t.Context(), sealed, answer, from("192.0.2.1"))
	b.wants("the same answer again", err, signin.ErrRefused)
	if keys, err := b.Passkeys(t.Context(), wang); err != nil || !keys[0].Used.Equal(b.now()) {
		t.Errorf("used: got %v, %v", keys[0].Used, err)
	}

	if err := b.DropPasskey(t.Context(), b.mustVisit(in.Token), keys[0].ID); err != nil {
		t.Fatal(err)
	}
	sealed, answer = b.ask(a)
	_, err = b.WithPasskey(t.Context(), sealed, answer, from("192.0.2.1"))
	b.wants("a passkey that was removed", err, signin.ErrRefused)
}

func TestPasskeyThatIsRefused(t *testing.T) {
	for what, spoil := range map[string]func(b *bench, a *signintest.Authenticator, sealed string, answer []byte) (string, []byte){
		"of another page": func(b *bench, a *signintest.Authenticator, _ string, _ []byte) (string, []byte) {
			a.Origin = "https://network.example.evil.test"
			return b.ask(a)
		},
		"for another name": func(b *bench, a *signintest.Authenticator, _ string, _ []byte) (string, []byte) {
			a.RPID = "evil.test"
			return b.ask(a)
		},
		"without asking its holder": func(b *bench, a *signintest.Authenticator, _ string, _ []byte) (string, []byte) {
			a.Shy = true
			return b.ask(a)
		},
		"to another question": func(b *bench, a *signintest.Authenticator, _ string, answer []byte) (string, []byte) {
			other, _ := b.ask(a)
			return other, answer
		},
		"too late": func(b *bench, _ *signintest.Authenticator, sealed string, answer []byte) (string, []byte) {
			b.pass(5 * time.Minute)
			return sealed, answer
		},
		"with a count that went back": func(b *bench, a *signintest.Authenticator, sealed string, answer []byte) (string, []byte) {
			if _, err := b.WithPasskey(b.t.Context(), sealed, answer, from("192.0.2.1")); err != nil {
				b.t.Fatal(err)
			}
			a.Count = 1
			return b.ask(a)
		},
		"that is no answer": func(_ *bench, _ *signintest.Authenticator, sealed string, _ []byte) (string, []byte) {
			return sealed, []byte(`{"id":1}`)
		},
		"of a disabled account": func(b *bench, _ *signintest.Authenticator, sealed string, answer []byte) (string, []byte) {
			b.store.Put(site.Account{ID: wang, Login: "wang", Home: homeSite, Disabled: true})
			return sealed, answer
		},
		"of an account that is gone": func(b *bench, _ *signintest.Authenticator, sealed string, answer []byte) (string, []byte) {
			var x map[string]any
			if err := json.Unmarshal(answer, &x); err != nil {
				b.t.Fatal(err)
			}
			x["response"].(map[string]any)["userHandle"] = "AAAAAAAAAGM"
			out, err := json.Marshal(x)
			if err != nil {
				b.t.Fatal(err)
			}
			return sealed, out
		},
		"with a seal of something else": func(b *bench, _ *signintest.Authenticator, _ string, answer []byte) (string, []byte) {
			return b.mustIn("wang", wangs, from("192.0.2.1")).Device, answer
		},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, nil)
			a := phone()
			a.Count = 7
			b.enrol(a, "")
			sealed, answer := b.ask(a)
			sealed, answer = spoil(b, a, sealed, answer)
			_, err := b.WithPasskey(t.Context(), sealed, answer, from("192.0.2.1"))
			b.wants("an answer "+what, err, signin.ErrRefused)
		})
	}
}

func TestPasskeyIsForOneAccount(t *testing.T) {
	b := newBench(t, nil)
	a := phone()
	b.enrol(a, "")
	his := b.mustVisit(b.mustIn("li", wangs, from("192.0.2.2")).Token)
	keys, err := b.Passkeys(t.Context(), wang)
	if err != nil {
		t.Fatal(err)
	}
	b.wants("another's passkey", b.DropPasskey(t.Context(), his, keys[0].ID), errs.NotFound)
}

func TestWherePasskeysAre(t *testing.T) {
	for origin, want := range map[string]bool{
		"https://network.example": true, "http://network.example": false, "http://localhost:8080": true, "http://127.0.0.1:8080": false,
		"https://192.0.2.1": false, "http://a.localhost": true, ":": false,
	} {
		if got := signin.PasskeysAt(origin); got != want {
			t.Errorf("%s: got %v, want %v", origin, got, want)
		}
	}
}
