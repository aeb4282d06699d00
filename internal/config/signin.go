package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Signin says how people sign in.
type Signin struct {
	Address   string     `yaml:"address"` // https://HOST that people sign in at; "": as their browser says
	Proxies   []string   `yaml:"proxies"` // whose word is taken for where a visitor comes from
	Mail      Mail       `yaml:"mail"`
	Providers []Provider `yaml:"providers"`
}

// Mail is the server that sends the links with which people set new passwords.
type Mail struct {
	Server   string `yaml:"server"` // host:port; "": passwords are not reset by mail
	From     string `yaml:"from"`
	Login    string `yaml:"login"`
	Password string `yaml:"password"`
	Plain    bool   `yaml:"plain"` // without TLS, to a server on this machine
}

// Provider is one of single sign-on (OpenID Connect).
type Provider struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Issuer   string   `yaml:"issuer"`
	ClientID string   `yaml:"clientID"`
	Secret   string   `yaml:"secret"`
	Scopes   []string `yaml:"scopes"`
	Second   bool     `yaml:"second"`
}

// String keeps the secret out of logs.
func (p Provider) String() string { return fmt.Sprintf("provider %s at %s", p.ID, p.Issuer) }

// String keeps the password out of logs.
func (m Mail) String() string { return fmt.Sprintf("mail by %s", m.Server) }

// Prefixes are the addresses of the proxies. The configuration was checked before.
func (s *Signin) Prefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range s.Proxies {
		if p, err := parsePrefix(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// parsePrefix reads an address or a range of them.
func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("address: %w", err)
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("range of addresses: %w", err)
	}
	return p, nil
}

var providerID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (s *Signin) check(bad func(where, format string, a ...any)) {
	web := func(text string) bool {
		u, err := url.Parse(text)
		return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http")
	}
	if u, err := url.Parse(s.Address); s.Address != "" && (!web(s.Address) || err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		bad("signin.address", "%q is not like https://HOST", s.Address)
	}
	for _, p := range s.Proxies {
		if _, err := parsePrefix(p); err != nil {
			bad("signin.proxies", "%q is no address and no range like 10.0.0.0/8", p)
		}
	}
	if m := s.Mail; m.Server != "" {
		if _, _, err := net.SplitHostPort(m.Server); err != nil {
			bad("signin.mail.server", "%q is not host:port", m.Server)
		}
		if !strings.Contains(m.From, "@") {
			bad("signin.mail.from", "%q is not an address", m.From)
		}
		if s.Address == "" {
			bad("signin.mail", "links in mails need signin.address")
		}
	}
	seen := map[string]bool{}
	for i, p := range s.Providers {
		where := fmt.Sprintf("signin.providers[%d]", i)
		if !providerID.MatchString(p.ID) || seen[p.ID] {
			bad(where, "the id %q is taken, or not made of a-z, 0-9 and hyphens", p.ID)
		}
		seen[p.ID] = true
		if !web(p.Issuer) || p.ClientID == "" {
			bad(where, "issuer (https://…) and clientID are needed")
		}
	}
}
