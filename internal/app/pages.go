package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"xianfeng/internal/config"
	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
	"xianfeng/internal/store"
	"xianfeng/web"
	"xianfeng/web/admin"
	"xianfeng/web/editor"
	"xianfeng/web/hall"
	"xianfeng/web/kit"
	"xianfeng/web/library"
	"xianfeng/web/portal"
	"xianfeng/web/sign"
)

// signin returns what finds out who somebody is. It is closed by the caller.
func (n *network) signin(ctx context.Context, cfg *config.Config, dataDir string, log *slog.Logger) (*signin.Service, error) {
	key, err := signin.LoadKey(filepath.Join(dataDir, keySignin))
	if err != nil {
		return nil, err
	}
	rules, err := signinRules(ctx, n.db)
	if err != nil {
		return nil, err
	}
	c := signin.Config{
		Store: n.db, Key: key, Tree: n.sites.Tree, Rules: rules, Name: cfg.Network.Name, Address: cfg.Signin.Address, Log: log,
	}
	if m := cfg.Signin.Mail; m.Server != "" {
		c.Mail = signin.SMTP{Address: m.Server, From: m.From, Login: m.Login, Password: m.Password, Plain: m.Plain}
	}
	for _, p := range cfg.Signin.Providers {
		c.Providers = append(c.Providers, signin.Provider(p))
	}
	return signin.New(c)
}

// signinRules reads the network's rules of signing in; what the setting leaves out is as usual.
func signinRules(ctx context.Context, db *store.DB) (signin.Rules, error) {
	rules := signin.DefaultRules()
	set, err := db.Setting(ctx, nil, signin.Setting)
	if errors.Is(err, errs.NotFound) {
		return rules, nil
	}
	if err == nil {
		err = json.Unmarshal(set, &rules)
	}
	if err != nil {
		return rules, fmt.Errorf("rules of signing in: %w", err)
	}
	return rules, nil
}

// followRules returns a listener that has the rules of signing in hold as soon as they are changed, here or by
// another process. Where they can't be read, those before go on holding.
func followRules(db *store.DB, service *signin.Service, log *slog.Logger) func(tags []string) {
	return func(tags []string) {
		if !slices.Contains(tags, content.NetworkTag) {
			return
		}
		rules, err := signinRules(context.Background(), db)
		if err == nil {
			err = service.SetRules(rules)
		}
		if err != nil {
			log.Error("the rules of signing in stay as they were", "error", err)
		}
	}
}

// addSites adds the pages that stand on the network of sites to what package web answers, and returns what every
// request goes through before.
func (s *server) addSites(ctx context.Context, c *web.Config) (func(http.Handler) http.Handler, error) {
	n := s.network
	service, err := n.signin(ctx, &s.cfg, s.opts.DataDir, s.log)
	if err != nil {
		return nil, err
	}
	s.built("signing in", service.Close)
	n.listen(service.Changed) // a right that is taken away is gone at once
	n.listen(followRules(n.db, service, s.log))
	sessions := sign.NewSessions(service, n.sites.Tree, s.log, s.cfg.Signin.Prefixes())
	s.signin, s.remote = service, sessions.Remote
	k, err := kit.New(kit.Config{
		Mounts: []kit.Mount{web.Mount, portal.Mount, sign.Mount, editor.Mount, admin.Mount, library.Mount, hall.Mount},
		Log:    s.log, Name: s.cfg.Network.Name, Session: sessions.Visitor,
	})
	if err != nil {
		return nil, err
	}
	signs, err := sign.New(sign.Config{Kit: k, Service: service, Sessions: sessions, Log: s.log, Zone: n.zone})
	if err != nil {
		return nil, err
	}
	public, err := s.portal(k, sessions.Remote)
	if err != nil {
		return nil, err
	}
	kept, err := s.libraryPages(ctx, k)
	if err != nil {
		return nil, err
	}
	if err := s.startAudience(); err != nil {
		return nil, err
	}
	console, err := s.console(k, service, sessions.Remote)
	if err != nil {
		return nil, err
	}
	uploads, err := s.files(ctx, k, sessions.Remote)
	if err != nil {
		return nil, err
	}
	screens, err := s.hallPages(k, sessions.Remote)
	if err != nil {
		return nil, err
	}
	c.Kit = k
	c.Parts = append(c.Parts, signs, console, uploads, kept, screens)
	c.Sites = public
	return sessions.Wrap, nil
}

// startChores starts what is done by the clock: articles that are due, links that are looked at daily.
func (s *server) startChores() {
	n := s.network
	due := &content.Schedule{Articles: n.db, Cleaner: n.clean, Now: time.Now, Log: s.log}
	s.run("schedule", due.Run)
	if s.opts.Demo {
		return // its links lead to places that were made up
	}
	check := content.NewChecker(content.CheckerConfig{Keep: n.db, Log: s.log})
	s.run("links", check.Run)
}

// probe opens the front pages of the sites daily, through the port that visitors use.
func (s *server) probe() {
	n, rules := s.network, content.NewHealth(s.network.db, s.network.sites, s.network.columns, nil)
	p := &content.Prober{Keep: n.db, Network: n.sites, Open: s.opener(), Now: time.Now, Log: s.log}
	p.Slow = func(ctx context.Context) (time.Duration, error) {
		r, err := rules.Rules(ctx)
		return time.Duration(r.OpenSeconds) * time.Second, err
	}
	s.run("front pages", p.Run)
}

// opener opens front pages on the server's own port, whatever a site's host name leads to on this machine.
func (s *server) opener() func(ctx context.Context, n *site.Node) error {
	address := s.pages.String()
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			address = net.JoinHostPort("localhost", port)
		}
	}
	scheme := "http"
	t := &http.Transport{DisableKeepAlives: true}
	if s.cfg.HTTP.Certificate != "" {
		scheme = "https"
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // it is this server; the certificate is for other names
	}
	client := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, n *site.Node) error {
		path := "/v/" + n.Code + "/"
		if n.Host != "" {
			path = "/"
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+path, nil)
		if err != nil {
			return fmt.Errorf("open %s: %w", n.Code, err)
		}
		r.Host = n.Host                                    // "": that of the address
		r.Header.Set("User-Agent", "xianfeng probe (bot)") // counted as no visitor
		res, err := client.Do(r)
		if err != nil {
			return fmt.Errorf("open %s: %w", n.Code, err)
		}
		defer res.Body.Close() //nolint:errcheck // read to its end
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return fmt.Errorf("open %s: %w", n.Code, err)
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("open %s: %s", n.Code, res.Status)
		}
		return nil
	}
}
