package sign

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
)

type passwordPage struct {
	page
	Login string
	Must  bool // somebody else set the present one
	Has   bool // there is a present one to ask for
	Rules string
}

func (s *Server) passwordPage(r *http.Request) (passwordPage, error) {
	v := signin.FromContext(r.Context())
	p := passwordPage{page: s.page(r, func(t *Messages) string { return t.PasswordTitle }), Login: v.Account.Login, Must: v.Need == signin.NeedPassword}
	state, err := s.cfg.Service.State(r.Context(), v)
	p.Has, p.Rules = state.Password, p.T.rules(s.cfg.Service.Rules().Password)
	return p, err
}

func (s *Server) showPassword(w http.ResponseWriter, r *http.Request) {
	p, err := s.passwordPage(r)
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "password", p)
}

func (s *Server) doPassword(w http.ResponseWriter, r *http.Request) {
	p, err := s.passwordPage(r)
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	var in signin.Entered
	if r.PostFormValue("password") != r.PostFormValue("repeat") {
		err = errs.Problems{{Field: "repeat", Code: "differs"}}
	} else {
		in, err = s.cfg.Service.ChangePassword(r.Context(), signin.FromContext(r.Context()), r.PostFormValue("present"), r.PostFormValue("password"), s.from(r))
	}
	if errors.Is(err, signin.ErrStale) {
		again(w, r, "/sign/password")
		return
	}
	if err != nil {
		text, status, ok := p.T.excuse(w, err, p.T.PasswordPresentWrong)
		if !ok {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
		p.Wrong = text
		s.show(w, r, status, "password", p)
		return
	}
	to := "/sign/me?done=password"
	if p.Must {
		to = p.To
	}
	goOn(w, r, in, to)
}

type resetPage struct {
	page
	Token  string // "": ask for a letter
	Rules  string
	Closed bool // no letters are sent
}

func (s *Server) showReset(w http.ResponseWriter, r *http.Request) {
	p := resetPage{page: s.page(r, func(t *Messages) string { return t.ResetTitle }), Token: r.URL.Query().Get("token")}
	p.Rules = p.T.rules(s.cfg.Service.Rules().Password)
	w.Header().Set("Referrer-Policy", "no-referrer") // the address opens something
	status := http.StatusOK
	switch {
	case p.Token != "" && !s.cfg.Service.ResetOpen(r.Context(), p.Token):
		p.Token, p.Wrong, status = "", p.T.ResetOver, http.StatusNotFound
	case p.Token == "" && !s.cfg.Service.MailsReset():
		p.Wrong, status = p.T.ResetNoMail, http.StatusNotFound
	}
	p.Closed = !s.cfg.Service.MailsReset()
	s.show(w, r, status, "reset", p)
}

// askReset answers the same whether there is such an account or not.
func (s *Server) askReset(w http.ResponseWriter, r *http.Request) {
	p := resetPage{page: s.page(r, func(t *Messages) string { return t.ResetTitle })}
	t, minutes := p.T, int(s.cfg.Service.Rules().Session.Reset.Minutes())
	network := p.Site
	err := s.cfg.Service.AskReset(r.PostFormValue("login"), s.from(r), func(name, link string) (subject, text string) {
		return fmt.Sprintf(t.LetterSubject, network), fmt.Sprintf(t.LetterText, name, network, link, minutes)
	})
	status := http.StatusOK
	if err != nil {
		text, code, ok := p.T.excuse(w, err, "")
		if !ok {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
		p.Wrong, status = text, code
	} else {
		p.Done = fmt.Sprintf(p.T.ResetAsked, minutes)
	}
	s.show(w, r, status, "reset", p)
}

func (s *Server) doReset(w http.ResponseWriter, r *http.Request) {
	p := resetPage{page: s.page(r, func(t *Messages) string { return t.ResetTitle }), Token: r.PostFormValue("token")}
	p.Rules = p.T.rules(s.cfg.Service.Rules().Password)
	var err error
	if r.PostFormValue("password") != r.PostFormValue("repeat") {
		err = errs.Problems{{Field: "repeat", Code: "differs"}}
	} else {
		err = s.cfg.Service.Reset(r.Context(), p.Token, r.PostFormValue("password"), s.from(r))
	}
	switch text, status, ok := p.T.excuse(w, err, ""); {
	case err == nil:
		http.Redirect(w, r, "/sign/in?done=reset&to="+url.QueryEscape(home), http.StatusSeeOther)
		return
	case errors.Is(err, errs.NotFound):
		p.Token, p.Wrong = "", p.T.ResetOver
		s.show(w, r, http.StatusNotFound, "reset", p)
	case ok:
		p.Wrong = text
		s.show(w, r, status, "reset", p)
	default:
		s.cfg.Kit.Fail(w, r, err)
	}
}
