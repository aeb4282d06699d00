package admin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// visit is a request of somebody who works here.
type visit struct {
	kit.Visitor
	tree *site.Tree
	at   *site.Node // the site that the page is about; nil: none
	by   content.Actor
	t    *Messages
	lang kit.Lang
}

// may reports whether who asks may do act on a site, to what is theirs if not to what others made. It is the one
// place where the console asks; what single articles are concerned, package content asks again.
func (v *visit) may(act site.Action, at *site.Node) bool {
	return at != nil && v.tree.May(v.Who, act, site.Object{Site: at.ID, Owner: v.Who.Account})
}

// mayHere is may for the site of the page.
func (v *visit) mayHere(act site.Action) bool { return v.may(act, v.at) }

// mayAddress reports whether who asks may give the site of the page another code or host name: that is for the site
// above to say, or any village could take the province's name.
func (v *visit) mayAddress() bool {
	if v.at.Above != nil {
		return v.may(site.ManageTree, v.at.Above)
	}
	return v.mayHere(site.ManageTree)
}

type handler func(w http.ResponseWriter, r *http.Request, v *visit)

// inside lets people in who are signed in and work on at least one site; others are sent to sign in.
func (s *Server) inside(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := s.kit.Visitor(r)
		w.Header().Set("Cache-Control", "no-store")
		if !who.SignedIn() {
			if r.Method == http.MethodGet && kit.WantsPage(r) {
				http.Redirect(w, r, "/sign/in?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
				return
			}
			s.deny(w, r, http.StatusUnauthorized)
			return
		}
		v := s.visit(r, who)
		if len(v.roots()) == 0 {
			s.deny(w, r, http.StatusForbidden)
			return
		}
		if err := readForm(w, r); err != nil {
			s.kit.Fail(w, r, err)
			return
		}
		h(w, r, v)
	}
}

// maxForm is more than the longest text takes in a form.
const maxForm = 8 << 20

// readForm reads the form of a request, for all handlers: one that can't be read must not look like an empty one. Lists of
// sites are longer; who takes them reads them itself.
func readForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost || strings.HasSuffix(r.URL.Path, "/import") {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	if err == nil {
		err = r.ParseMultipartForm(maxForm)
	}
	large := new(http.MaxBytesError)
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.As(err, &large):
		return fmt.Errorf("form of more than %d MB: %w", maxForm>>20, errs.TooLarge)
	}
	return fmt.Errorf("read a form: %w: %w", err, errs.Invalid)
}

func (s *Server) visit(r *http.Request, who kit.Visitor) *visit {
	remote := ""
	if s.cfg.Remote != nil {
		remote = s.cfg.Remote(r)
	} else if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		remote = host
	}
	l := kit.LangOf(r)
	return &visit{Visitor: who, tree: s.cfg.Network.Tree(), by: content.Actor{Who: who.Who, Remote: remote}, t: messages(l), lang: l}
}

// at is inside for pages of the site {code}. A site that somebody may not work on is not there for them.
func (s *Server) at(act site.Action, h handler) http.HandlerFunc {
	return s.inside(func(w http.ResponseWriter, r *http.Request, v *visit) {
		n, old := v.tree.ByCode(r.PathValue("code"))
		switch {
		case n == nil || !v.may(site.EnterConsole, n):
			s.kit.FailPage(w, r, http.StatusNotFound, "", "")
		case old && r.Method == http.MethodGet:
			http.Redirect(w, r, strings.Replace(r.URL.Path, "/s/"+r.PathValue("code"), "/s/"+n.Code, 1), http.StatusMovedPermanently)
		case !v.may(act, n):
			s.deny(w, r, http.StatusForbidden)
		default:
			v.at = n
			h(w, r, v)
		}
	})
}

func (s *Server) deny(w http.ResponseWriter, r *http.Request, status int) {
	if kit.WantsPage(r) {
		s.kit.FailPage(w, r, status, "", "")
		return
	}
	s.kit.Problem(w, r, status, http.StatusText(status))
}

// roots are the highest sites that somebody works on.
func (v *visit) roots() []*site.Node { return v.reach(site.EnterConsole) }

// reach are the highest sites on which somebody may do act, if only to what is theirs.
func (v *visit) reach(act site.Action) []*site.Node {
	var out []*site.Node
	for _, g := range v.Who.Grants {
		n := v.tree.Get(g.Site)
		if !v.may(act, n) {
			continue
		}
		covered := false
		for i := 0; i < len(out); i++ {
			switch {
			case n.Under(out[i]):
				covered = true
			case out[i].Under(n):
				out = append(out[:i], out[i+1:]...)
				i--
			}
		}
		if !covered {
			out = append(out, n)
		}
	}
	return out
}

// home is the site that somebody most likely means: their own, else the first that they work on.
func (v *visit) home(act site.Action) *site.Node {
	if n := v.tree.Get(v.Home); v.may(act, n) {
		return n
	}
	if r := v.reach(act); len(r) > 0 {
		return r[0]
	}
	return nil
}

// inLine returns a site on which the page's site is, or above or below which it is; nil: they have no part in each
// other's broadcasts.
func (v *visit) inLine(id site.ID) *site.Node {
	n := v.tree.Get(id)
	if n == nil || !n.Under(v.at) && !v.at.Under(n) {
		return nil
	}
	return n
}

// node returns the site that a form names by its code, if act may be done there.
func (v *visit) node(code string, act site.Action) *site.Node {
	n, _ := v.tree.ByCode(strings.TrimSpace(code))
	if !v.may(act, n) {
		return nil
	}
	return n
}
