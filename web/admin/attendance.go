package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/kit"
)

func (s *Server) attendanceRoutes(r *kit.Router) {
	if s.cfg.Attendance == nil || s.cfg.Programme == nil {
		return
	}
	r.Page("GET /admin/s/{code}/live/{id}/audience", s.at(site.ReadStats, s.attendance))
	r.Page("POST /admin/s/{code}/live/{id}/audience", s.at(site.Broadcast, s.forget))
	r.Page("GET /admin/s/{code}/live/{id}/audience.csv", s.at(site.ReadStats, s.attendanceCSV))
	r.Page("GET /admin/s/{code}/live/{id}/terminals.csv", s.at(site.ReadStats, s.showingsCSV))
}

// attendanceAddress is where the attendance of a broadcast on the site of the page is; "": it is not offered, or
// there can be none yet.
func (s *Server) attendanceAddress(v *visit, b *broadcast.Broadcast) string {
	if s.cfg.Attendance == nil || v.at == nil || !v.mayHere(site.ReadStats) || b.State != broadcast.OnAir && b.State != broadcast.Ended {
		return ""
	}
	return v.address("live/" + b.ID.String() + "/audience")
}

// attended is who was at a broadcast on the site of the page and below it.
type attended struct {
	Of     broadcast.Broadcast
	Shown  []audience.Showing
	People []audience.Attendee
	names  map[audience.TerminalID]string
}

// attended returns the attendance of the broadcast {id}, if it is one of the page's site, or of one above or below.
func (s *Server) attended(r *http.Request, v *visit) (attended, error) {
	var x attended
	id, ok := broadcast.ParseID(r.PathValue("id"))
	if !ok {
		return x, errs.NotFound
	}
	var err error
	if x.Of, err = s.cfg.Programme.Get(r.Context(), id); err != nil {
		return x, err //nolint:wrapcheck // it says which
	}
	if n := v.tree.Get(x.Of.Site); n == nil || !n.Under(v.at) && !v.at.Under(n) {
		return x, fmt.Errorf("broadcast %d on site %s: %w", id, v.at.Code, errs.NotFound)
	}
	x.Shown, x.People, err = s.cfg.Attendance.People(r.Context(), audience.Actor(v.by), id)
	if err != nil {
		return x, err //nolint:wrapcheck // it says which
	}
	outside := func(at site.ID) bool {
		n := v.tree.Get(at)
		return n == nil || !n.Under(v.at)
	}
	x.Shown = slices.DeleteFunc(x.Shown, func(y audience.Showing) bool { return outside(y.Site) })
	x.People = slices.DeleteFunc(x.People, func(y audience.Attendee) bool { return outside(y.Site) })
	x.names = map[audience.TerminalID]string{}
	for i := range x.Shown {
		x.names[x.Shown[i].Terminal] = x.Shown[i].Name
	}
	return x, nil
}

type attendancePage struct {
	shell
	Of         broadcast.Broadcast
	Node       *site.Node // that it is of
	Address    string     // of the page
	Export     string     // what the addresses of the tables begin with
	Sum        attendRow
	Rows       []attendRow // the site itself, then those directly below with all that is below them
	Shown      []showing   // the site's own terminals
	People     []attendee
	Prev, Next string
}

// attendRow sums up a subtree.
type attendRow struct {
	Node              *site.Node
	Own               bool
	Sites, Terminals  int
	People            int
	seconds           int
	seen              map[site.ID]bool
	Minutes, Audience string // Audience: address of the page of what is below
}

func (a *attendRow) at(id site.ID) {
	if a.seen == nil {
		a.seen = map[site.ID]bool{}
	}
	if !a.seen[id] {
		a.seen[id] = true
		a.Sites++
	}
}

type showing struct {
	audience.Showing
	Minutes string
}

type attendee struct {
	audience.Attendee
	Node     *site.Node
	Terminal string
	Mine     bool // may be deleted by who asks
}

// peopleShown is how many are listed on one page.
const peopleShown = 200

func minutes(seconds int) string {
	return strconv.Itoa(int((time.Duration(seconds)*time.Second + 30*time.Second) / time.Minute))
}

