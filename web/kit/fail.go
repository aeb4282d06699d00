package kit

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"xianfeng/internal/errs"
)

// StatusOf maps the kinds of failure to HTTP.
func StatusOf(err error) int {
	switch {
	case errors.Is(err, errs.NotFound):
		return http.StatusNotFound
	case errors.Is(err, errs.Denied):
		return http.StatusForbidden
	case errors.Is(err, errs.Conflict), errors.Is(err, errs.Exists):
		return http.StatusConflict
	case errors.Is(err, errs.Invalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, errs.TooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errs.TooMany):
		return http.StatusTooManyRequests
	case errors.Is(err, errs.Full):
		return http.StatusInsufficientStorage
	default:
		return http.StatusInternalServerError
	}
}

// Fail answers with what went wrong: a page for people, problem+json for programs. What is the server's own
// fault is logged and not told.
func (k *Kit) Fail(w http.ResponseWriter, r *http.Request, err error) {
	status := StatusOf(err)
	if status >= http.StatusInternalServerError {
		k.log.Warn("request failed", "method", r.Method, "path", Clip(r.URL.Path), "error", err)
	}
	if !WantsPage(r) {
		var p errs.Problems
		if errors.As(err, &p) {
			k.problem(w, r, status, "", p)
			return
		}
		k.problem(w, r, status, "", nil)
		return
	}
	k.FailPage(w, r, status, "", "")
}

// WantsPage reports whether a person asks. Programs ask below /api/ or for JSON.
func WantsPage(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return !strings.HasPrefix(r.URL.Path, "/api/") && (strings.Contains(accept, "text/html") || !strings.Contains(accept, "json"))
}

type failurePage struct {
	Frame
	Reason string
}

// FailPage answers a person. Title and reason may be empty: then they are the ones of the status.
func (k *Kit) FailPage(w http.ResponseWriter, r *http.Request, status int, title, reason string) {
	f := k.Frame(r)
	p := failurePage{Frame: f, Reason: reason}
	said := f.Words.Failures[status]
	if said == (Failure{}) {
		said = f.Words.Failures[http.StatusInternalServerError]
	}
	p.Title = title
	if title == "" {
		p.Title = said.Title
	}
	if reason == "" {
		p.Reason = said.Reason
	}
	w.Header().Set("Cache-Control", "no-store")
	k.Show(w, r, status, k.failure, p)
}

// Problem answers a program (RFC 9457). detail is English, like the API.
func (k *Kit) Problem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	k.problem(w, r, status, detail, nil)
}

// Explain is Problem with what is wrong with what was sent, and detail in words for the visitor.
func (k *Kit) Explain(w http.ResponseWriter, r *http.Request, status int, detail string, what errs.Problems) {
	k.problem(w, r, status, detail, what)
}

type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Errors []problemField `json:"errors,omitempty"`
}

type problemField struct {
	Field string `json:"field,omitempty"`
	Code  string `json:"code"`
	Value string `json:"value,omitempty"`
}

func (k *Kit) problem(w http.ResponseWriter, r *http.Request, status int, detail string, what errs.Problems) {
	p := problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
	for _, x := range what {
		p.Errors = append(p.Errors, problemField{x.Field, x.Code, x.Value})
	}
	b, err := json.Marshal(p)
	if err != nil { // strings and numbers only
		k.log.Error("marshal problem", "error", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		k.log.Debug("visitor left", "path", Clip(r.URL.Path), "error", err)
	}
}
