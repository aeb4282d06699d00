package web

import (
	"cmp"
	"net/http"
	"slices"
)

const frontStreams = 6 // shown on the front page; the rest is one click away

type frontPage struct {
	frame
	Streams []row
	More    bool
	Form    nameForm
}

// nameForm asks for a channel's name.
type nameForm struct {
	Name string
	Bad  bool
}

func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	f := s.frame(r, "home")
	rows := s.rows(r, f.T)
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Viewers, a.Viewers), cmp.Compare(a.Name, b.Name))
	})
	more := len(rows) > frontStreams
	if more {
		rows = rows[:frontStreams]
	}
	s.show(w, r, "front", frontPage{frame: f, Streams: rows, More: more})
}
