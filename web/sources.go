package web

import (
	"encoding/json"
	"net/http"

	"xianfeng/media"
	"xianfeng/web/kit"
)

// Source is one pulled source, as the API shows and takes it.
type Source struct {
	Name     string `json:"name"`
	Address  string `json:"address"` // in answers without user name, password and key
	OnDemand bool   `json:"onDemand"`
	Live     bool   `json:"live"`            // answers only
	Error    string `json:"error,omitempty"` // answers only: why the last attempt failed
}

// Sources manages pulled sources. Errors wrap media's kinds: ErrBadName, ErrBusy, ErrNotFound, ErrLimit;
// ErrBadTracks for an address that can't be pulled.
type Sources interface {
	List() []Source
	Add(Source) error
	Remove(name string) error
}

func (s *Server) listSources(w http.ResponseWriter, r *http.Request) {
	if !s.needOperator(w, r) {
		return
	}
	list := []Source{}
	if s.cfg.Sources != nil {
		list = append(list, s.cfg.Sources.List()...)
	}
	s.writeJSON(w, r, http.StatusOK, map[string]any{"sources": list})
}

func (s *Server) addSource(w http.ResponseWriter, r *http.Request) {
	if !s.needOperator(w, r) || !s.haveSources(w, r) {
		return
	}
	var in struct {
		Name     string `json:"name"`
		Address  string `json:"address"`
		OnDemand bool   `json:"onDemand"`
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		s.failJSON(w, r, http.StatusBadRequest, "the body must be {\"name\", \"address\", \"onDemand\"}: "+err.Error())
		return
	}
	if d.More() {
		s.failJSON(w, r, http.StatusBadRequest, "the body has more than one source")
		return
	}
	if err := media.CheckName(in.Name); err != nil {
		s.failErr(w, r, err)
		return
	}
	if in.Address == "" {
		s.failJSON(w, r, http.StatusBadRequest, "the address is missing")
		return
	}
	if err := s.cfg.Sources.Add(Source{Name: in.Name, Address: in.Address, OnDemand: in.OnDemand}); err != nil {
		s.failErr(w, r, err)
		return
	}
	s.log.Info("source added", "stream", in.Name, "remote", r.RemoteAddr)
	w.WriteHeader(http.StatusCreated)
}

func (s *Server) removeSource(w http.ResponseWriter, r *http.Request) {
	if !s.needOperator(w, r) || !s.haveSources(w, r) {
		return
	}
	name := r.PathValue("name")
	if err := s.cfg.Sources.Remove(name); err != nil {
		s.failErr(w, r, err)
		return
	}
	s.log.Info("source removed", "stream", kit.Clip(name), "remote", r.RemoteAddr)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) haveSources(w http.ResponseWriter, r *http.Request) bool {
	if s.cfg.Sources == nil {
		s.failJSON(w, r, http.StatusNotImplemented, "this server pulls no sources")
		return false
	}
	return true
}
