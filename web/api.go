package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"xianfeng/media"
)

// streamAnswer is one stream in the API. Now is the server's clock, by which players know how old a
// picture is.
type streamAnswer struct {
	media.StreamInfo
	Now int64 `json:"now"` // milliseconds since 1970
}

// onAir returns what the request may know of the streams: the operator everything, everybody else the
// streams that they may read, without anybody's address.
func (s *Server) onAir(r *http.Request) []media.StreamInfo {
	operator := s.operator(r) == nil
	out := []media.StreamInfo{}
	for _, x := range s.cfg.Hub.Streams() {
		if !operator && s.mayRead(r, x.Name(), KeyFrom(r, x.Name())) != nil {
			continue
		}
		out = append(out, seen(x, operator, false))
	}
	return out
}

// seen returns the part of a stream's state that the asker may see.
func seen(x *media.Stream, operator, sessions bool) media.StreamInfo {
	info := x.Info(operator && sessions)
	if !operator && info.Publisher != nil {
		info.Publisher.Remote = ""
	}
	return info
}

func (s *Server) listStreams(w http.ResponseWriter, r *http.Request) {
	s.writeJSON(w, r, http.StatusOK, map[string]any{"now": time.Now().UnixMilli(), "streams": s.onAir(r)})
}

func (s *Server) getStream(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if err := media.CheckName(name); err != nil {
		s.failErr(w, r, fmt.Errorf("stream: %w", err))
		return
	}
	operator := s.operator(r) == nil
	if !operator {
		if err := s.mayRead(r, name, KeyFrom(r, name)); err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			s.failErr(w, r, err)
			return
		}
	}
	x, err := s.cfg.Hub.Lookup(name)
	if err != nil {
		s.failErr(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, streamAnswer{StreamInfo: seen(x, operator, true), Now: time.Now().UnixMilli()})
}

// statusAnswer is what players are told. That nobody is on air is an answer like any other: players wait
// for the stream by asking, and browsers report each 404 as an error.
type statusAnswer struct {
	streamAnswer
	Absent   bool `json:"absent,omitempty"`   // there is no such stream at present
	OnDemand bool `json:"onDemand,omitempty"` // asking for the absent stream starts a source
}

// status is getStream for players: below /live/NAME, where the key's cookie goes, and open to pages of
// other sites that show the player. It never tells an operator more than anybody else.
func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	name := r.PathValue("name")
	if err := media.CheckName(name); err != nil {
		s.failErr(w, r, fmt.Errorf("stream: %w", err))
		return
	}
	if err := s.mayRead(r, name, KeyFrom(r, name)); err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.failErr(w, r, err)
		return
	}
	answer := statusAnswer{streamAnswer: streamAnswer{Now: time.Now().UnixMilli()}}
	x, err := s.cfg.Hub.Lookup(name)
	switch {
	case err == nil:
		answer.StreamInfo = seen(x, false, false)
	case errors.Is(err, media.ErrNotFound):
		answer.StreamInfo = media.StreamInfo{Name: name, Tracks: []media.TrackInfo{}, Readers: map[string]int{}}
		answer.Absent, answer.OnDemand = true, s.startsOnDemand(name)
	default:
		s.failErr(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusOK, answer)
}

// startsOnDemand reports whether a source waits for somebody to ask for the stream name.
func (s *Server) startsOnDemand(name string) bool {
	if s.cfg.Sources == nil {
		return false
	}
	return slices.ContainsFunc(s.cfg.Sources.List(), func(x Source) bool { return x.Name == name && x.OnDemand })
}

func (s *Server) preflightStatus(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "Authorization")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) kickStream(w http.ResponseWriter, r *http.Request) {
	if !s.needOperator(w, r) {
		return
	}
	name := r.PathValue("name")
	if err := s.cfg.Hub.Kick(name); err != nil {
		s.failErr(w, r, err)
		return
	}
	s.log.Info("stream closed by the operator", "stream", name, "remote", r.RemoteAddr)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) kickSession(w http.ResponseWriter, r *http.Request) {
	if !s.needOperator(w, r) {
		return
	}
	name, id := r.PathValue("name"), r.PathValue("id")
	x, err := s.cfg.Hub.Lookup(name)
	if err != nil {
		s.failErr(w, r, err)
		return
	}
	if err := x.KickSession(id, fmt.Errorf("session %.40q: %w", id, media.ErrKicked)); err != nil {
		s.failErr(w, r, err)
		return
	}
	s.log.Info("session closed by the operator", "stream", name, "session", id, "remote", r.RemoteAddr)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) wrongMethod(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		s.failJSON(w, r, http.StatusMethodNotAllowed, "use "+strings.ReplaceAll(allow, ", ", " or "))
	}
}
