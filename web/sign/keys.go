package sign

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
)

// maxAnswer is more than any answer of an authenticator.
const maxAnswer = 64 << 10

// answer is what script/passkey.js sends.
type answer struct {
	Answer json.RawMessage `json:"answer"`
	Name   string          `json:"name"` // of a new passkey
	To     string          `json:"to"`
}

func (s *Server) readAnswer(w http.ResponseWriter, r *http.Request) (answer, bool) {
	var a answer
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	if err != nil {
		s.cfg.Kit.Problem(w, r, http.StatusBadRequest, "not what the page's script sends")
		return a, false
	}
	return a, true
}

func (s *Server) askKey(w http.ResponseWriter, r *http.Request) {
	c, err := s.cfg.Service.AskPasskey(s.cfg.Service.Origin(origin(r)), s.cfg.Sessions.Remote(r))
	s.ask(w, r, c, err)
}

func (s *Server) askNewKey(w http.ResponseWriter, r *http.Request) {
	c, err := s.cfg.Service.AskNewPasskey(r.Context(), signin.FromContext(r.Context()), s.cfg.Service.Origin(origin(r)))
	s.ask(w, r, c, err)
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request, c signin.Ceremony, err error) {
	if err != nil {
		s.failKey(w, r, err)
		return
	}
	setCookie(w, r, keyCookie, c.Sealed, shortly)
	s.json(w, r, c.Options)
}

func (s *Server) withKey(w http.ResponseWriter, r *http.Request) {
	a, ok := s.readAnswer(w, r)
	if !ok {
		return
	}
	in, err := s.cfg.Service.WithPasskey(r.Context(), cookie(r, keyCookie), a.Answer, s.from(r))
	if err != nil {
		s.failKey(w, r, err)
		return
	}
	enter(w, r, in)
	s.json(w, r, map[string]string{"to": safe(a.To)})
}

func (s *Server) keepKey(w http.ResponseWriter, r *http.Request) {
	a, ok := s.readAnswer(w, r)
	if !ok {
		return
	}
	err := s.cfg.Service.KeepPasskey(r.Context(), signin.FromContext(r.Context()), cookie(r, keyCookie), a.Name, a.Answer)
	dropCookie(w, r, keyCookie)
	if err != nil {
		s.failKey(w, r, err)
		return
	}
	s.json(w, r, map[string]string{"to": "/sign/me?done=keyed"})
}

// failKey answers the script. "again" sends it to the page of signing in.
func (s *Server) failKey(w http.ResponseWriter, r *http.Request, err error) {
	t := messages(s.cfg.Kit.Frame(r).Lang)
	switch text, status, ok := t.excuse(w, err, t.KeyRefused); {
	case errors.Is(err, signin.ErrStale):
		s.reply(w, r, http.StatusForbidden, map[string]string{"again": "/sign/in?again=1&to=%2Fsign%2Fme"})
	case errors.Is(err, errs.Exists):
		s.reply(w, r, http.StatusConflict, map[string]string{"text": t.KeyTaken})
	case ok:
		s.reply(w, r, status, map[string]string{"text": text})
	default:
		s.cfg.Kit.Fail(w, r, err)
	}
}

func (s *Server) json(w http.ResponseWriter, r *http.Request, value any) {
	s.reply(w, r, http.StatusOK, value)
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request, status int, value any) {
	b, err := json.Marshal(value)
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		s.cfg.Log.Debug("visitor left", "error", err)
	}
}
