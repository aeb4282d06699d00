package admin

import (
	"cmp"
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
	"xianfeng/signaling/broadcast"
	"xianfeng/web/kit"
)

func (s *Server) airRoutes(r *kit.Router) {
	if s.cfg.Broadcasts == nil {
		return
	}
	r.Page("GET /admin/s/{code}/live", s.at(site.Broadcast, s.air))
	r.Page("POST /admin/s/{code}/live", s.at(site.Broadcast, s.changeAir))
	r.Page("GET /admin/s/{code}/live/new", s.at(site.Broadcast, s.newAir))
	r.Page("POST /admin/s/{code}/live/new", s.at(site.Broadcast, s.planAir))
	r.Page("GET /admin/s/{code}/live/urgent", s.at(site.Broadcast, s.urgent))
	r.Page("POST /admin/s/{code}/live/urgent", s.at(site.Broadcast, s.insert))
	r.Page("GET /admin/s/{code}/live/{id}", s.at(site.Broadcast, s.editAir))
	r.Page("POST /admin/s/{code}/live/{id}", s.at(site.Broadcast, s.saveAir))
}

// airPage lists what is on air, planned and over, on a site, above and below it.
type airPage struct {
	shell
	Streams []stream
	On      []onAir
	Planned []onAir
	Past    []onAir
	Halls   bool // there may be terminals
}

type stream struct {
	Stream
	Shown bool // on the site of the page
}

// onAir is a broadcast as the console shows it.
type onAir struct {
	broadcast.Broadcast
	T     *Messages
	Node  *site.Node
	Mine  bool   // who asks may change it
	Under string // title of the urgent one that is shown in its place; "": none is
	Edit  string // address of its form
	// Audience is the address of its attendance, Moderate that of its chat for whoever may moderate it; "": none is.
	Audience, Moderate string
	Replay             string // address; "": there is none
	Silent             bool   // nobody sends the stream that it shows
}

// live reports whether somebody sends a stream.
func (s *Server) live(name string) bool {
	return slices.ContainsFunc(s.streams(), func(x Stream) bool { return x.Name == name && x.Live })
}

// pastShown is how many are listed of what is over.
const pastShown = 20

func (s *Server) air(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.airPage(r.Context(), r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "live", p)
}

func (s *Server) airPage(ctx context.Context, r *http.Request, v *visit) (airPage, error) {
	p := airPage{shell: s.shell(r, v, "live", v.at.Label()+" · "+v.t.NavLive), Halls: s.cfg.Halls != nil}
	for _, b := range s.cfg.Programme.Active() {
		n := v.inLine(b.Site)
		if n == nil {
			continue
		}
		x := s.onAir(v, n, b)
		if b.State == broadcast.OnAir {
			p.On = append(p.On, x)
		} else {
			p.Planned = append(p.Planned, x)
		}
	}
	byTime := func(a, b onAir) int { return cmp.Or(a.From().Compare(b.From()), cmp.Compare(a.ID, b.ID)) }
	slices.SortFunc(p.On, byTime)
	slices.SortFunc(p.Planned, byTime)
	past, err := s.cfg.Broadcasts.Past(ctx, broadcast.Actor(v.by), v.at, pastShown)
	if err != nil {
		return p, err //nolint:wrapcheck // it says which
	}
	for _, b := range past {
		if n := v.tree.Get(b.Site); n != nil {
			p.Past = append(p.Past, s.onAir(v, n, b))
		}
	}
	on := s.cfg.Programme.At(v.at).On
	for _, x := range s.streams() {
		shown := slices.ContainsFunc(on, func(b broadcast.Broadcast) bool {
			return b.Source == broadcast.Source{Kind: broadcast.Stream, Name: x.Name}
		})
		p.Streams = append(p.Streams, stream{x, shown})
	}
	return p, nil
}

func (s *Server) streams() []Stream {
	if s.cfg.Streams == nil {
		return nil
	}
	return s.cfg.Streams.Streams()
}

