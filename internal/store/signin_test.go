package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// at is a moment that databases keep.
var at = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

func addAccount(t *testing.T, db *DB, login string) *site.Account {
	t.Helper()
	a, err := db.SaveAccount(t.Context(), site.Account{Login: login, Name: login, Home: 1})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func session(a *site.Account, name string) (signin.Hash, signin.Session) {
	token := signin.Hash{}
	copy(token[:], name)
	return token, signin.Session{ID: name, Account: a.ID, Created: at, Seen: at, Expires: at.Add(time.Hour), Strong: true, Remote: "192.0.2.1", Agent: "火狐"}
}

func TestPasswords(t *testing.T) { forEach(t, passwords) }

func passwords(t *testing.T, db *DB) {
	ctx := t.Context()
	a := addAccount(t, db, "wang")
	if c, err := db.Credential(ctx, a.ID); err != nil || c.Account != a.ID || c.Password != "" || c.Old != nil || c.TOTP != nil {
		t.Errorf("credentials of somebody new: got %+v, %v", c, err)
	}
	here, s1 := session(a, "here")
	there, s2 := session(a, "there")
	for token, s := range map[signin.Hash]signin.Session{here: s1, there: s2} {
		if err := db.AddSession(ctx, token, s, nil); err != nil {
			t.Fatal(err)
		}
	}
	reset := signin.Hash{9}
	if err := db.AddReset(ctx, reset, a.ID, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	change := signin.PasswordChange{
		Account: a.ID, Password: "p2", Old: []string{"p1"}, MustChange: true, At: time.Now(), Reset: &reset, Keep: &here,
		Entries: []site.Entry{{By: a.ID, Action: "password.change"}},
	}
	other := addAccount(t, db, "li")
	wrong := change
	wrong.Account = other.ID
	if err := db.SetPassword(ctx, wrong); !errors.Is(err, errs.NotFound) {
		t.Errorf("another's reset: got %v", err)
	}
	if err := db.SetPassword(ctx, change); err != nil {
		t.Fatal(err)
	}
	c, err := db.Credential(ctx, a.ID)
	if err != nil || c.Password != "p2" || !slices.Equal(c.Old, []string{"p1"}) || !c.MustChange || c.Changed.IsZero() {
		t.Errorf("credentials: got %+v, %v", c, err)
	}
	if list, err := db.SessionsOf(ctx, a.ID); err != nil || len(list) != 1 || list[0].ID != "here" {
		t.Errorf("sessions after a new password: got %v, %v", list, err)
	}
	if err := db.SetPassword(ctx, change); !errors.Is(err, errs.NotFound) {
		t.Errorf("a reset that was used: got %v", err)
	}
	for _, was := range []string{"p1", "p2"} {
		if err := db.Rehash(ctx, a.ID, was, was+" again"); err != nil {
			t.Fatal(err)
		}
	}
	if c, _ := db.Credential(ctx, a.ID); c.Password != "p2 again" {
		t.Errorf("hashed again: got %q", c.Password)
	}
}

func TestCodesAreUsedOnce(t *testing.T) { forEach(t, codes) }

func codes(t *testing.T, db *DB) {
	ctx := t.Context()
	a := addAccount(t, db, "wang")
	if err := db.SetTOTP(ctx, a.ID, []byte{0, 1, 255}, 100, []string{"r1", "r2"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		step     int64
		recovery string
		want     error
	}{
		{100, "", errs.Conflict},
		{101, "", nil},
		{101, "", errs.Conflict},
		{99, "", errs.Conflict},
		{0, "r2", nil},
		{0, "r2", errs.Conflict},
		{0, "r1", nil},
	} {
		if err := db.UseCode(ctx, a.ID, c.step, c.recovery); !errors.Is(err, c.want) {
			t.Errorf("step %d, code %q: got %v, want %v", c.step, c.recovery, err, c.want)
		}
	}
	c, err := db.Credential(ctx, a.ID)
	if err != nil || string(c.TOTP) != "\x00\x01\xff" || c.Step != 101 || len(c.Recovery) != 0 {
		t.Errorf("credentials: got %+v, %v", c, err)
	}
	if err := db.SetTOTP(ctx, a.ID, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	if c, err := db.Credential(ctx, a.ID); err != nil || c.TOTP != nil {
		t.Errorf("without a second factor: got %+v, %v", c, err)
	}
	if err := db.UseCode(ctx, 77, 5, "r"); !errors.Is(err, errs.NotFound) {
		t.Errorf("a code of nobody: got %v", err)
	}
}

func TestFailuresAreCounted(t *testing.T) { forEach(t, failures) }

func failures(t *testing.T, db *DB) {
	ctx := t.Context()
	fail := func(now time.Time, keys ...string) {
		t.Helper()
		if err := db.Fail(ctx, now, now.Add(-time.Hour), keys); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, want ...signin.Failure) {
		t.Helper()
		got, err := db.Failures(ctx, "a", "b", "c")
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", what, got, err, want)
		}
	}
	want("nothing failed", signin.Failure{}, signin.Failure{}, signin.Failure{})
	fail(at, "a", "b")
	fail(at.Add(time.Minute), "b")
	want("three failures", signin.Failure{N: 1, Last: at}, signin.Failure{N: 2, Last: at.Add(time.Minute)}, signin.Failure{})
	if err := db.Forgive(ctx, "a", "c"); err != nil {
		t.Fatal(err)
	}
	want("one forgiven", signin.Failure{}, signin.Failure{N: 2, Last: at.Add(time.Minute)}, signin.Failure{})
	late := at.Add(3 * time.Hour)
	fail(late, "c")
	want("much later", signin.Failure{}, signin.Failure{}, signin.Failure{N: 1, Last: late})
}

func TestSessions(t *testing.T) { forEach(t, sessions) }

func sessions(t *testing.T, db *DB) {
	ctx := t.Context()
	a := addAccount(t, db, "wang")
	first, s := session(a, "first")
	if err := db.AddSession(ctx, first, s, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Session(ctx, first); err != nil || got != s {
		t.Errorf("a session: got %+v, %v, want %+v", got, err, s)
	}
	later := at.Add(10 * time.Minute)
	if err := db.SeeSession(ctx, first, later, "192.0.2.2"); err != nil {
		t.Fatal(err)
	}
	if got, _ := db.Session(ctx, first); !got.Seen.Equal(later) || got.Remote != "192.0.2.2" {
		t.Errorf("a session that was seen: got %+v", got)
	}
	if got, _ := db.Account(ctx, a.ID); !got.LastSeen.Equal(later) {
		t.Errorf("the account: got %v, want %v", got.LastSeen, later)
	}
	second, s2 := session(a, "second")
	if err := db.AddSession(ctx, second, s2, &first); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Session(ctx, first); !errors.Is(err, errs.NotFound) {
		t.Errorf("a session that was replaced: got %v", err)
	}
	if err := db.SeeSession(ctx, first, later, ""); err != nil {
		t.Errorf("seeing a session that is gone: got %v", err)
	}
	third, s3 := session(a, "third")
	s3.Created, s3.Expires = s2.Expires, s2.Expires.Add(time.Hour)
	if err := db.AddSession(ctx, third, s3, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Session(ctx, second); !errors.Is(err, errs.NotFound) {
		t.Errorf("a session that is over: got %v", err)
	}
	for i, e := range []struct {
		signin.Ending
		want int
	}{
		{signin.Ending{Account: a.ID, But: "third"}, 0},
		{signin.Ending{Account: a.ID + 1}, 0},
		{signin.Ending{Account: a.ID, ID: "second"}, 0},
		{signin.Ending{Account: a.ID, ID: "third"}, 1},
		{signin.Ending{Account: a.ID}, 0},
	} {
		if n, err := db.EndSessions(ctx, e.Ending); n != e.want || err != nil {
			t.Errorf("ending %d: got %d, %v, want %d", i, n, err, e.want)
		}
	}
}

func TestDisabledAccountsAreSignedOut(t *testing.T) { forEach(t, disabled) }

func disabled(t *testing.T, db *DB) {
	ctx := t.Context()
	a := addAccount(t, db, "wang")
	token, s := session(a, "one")
	if err := db.AddSession(ctx, token, s, nil); err != nil {
		t.Fatal(err)
	}
	a.Disabled = true
	if _, err := db.SaveAccount(ctx, *a); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Session(ctx, token); !errors.Is(err, errs.NotFound) {
		t.Errorf("the session: got %v", err)
	}
	if err := db.AddSession(ctx, token, s, nil); !errors.Is(err, errs.NotFound) {
		t.Errorf("a new session: got %v", err)
	}
}

func TestPasskeysAndIdentities(t *testing.T) { forEach(t, passkeys) }

func passkeys(t *testing.T, db *DB) {
	ctx := t.Context()
	a, b := addAccount(t, db, "wang"), addAccount(t, db, "li")
	for i := range 2 {
		p := signin.Passkey{ID: []byte{0, byte(i)}, Account: a.ID, Name: fmt.Sprint("手机", i), Data: "{}", Created: at.Add(time.Duration(i))}
		if err := db.AddPasskey(ctx, p); err != nil {
			t.Fatal(err)
		}
		if err := db.AddPasskey(ctx, p); !errors.Is(err, errs.Exists) {
			t.Errorf("a passkey twice: got %v", err)
		}
	}
	if err := db.UsePasskey(ctx, []byte{0, 0}, `{"count":2}`, at); err != nil {
		t.Fatal(err)
	}
	if err := db.UsePasskey(ctx, []byte{7}, "{}", at); !errors.Is(err, errs.NotFound) {
		t.Errorf("an unknown passkey: got %v", err)
	}
	if err := db.RemovePasskey(ctx, b.ID, []byte{0, 1}); !errors.Is(err, errs.NotFound) {
		t.Errorf("removing another's passkey: got %v", err)
	}
	if err := db.RemovePasskey(ctx, a.ID, []byte{0, 1}); err != nil {
		t.Fatal(err)
	}
	list, err := db.PasskeysOf(ctx, a.ID)
	if err != nil || len(list) != 1 || list[0].Data != `{"count":2}` || !list[0].Used.Equal(at) || string(list[0].ID) != "\x00\x00" {
		t.Errorf("passkeys: got %+v, %v", list, err)
	}

	i := signin.Identity{Issuer: "https://id.example", Subject: "17", Account: a.ID}
	if err := db.AddIdentity(ctx, i); err != nil {
		t.Fatal(err)
	}
	taken := i
	taken.Account = b.ID
	if err := db.AddIdentity(ctx, taken); !errors.Is(err, errs.Exists) {
		t.Errorf("an identity twice: got %v", err)
	}
	if err := db.RemoveIdentity(ctx, taken); !errors.Is(err, errs.NotFound) {
		t.Errorf("removing another's identity: got %v", err)
	}
	if id, err := db.IdentityOwner(ctx, i.Issuer, i.Subject); id != a.ID || err != nil {
		t.Errorf("whose it is: got %d, %v", id, err)
	}
	if list, err := db.IdentitiesOf(ctx, a.ID); err != nil || !slices.Equal(list, []signin.Identity{i}) {
		t.Errorf("identities: got %v, %v", list, err)
	}
	if err := db.RemoveIdentity(ctx, i); err != nil {
		t.Fatal(err)
	}
	if _, err := db.IdentityOwner(ctx, i.Issuer, i.Subject); !errors.Is(err, errs.NotFound) {
		t.Errorf("an identity that was removed: got %v", err)
	}
}

func TestResetsEnd(t *testing.T) { forEach(t, resets) }

func resets(t *testing.T, db *DB) {
	ctx := t.Context()
	db.now = func() time.Time { return at }
	for i, token := range []signin.Hash{{1}, {2}} {
		if err := db.AddReset(ctx, token, 5, at.Add(time.Hour), site.Entry{By: 5, Action: "password.reset", Object: "account:5"}); err != nil {
			t.Fatal(i, err)
		}
	}
	for _, c := range []struct {
		token signin.Hash
		now   time.Time
		want  error
	}{
		{signin.Hash{1}, at, errs.NotFound}, // the newer took its place
		{signin.Hash{2}, at, nil},
		{signin.Hash{2}, at.Add(time.Hour), errs.NotFound},
	} {
		if _, err := db.Reset(ctx, c.token, c.now); !errors.Is(err, c.want) {
			t.Errorf("reset %d at %v: got %v, want %v", c.token[0], c.now, err, c.want)
		}
	}
}
