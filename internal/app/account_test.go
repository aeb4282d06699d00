package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"xianfeng/internal/config"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

func TestFirstAdministrator(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	add := func(o AccountOptions) error {
		o.DataDir, o.Stdout = dir, &out
		if o.Stdin == nil {
			o.Stdin = strings.NewReader("")
		}
		return AddAccount(t.Context(), o)
	}
	if err := add(AccountOptions{Login: "admin", Role: "administrator"}); err == nil || !strings.Contains(err.Error(), "no sites yet") {
		t.Errorf("without sites: got %v", err)
	}
	if err := Import(t.Context(), ImportOptions{DataDir: dir, File: sitesCSV(t, 3, "省"), Stdout: &out, Stderr: &out}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    AccountOptions
		want string
	}{
		{AccountOptions{Login: "A B", Role: "editor"}, "login"},
		{AccountOptions{Login: "ab", Role: "king"}, "role"},
		{AccountOptions{Login: "ab", Role: "editor", Site: "99"}, "no site 99"},
		{AccountOptions{Login: "ab", Role: "editor", OwnWords: true}, "no password"},
	} {
		if err := add(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.o, err, c.want)
		}
	}
	out.Reset()
	if err := add(AccountOptions{Login: "admin", Name: "王", Role: "administrator"}); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(out.String(), "password: ")
	made, _, _ := strings.Cut(rest, "\n")
	if err := add(AccountOptions{Login: "admin", Role: "editor"}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("twice: got %v", err)
	}
	if err := add(AccountOptions{Login: "clerk", Role: "author", Site: "c1", OwnWords: true, Stdin: strings.NewReader("Green-apple-2026\n")}); err != nil {
		t.Fatal(err)
	}

	cfg := config.Default()
	n, err := openNetwork(t.Context(), &cfg, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer n.db.Close() //nolint:errcheck // only read
	service, err := n.signin(t.Context(), &cfg, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	for login, password := range map[string]string{"admin": made, "clerk": "Green-apple-2026"} {
		if _, err := service.WithPassword(t.Context(), login, password, signin.From{Remote: "192.0.2.1"}); err != nil {
			t.Errorf("%s signs in: %v", login, err)
		}
	}
	a, err := n.db.AccountByLogin(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	if top := n.sites.Tree().Tops()[0]; a.Name != "王" || len(a.Grants) != 1 || a.Grants[0] != (site.Grant{Role: site.Administrator, Site: top.ID}) {
		t.Errorf("got %+v", a)
	}
	if err := SetPassword(t.Context(), AccountOptions{DataDir: dir, Login: "clerk", OwnWords: true, Stdin: strings.NewReader("Other-words-2026"), Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	if _, err := service.WithPassword(t.Context(), "clerk", "Green-apple-2026", signin.From{Remote: "192.0.2.1"}); err == nil {
		t.Error("the old password still opens")
	}
}

func TestNewTopsGetTheStandardColumns(t *testing.T) {
	s, _ := begin(t, "", nil)
	c, err := site.Changer{Tree: s.network.sites.Tree(), By: site.System}.Create(site.Site{Code: "51", Level: site.Province, Name: "省"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.network.sites.Save(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(s.network.columns.Own(kept[0].ID)); got != 6 {
		t.Errorf("got %d columns, want 6", got)
	}
}

func TestAnnouncementTellsTheFirstSteps(t *testing.T) {
	s, _ := begin(t, "", nil)
	var out bytes.Buffer
	s.opts.Stdout = &out
	s.announce()
	for _, want := range []string{"xianfeng import --data", "xianfeng account add --data"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s, want %q in it", out.String(), want)
		}
	}
}