func (s *Server) onAir(v *visit, n *site.Node, b broadcast.Broadcast) onAir {
	x := onAir{Broadcast: b, T: v.t, Node: n, Mine: v.may(site.Broadcast, n), Edit: siteAddress(n, "live/"+b.ID.String())}
	x.Replay = broadcast.CardOf(v.tree, &b).Replay
	x.Audience = s.attendanceAddress(v, &b)
	if b.Chat != broadcast.ChatOff && v.may(site.Moderate, n) {
		x.Moderate = b.Address() + "#moderate"
	}
	if b.State == broadcast.OnAir && b.Source.Kind == broadcast.Stream {
		x.Silent = !s.live(b.Source.Name)
	}
	if u := s.cfg.Programme.Outranked(&b); u != nil && b.State == broadcast.OnAir {
		x.Under = u.Title
	}
	return x
}

// SourceText names the source in words.
func (x onAir) SourceText() string { return x.T.kindOf(x.Source.Kind) + " " + x.Source.Name }

// StateText names the state in words.
func (x onAir) StateText() string { return x.T.airState(x.State) }

// Seconds is the delay in words.
func (x onAir) Seconds() string {
	return fmt.Sprintf(x.T.AirDelay, strconv.FormatFloat(x.Now().Seconds(), 'f', -1, 64))
}

// extensions are by how many minutes an end may be put off with one press.
var extensions = map[string]time.Duration{"15": 15 * time.Minute, "30": 30 * time.Minute, "60": time.Hour}

// changeAir does what the buttons of the list do.
func (s *Server) changeAir(w http.ResponseWriter, r *http.Request, v *visit) {
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	by, ctx := broadcast.Actor(v.by), r.Context()
	id, _ := broadcast.ParseID(line("id"))
	version, _ := strconv.ParseInt(line("version"), 10, 64) //nolint:errcheck // 0: whatever it is
	what := line("do")
	var err error
	switch what {
	case "now": // the second of two presses
		_, err = s.cfg.Broadcasts.StartNow(ctx, by, broadcast.Broadcast{Site: v.at.ID, Source: broadcast.Source{Kind: broadcast.Stream, Name: line("stream")}, Title: line("title")})
	case "start":
		_, err = s.cfg.Broadcasts.Start(ctx, by, id, version)
	case "end":
		_, err = s.cfg.Broadcasts.End(ctx, by, id, 0)
	case "cancel":
		_, err = s.cfg.Broadcasts.Cancel(ctx, by, id, version)
	case "extend":
		more := extensions[line("more")]
		if more == 0 {
			err = errs.Invalid
			break
		}
		_, err = s.cfg.Broadcasts.Extend(ctx, by, id, 0, more)
	default:
		err = errs.Invalid
	}
	if err == nil {
		s.done(w, r, v.address("live"), "air-"+what)
		return
	}
	said, ok := v.airProblems(err)
	if !ok {
		s.kit.Fail(w, r, err)
		return
	}
	p, err := s.airPage(ctx, r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems = said
	s.showWrong(w, r, "live", p)
}

// airProblems is problems with those that only broadcasts have.
func (v *visit) airProblems(err error) ([]string, bool) {
	var outranked *broadcast.OutrankedError
	var stale *broadcast.StaleError
	switch {
	case errors.As(err, &outranked):
		from := ""
		if n := v.tree.Get(outranked.Site); n != nil {
			from = n.Name
		}
		return []string{fmt.Sprintf(v.t.AirOutranked, from, outranked.Title)}, true
	case errors.As(err, &stale):
		return []string{fmt.Sprintf(v.t.AirStale, v.t.airState(stale.State))}, true
	case errors.Is(err, errs.Exists):
		return []string{v.t.AirTwice}, true
	case errors.Is(err, errs.TooMany):
		return []string{v.t.AirTooMany}, true
	}
	return v.problems(err)
}

func (t *Messages) airState(s broadcast.State) string {
	return map[broadcast.State]string{
		broadcast.Planned: t.AirPlanned, broadcast.OnAir: t.LiveOnAir, broadcast.Ended: t.AirEnded, broadcast.Cancelled: t.AirCancelled,
	}[s]
}

func (t *Messages) kindOf(k broadcast.Kind) string {
	return map[broadcast.Kind]string{broadcast.Stream: t.AirStream, broadcast.Channel: t.AirChannel, broadcast.Item: t.AirItem}[k]
}
