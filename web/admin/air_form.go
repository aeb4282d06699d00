package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/recordings"
	"xianfeng/signaling/broadcast"
)

// airForm is the form of one broadcast.
type airForm struct {
	shell
	B        broadcast.Broadcast
	New      bool
	At       string // code of the site that a new one is for
	Children []*site.Node
	Sources  []source
	Lead     string
	Leads    []choice
	Kinds    []choice
	Profiles []choice
	Chats    []choice
	Theirs   []string // what somebody else has saved meanwhile
	State    string
	Reach    int // how many sites are below
}

// source is what the form offers to be broadcast: whoever picks it by its name or its title has picked its kind.
type source struct {
	Kind       broadcast.Kind
	Name, Text string
}

// maxOffered bounds how many recorded items the form lists, the newest first: others can be named.
const maxOffered = 200

func (s *Server) sources(ctx context.Context, v *visit) (out []source) {
	for _, x := range s.streams() {
		text := v.t.AirStream
		if x.Live {
			text += " · " + v.t.LiveOnAir
		}
		out = append(out, source{broadcast.Stream, x.Name, text})
	}
	if s.cfg.Channels != nil {
		for _, x := range s.cfg.Channels.All() {
			if doc := x.Channel(); v.inLine(x.Site) != nil {
				out = append(out, source{broadcast.Channel, doc.Name, v.t.AirChannel + " · " + doc.Title})
			}
		}
	}
	if s.cfg.Items == nil {
		return out
	}
	items, err := s.finished(ctx)
	if err != nil {
		s.cfg.Debug.Warn("list recordings to broadcast", "error", err) // they can be named
		return out
	}
	slices.SortFunc(items, func(a, b *recordings.Item) int { return b.Created.Compare(a.Created) })
	for _, it := range items[:min(len(items), maxOffered)] {
		out = append(out, source{broadcast.Item, it.ID, v.t.AirItem + " · " + it.Title})
	}
	return out
}

type choice struct{ Value, Text, Help string }

// leads are how long before its beginning a broadcast is announced on the pages.
var leads = map[string]time.Duration{"10": 10 * time.Minute, "60": time.Hour, "1440": 24 * time.Hour}

func (s *Server) airForm(r *http.Request, v *visit, title string, b broadcast.Broadcast) airForm {
	t := v.t
	p := airForm{
		shell: s.shell(r, v, "live", v.at.Label()+" · "+title), B: b, Children: v.at.Children, At: v.at.Code, Sources: s.sources(r.Context(), v), Reach: v.at.Size(),
		Leads:    []choice{{"60", t.AirLead60, ""}, {"10", t.AirLead10, ""}, {"1440", t.AirLead1440, ""}, {"now", t.AirLeadNow, ""}, {"none", t.AirLeadNone, ""}},
		Kinds:    []choice{{string(broadcast.Stream), t.AirStream, ""}, {string(broadcast.Channel), t.AirChannel, ""}, {string(broadcast.Item), t.AirItem, ""}},
		Profiles: []choice{{string(broadcast.Normal), t.AirNormal, t.AirNormalHelp}, {string(broadcast.Low), t.AirLow, t.AirLowHelp}, {string(broadcast.Weak), t.AirWeak, t.AirWeakHelp}},
		Chats:    []choice{{string(broadcast.ChatOff), t.AirChatOff, ""}, {string(broadcast.ChatModerated), t.AirChatModerated, ""}, {string(broadcast.ChatOpen), t.AirChatOpen, ""}},
		State:    t.airState(b.State),
	}
	p.Lead = leadOf(&b)
	if p.Lead == "keep" {
		p.Leads = append(p.Leads, choice{"keep", fmt.Sprintf(t.AirLeadKeep, s.moment(b.Announce, "2006-01-02 15:04")), ""})
	}
	return p
}

func leadOf(b *broadcast.Broadcast) string {
	if b.Announce.IsZero() {
		if b.ID == 0 {
			return "60"
		}
		return "none"
	}
	for name, d := range leads {
		if b.Starts.Sub(b.Announce) == d {
			return name
		}
	}
	return "keep"
}

