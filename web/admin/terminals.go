package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/web/kit"
)

func (s *Server) terminalRoutes(r *kit.Router) {
	if s.cfg.Halls == nil {
		return
	}
	r.Page("GET /admin/s/{code}/terminals", s.at(site.Broadcast, s.terminals))
	r.Page("POST /admin/s/{code}/terminals", s.at(site.Broadcast, s.changeTerminals))
}

// terminalsPage lists the screens of a site.
type terminalsPage struct {
	shell
	List    []terminal
	Name    string // that was entered
	Fresh   *terminal
	Code    string // of Fresh; it is shown once and kept nowhere
	Address string // where a screen takes it
}

type terminal struct {
	audience.Terminal
	Awaits bool // a screen may take the code
	Online bool
}

// heard is how long ago a screen that is on was heard of at most: it asks three times a minute, which is noted once.
const heard = 150 * time.Second

func (s *Server) terminal(t audience.Terminal) terminal {
	now := s.cfg.Now()
	return terminal{t, t.Waiting(now), !t.Signed.IsZero() && now.Sub(t.Seen) < heard}
}

func (s *Server) terminals(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.terminalsPage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "terminals", p)
}

func (s *Server) terminalsPage(r *http.Request, v *visit) (terminalsPage, error) {
	p := terminalsPage{shell: s.shell(r, v, "terminals", v.at.Label()+" · "+v.t.NavTerminals)}
	scheme := "http"
	if kit.OverTLS(r) {
		scheme = "https"
	}
	p.Address = scheme + "://" + r.Host + "/terminal"
	list, err := s.cfg.Halls.List(r.Context(), audience.Actor(v.by), v.at.ID)
	for i := range list {
		p.List = append(p.List, s.terminal(list[i]))
	}
	return p, err //nolint:wrapcheck // it says which
}

// changeTerminals makes a terminal, gives one another code, or removes one.
func (s *Server) changeTerminals(w http.ResponseWriter, r *http.Request, v *visit) {
	by, ctx := audience.Actor(v.by), r.Context()
	name := r.PostFormValue("name")
	var fresh audience.Terminal
	var code string
	var err error
	switch what := r.PostFormValue("do"); what {
	case "add":
		fresh, code, err = s.cfg.Halls.Add(ctx, by, v.at.ID, name)
	case "code", "remove":
		var id audience.TerminalID
		if id, err = s.ownTerminal(r, v); err != nil {
			break
		}
		if what == "remove" {
			if _, err = s.cfg.Halls.Remove(ctx, by, id); err == nil {
				s.done(w, r, v.address("terminals"), "terminal-remove")
				return
			}
			break
		}
		fresh, code, err = s.cfg.Halls.Renew(ctx, by, id)
	default:
		err = errs.Invalid
	}
	said, ok := v.problems(err)
	if errors.Is(err, errs.Full) {
		said, ok = []string{fmt.Sprintf(v.t.TerminalFull, audience.MaxTerminals)}, true
	}
	if err != nil && !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p, bad := s.terminalsPage(r, v)
	if bad != nil {
		s.kit.Fail(w, r, bad)
		return
	}
	if err != nil {
		p.Problems, p.Name = said, kit.Clip(strings.TrimSpace(name))
		s.showWrong(w, r, "terminals", p)
		return
	}
	x := s.terminal(fresh)
	p.Fresh, p.Code = &x, code[:4]+" "+code[4:]
	s.show(w, r, "terminals", p) // not a redirect: the code is shown once and kept nowhere
}

// ownTerminal returns the terminal that a form names, if it is one of the page's site.
func (s *Server) ownTerminal(r *http.Request, v *visit) (audience.TerminalID, error) {
	list, err := s.cfg.Halls.List(r.Context(), audience.Actor(v.by), v.at.ID)
	if err != nil {
		return 0, err //nolint:wrapcheck // it says which
	}
	for i := range list {
		if strconv.FormatInt(int64(list[i].ID), 10) == r.PostFormValue("id") {
			return list[i].ID, nil
		}
	}
	return 0, fmt.Errorf("terminal of site %s: %w", v.at.Code, errs.NotFound)
}
