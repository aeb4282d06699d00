package admin

import (
	"net/http"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

// mostTodo is how much of each kind of work the start page shows; the badge says "50+" from there on.
const mostTodo = 50

type todoPage struct {
	shell
	Reviews  []listed
	Offers   []offered
	Returned []returned
	Drafts   []listed
	Home     *site.Node
	MayWrite bool
	Warnings []warning
	Chats    []onAir // of what is on air: somebody has to look at what is written
}

// warning is something that is wrong, or will be soon, with a site.
type warning struct {
	Site, Href, Text, Word, Class string
}

type offered struct {
	content.Offer
	From, To string
	Href     string
	Late     int // working days; only on the start page
}

type returned struct {
	listed
	Why string
	Who string
}

// todo is the start page: what is mine to do.
func (s *Server) todo(w http.ResponseWriter, r *http.Request, v *visit) {
	p := todoPage{shell: s.shell(r, v, "todo", v.t.TodoTitle), Home: v.home(site.EnterConsole), MayWrite: v.home(site.Write) != nil}
	var err error
	if p.Reviews, p.Offers, err = s.waiting(r, v); err == nil {
		err = s.own(r, v, &p)
	}
	if err == nil {
		err = s.late(r, v, &p)
	}
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Warnings, p.Chats = s.warnings(r, v), s.chats(v)
	s.show(w, r, "todo", p)
}

// chats returns what is on air and has a chat that somebody may moderate.
func (s *Server) chats(v *visit) (out []onAir) {
	if s.cfg.Programme == nil {
		return nil
	}
	for _, b := range s.cfg.Programme.Active() {
		if n := v.tree.Get(b.Site); n != nil && b.State == broadcast.OnAir {
			if x := s.onAir(v, n, b); x.Moderate != "" {
				out = append(out, x)
			}
		}
	}
	return out
}

// waiting returns what others wait for: reviews, and offers from below.
func (s *Server) waiting(r *http.Request, v *visit) (reviews []listed, offers []offered, err error) {
	if tops := v.tree.Reach(v.Who, site.Publish); len(tops) > 0 {
		f := content.Filter{States: []content.State{content.Review}, Limit: mostTodo}
		f.Sites = subtrees(v.tree, tops)
		as, err := s.cfg.Desk.List(r.Context(), v.by, f)
		if err != nil {
			return nil, nil, err //nolint:wrapcheck // it says what
		}
		reviews = s.listed(v, as)
	}
	list, err := s.cfg.Desk.Inbox(r.Context(), v.by, content.OfferOpen, mostTodo)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // it says what
	}
	for _, o := range list {
		offers = append(offers, s.offered(v, o))
	}
	return reviews, offers, nil
}

// subtrees returns the sites of some subtrees; nil where that is all.
func subtrees(t *site.Tree, tops []*site.Node) []site.ID {
	var out []site.ID
	for _, top := range tops {
		for _, n := range t.Subtree(top) {
			out = append(out, n.ID)
		}
	}
	if len(out) == t.Len() {
		return nil
	}
	return out
}

// own fills in what somebody wrote: what came back, and what is not sent yet.
func (s *Server) own(r *http.Request, v *visit, p *todoPage) error {
	as, err := s.cfg.Desk.List(r.Context(), v.by, content.Filter{Owner: v.Who.Account, States: []content.State{content.Draft}, Limit: 20})
	if err != nil {
		return err //nolint:wrapcheck // it says what
	}
	for i, l := range s.listed(v, as) {
		said, err := s.cfg.Desk.Remarks(r.Context(), v.by, as[i].ID)
		if err != nil {
			return err //nolint:wrapcheck // it names the article
		}
		if n := len(said); n > 0 && said[n-1].Action == "sendback" {
			p.Returned = append(p.Returned, returned{l, said[n-1].Text, s.nameOf(r, v, said[n-1].By)})
			continue
		}
		p.Drafts = append(p.Drafts, l)
	}
	return nil
}

// countTodo is the number at the top of every page. Where it can't be known it is not shown; the start page says why.
func (s *Server) countTodo(r *http.Request, v *visit) int {
	reviews, offers, err := s.waiting(r, v)
	if err != nil {
		s.cfg.Debug.Warn("count what is to do", "error", err)
		return 0
	}
	return len(reviews) + len(offers)
}

type minePage struct {
	shell
	List  []listed
	Sites []*site.Node // that somebody looks after: on a phone there is no tree
}

// mine is what somebody wrote, newest change first.
func (s *Server) mine(w http.ResponseWriter, r *http.Request, v *visit) {
	as, err := s.cfg.Desk.List(r.Context(), v.by, content.Filter{Owner: v.Who.Account, Limit: perPage})
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "mine", minePage{s.shell(r, v, "mine", v.t.MineTitle), s.listed(v, as), v.reach(site.ManageColumns)})
}