// readAir reads the form on top of what is kept.
func (s *Server) readAir(r *http.Request, b broadcast.Broadcast) (broadcast.Broadcast, error) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	b.Title, b.Summary, b.Before, b.After = line("title"), line("summary"), line("before"), line("after")
	b.Chat, b.Record = broadcast.Chat(line("chat")), line("record") == "1"
	var p errs.Problems
	read := func(name string, into *time.Time) {
		t, err := s.readTime(line(name))
		if err != nil {
			p.Add(name, "bad", "")
			return
		}
		*into = t
	}
	read("ends", &b.Ends)
	if b.State == broadcast.OnAir {
		return b, p.Err()
	}
	b.Source = broadcast.Source{Kind: broadcast.Kind(line("kind")), Name: line("source")}
	b.Profile = broadcast.Profile(line("profile"))
	read("starts", &b.Starts)
	switch lead := line("lead"); lead {
	case "none", "":
		b.Announce = time.Time{}
	case "now":
		b.Announce = s.cfg.Now()
		if b.Announce.After(b.Starts) {
			b.Announce = b.Starts
		}
	case "keep":
		if b.Announce.After(b.Starts) {
			b.Announce = b.Starts
		}
	default:
		b.Announce = time.Time{}
		if d := leads[lead]; d == 0 {
			p.Add("announce", "unknown", "")
		} else if !b.Starts.IsZero() {
			b.Announce = b.Starts.Add(-d)
		}
	}
	if !s.hasSource(r.Context(), b.Source) {
		p.Add("source", "unknown", "")
	}
	return b, p.Err()
}

// hasSource reports whether a source is there that has to be before it can be planned. A stream may come later.
func (s *Server) hasSource(ctx context.Context, x broadcast.Source) bool {
	if s.cfg.Channels == nil || x.Name == "" { // that it is missing is said elsewhere
		return true
	}
	switch x.Kind {
	case broadcast.Channel:
		_, err := s.cfg.Channels.Get(x.Name)
		return !errors.Is(err, errs.NotFound)
	case broadcast.Item:
		return s.cfg.Channels.Has(ctx, x.Name)
	case broadcast.Stream:
	}
	return true
}

func (s *Server) newAir(w http.ResponseWriter, r *http.Request, v *visit) {
	b := broadcast.Broadcast{Profile: broadcast.Normal, Chat: broadcast.ChatOff, Source: broadcast.Source{Kind: broadcast.Stream, Name: strings.TrimSpace(r.URL.Query().Get("stream"))}}
	p := s.airForm(r, v, v.t.AirNew, b)
	p.New = true
	s.show(w, r, "air", &p)
}

// planAir plans a broadcast, or puts it on air at once.
func (s *Server) planAir(w http.ResponseWriter, r *http.Request, v *visit) {
	b, err := s.readAir(r, broadcast.Broadcast{})
	at, do := v.node(r.PostFormValue("at"), site.Broadcast), r.PostFormValue("do")
	switch {
	case err != nil:
	case at == nil:
		err = errs.Problems{{Field: "to", Code: "unknown"}}
	case do == "now" && b.Source.Kind == broadcast.Stream && b.Source.Name != "" && !s.live(b.Source.Name):
		err = errs.Problems{{Field: "source", Code: "silent"}}
	case do == "now":
		b.Site = at.ID
		_, err = s.cfg.Broadcasts.StartNow(r.Context(), broadcast.Actor(v.by), b)
	case do == "plan":
		b.Site = at.ID
		_, err = s.cfg.Broadcasts.Plan(r.Context(), broadcast.Actor(v.by), b)
	default:
		err = errs.Invalid
	}
	if err == nil {
		s.done(w, r, v.address("live"), "air-"+do)
		return
	}
	said, ok := v.airProblems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.airForm(r, v, v.t.AirNew, b)
	p.New, p.Problems, p.Lead = true, said, r.PostFormValue("lead")
	if at != nil {
		p.At = at.Code
	}
	s.showWrong(w, r, "air", &p)
}

// one returns the broadcast of the page, if it is of its site.
func (s *Server) one(r *http.Request, v *visit) (broadcast.Broadcast, error) {
	id, ok := broadcast.ParseID(r.PathValue("id"))
	if !ok {
		return broadcast.Broadcast{}, errs.NotFound
	}
	b, err := s.cfg.Broadcasts.Get(r.Context(), broadcast.Actor(v.by), id)
	if err == nil && b.Site != v.at.ID {
		err = fmt.Errorf("broadcast %d of site %s: %w", id, v.at.Code, errs.NotFound)
	}
	return b, err
}

