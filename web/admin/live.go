package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/kit"
)

func (s *Server) liveRoutes(r *kit.Router) {
	if s.cfg.Broadcasts != nil {
		r.Page("GET /admin/s/{code}/live", s.at(site.Broadcast, s.live))
		r.Page("POST /admin/s/{code}/live", s.at(site.Broadcast, s.changeLive))
	}
	if s.cfg.Links != nil {
		r.Page("GET /admin/s/{code}/links", s.at(site.ManageColumns, s.links))
		r.Page("POST /admin/s/{code}/links", s.at(site.ManageColumns, s.changeLinks))
	}
}

type livePage struct {
	shell
	Streams  []stream
	Active   []card
	Children []*site.Node
	Title    string
	Stream   string
}

type stream struct {
	Stream
	Shown bool // on the site of the page
}

type card struct {
	broadcast.Broadcast
	Node    *site.Node
	MayStop bool
}

// live lists what is on air; two presses show it on a subtree: the stream's button, or first another site below.
func (s *Server) live(w http.ResponseWriter, r *http.Request, v *visit) {
	s.show(w, r, "live", s.livePage(r, v))
}

func (s *Server) livePage(r *http.Request, v *visit) livePage {
	p := livePage{shell: s.shell(r, v, "live", v.at.Label()+" · "+v.t.NavLive), Children: v.at.Children}
	on := s.cfg.Programme.At(v.at).On
	for _, b := range s.cfg.Programme.Active() {
		if n := v.tree.Get(b.Site); n != nil && b.State == broadcast.OnAir && (n.Under(v.at) || v.at.Under(n)) {
			p.Active = append(p.Active, card{b, n, v.may(site.Broadcast, n)})
		}
	}
	if s.cfg.Streams != nil {
		for _, x := range s.cfg.Streams.Streams() {
			shown := slices.ContainsFunc(on, func(b broadcast.Broadcast) bool {
				return b.Source == broadcast.Source{Kind: broadcast.Stream, Name: x.Name}
			})
			p.Streams = append(p.Streams, stream{x, shown})
		}
	}
	return p
}

func (s *Server) changeLive(w http.ResponseWriter, r *http.Request, v *visit) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	var err error
	what := "card"
	by := broadcast.Actor(v.by)
	switch line("do") {
	case "start":
		at := v.at
		if code := line("at"); code != "" {
			at = v.node(code, site.Broadcast)
		}
		if at == nil {
			err = errs.Problems{{Field: "to", Code: "unknown", Value: line("at")}}
			break
		}
		_, err = s.cfg.Broadcasts.StartNow(r.Context(), by, broadcast.Broadcast{
			Site: at.ID, Source: broadcast.Source{Kind: broadcast.Stream, Name: line("stream")}, Title: line("title"),
		})
	case "stop":
		what = "cardstop"
		if id, ok := broadcast.ParseID(line("card")); ok {
			_, err = s.cfg.Broadcasts.End(r.Context(), by, id, 0)
		} else {
			err = errs.Invalid
		}
	default:
		err = errs.Invalid
	}
	if err == nil {
		s.done(w, r, v.address("live"), what)
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.livePage(r, v)
	p.Problems, p.Title, p.Stream = said, line("title"), line("stream")
	s.showWrong(w, r, "live", p)
}

type linksPage struct {
	shell
	List []content.Link
	New  content.Link
}

// linkForm is what the fields of one link need.
type linkForm struct {
	T *Messages
	L content.Link
}

func (s *Server) links(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.linksPage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "links", p)
}

func (s *Server) linksPage(r *http.Request, v *visit) (linksPage, error) {
	p := linksPage{shell: s.shell(r, v, "links", v.at.Label()+" · "+v.t.NavLinks)}
	var err error
	if p.List, err = s.cfg.Links.Links(r.Context(), v.at.ID); err != nil {
		return p, err //nolint:wrapcheck // it says what
	}
	p.New.Position = 10 * (len(p.List) + 1)
	return p, nil
}

func (s *Server) changeLinks(w http.ResponseWriter, r *http.Request, v *visit) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	id, err := strconv.ParseInt("0"+line("id"), 10, 64)
	position, perr := strconv.Atoi("0" + line("position"))
	l := content.Link{ID: content.LinkID(id), Site: v.at.ID, Title: line("title"), URL: line("url"), Section: line("section"), Position: position}
	switch {
	case err != nil || perr != nil:
		err = errs.Problems{{Field: "url", Code: "bad"}}
	case line("do") == "delete":
		err = s.cfg.Links.Delete(r.Context(), v.by, v.at.ID, l.ID)
	default:
		_, err = s.cfg.Links.Save(r.Context(), v.by, l)
	}
	if err == nil {
		s.done(w, r, v.address("links"), "link")
		return
	}
	said, ok := v.problems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p, err := s.linksPage(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems = said
	if l.ID == 0 {
		p.New = l
	}
	s.showWrong(w, r, "links", p)
}
