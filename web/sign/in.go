package sign

import (
	"errors"
	"net/http"
	"net/url"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/web/kit"
)

type inPage struct {
	page
	Login     string
	Again     bool
	Providers []signin.Provider
	Keys      bool // browsers let this page use passkeys
	Mails     bool
	Query     string // of the links to providers
}

func (s *Server) inPage(r *http.Request) inPage {
	v := signin.FromContext(r.Context())
	p := inPage{page: s.page(r, func(t *Messages) string { return t.InTitle }), Login: r.PostFormValue("login")}
	p.Again = v != nil && r.FormValue("again") != ""
	if p.Again && p.Login == "" {
		p.Login = v.Account.Login
	}
	p.Providers, p.Mails = s.cfg.Service.Providers(), s.cfg.Service.MailsReset()
	p.Keys = s.keysHere(r)
	p.Query = "?to=" + url.QueryEscape(p.To)
	return p
}

// keysHere reports whether passkeys can be used on this page: they belong to one address.
func (s *Server) keysHere(r *http.Request) bool {
	here := origin(r)
	return s.cfg.Service.Origin(here) == here && signin.PasskeysAt(here)
}

func (s *Server) showIn(w http.ResponseWriter, r *http.Request) {
	p := s.inPage(r)
	v := signin.FromContext(r.Context())
	if v != nil && v.Need != "" { // p.To would send them back here
		http.Redirect(w, r, needPage(v.Need)+"?to="+url.QueryEscape(p.To), http.StatusSeeOther)
		return
	}
	if v != nil && !p.Again {
		http.Redirect(w, r, p.To, http.StatusSeeOther)
		return
	}
	if v == nil && cookie(r, sessionCookie) != "" {
		dropCookie(w, r, sessionCookie) // it opens nothing any more
	}
	switch r.URL.Query().Get("done") {
	case "out":
		p.Done = p.T.OutDone
	case "reset":
		p.Done = p.T.ResetDone
	}
	s.show(w, r, http.StatusOK, "in", p)
}

func (s *Server) doIn(w http.ResponseWriter, r *http.Request) {
	p := s.inPage(r)
	in, err := s.cfg.Service.WithPassword(r.Context(), p.Login, r.PostFormValue("password"), s.from(r))
	if err != nil {
		text, status, ok := p.T.excuse(w, err, p.T.InRefused)
		if !ok {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
		p.Wrong = text
		s.show(w, r, status, "in", p)
		return
	}
	goOn(w, r, in, p.To)
}

func (s *Server) out(w http.ResponseWriter, r *http.Request) {
	if v := signin.FromContext(r.Context()); v != nil {
		if err := s.cfg.Service.Leave(r.Context(), v); err != nil {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
	}
	dropCookie(w, r, sessionCookie)
	http.Redirect(w, r, "/sign/in?done=out", http.StatusSeeOther)
}

func (s *Server) showSecond(w http.ResponseWriter, r *http.Request) {
	p := s.page(r, func(t *Messages) string { return t.SecondTitle })
	if !s.cfg.Service.HalfOpen(r.Context(), cookie(r, halfCookie)) {
		http.Redirect(w, r, "/sign/in?to="+url.QueryEscape(p.To), http.StatusSeeOther)
		return
	}
	s.show(w, r, http.StatusOK, "second", p)
}

func (s *Server) doSecond(w http.ResponseWriter, r *http.Request) {
	p := s.page(r, func(t *Messages) string { return t.SecondTitle })
	in, err := s.cfg.Service.WithSecond(r.Context(), cookie(r, halfCookie), r.PostFormValue("code"), s.from(r))
	if errors.Is(err, errs.NotFound) {
		http.Redirect(w, r, "/sign/in?to="+url.QueryEscape(p.To), http.StatusSeeOther)
		return
	}
	if err != nil {
		text, status, ok := p.T.excuse(w, err, p.T.SecondRefused)
		if !ok {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
		p.Wrong = text
		s.show(w, r, status, "second", p)
		return
	}
	goOn(w, r, in, p.To)
}

// sendOut sends somebody to a provider to sign in.
func (s *Server) sendOut(w http.ResponseWriter, r *http.Request) {
	to := safe(r.URL.Query().Get("to"))
	address, sealed, err := s.cfg.Service.SendOut(r.Context(), nil, r.PathValue("provider"), origin(r), to, s.cfg.Sessions.Remote(r))
	if err != nil {
		s.providerFailed(w, r, err)
		return
	}
	setCookie(w, r, ssoCookie, sealed, shortly)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// providerFailed tells on the page of signing in what went wrong with a provider.
func (s *Server) providerFailed(w http.ResponseWriter, r *http.Request, err error) {
	p := s.inPage(r)
	text, status, ok := p.T.excuse(w, err, p.T.SSORefused)
	switch {
	case ok:
	case kit.StatusOf(err) == http.StatusInternalServerError:
		s.cfg.Log.Warn("single sign-on", "error", err)
		text, status = p.T.SSODown, http.StatusBadGateway
	default:
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	p.Wrong = text
	s.show(w, r, status, "in", p)
}

func (s *Server) comeBack(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	v := signin.FromContext(r.Context())
	sealed := cookie(r, ssoCookie)
	if sealed != "" {
		dropCookie(w, r, ssoCookie)
	}
	back, err := s.cfg.Service.ComeBack(r.Context(), v, r.PathValue("provider"), sealed,
		signin.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss")}, s.from(r))
	switch {
	case errors.Is(err, signin.ErrUnlinked):
		p := s.inPage(r)
		p.Wrong = p.T.sprint(p.T.SSOUnlinked, back.Subject)
		s.show(w, r, http.StatusForbidden, "in", p)
	case errors.Is(err, signin.ErrStale):
		again(w, r, "/sign/me")
	case errors.Is(err, errs.Exists):
		http.Redirect(w, r, "/sign/me?wrong=taken", http.StatusSeeOther)
	case err != nil:
		s.providerFailed(w, r, err)
	case back.Linked:
		http.Redirect(w, r, "/sign/me?done=linked", http.StatusSeeOther)
	default:
		goOn(w, r, back.Entered, safe(back.To))
	}
}
