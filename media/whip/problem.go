package whip

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"xianfeng/media"
	"xianfeng/media/rtc"
)

// The failures of the signalling itself.
var (
	errMethod   = errors.New("this method is not allowed here")
	errType     = errors.New("the content type is not supported")
	errLarge    = errors.New("the body is larger than 64 KiB")
	errBody     = errors.New("the body can't be read")
	errSession  = errors.New("no such session")
	errMatch    = errors.New("the ICE session is not the one that If-Match names")
	errFragment = errors.New("the SDP fragment can't be used")
	errDelay    = errors.New("nobody is shown streams with this delay")
	errAnswer   = errors.New("the offer can't be answered")
)

// problem is the body of a refusal (RFC 9457). Type tells programs what people read in detail.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// kinds maps errors to statuses; the first that fits counts.
var kinds = [...]struct {
	err    error
	status int
	kind   string
}{
	{media.ErrDenied, http.StatusUnauthorized, "denied"},
	{media.ErrReordered, http.StatusNotAcceptable, "b-frames"},
	{media.ErrCodec, http.StatusNotAcceptable, "codec"},
	{media.ErrBadTracks, http.StatusNotAcceptable, "tracks"},
	{media.ErrBadName, http.StatusBadRequest, "name"},
	{media.ErrBusy, http.StatusConflict, "busy"},
	{media.ErrLimit, http.StatusServiceUnavailable, "limit"},
	{media.ErrNotFound, http.StatusNotFound, "not-found"},
	{media.ErrEnded, http.StatusNotFound, "ended"},
	{media.ErrKicked, http.StatusNotFound, "ended"},
	{media.ErrReplaced, http.StatusConflict, "busy"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "not-ready"},
	{errMethod, http.StatusMethodNotAllowed, "method"},
	{errType, http.StatusUnsupportedMediaType, "content-type"},
	{errLarge, http.StatusRequestEntityTooLarge, "too-large"},
	{errSession, http.StatusNotFound, "session"},
	{errMatch, http.StatusPreconditionFailed, "if-match"},
	{rtc.ErrOffer, http.StatusBadRequest, "offer"},
	{errAnswer, http.StatusBadRequest, "offer"},
	{errDelay, http.StatusBadRequest, "delay"},
	{errFragment, http.StatusBadRequest, "fragment"},
	{errBody, http.StatusBadRequest, "body"},
}

// refuse answers err and logs it.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, protocol, name string, err error) {
	status, kind := http.StatusInternalServerError, "internal"
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			status, kind = k.status, k.kind
			break
		}
	}
	h := w.Header()
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="live"`)
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	level := slog.LevelWarn
	if errors.Is(err, errSession) {
		level = slog.LevelDebug // a browser that left by DTLS and then sends its DELETE did nothing wrong
	}
	s.log.Log(r.Context(), level, "request refused", "stream", short(name), "protocol", protocol, "remote", r.RemoteAddr, "method", r.Method, "status", status, "error", short(err.Error()))
	b, jsonErr := json.Marshal(problem{Type: "urn:xianfeng:problem:" + kind, Title: http.StatusText(status), Status: status, Detail: short(err.Error())})
	if jsonErr != nil {
		http.Error(w, http.StatusText(status), status)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(b) //nolint:errcheck // the client is gone
}

// short cuts what may hold a stranger's text.
func short(s string) string {
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}