func (s *Server) editAir(w http.ResponseWriter, r *http.Request, v *visit) {
	b, err := s.one(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.airForm(r, v, v.t.AirEdit, b)
	s.show(w, r, "air", &p)
}

func (s *Server) saveAir(w http.ResponseWriter, r *http.Request, v *visit) {
	kept, err := s.one(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	b, err := s.readAir(r, kept)
	version, bad := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err == nil && bad != nil {
		err = errs.Invalid
	}
	if err == nil {
		b.Version = version
		_, err = s.cfg.Broadcasts.Edit(r.Context(), broadcast.Actor(v.by), b)
	}
	if err == nil {
		s.done(w, r, v.address("live"), "air-save")
		return
	}
	var stale *broadcast.StaleError
	isStale := errors.As(err, &stale)
	said, ok := v.airProblems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p := s.airForm(r, v, v.t.AirEdit, b)
	p.Problems, p.Lead = said, r.PostFormValue("lead")
	if isStale { // nothing of either is lost: theirs is told, mine stands in the form and can be saved on top
		if now, err := s.one(r, v); err == nil {
			p.B.Version, p.B.State, p.State = now.Version, now.State, v.t.airState(now.State)
			p.Theirs = s.differences(v, &now, &b)
		}
		s.kit.Show(w, r, http.StatusConflict, s.pages["air"], &p)
		return
	}
	s.showWrong(w, r, "air", &p)
}

// differences tells what is kept where the form says something else.
func (s *Server) differences(v *visit, kept, form *broadcast.Broadcast) []string {
	var out []string
	say := func(field, a, b string) {
		if a != b {
			out = append(out, v.t.field(field)+v.t.Colon+a)
		}
	}
	when := func(t time.Time) string { return s.moment(t, "2006-01-02 15:04") }
	say("title", kept.Title, form.Title)
	say("summary", kept.Summary, form.Summary)
	say("source", v.t.kindOf(kept.Source.Kind)+" "+kept.Source.Name, v.t.kindOf(form.Source.Kind)+" "+form.Source.Name)
	say("starts", when(kept.Starts), when(form.Starts))
	say("ends", when(kept.Ends), when(form.Ends))
	say("before", kept.Before, form.Before)
	say("after", kept.After, form.After)
	return out
}

// urgentPage asks once before something goes before all that is on air below.
type urgentPage struct {
	airForm
	Confirm bool
	Silent  bool     // nobody sends the stream yet: where it is urgent, that may come
	Names   []string // of what it goes before
}

func (s *Server) urgent(w http.ResponseWriter, r *http.Request, v *visit) {
	b := broadcast.Broadcast{Source: broadcast.Source{Kind: broadcast.Stream}, Profile: broadcast.Low}
	s.show(w, r, "urgent", urgentPage{airForm: s.airForm(r, v, v.t.AirUrgent, b)})
}

func (s *Server) insert(w http.ResponseWriter, r *http.Request, v *visit) {
	b, err := s.readAir(r, broadcast.Broadcast{})
	b.Profile, b.Chat, b.Announce = broadcast.Low, broadcast.ChatOff, time.Time{}
	p := urgentPage{}
	switch {
	case err != nil:
	case b.Title == "":
		err = errs.Problems{{Field: "title", Code: "missing"}}
	case b.Source.Name == "":
		err = errs.Problems{{Field: "source", Code: "missing"}}
	case r.PostFormValue("confirm") != "yes":
		p.airForm, p.Confirm = s.airForm(r, v, v.t.AirUrgent, b), true
		p.Silent = b.Source.Kind == broadcast.Stream && !s.live(b.Source.Name)
		for _, x := range s.cfg.Programme.Active() {
			if n := v.inLine(x.Site); n != nil && x.State == broadcast.OnAir {
				p.Names = append(p.Names, x.Title+" · "+n.Name)
			}
		}
		s.show(w, r, "urgent", p)
		return
	default:
		b.Site = v.at.ID
		_, err = s.cfg.Broadcasts.Insert(r.Context(), broadcast.Actor(v.by), b)
	}
	if err == nil {
		s.done(w, r, v.address("live"), "air-urgent")
		return
	}
	said, ok := v.airProblems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p.airForm = s.airForm(r, v, v.t.AirUrgent, b)
	p.Problems = said
	s.showWrong(w, r, "urgent", p)
}
