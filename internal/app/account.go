package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"

	"xianfeng/internal/config"
	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// keySignin is the file in the data folder of the key that seals what people sign in with.
const keySignin = "signin.key"

// AccountOptions are what the command line says of an account.
type AccountOptions struct {
	ConfigFile string
	DataDir    string
	Login      string
	Name       string
	Role       string
	Site       string // code; "": the only site at the top
	OwnWords   bool   // the password comes from Stdin; else one is made, to be changed at the first sign-in

	Stdin  io.Reader
	Stdout io.Writer
}

var loginPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,39}$`)

// AddAccount makes an account with a role on a site and all below it, beside a running server or without one.
func AddAccount(ctx context.Context, o AccountOptions) error {
	if !loginPattern.MatchString(o.Login) {
		return fmt.Errorf("login %q: 2 to 40 of a-z, 0-9, dot, hyphen and underscore", o.Login)
	}
	if !slices.Contains(site.Roles, site.Role(o.Role)) {
		return fmt.Errorf("role %q: one of %s", o.Role, strings.Trim(fmt.Sprint(site.Roles), "[]"))
	}
	n, service, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer n.db.Close() //nolint:errcheck // what was written is kept
	at, err := n.siteFor(o.Site)
	if err != nil {
		return err
	}
	password, err := o.password()
	if err != nil {
		return err
	}
	if o.Name == "" {
		o.Name = o.Login
	}
	entry := site.Entry{By: site.System, Site: at.ID, Action: "account.create", Detail: `{"by":"command line"}`}
	a, err := n.db.SaveAccount(ctx, site.Account{Login: o.Login, Name: o.Name, Home: at.ID}, entry)
	if errors.Is(err, errs.Exists) {
		return fmt.Errorf("there is an account %s already; xianfeng account password gives it another password", o.Login)
	}
	if err != nil {
		return err
	}
	grant := site.Grant{Role: site.Role(o.Role), Site: at.ID}
	if err := n.db.Grant(ctx, a.ID, grant, site.Entry{By: site.System, Site: at.ID, Action: "grant.add", Detail: fmt.Sprintf(`{"role":%q}`, o.Role)}); err != nil {
		return err
	}
	fmt.Fprintf(o.Stdout, "%s is %s of %s (%s)\n", a.Login, o.Role, at.Name, at.Code)
	return o.set(ctx, service, a.ID, password)
}

// SetPassword gives an account another password and signs it out everywhere.
func SetPassword(ctx context.Context, o AccountOptions) error {
	n, service, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer n.db.Close() //nolint:errcheck // what was written is kept
	a, err := n.db.AccountByLogin(ctx, strings.ToLower(o.Login))
	if errors.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no account %s", o.Login)
	}
	if err != nil {
		return err
	}
	password, err := o.password()
	if err != nil {
		return err
	}
	return o.set(ctx, service, a.ID, password)
}

// open opens the network and what checks passwords.
func (o *AccountOptions) open(ctx context.Context) (*network, *signin.Service, error) {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(o.DataDir, 0o750); err != nil {
		return nil, nil, fmt.Errorf("make the data folder: %w", err)
	}
	n, err := openNetwork(ctx, &cfg, o.DataDir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, fmt.Errorf("open the network of sites: %w", err)
	}
	service, err := n.signin(ctx, &cfg, o.DataDir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, errors.Join(err, n.db.Close())
	}
	return n, service, nil
}

// siteFor finds a site by its code; "" is the only one at the top.
func (n *network) siteFor(code string) (*site.Node, error) {
	tops := n.sites.Tree().Tops()
	switch {
	case len(tops) == 0:
		return nil, errors.New("there are no sites yet: xianfeng import makes them of a list")
	case code == "" && len(tops) == 1:
		return tops[0], nil
	case code == "":
		return nil, errors.New("there are several sites at the top: --site says which one")
	}
	at, _ := n.sites.Tree().ByCode(code)
	if at == nil {
		return nil, fmt.Errorf("there is no site %s", code)
	}
	return at, nil
}

// password returns the password that was given, "" where one is to be made.
func (o *AccountOptions) password() (string, error) {
	if !o.OwnWords {
		return "", nil
	}
	b, err := io.ReadAll(io.LimitReader(o.Stdin, 4096))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", errors.New("no password on standard input")
	}
	return line, nil
}

// set keeps a password. One that is made is told once.
func (o *AccountOptions) set(ctx context.Context, service *signin.Service, id site.AccountID, password string) error {
	made := password == ""
	if made {
		password = signin.Temporary()
	}
	if err := service.FirstPassword(ctx, id, password, made); err != nil {
		return fmt.Errorf("the password was not set (xianfeng account password sets one): %w", err)
	}
	if made {
		fmt.Fprintf(o.Stdout, "password: %s\nIt is shown this once, and has to be changed at the first sign-in.\n", password)
	}
	return nil
}
