package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// FuzzDatabasesAgree does the same to both databases, step by step, and wants the same answers. The numbers
// of sites and accounts may differ (PostgreSQL never gives one again, also where the write failed) and so
// are told by code and login.
func FuzzDatabasesAgree(f *testing.F) {
	for seed := range uint64(6) {
		luck := rand.New(rand.NewPCG(seed, 7))
		steps := make([]byte, 400)
		for i := range steps {
			steps[i] = byte(luck.Uint32())
		}
		f.Add(steps)
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		lite, pg := newTwin(openLite(t)), newTwin(openPostgres(t))
		left, right := stepper{steps}, stepper{steps}
		for n := 0; n < 100 && len(left.rest) > 0; n++ {
			a, b := lite.step(t.Context(), &left), pg.step(t.Context(), &right)
			if a != b {
				t.Fatalf("step %d: sqlite %s\npostgres %s", n, a, b)
			}
		}
		if a, b := lite.all(t), pg.all(t); a != b {
			t.Errorf("in the end: sqlite\n%s\npostgres\n%s", a, b)
		}
	})
}

// stepper takes decisions from bytes; when they are used up it decides for 0.
type stepper struct{ rest []byte }

func (s *stepper) one(n int) int {
	if len(s.rest) == 0 {
		return 0
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return int(b) % n
}

// twin is one of the databases, with what was made in it so far.
type twin struct {
	db       *DB
	sites    []site.Site
	accounts []site.Account
}

func newTwin(db *DB) *twin {
	seconds := 0
	db.now = func() time.Time { seconds++; return at.Add(time.Duration(seconds) * time.Second) }
	return &twin{db: db}
}

// The texts have in them what databases treat in different ways.
var oddTexts = []string{"东村", "O'Neil", "", "ß", "İ", "𠮷野", "a\x00", "\xfe", `\%_`, "éa", strings.Repeat("长", 3000)}

// step does something and tells what came of it.
func (w *twin) step(ctx context.Context, s *stepper) string {
	switch s.one(6) {
	case 0:
		return w.saveSites(ctx, s)
	case 1:
		return w.saveAccount(ctx, s)
	case 2, 3:
		return w.changeGrants(ctx, s)
	case 4:
		key, name := site.ID(s.one(3)), oddTexts[s.one(len(oddTexts))]
		value := [][]byte{nil, []byte(`"\u0000"`), []byte("12345678901234567890"), []byte("{"), []byte(`{"b":1, "a":2}`)}[s.one(5)]
		err := w.db.SetSetting(ctx, key, name, value)
		v, err2 := w.db.Setting(ctx, []site.ID{2, 1}, name)
		return fmt.Sprint("setting ", kindOf(err), string(v), kindOf(err2))
	default:
		q := AccountQuery{Text: oddTexts[s.one(len(oddTexts))], Limit: s.one(4), After: oddTexts[s.one(2)]}
		for range s.one(4) {
			q.Sites = append(q.Sites, w.siteID(s))
		}
		list, err := w.db.Accounts(ctx, q)
		out := "accounts " + kindOf(err)
		for _, a := range list {
			out += " " + a.Login
		}
		return out
	}
}

func (w *twin) siteID(s *stepper) site.ID {
	if n := s.one(len(w.sites) + 1); n < len(w.sites) {
		return w.sites[n].ID
	}
	return 0
}

func (w *twin) saveSites(ctx context.Context, s *stepper) string {
	c := site.Change{Above: map[string]string{}}
	for range 1 + s.one(3) {
		x := site.Site{Code: fmt.Sprint("c", s.one(12)), Level: site.Level(1 + s.one(6)), Name: oddTexts[s.one(len(oddTexts))]}
		if n := s.one(2 * (len(w.sites) + 1)); n < len(w.sites) { // one that is there, perhaps as it was before
			old := w.sites[n]
			x.ID, x.Version, x.Created, x.Parent = old.ID, old.Version-int64(s.one(8)/7), old.Created, old.Parent
		} else if len(c.Sites) > 0 {
			c.Above[x.Code] = c.Sites[0].Code
		}
		if s.one(3) == 0 {
			x.Host = fmt.Sprint("h", s.one(4))
		}
		x.About.Intro = oddTexts[s.one(len(oddTexts))]
		c.Sites = append(c.Sites, x)
	}
	c.Aliases = []site.Alias{{Code: fmt.Sprint("old", s.one(3)), Site: w.siteID(s)}}
	c.Entries = []site.Entry{{By: 1, Action: "site.change", Object: oddTexts[s.one(len(oddTexts))]}}
	kept, err := w.db.SaveSites(ctx, c)
	for _, x := range kept {
		if i := slices.IndexFunc(w.sites, func(y site.Site) bool { return x.ID == y.ID }); i >= 0 {
			w.sites[i] = x
		} else {
			w.sites = append(w.sites, x)
		}
	}
	return fmt.Sprint("sites ", kindOf(err), len(kept))
}

func (w *twin) saveAccount(ctx context.Context, s *stepper) string {
	a := site.Account{Login: fmt.Sprint("l", s.one(8)), Name: oddTexts[s.one(len(oddTexts))], Home: w.siteID(s), Disabled: s.one(4) == 0}
	if n := s.one(2 * (len(w.accounts) + 1)); n < len(w.accounts) {
		a.ID, a.Version = w.accounts[n].ID, w.accounts[n].Version-int64(s.one(8)/7)
	}
	kept, err := w.db.SaveAccount(ctx, a, site.Entry{By: 1, Action: "account.create", Object: "-"})
	if err != nil {
		return "account " + kindOf(err)
	}
	if i := slices.IndexFunc(w.accounts, func(b site.Account) bool { return kept.ID == b.ID }); i >= 0 {
		w.accounts[i] = *kept
	} else {
		w.accounts = append(w.accounts, *kept)
	}
	return fmt.Sprint("account ", kept.Login, kept.Version)
}

func (w *twin) changeGrants(ctx context.Context, s *stepper) string {
	id := site.AccountID(0)
	n := s.one(len(w.accounts) + 1)
	if n < len(w.accounts) {
		id = w.accounts[n].ID
	}
	g := site.Grant{Role: site.Roles[s.one(len(site.Roles))], Site: w.siteID(s)}
	change := w.db.Grant
	if s.one(3) == 0 {
		change = w.db.Revoke
	}
	err := change(ctx, id, g, site.Entry{By: 1, Action: "grant", Object: "-"})
	if err == nil {
		w.accounts[n].Version++
	}
	return "grant " + kindOf(err)
}

// kindOf is what people are told of an error.
func kindOf(err error) string {
	for _, kind := range []error{errs.NotFound, errs.Conflict, errs.Exists, errs.Invalid, site.ErrOrphan} {
		if errors.Is(err, kind) {
			return kind.Error() + " "
		}
	}
	if err != nil {
		return "another error "
	}
	return ""
}

// all is everything that is kept, with codes and logins for numbers.
func (w *twin) all(t *testing.T) string {
	t.Helper()
	sites, aliases, err := w.db.Sites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	codes := map[site.ID]string{}
	for _, s := range sites {
		codes[s.ID] = s.Code
	}
	var out []string
	for _, s := range sites {
		above := codes[s.Parent]
		s.ID, s.Parent = 0, 0
		out = append(out, fmt.Sprintf("%+v below %q", s, above))
	}
	for _, a := range aliases {
		out = append(out, fmt.Sprintf("alias %s%s of %s", a.Code, a.Host, codes[a.Site]))
	}
	list, err := w.db.Accounts(t.Context(), AccountQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		var roles []string
		for _, g := range a.Grants {
			roles = append(roles, fmt.Sprint(g.Role, " on ", codes[g.Site]))
		}
		slices.SortFunc(roles, cmp.Compare[string])
		home := codes[a.Home]
		a.ID, a.Home, a.Grants = 0, 0, nil
		out = append(out, fmt.Sprintf("%+v of %q: %v", a, home, roles))
	}
	lines, err := w.db.CheckAudit(t.Context())
	if err != nil {
		t.Error(err)
	}
	slices.Sort(out)
	return fmt.Sprintf("%s\n%d lines in the log", strings.Join(out, "\n"), lines)
}
