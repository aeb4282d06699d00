package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

func (s *Server) peopleRoutes(r *kit.Router) {
	if s.cfg.People == nil {
		return
	}
	r.Page("GET /admin/s/{code}/people", s.at(site.ManagePeople, s.people))
	r.Page("POST /admin/s/{code}/people", s.at(site.ManagePeople, s.addPerson))
	r.Page("GET /admin/people/{id}", s.inside(s.person))
	r.Page("POST /admin/people/{id}", s.inside(s.changePerson))
}

var loginPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,39}$`)

type peoplePage struct {
	shell
	List  []site.Account
	Query string
	Next  string
	New   site.Account
	Roles []option
	Role  string
	tree  *site.Tree
}

// RoleOf names a role.
func (p peoplePage) RoleOf(r site.Role) string { return p.T.role(r) }

// SiteOf names a site.
func (p peoplePage) SiteOf(id site.ID) string {
	if n := p.tree.Get(id); n != nil {
		return n.Label()
	}
	return ""
}

func (s *Server) people(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.peoplePage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "people", p)
}

func (s *Server) peoplePage(r *http.Request, v *visit) (peoplePage, error) {
	q := r.URL.Query()
	p := peoplePage{shell: s.shell(r, v, "people", v.at.Label()+" · "+v.t.NavPeople), Query: strings.TrimSpace(kit.Clip(q.Get("q")))}
	list, err := s.cfg.People.Accounts(r.Context(), PeopleQuery{Sites: subtrees(v.tree, []*site.Node{v.at}), Text: p.Query, After: q.Get("after"), Limit: perPage + 1})
	if err != nil {
		return p, err //nolint:wrapcheck // it says what
	}
	if len(list) > perPage {
		list = list[:perPage]
		p.Next = "?" + url.Values{"q": {p.Query}, "after": {list[perPage-1].Login}}.Encode()
	}
	p.List, p.Roles, p.tree = list, s.roles(v, v.at), v.tree
	return p, nil
}

// roles are the roles that somebody may hand on at a site.
func (s *Server) roles(v *visit, at *site.Node) []option {
	var out []option
	for _, role := range site.Roles {
		if v.tree.MayGrant(v.Who, site.Grant{Role: role, Site: at.ID}) {
			out = append(out, option{string(role), v.t.role(role)})
		}
	}
	return out
}

func (s *Server) addPerson(w http.ResponseWriter, r *http.Request, v *visit) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	a := site.Account{Login: strings.ToLower(line("login")), Name: line("name"), Phone: line("phone"), Email: line("email"), Home: v.at.ID}
	role := site.Role(line("role"))
	err := checkPerson(&a)
	if err == nil && role != "" && !v.tree.MayGrant(v.Who, site.Grant{Role: role, Site: v.at.ID}) {
		err = errs.Denied
	}
	var kept *site.Account
	if err == nil {
		kept, err = s.cfg.People.SaveAccount(r.Context(), a, s.entry(v, "account.create", "account:"+a.Login, v.at.ID))
	}
	if err == nil && role != "" {
		g := site.Grant{Role: role, Site: v.at.ID}
		err = s.cfg.People.Grant(r.Context(), kept.ID, g, s.grantEntry(v, "grant.add", kept.ID, g))
	}
	if err == nil {
		s.done(w, r, personAddress(kept.ID), "person")
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p, err := s.peoplePage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems, p.New, p.Role = said, a, string(role)
	s.showWrong(w, r, "people", p)
}

func checkPerson(a *site.Account) error {
	var p errs.Problems
	if !loginPattern.MatchString(a.Login) {
		p.Add("login", "bad", a.Login)
	}
	if a.Name == "" {
		p.Add("name", "missing", "")
	}
	for name, text := range map[string]string{"name": a.Name, "phone": a.Phone, "email": a.Email} {
		if len(text) > 200 {
			p.Add(name, "long", "200")
		}
	}
	if a.Email != "" && !strings.Contains(a.Email, "@") {
		p.Add("email", "bad", a.Email)
	}
	return p.Err()
}

func personAddress(id site.AccountID) string {
	return "/admin/people/" + strconv.FormatInt(int64(id), 10)
}

func (s *Server) entry(v *visit, action, object string, at site.ID) site.Entry {
	return site.Entry{By: v.Who.Account, Remote: v.by.Remote, Site: at, Action: action, Object: object, Detail: "{}"}
}

func (s *Server) grantEntry(v *visit, action string, id site.AccountID, g site.Grant) site.Entry {
	e := s.entry(v, action, fmt.Sprintf("account:%d", id), g.Site)
	e.Detail = fmt.Sprintf(`{"role":%q}`, g.Role)
	return e
}

type personPage struct {
	shell
	Person   *site.Account
	Home     *site.Node
	Grants   []granted
	Roles    []option
	Sessions []signin.Session
	Password string // shown once
	Self     bool
	Signin   bool
}

type granted struct {
	site.Grant
	Node  *site.Node
	Named string
	Mine  bool // may be taken away by who asks
}

// openPerson returns the account {id} if who asks looks after its home.
func (s *Server) openPerson(r *http.Request, v *visit) (*site.Account, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, errs.NotFound
	}
	a, err := s.cfg.People.Account(r.Context(), site.AccountID(id))
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what
	}
	home := v.tree.Get(a.Home)
	if !v.may(site.ManagePeople, home) {
		return nil, fmt.Errorf("account %d: %w", id, errs.NotFound)
	}
	v.at = home
	return a, nil
}

func (s *Server) person(w http.ResponseWriter, r *http.Request, v *visit) {
	a, err := s.openPerson(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.showPerson(w, r, v, a, "", nil)
}

func (s *Server) showPerson(w http.ResponseWriter, r *http.Request, v *visit, a *site.Account, password string, said []string) {
	p := personPage{shell: s.shell(r, v, "people", a.Name), Person: a, Home: v.at, Password: password, Self: a.ID == v.Who.Account, Signin: s.cfg.Signin != nil}
	p.Problems, p.Roles = said, s.roles(v, v.at)
	for _, g := range a.Grants {
		p.Grants = append(p.Grants, granted{g, v.tree.Get(g.Site), v.t.role(g.Role), v.tree.MayGrant(v.Who, g)})
	}
	if p.Signin {
		var err error
		if p.Sessions, err = s.cfg.Signin.Sessions(r.Context(), a.ID); err != nil {
			s.kit.Fail(w, r, err)
			return
		}
	}
	if len(said) > 0 {
		s.showWrong(w, r, "person", p)
		return
	}
	s.show(w, r, "person", p)
}

// within reports whether somebody looks after everything that an account may do: else they could sign in as
// somebody with more rights than themselves.
func (v *visit) within(a *site.Account) bool {
	return !slices.ContainsFunc(a.Grants, func(g site.Grant) bool {
		return v.tree.Get(g.Site) != nil && !v.tree.MayGrant(v.Who, g)
	})
}

func (s *Server) changePerson(w http.ResponseWriter, r *http.Request, v *visit) {
	a, err := s.openPerson(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	password, do := "", line("do")
	object := fmt.Sprintf("account:%d", a.ID)
	switch do {
	case "save":
		b := *a
		b.Name, b.Phone, b.Email = line("name"), line("phone"), line("email")
		if err = checkPerson(&b); err == nil && !v.within(a) {
			err = errs.Denied // mail resets passwords
		}
		if err == nil {
			b.Version, err = strconv.ParseInt(line("version"), 10, 64)
		}
		if err == nil {
			_, err = s.cfg.People.SaveAccount(r.Context(), b, s.entry(v, "account.change", object, a.Home))
		}
	case "disable", "enable":
		if a.ID == v.Who.Account || !v.within(a) {
			err = errs.Denied
			break
		}
		b := *a
		b.Disabled = do == "disable"
		if _, err = s.cfg.People.SaveAccount(r.Context(), b, s.entry(v, "account."+do, object, a.Home)); err == nil && b.Disabled && s.cfg.Signin != nil {
			err = s.cfg.Signin.EndSessionsFor(r.Context(), signin.FromContext(r.Context()), a.ID, "")
		}
	case "grant", "revoke":
		err = s.changeGrant(r, v, a, do)
	case "renew", "factors", "signout":
		password, err = s.changeSignin(r, a.ID, do)
	default:
		err = errs.Invalid
	}
	if err != nil {
		said, ok := v.problems(err)
		if errors.Is(err, errs.Conflict) {
			said, ok = []string{v.t.ConflictTitle}, true
		}
		if !ok {
			s.kit.Fail(w, r, err)
			return
		}
		s.showPerson(w, r, v, a, "", said)
		return
	}
	if password != "" {
		s.showPerson(w, r, v, a, password, nil) // not a redirect: it is shown once and kept nowhere
		return
	}
	s.done(w, r, personAddress(a.ID), "person")
}

// changeSignin changes what somebody else signs in with; package signin asks for the right.
func (s *Server) changeSignin(r *http.Request, id site.AccountID, do string) (password string, err error) {
	visit := signin.FromContext(r.Context())
	if s.cfg.Signin == nil || visit == nil {
		return "", errs.Denied
	}
	switch do {
	case "renew":
		return s.cfg.Signin.ResetFor(r.Context(), visit, id) //nolint:wrapcheck // it says what
	case "factors":
		return "", s.cfg.Signin.DropFactorsFor(r.Context(), visit, id) //nolint:wrapcheck // it says what
	}
	return "", s.cfg.Signin.EndSessionsFor(r.Context(), visit, id, "") //nolint:wrapcheck // it says what
}

func (s *Server) changeGrant(r *http.Request, v *visit, a *site.Account, do string) error {
	n, _ := v.tree.ByCode(strings.TrimSpace(r.PostFormValue("at")))
	if n == nil {
		return errs.Problems{{Field: "at", Code: "unknown", Value: r.PostFormValue("at")}}
	}
	g := site.Grant{Role: site.Role(r.PostFormValue("role")), Site: n.ID}
	if !v.tree.MayGrant(v.Who, g) {
		return fmt.Errorf("grant %s on %s: %w", g.Role, n.Code, errs.Denied)
	}
	if do == "revoke" {
		return s.cfg.People.Revoke(r.Context(), a.ID, g, s.grantEntry(v, "grant.remove", a.ID, g)) //nolint:wrapcheck // it says what
	}
	return s.cfg.People.Grant(r.Context(), a.ID, g, s.grantEntry(v, "grant.add", a.ID, g)) //nolint:wrapcheck // it says what
}