// attendance shows who was at a broadcast.
func (s *Server) attendance(w http.ResponseWriter, r *http.Request, v *visit) {
	x, err := s.attended(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p := attendancePage{shell: s.shell(r, v, "live", x.Of.Title+" · "+v.t.Attendance), Of: x.Of, Node: v.tree.Get(x.Of.Site)}
	p.Export = v.address("live/" + x.Of.ID.String())
	p.Address = p.Export + "/audience"
	p.Sum, p.Rows = s.attendRows(v, &x)
	for i := range x.Shown {
		if y := x.Shown[i]; y.Site == v.at.ID {
			p.Shown = append(p.Shown, showing{y, minutes(y.Seconds)})
		}
	}
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 || page > len(x.People)/peopleShown+1 {
		page = 1
	}
	from := (page - 1) * peopleShown
	to := min(from+peopleShown, len(x.People))
	for i := range x.People[from:to] {
		p.People = append(p.People, x.attendee(v, from+i))
	}
	if page > 1 {
		p.Prev = pageAddress(r.URL, page-1)
	}
	if to < len(x.People) {
		p.Next = pageAddress(r.URL, page+1)
	}
	s.show(w, r, "attendance", &p)
}

// attendee returns one of those who signed in. Their number is for who may act on it: forms promise that only those
// see it who look after the site.
func (x *attended) attendee(v *visit, i int) attendee {
	a := x.People[i]
	n := v.tree.Get(a.Site)
	out := attendee{a, n, x.names[a.Terminal], v.may(site.Broadcast, n)}
	if !out.Mine {
		out.Phone = ""
	}
	return out
}

// attendRows sums up the site of the page and those directly below it.
func (s *Server) attendRows(v *visit, x *attended) (attendRow, []attendRow) {
	var sum attendRow
	below := map[site.ID]*attendRow{}
	row := func(id site.ID) *attendRow {
		n := v.tree.Get(id)
		for n != v.at && n.Above != v.at {
			n = n.Above
		}
		if below[n.ID] == nil {
			below[n.ID] = &attendRow{Node: n, Own: n == v.at}
		}
		return below[n.ID]
	}
	for i := range x.Shown {
		y := &x.Shown[i]
		for _, a := range []*attendRow{&sum, row(y.Site)} {
			a.at(y.Site)
			a.Terminals++
			a.seconds += y.Seconds
		}
	}
	for i := range x.People {
		for _, a := range []*attendRow{&sum, row(x.People[i].Site)} {
			a.at(x.People[i].Site)
			a.People++
		}
	}
	sum.Minutes = minutes(sum.seconds)
	var rows []attendRow
	for _, n := range append([]*site.Node{v.at}, v.at.Children...) {
		a := below[n.ID]
		if a == nil {
			continue
		}
		a.Minutes = minutes(a.seconds)
		if !a.Own {
			a.Audience = siteAddress(n, "live/"+x.Of.ID.String()+"/audience")
		}
		rows = append(rows, *a)
	}
	return sum, rows
}

// forget deletes what one person entered.
func (s *Server) forget(w http.ResponseWriter, r *http.Request, v *visit) {
	x, err := s.attended(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	id, err := strconv.ParseInt(r.PostFormValue("attendee"), 10, 64)
	if err != nil {
		s.kit.Fail(w, r, errs.Invalid)
		return
	}
	if err := s.cfg.Attendance.Forget(r.Context(), audience.Actor(v.by), x.Of.ID, id); err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.done(w, r, v.address("live/"+x.Of.ID.String()+"/audience"), "forget")
}

// exported returns the attendance for a table that is taken away, which is a line of the log.
func (s *Server) exported(r *http.Request, v *visit) (attended, error) {
	x, err := s.attended(r, v)
	if err == nil && s.cfg.Log != nil {
		err = s.cfg.Log.Note(r.Context(), s.entry(v, "attendance.export", broadcast.Tag(x.Of.ID), v.at.ID))
	}
	return x, err
}

// attendanceCSV exports who signed in.
func (s *Server) attendanceCSV(w http.ResponseWriter, r *http.Request, v *visit) {
	x, err := s.exported(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	out := s.csv(w, "attendance-"+x.Of.ID.String()+"-"+v.at.Code, strings.Split(v.t.AttendColumns, ",")...)
	for i := range x.People {
		a := x.attendee(v, i)
		out.Write([]string{ //nolint:errcheck // Flush keeps it
			s.moment(a.At, time.DateTime), a.Node.Code, plainCell(a.Node.Name), plainCell(a.Terminal), plainCell(a.Name), plainCell(a.Phone),
		})
	}
	out.Flush()
}

// showingsCSV exports how long each terminal showed a broadcast.
func (s *Server) showingsCSV(w http.ResponseWriter, r *http.Request, v *visit) {
	x, err := s.exported(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	out := s.csv(w, "terminals-"+x.Of.ID.String()+"-"+v.at.Code, strings.Split(v.t.ShowingColumns, ",")...)
	for i := range x.Shown {
		y := &x.Shown[i]
		n := v.tree.Get(y.Site)
		out.Write([]string{ //nolint:errcheck // Flush keeps it
			n.Code, plainCell(n.Name), plainCell(y.Name), minutes(y.Seconds), s.moment(y.First, time.DateTime), s.moment(y.Last, time.DateTime), strconv.Itoa(y.People),
		})
	}
	out.Flush()
}
