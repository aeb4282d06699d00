package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

type conflictPage struct {
	shell
	Article content.Article
	Mine    content.Writing
	Theirs  content.Revision
	Who     string
	When    time.Time
	Version int64
	Lines   []content.Line
	Hidden  []field // the rest of the form, to be sent again
}

type field struct{ Name, Value string }

// conflict shows two texts of which the second could not be saved: what the other person wrote, and mine, which
// can be saved on top of it as it is or after a change. Nothing of either is lost.
func (s *Server) conflict(w http.ResponseWriter, r *http.Request, v *visit, e *content.StaleError, mine *content.Writing) {
	a, err := s.cfg.Desk.Get(r.Context(), v.by, e.Article)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	theirs, err := s.cfg.Desk.Revision(r.Context(), v.by, e.Article, e.N)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p := conflictPage{shell: s.shell(r, v, "articles", v.t.ConflictTitle), Article: a, Mine: *mine, Theirs: theirs, Who: s.nameOf(r, v, e.By), When: e.At, Version: e.Version}
	plain := s.cfg.Desk.Cleaner.Text
	p.Lines = content.Diff(theirs.Head.Title+"\n"+plain(theirs.Body), mine.Head.Title+"\n"+plain(s.cfg.Desk.Preview(mine.Format, mine.Text)))
	for name, values := range r.PostForm {
		switch name {
		case "text", "title", "version", "do":
		default:
			p.Hidden = append(p.Hidden, field{name, values[0]})
		}
	}
	s.kit.Show(w, r, http.StatusConflict, s.pages["conflict"], p)
}

// draftAnswer is what the editor hears of a draft that it saved by itself.
type draftAnswer struct {
	ID      content.ArticleID `json:"id,omitempty"`
	Version int64             `json:"version"`
	Page    string            `json:"page,omitempty"` // where the article is edited from now on
	Other   *draftOther       `json:"other,omitempty"`
	Who     string            `json:"who,omitempty"`
	At      string            `json:"at,omitempty"`
	Reason  string            `json:"reason,omitempty"`
}

type draftOther struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

func (s *Server) createDraft(w http.ResponseWriter, r *http.Request, v *visit) {
	wr, err := s.readWriting(r, content.Head{})
	if err == nil {
		wr.Site, wr.Version, wr.Autosave = v.at.ID, 0, true
		var a content.Article
		if a, err = s.cfg.Desk.Save(r.Context(), v.by, wr); err == nil {
			s.tell(w, http.StatusCreated, draftAnswer{ID: a.ID, Version: a.Version, Page: articleAddress(a.ID)})
			return
		}
	}
	s.tellDraft(w, r, v, err)
}

func (s *Server) saveDraft(w http.ResponseWriter, r *http.Request, v *visit) {
	id, ok := articleID(r)
	if !ok {
		s.tellDraft(w, r, v, errs.NotFound)
		return
	}
	rev, err := s.cfg.Desk.Revision(r.Context(), v.by, id, 0)
	if err != nil {
		s.tellDraft(w, r, v, err)
		return
	}
	wr, err := s.readWriting(r, rev.Head)
	if err == nil {
		wr.ID, wr.Autosave = id, true
		var a content.Article
		if a, err = s.cfg.Desk.Save(r.Context(), v.by, wr); err == nil {
			s.tell(w, http.StatusOK, draftAnswer{ID: a.ID, Version: a.Version})
			return
		}
	}
	s.tellDraft(w, r, v, err)
}

func (s *Server) tellDraft(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	var stale *content.StaleError
	if errors.As(err, &stale) {
		a := draftAnswer{Version: stale.Version, Who: s.nameOf(r, v, stale.By), At: s.moment(stale.At, "15:04")}
		if rev, err := s.cfg.Desk.Revision(r.Context(), v.by, stale.Article, stale.N); err == nil {
			a.Other = &draftOther{rev.Head.Title, rev.Text}
		}
		s.tell(w, http.StatusConflict, a)
		return
	}
	reason := ""
	if said, ok := v.problems(err); ok && len(said) > 0 {
		reason = said[0]
	}
	s.tell(w, kit.StatusOf(err), draftAnswer{Reason: reason})
}

func (s *Server) tell(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.cfg.Debug.Debug("visitor left", "error", err)
	}
}

// nameOf is what somebody is called.
func (s *Server) nameOf(r *http.Request, v *visit, id site.AccountID) string {
	switch {
	case id == site.System:
		return v.t.System
	case id == v.Who.Account:
		return v.t.Me
	case s.cfg.People == nil:
		return v.t.Somebody
	}
	a, err := s.cfg.People.Account(r.Context(), id)
	if err != nil {
		return v.t.Somebody
	}
	return a.Name
}
