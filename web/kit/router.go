package kit

import "net/http"

// Part is something that answers below addresses of its own: the console, signing in, the sites' pages.
type Part interface {
	Routes(r *Router)
}

// Router puts handlers under their addresses with the headers that each kind of answer carries.
type Router struct {
	kit *Kit
	mux *http.ServeMux
}

// Router returns a router that fills mux.
func (k *Kit) Router(mux *http.ServeMux) *Router { return &Router{k, mux} }

// Page is for pages: strict policy, nothing kept by caches on the way, no forms of other sites.
func (r *Router) Page(pattern string, h http.HandlerFunc) { r.With(pattern, PagePolicy, h) }

// Data is for answers to programs and scripts.
func (r *Router) Data(pattern string, h http.HandlerFunc) { r.With(pattern, DataPolicy, h) }

// With is Page with another policy.
func (r *Router) With(pattern string, p Policy, h http.HandlerFunc) {
	r.mux.Handle(pattern, r.kit.Secure(p, h))
}

// Open is for handlers that set all their headers and let pages of other sites in.
func (r *Router) Open(pattern string, h http.Handler) { r.mux.Handle(pattern, h) }

// Assets serves the files of all mounts.
func (r *Router) Assets() {
	r.mux.Handle("GET /assets/{path...}", r.kit.assets)
	r.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, q *http.Request) {
		r.kit.assets.serve(w, q, "kit/style/favicon.svg", false)
	})
}
