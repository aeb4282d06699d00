package kit

import (
	"net/http"
	"strings"
)

// Policy is the Content-Security-Policy of one kind of answer.
type Policy string

// Pages run our own scripts and styles only, from files: nothing inline, no eval, no other host.
// blob: for media is Media Source Extensions.
const (
	PagePolicy Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
	DataPolicy Policy = "default-src 'none'; frame-ancestors 'none'"
)

// Secure adds the headers that every answer of ours to a person or program carries, and refuses
// requests that change something and come from a page of another site.
func (k *Kit) Secure(p Policy, h http.HandlerFunc) http.Handler {
	lines := Headers(p)
	return k.cross.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		for name, values := range lines {
			head[name] = values
		}
		h(w, r)
	}))
}

// Headers are the lines that every answer of ours to a person or program carries. Nobody changes the values.
func Headers(p Policy) http.Header {
	return http.Header{
		"Content-Security-Policy":    {string(p)},
		"Referrer-Policy":            {"same-origin"},
		"Permissions-Policy":         {"camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), picture-in-picture=(self), geolocation=(), payment=(), usb=()"},
		"Cross-Origin-Opener-Policy": {"same-origin"},
		"Cache-Control":              {"private, no-cache"},
	}
}

// OverTLS reports whether the visitor's own connection is encrypted, as far as the server or the proxy
// before it knows. A visitor who makes the header up only spoils their own cookie.
func OverTLS(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
