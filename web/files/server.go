package files

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// Service is what files are brought to and fetched from. internal/files.Service is one.
type Service interface {
	Admit(ctx context.Context, who site.Who, at site.ID) (files.Limits, error)
	Bring(ctx context.Context, who site.Who, u files.Upload) (files.File, []string, error)
	Open(ctx context.Context, id, name string) (files.Opened, error)
	Delete(ctx context.Context, who site.Who, remote, id string) error
}

// Config is what a Server needs. Remote and Log may be left out.
type Config struct {
	Kit     *kit.Kit
	Service Service
	Remote  func(*http.Request) string // the visitor's address; nil: who is at the other end of the connection
	Log     *slog.Logger
}

// atOnce is how many files come in at once. full: the visitor is told to come again
const atOnce = 32

// Server answers below /files. It holds no file or goroutine.
type Server struct {
	cfg  Config
	busy chan struct{}
}

// New returns a Server.
func New(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Remote == nil {
		cfg.Remote = remote
	}
	return &Server{cfg, make(chan struct{}, atOnce)}
}

// filePolicy is for what others made: it may do nothing, wherever it is opened.
const filePolicy kit.Policy = "default-src 'none'; sandbox; frame-ancestors 'none'"

// Routes puts the addresses under a router.
func (s *Server) Routes(r *kit.Router) {
	r.Data("GET /files", s.ask)
	r.Data("POST /files", s.take)
	r.Data("DELETE /files/{id}", s.remove)
	r.With("GET /files/{id}/{name}", filePolicy, s.give)
}

// patience is how long a visitor may send or take nothing. How long all of it takes does not matter.
const patience = time.Minute

// fail says what went wrong, in the visitor's language.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	t := messages(kit.LangOf(r))
	var p errs.Problems
	errors.As(err, &p)
	status := kit.StatusOf(err)
	switch {
	case errors.Is(err, errs.TooLarge): // it is a Problem as well
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, errs.Denied) && !s.cfg.Kit.Visitor(r).SignedIn():
		status = http.StatusUnauthorized
	case r.Context().Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF): // the visitor left, or is about to
		status = http.StatusRequestTimeout
	}
	if status >= http.StatusInternalServerError {
		s.cfg.Log.Warn("request failed", "method", r.Method, "path", kit.Clip(r.URL.Path), "error", err)
	}
	s.cfg.Kit.Explain(w, r, status, t.say(status, p), p)
}

// remote is who is at the other end of the connection.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	if err := s.cfg.Service.Delete(r.Context(), s.cfg.Kit.Visitor(r).Who, s.cfg.Remote(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		s.cfg.Log.Debug("visitor left", "path", kit.Clip(r.URL.Path), "error", err)
	}
}
