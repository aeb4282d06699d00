package app

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/demo"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// TestDemo fills one demo and looks at it from all sides.
func TestDemo(t *testing.T) {
	s, base := begin(t, "", func(o *Options) { o.Demo = true })
	t.Run("filled", func(t *testing.T) { demoIsFilled(t, s, base) })
	t.Run("work", func(t *testing.T) { demoHasWork(t, s) })
	t.Run("pictures", func(t *testing.T) { demoPicturesAreThereAtOnce(t, base) })
}

func demoIsFilled(t *testing.T, s *server, base string) {
	n := s.network
	if got := n.sites.Tree().Len(); got != 85 {
		t.Errorf("got %d sites, want 85", got)
	}
	for _, path := range []string{"/v/99/", "/v/9902/", "/v/990101102001/", "/v/990302203005/c/news"} {
		if code, body := fetch(t, base+path); code != http.StatusOK || !strings.Contains(body, "青岚") {
			t.Errorf("%s: got %d, %d bytes", path, code, len(body))
		}
	}
	if lines, err := n.db.CheckAudit(t.Context()); err != nil || lines < 400 {
		t.Errorf("the audit log: %d lines, %v", lines, err)
	}
	var out bytes.Buffer
	s.opts.Stdout = &out
	s.announce()
	for _, want := range []string{base[strings.LastIndex(base, ":"):] + "/v/99/", demo.Password, "clerk"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the announcement does not tell %q:\n%s", want, out.String())
		}
	}
}

// The console of each of the demo's accounts has something to do.
func demoHasWork(t *testing.T, s *server) {
	n := s.network
	passwords, err := n.signin(t.Context(), &s.cfg, s.opts.DataDir, s.log)
	if err != nil {
		t.Fatal(err)
	}
	defer passwords.Close()
	desk := content.NewDesk(content.DeskConfig{Articles: n.db, Trails: n.db, Offers: n.db, Network: n.sites, Columns: n.columns, Cleaner: n.clean})
	who := map[string]content.Actor{}
	for _, a := range s.seeded.Accounts {
		in, err := passwords.WithPassword(t.Context(), a.Login, demo.Password, signin.From{Remote: "192.0.2.9"})
		if err != nil {
			t.Fatalf("%s signs in: %v", a.Login, err)
		}
		if !n.sites.Tree().May(in.Account.Who(), site.EnterConsole, site.Object{Site: in.Account.Home}) {
			t.Errorf("%s may not enter the console", a.Login)
		}
		who[a.Login] = content.Actor{Who: in.Account.Who()}
	}
	count := func(login string, state content.State) int {
		t.Helper()
		list, err := desk.List(t.Context(), who[login], content.Filter{States: []content.State{state}})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for _, c := range []struct {
		login string
		state content.State
		least int
	}{{"reviewer", content.Review, 3}, {"clerk", content.Draft, 1}, {"editor", content.Scheduled, 1}, {"admin", content.Scheduled, 2}} {
		if got := count(c.login, c.state); got < c.least {
			t.Errorf("%s finds %d articles in state %s, want %d", c.login, got, c.state, c.least)
		}
	}
	for state, least := range map[content.OfferState]int{content.OfferOpen: 1, content.OfferTaken: 1} {
		if got, err := desk.Inbox(t.Context(), who["editor"], state, 10); err != nil || len(got) < least {
			t.Errorf("the editor finds %d offers that are %s, %v", len(got), state, err)
		}
	}
}

// Whoever opens a page at once gets its pictures too, before they are made in all widths.
func demoPicturesAreThereAtOnce(t *testing.T, base string) {
	_, body := fetch(t, base+"/v/990101102001/")
	addresses := regexp.MustCompile(`/files/[a-z0-9]+/w[0-9]+\.[a-z]+`).FindAllString(body, -1)
	if len(addresses) == 0 {
		t.Fatal("a village without pictures")
	}
	for _, a := range addresses {
		if code, _ := fetch(t, base+a); code != http.StatusOK {
			t.Errorf("%s: got %d", a, code)
		}
	}
}

func fetch(t *testing.T, address string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
