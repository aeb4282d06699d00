package web

import "net/http"

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
	more := len(rows) > frontStreams
	if more {
		rows = rows[:frontStreams]
	}
	s.show(w, r, http.StatusOK, "front", frontPage{frame: f, Streams: rows, More: more})
}
