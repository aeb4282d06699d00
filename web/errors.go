package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"xianfeng/media"
	"xianfeng/web/kit"
)

// statusOf maps the kinds of failure to HTTP.
func statusOf(err error) int {
	switch {
	case errors.Is(err, media.ErrNotFound), errors.Is(err, media.ErrEnded):
		return http.StatusNotFound
	case errors.Is(err, media.ErrBadName), errors.Is(err, media.ErrBadTracks):
		return http.StatusBadRequest
	case errors.Is(err, media.ErrDenied):
		return http.StatusUnauthorized
	case errors.Is(err, media.ErrBusy):
		return http.StatusConflict
	case errors.Is(err, media.ErrLimit):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

// failJSON answers a program with a reason.
func (s *Server) failJSON(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.writeJSON(w, r, status, map[string]string{"error": reason})
}

// failErr answers a program with an error of the media core.
func (s *Server) failErr(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		s.log.Warn("request failed", "method", r.Method, "path", kit.Clip(r.URL.Path), "error", err)
	}
	s.failJSON(w, r, status, err.Error())
}

func (s *Server) writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.log.Error("marshal answer", "path", kit.Clip(r.URL.Path), "error", err)
		http.Error(w, `{"error":"internal error"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		s.log.Debug("visitor left", "path", kit.Clip(r.URL.Path), "error", err)
	}
}
