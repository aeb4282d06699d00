package admin

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"xianfeng/internal/site"
	"xianfeng/signaling/beacon"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/kit"
)

func (s *Server) receptionRoutes(r *kit.Router) {
	if s.cfg.Beacons != nil {
		r.Page("GET /admin/s/{code}/reception", s.at(site.ReadStats, s.receptions))
		r.Page("GET /admin/s/{code}/reception/{file}", s.at(site.ReadStats, s.reception))
	}
}

type receptionsPage struct {
	shell
	List []received
}

type received struct {
	beacon.Listed
	Node *site.Node
}

// receptions lists the broadcasts of which there are figures and that are shown on the site or below it.
func (s *Server) receptions(w http.ResponseWriter, r *http.Request, v *visit) {
	p := receptionsPage{shell: s.shell(r, v, "reception", v.at.Label()+" · "+v.t.NavReception)}
	for _, x := range s.cfg.Beacons.List() {
		if n := v.tree.Get(x.Site); n != nil && (n.Under(v.at) || v.at.Under(n)) {
			p.List = append(p.List, received{x, n})
		}
	}
	s.show(w, r, "receptions", p)
}

type receptionPage struct {
	shell
	Of    received
	Topic string // that brings the figures while they change
	V     beacon.View
	Bars  []errorBar
	Ways  []way
	// Audience is the address of the attendance before screens.
	Audience string
}

// errorBar is a bar of the histogram; the table beside it says the same.
type errorBar struct {
	Label      string
	Now, Total uint64
	X, Height  int // of the drawing
	Good       bool
}

type way struct {
	Name       string
	Now, Total uint64
}

const (
	barWidth  = 20
	barHeight = 100
)

// reception shows how one broadcast is received on the site and those below, or exports it.
func (s *Server) reception(w http.ResponseWriter, r *http.Request, v *visit) {
	id, export := strings.CutSuffix(r.PathValue("file"), ".csv")
	var of received
	for _, x := range s.cfg.Beacons.List() {
		if n := v.tree.Get(x.Site); x.ID == id && n != nil && (n.Under(v.at) || v.at.Under(n)) {
			of = received{x, n}
		}
	}
	if of.Node == nil {
		s.kit.FailPage(w, r, http.StatusNotFound, "", v.t.ReceptionGone)
		return
	}
	if export {
		s.receptionCSV(w, v, id)
		return
	}
	x, err := s.cfg.Beacons.View(id, v.at)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p := receptionPage{shell: s.shell(r, v, "reception", v.at.Label()+" · "+v.t.NavReception), Of: of, V: x}
	p.Topic = beacon.Prefix + id + ":" + v.at.Code
	if num, ok := broadcast.ParseID(id); ok && s.cfg.Programme != nil {
		if b, err := s.cfg.Programme.Get(r.Context(), num); err == nil { // else there is no link
			p.Audience = s.attendanceAddress(v, &b)
		}
	}
	var most uint64 = 1
	for _, n := range x.Now.Errors {
		most = max(most, n)
	}
	for i, n := range x.Now.Errors {
		p.Bars = append(p.Bars, errorBar{
			Label: v.t.errorRange(i), Now: n, Total: x.Total.Errors[i], X: i * barWidth,
			Height: int(math.Ceil(float64(n) * barHeight / float64(most))), Good: i == len(beacon.Edges)/2,
		})
	}
	for i, name := range []string{"WebRTC", "HLS", v.t.ReceptionNative, v.t.ReceptionOther} {
		p.Ways = append(p.Ways, way{name, x.Now.Via[i], x.Total.Via[i]})
	}
	s.show(w, r, "reception", p)
}

// errorRange says which errors bar i has.
func (t *Messages) errorRange(i int) string {
	ms := func(e float64) string { return strconv.Itoa(int(math.Abs(e))) }
	e := beacon.Edges[:]
	switch mid := len(e) / 2; {
	case i == 0:
		return fmt.Sprintf(t.ReceptionLateBy, "> "+ms(e[0]))
	case i == len(e):
		return fmt.Sprintf(t.ReceptionEarlyBy, "> "+ms(e[i-1]))
	case i < mid:
		return fmt.Sprintf(t.ReceptionLateBy, ms(e[i])+"–"+ms(e[i-1]))
	case i > mid:
		return fmt.Sprintf(t.ReceptionEarlyBy, ms(e[i-1])+"–"+ms(e[i]))
	default:
		return fmt.Sprintf(t.ReceptionIn, ms(e[i]))
	}
}

// receptionCSV exports the sums of every site of the subtree.
func (s *Server) receptionCSV(w http.ResponseWriter, v *visit, id string) {
	head := []string{"code", "name", "reports", "late", "stalls", "within_8_ms", "within_40_ms", "within_100_ms", "error_known"}
	head = append(head, beacon.Vias[:]...)
	for i := range beacon.Bars {
		switch {
		case i == 0:
			head = append(head, fmt.Sprintf("below_%v_ms", beacon.Edges[0]))
		case i == len(beacon.Edges):
			head = append(head, fmt.Sprintf("from_%v_ms", beacon.Edges[i-1]))
		default:
			head = append(head, fmt.Sprintf("%v_to_%v_ms", beacon.Edges[i-1], beacon.Edges[i]))
		}
	}
	out := s.csv(w, "reception-"+id+"-"+v.at.Code, head...)
	num := func(n uint64) string { return strconv.FormatUint(n, 10) }
	err := s.cfg.Beacons.Each(id, v.at, func(n *site.Node, f beacon.Figures) error {
		row := []string{"", ""}
		if n != nil {
			row = []string{n.Code, plainCell(n.Name)}
		}
		row = append(row, num(f.Reports), num(f.Late), num(f.Stalls), num(f.Within(8)), num(f.Within(40)), num(f.Within(100)), num(f.Known))
		for _, x := range f.Via {
			row = append(row, num(x))
		}
		for _, x := range f.Errors {
			row = append(row, num(x))
		}
		return out.Write(row) //nolint:wrapcheck // only looked at
	})
	if err == nil { // else the visitor left
		out.Flush()
	}
}

// share is a part of a whole, for people.
func share(part, of uint64) string {
	if of == 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(part)*100/float64(of), 'f', 1, 64) + " %"
}

// far is a distance in ms, for people.
func far(ms *float64) string {
	if ms == nil {
		return "–"
	}
	return strconv.FormatFloat(*ms, 'f', 1, 64) + " ms"
}
