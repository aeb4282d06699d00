package signin_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/signin/signintest"
	"xianfeng/internal/site"
)

const (
	wangs    = "Ri-chu-dong-fang-7"
	another  = "Xiao-qiao-liu-shui-9"
	wang     = site.AccountID(1)
	li       = site.AccountID(2)
	homeSite = site.ID(2)
)

// bench is a service with two accounts in a county and a clock that is set by hand.
type bench struct {
	*signin.Service
	t     *testing.T
	store *signintest.Memory
	mu    sync.Mutex // guards at
	at    time.Time
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = b.at.Add(d)
}

// quick are rules under which a test does not spend its time hashing.
func quick() signin.Rules {
	r := signin.DefaultRules()
	r.Password.Argon = signin.Argon{Memory: 64, Time: 1, Lanes: 1}
	return r
}

func tree(t *testing.T) *site.Tree {
	t.Helper()
	x, err := site.NewTree([]site.Site{
		{ID: 1, Code: "51", Level: site.Province, Name: "省"},
		{ID: 2, Parent: 1, Code: "510100", Level: site.City, Name: "市"},
		{ID: 3, Parent: 1, Code: "510200", Level: site.City, Name: "邻市"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func newBench(t *testing.T, change func(*signin.Config)) *bench {
	t.Helper()
	b := &bench{t: t, store: signintest.NewMemory(), at: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)}
	sites := tree(t)
	cfg := signin.Config{Store: b.store, Key: signin.NewKey([32]byte{1}), Tree: func() *site.Tree { return sites }, Rules: quick(), Now: b.now, Name: "试验"}
	if change != nil {
		change(&cfg)
	}
	s, err := signin.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	b.Service = s
	for id, login := range map[site.AccountID]string{wang: "wang", li: "li"} {
		b.store.Put(site.Account{ID: id, Login: login, Name: login + "某", Email: login + "@example.org", Home: homeSite, Grants: []site.Grant{{Role: site.Editor, Site: homeSite}}})
		if err := s.FirstPassword(t.Context(), id, wangs, false); err != nil {
			t.Fatal(err)
		}
	}
	b.pass(time.Hour)
	return b
}

func from(remote string) signin.From { return signin.From{Remote: remote, Agent: "a browser"} }

// in signs in and returns what came of it.
func (b *bench) in(login, password string, f signin.From) (signin.Entered, error) {
	return b.WithPassword(b.t.Context(), login, password, f)
}

func (b *bench) mustIn(login, password string, f signin.From) signin.Entered {
	b.t.Helper()
	x, err := b.in(login, password, f)
	if err != nil {
		b.t.Fatalf("sign in as %s: %v", login, err)
	}
	return x
}

func (b *bench) visit(token string) (*signin.Visit, error) {
	return b.Visit(b.t.Context(), token, "192.0.2.1")
}

func (b *bench) mustVisit(token string) *signin.Visit {
	b.t.Helper()
	v, err := b.visit(token)
	if err != nil {
		b.t.Fatalf("visit: %v", err)
	}
	return v
}

func (b *bench) wants(what string, err, want error) {
	b.t.Helper()
	if !errors.Is(err, want) {
		b.t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// withSecond sets up a second factor and returns its secret and recovery codes, and the session that came of it.
func (b *bench) withSecond(token string) (secret string, codes []string, in signin.Entered) {
	b.t.Helper()
	v := b.mustVisit(token)
	s, err := b.BeginSecond(v)
	if err != nil {
		b.t.Fatal(err)
	}
	codes, in, err = b.FinishSecond(b.t.Context(), v, s.Sealed, b.code(s.Secret), signin.From{Remote: "192.0.2.1", Token: token})
	if err != nil {
		b.t.Fatal(err)
	}
	b.pass(time.Minute) // the code was used
	return s.Secret, codes, in
}

func (b *bench) code(secret string) string {
	b.t.Helper()
	c, err := totp.GenerateCode(secret, b.now())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) actions() map[string]int {
	out := map[string]int{}
	for _, e := range b.store.Log() {
		out[e.Action]++
	}
	return out
}

func TestPasswordSignsIn(t *testing.T) {
	b := newBench(t, nil)
	in := b.mustIn(" WANG ", wangs, from("192.0.2.1"))
	v := b.mustVisit(in.Token)
	if v.Account.ID != wang || v.Session.Strong || !v.Fresh || v.Need != "" {
		t.Errorf("visit: got %+v", v)
	}
	if v.Who().Account != wang {
		t.Errorf("who: got %+v", v.Who())
	}
	for what, try := range map[string][2]string{"wrong password": {"wang", another}, "unknown login": {"zhao", wangs}, "no password": {"wang", ""}, "nothing": {}} {
		_, err := b.in(try[0], try[1], from("192.0.2.9"))
		b.wants(what, err, signin.ErrRefused)
	}
	if n := b.actions(); n["signin"] != 1 || n["signin.fail"] != 4 {
		t.Errorf("audit log: got %v", n)
	}
}

func TestDisabledAccountIsOut(t *testing.T) {
	b := newBench(t, nil)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	b.store.Put(site.Account{ID: wang, Login: "wang", Disabled: true, Home: homeSite})
	b.Changed([]string{"tree:1", "account:1"})
	_, err := b.visit(in.Token)
	b.wants("a session of a disabled account", err, errs.NotFound)
	_, err = b.in("wang", wangs, from("192.0.2.1"))
	b.wants("a disabled account", err, signin.ErrRefused)
}

// The same work for a login that is there and one that is not: as many calls to the store, and a hash for each.
func TestUnknownLoginCostsTheSame(t *testing.T) {
	b := newBench(t, nil)
	work := func(login string) int {
		before := b.store.Calls
		_, err := b.in(login, another, from("192.0.2.1"))
		b.wants(login, err, signin.ErrRefused)
		return b.store.Calls - before
	}
	if known, unknown := work("wang"), work("nobody"); known != unknown {
		t.Errorf("calls to the store: %d for a login that is there, %d for one that is not", known, unknown)
	}
}

func TestLog(t *testing.T) {
	b := newBench(t, nil)
	secret := "my-password-in-the-wrong-field"
	_, err := b.in(secret, "x", from("192.0.2.1"))
	b.wants("a password as login", err, signin.ErrRefused)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	_, codes, again := b.withSecond(in.Token)
	for _, e := range b.store.Log() {
		for _, s := range append(codes, secret, wangs, in.Token, again.Token) {
			if strings.Contains(e.Detail, s) || strings.Contains(e.Object, s) {
				t.Errorf("audit log says a secret: %+v", e)
			}
		}
	}
}
