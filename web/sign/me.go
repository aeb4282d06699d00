package sign

import (
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/web/kit"
)

type mePage struct {
	page
	Login, Name string
	Need        bool // a second factor is to be set up
	State       signin.State
	Sessions    []sessionRow
	Keys        []keyRow
	KeysHere    bool
	Providers   []providerRow
}

type sessionRow struct {
	ID, Agent, Remote, Seen string
	Here, Strong            bool
}

type keyRow struct{ ID, Name, Created, Used string }

type providerRow struct {
	ID, Name, Issuer, Subject string // Subject "": not linked
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	ctx, v := r.Context(), signin.FromContext(r.Context())
	p := mePage{page: s.page(r, func(t *Messages) string { return t.MeTitle }), Login: v.Account.Login, Name: v.Account.Name, Need: v.Need == signin.NeedSecond, KeysHere: s.keysHere(r)}
	state, err1 := s.cfg.Service.State(ctx, v)
	sessions, err2 := s.cfg.Service.Sessions(ctx, v.Account.ID)
	keys, err3 := s.cfg.Service.Passkeys(ctx, v.Account.ID)
	linked, err4 := s.cfg.Service.Identities(ctx, v.Account.ID)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	p.State = state
	for _, x := range sessions {
		p.Sessions = append(p.Sessions, sessionRow{x.ID, p.T.browser(x.Agent), x.Remote, s.when(p.T, x.Seen), x.ID == v.Session.ID, x.Strong})
	}
	for _, k := range keys {
		p.Keys = append(p.Keys, keyRow{base64.RawURLEncoding.EncodeToString(k.ID), k.Name, s.when(p.T, k.Created), s.when(p.T, k.Used)})
	}
	for _, x := range s.cfg.Service.Providers() {
		row := providerRow{ID: x.ID, Name: x.Name, Issuer: x.Issuer}
		for _, i := range linked {
			if i.Issuer == x.Issuer {
				row.Subject = i.Subject
			}
		}
		p.Providers = append(p.Providers, row)
	}
	q := r.URL.Query()
	p.Done, p.Wrong = p.T.Done[q.Get("done")], p.T.WrongMe[q.Get("wrong")]
	s.show(w, r, http.StatusOK, "me", p)
}

// when is a time on the pages.
func (s *Server) when(t *Messages, at time.Time) string {
	if at.IsZero() {
		return t.Never
	}
	return at.In(s.cfg.Zone).Format(t.TimeFormat)
}

// done sends back to the account's page, or to sign in again first.
func (s *Server) done(w http.ResponseWriter, r *http.Request, err error, what string) {
	switch {
	case errors.Is(err, signin.ErrStale):
		again(w, r, "/sign/me")
	case errors.Is(err, errs.NotFound), err == nil: // gone already is as good
		http.Redirect(w, r, "/sign/me?done="+what, http.StatusSeeOther)
	default:
		s.cfg.Kit.Fail(w, r, err)
	}
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request) {
	v := signin.FromContext(r.Context())
	s.done(w, r, s.cfg.Service.EndSession(r.Context(), v, r.PostFormValue("id")), "session")
}

type appPage struct {
	page
	Secret, Sealed string
	QR             template.HTML
}

func (s *Server) showApp(w http.ResponseWriter, r *http.Request) {
	second, err := s.cfg.Service.BeginSecond(signin.FromContext(r.Context()))
	if errors.Is(err, signin.ErrStale) {
		again(w, r, "/sign/me/app")
		return
	}
	s.app(w, r, http.StatusOK, second, err, "")
}

func (s *Server) app(w http.ResponseWriter, r *http.Request, status int, second signin.Second, err error, wrong string) {
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	p := appPage{page: s.page(r, func(t *Messages) string { return t.AppTitle }), Secret: groups(second.Secret), Sealed: second.Sealed}
	p.Wrong = wrong
	if p.QR, err = kit.QR(second.URL, p.T.AppPicture); err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	s.show(w, r, status, "app", p)
}

// groups puts spaces into what has to be typed.
func groups(text string) string {
	var out []byte
	for i := range len(text) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, text[i])
	}
	return string(out)
}

type codesPage struct {
	page
	Codes []string
}

func (s *Server) doApp(w http.ResponseWriter, r *http.Request) {
	v, sealed := signin.FromContext(r.Context()), r.PostFormValue("sealed")
	codes, in, err := s.cfg.Service.FinishSecond(r.Context(), v, sealed, r.PostFormValue("code"), s.from(r))
	switch {
	case errors.Is(err, signin.ErrStale), errors.Is(err, errs.NotFound):
		again(w, r, "/sign/me/app")
	case errors.Is(err, signin.ErrRefused):
		second, err := s.cfg.Service.ResumeSecond(v, sealed)
		s.app(w, r, http.StatusUnprocessableEntity, second, err, messages(s.cfg.Kit.Frame(r).Lang).AppWrong)
	case err != nil:
		s.cfg.Kit.Fail(w, r, err)
	default:
		enter(w, r, in)
		s.codes(w, r, codes)
	}
}

func (s *Server) codes(w http.ResponseWriter, r *http.Request, codes []string) {
	s.show(w, r, http.StatusOK, "codes", codesPage{s.page(r, func(t *Messages) string { return t.CodesTitle }), codes})
}

func (s *Server) newCodes(w http.ResponseWriter, r *http.Request) {
	codes, err := s.cfg.Service.NewRecovery(r.Context(), signin.FromContext(r.Context()))
	if err != nil {
		s.done(w, r, err, "")
		return
	}
	s.codes(w, r, codes)
}

func (s *Server) dropApp(w http.ResponseWriter, r *http.Request) {
	s.done(w, r, s.cfg.Service.DropSecond(r.Context(), signin.FromContext(r.Context())), "app")
}

func (s *Server) dropKey(w http.ResponseWriter, r *http.Request) {
	id, err := base64.RawURLEncoding.DecodeString(r.PostFormValue("id"))
	if err != nil {
		s.cfg.Kit.FailPage(w, r, http.StatusBadRequest, "", "")
		return
	}
	s.done(w, r, s.cfg.Service.DropPasskey(r.Context(), signin.FromContext(r.Context()), id), "key")
}

type goPage struct {
	page
	Address string
}

// link sends somebody to a provider to be linked. A page does, not a redirect: browsers let no form lead to
// another server under our policy, and only a form tells that it is not another site's page that asks.
func (s *Server) link(w http.ResponseWriter, r *http.Request) {
	v := signin.FromContext(r.Context())
	address, sealed, err := s.cfg.Service.SendOut(r.Context(), v, r.PathValue("provider"), origin(r), "/sign/me", s.cfg.Sessions.Remote(r))
	if errors.Is(err, signin.ErrStale) {
		again(w, r, "/sign/me")
		return
	}
	if err != nil {
		s.providerFailed(w, r, err)
		return
	}
	setCookie(w, r, ssoCookie, sealed, shortly)
	s.show(w, r, http.StatusOK, "go", goPage{s.page(r, func(t *Messages) string { return t.GoTitle }), address})
}

func (s *Server) unlink(w http.ResponseWriter, r *http.Request) {
	v := signin.FromContext(r.Context())
	s.done(w, r, s.cfg.Service.Unlink(r.Context(), v, r.PostFormValue("issuer"), r.PostFormValue("subject")), "unlinked")
}
