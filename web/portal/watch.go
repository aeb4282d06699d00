package portal

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
)

// watchPage is a broadcast's own page.
type watchPage struct {
	base
	B       broadcast.Broadcast
	Card    broadcast.Card
	Instead *broadcast.Card // the urgent one that is shown in its place
	Play    string          // what the player shows; "": a slate
	Sync    string          // of the player: the broadcast that it keeps in step with
	State   string          // in words
	Time    string          // when, in words
	Stamp   string          // for programs
	Slate   string          // what the slate says
	Guide   string
	Said    map[string]string // for the script
	Delay   int64
}

// watch answers with a broadcast's page. It stands on the site that broadcasts.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	v := visit{r: r, root: rootOf(r), lang: kit.LangOf(r), look: kit.LookOf(r)}
	id, ok := broadcast.ParseID(r.PathValue("id"))
	if !ok || s.cfg.Broadcasts == nil {
		s.cfg.Kit.FailPage(w, r, http.StatusNotFound, "", "")
		return
	}
	b, err := s.cfg.Broadcasts.Get(r.Context(), id)
	if err != nil {
		s.cfg.Kit.FailPage(w, r, kit.StatusOf(err), "", "")
		return
	}
	v.node = s.cfg.Network.Tree().Get(b.Site)
	switch {
	case v.node == nil:
		s.cfg.Kit.FailPage(w, r, http.StatusNotFound, "", "")
		return
	case v.node.State == site.Closed:
		s.fail(w, &v, http.StatusGone)
		return
	}
	if v.node.Host == "" || v.node.Host != hostOf(r) {
		v.base = "/v/" + v.node.Code
	}
	s.answerPage(w, &v, func(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
		return s.makeWatch(ctx, v, d, id)
	}, false)
}

func (s *Server) makeWatch(ctx context.Context, v *visit, d *cache.Deps, id broadcast.ID) (cache.Page, error) {
	d.On(broadcast.Tag(id))
	for up := v.node; up != nil; up = up.Above { // an urgent one takes its place
		d.On(broadcast.SiteTag(up.ID))
	}
	b, err := s.cfg.Broadcasts.Get(ctx, id)
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	p := watchPage{base: s.base(v), B: b, Card: broadcast.CardOf(s.cfg.Network.Tree(), &b)}
	p.Title, p.Dark, p.Description, p.Guide = b.Title, true, b.Summary, v.base+"/guide"
	p.Canonical, p.Theme.Name, p.Classes = v.root+b.Address(), "", nil
	if b.State == broadcast.Cancelled {
		p.Hidden = true
	}
	if b.State == broadcast.OnAir {
		p.Play, p.Sync = p.Card.Source, id.String()
		if u := s.cfg.Broadcasts.At(v.node).Urgent; u != nil && u.ID != id {
			c := broadcast.CardOf(s.cfg.Network.Tree(), u)
			p.Instead, p.Play, p.Sync = &c, c.Source, u.ID.String()
		}
	}
	p.Delay = p.Card.Delay
	if p.Instead != nil {
		p.Delay = p.Instead.Delay
	}
	p.say()
	return s.html("watch", &p)
}

// Told is what the broadcast's topic says, so that the script begins where the page stands.
func (p *watchPage) Told() (string, error) {
	f := broadcast.Full{Card: p.Card, Summary: p.B.Summary, Before: p.B.Before, After: p.B.After, Chat: p.B.Chat, Instead: p.Instead}
	b, err := json.Marshal(f)
	return string(b), err
}

// Chats reports whether viewers may write, or could.
func (p *watchPage) Chats() bool { return p.B.Chat != broadcast.ChatOff }

// Moderated reports whether everything that they write waits.
func (p *watchPage) Moderated() bool { return p.B.Chat == broadcast.ChatModerated }

// ChatJSON is what the script of the chat says.
func (p *watchPage) ChatJSON() (string, error) {
	t := p.T
	b, err := json.Marshal(map[string]string{
		"waits": t.ChatWaits, "toomany": t.ChatTooMany, "full": t.ChatFull, "denied": t.ChatDenied, "notyours": t.ChatNotYours, "invalid": t.ChatInvalid, "offline": t.ChatOffline,
		"conflict": t.ChatConflict, "server": t.ChatServer, "pass": t.ChatPass, "drop": t.ChatDrop,
	})
	return string(b), err
}

// reaction is a sign that viewers may give.
type reaction struct{ Kind, Sign, Name string }

// Reactions are the signs, as package audience knows them.
func (p *watchPage) Reactions() []reaction {
	look := map[string]reaction{"clap": {"", "👏", p.T.ReactClap}, "like": {"", "👍", p.T.ReactLike}, "heart": {"", "❤️", p.T.ReactHeart}, "flower": {"", "💐", p.T.ReactFlower}}
	var out []reaction
	for _, kind := range audience.Reactions {
		x := look[kind]
		x.Kind = kind
		out = append(out, x)
	}
	return out
}

// WordsJSON is what the script says.
func (p *watchPage) WordsJSON() (string, error) {
	b, err := json.Marshal(p.Said)
	return string(b), err
}

// say fills in the words.
func (p *watchPage) say() {
	zone := p.s.cfg.Zone
	from, until := p.B.From().In(zone), p.B.Until()
	p.State, p.Stamp = p.T.broadcastState(p.B.State), from.Format(time.RFC3339)
	p.Time = p.T.day(from) + " " + from.Format("15:04")
	if !until.IsZero() {
		until = until.In(zone)
		p.Time += "–"
		if y, m, d := until.Date(); y != from.Year() || m != from.Month() || d != from.Day() {
			p.Time += p.T.day(until) + " "
		}
		p.Time += until.Format("15:04")
	}
	switch p.B.State {
	case broadcast.Planned, broadcast.OnAir:
		p.Slate = p.B.Before
		if p.Slate == "" {
			p.Slate = p.T.SlateBefore
		}
	case broadcast.Ended:
		p.Slate = p.B.After
		if p.Slate == "" {
			p.Slate = p.T.SlateAfter
		}
	case broadcast.Cancelled:
		p.Slate = p.T.SlateCancelled
	}
	p.Said = map[string]string{
		"planned": p.T.StatePlanned, "onair": p.T.LiveNow, "ended": p.T.StateEnded, "cancelled": p.T.StateCancelled,
		"slate-planned": p.T.SlateBefore, "slate-onair": p.T.SlateBefore, "slate-ended": p.T.SlateAfter, "slate-cancelled": p.T.SlateCancelled,
		"soon": p.T.SlateSoon, "days": p.T.CountDays,
	}
}
