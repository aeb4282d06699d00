package web

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"

	"xianfeng/media"
	"xianfeng/web/kit"
)

// Config is what a Server needs. Hub and Gate are required; the zero value of everything else is
// usable.
type Config struct {
	Hub  *media.Hub
	Gate media.Gate

	// HLS, WHIP and WHEP answer below /live/NAME; nil: the server does not offer it. They find the
	// stream in r.PathValue("name"), a file of HLS in "file", a session of WHIP and WHEP in "session",
	// and they set their own CORS headers.
	HLS, WHIP, WHEP http.Handler
	// Socket answers at /ws; nil: there is none. It decides itself what pages of other origins may do.
	Socket http.Handler

	// Sources manages pulled sources; nil: there are none to manage.
	Sources Sources
	// Ready says why the server can't work yet (or no longer); nil: always ready.
	Ready func() error
	Log   *slog.Logger

	// Kit makes the pages, and serves Mount among its files; nil: one of the server's own.
	Kit *kit.Kit
	// Parts answer below addresses of their own: the console, signing in.
	Parts []kit.Part
	// Sites are the pages of the network of sites; nil: there is none.
	Sites SitesPages

	// APIKey is the operator's bearer token. Empty: nobody is operator, except as Open says.
	APIKey string
	// Open makes everybody operator who comes from this machine to an address of this machine.
	Open bool

	// RTSPPort, RTMPPort and SRTPort are named where the pages tell how to publish; 0: not offered.
	RTSPPort, RTMPPort, SRTPort int
}

// Server answers HTTP. It holds no connection, goroutine or file: there is nothing to close.
type Server struct {
	cfg    Config
	log    *slog.Logger
	apiKey [sha256.Size]byte
	kit    *kit.Kit
	pages  pages
}

// New returns a server. It fails only if what is embedded is broken.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Kit == nil {
		k, err := kit.New(kit.Config{Mounts: []kit.Mount{Mount}, Log: cfg.Log})
		if err != nil {
			return nil, err
		}
		cfg.Kit = k
	}
	p, err := loadPages(cfg.Kit)
	if err != nil {
		return nil, fmt.Errorf("load pages: %w", err)
	}
	return &Server{cfg: cfg, log: cfg.Log, apiKey: sha256.Sum256([]byte(cfg.APIKey)), kit: cfg.Kit, pages: p}, nil
}

var noSniff = []string{"nosniff"} // one for all answers

// Handler returns the routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	router := s.kit.Router(mux)
	page, api := router.Page, router.Data

	page("GET /{$}", s.orSites(s.front, SitesPages.Front))
	page("GET /live", s.orSites(s.live, SitesPages.Live))
	page("GET /live/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/live", http.StatusMovedPermanently)
	})
	page("GET /live/{name}", s.watch)
	page("GET /live/{name}/publish", s.publish)
	page("/", s.nothing)

	api("POST /live/{name}/key", s.takeKey)
	mux.HandleFunc("GET /live/{name}/status", s.status)
	mux.HandleFunc("OPTIONS /live/{name}/status", s.preflightStatus)
	s.mediaRoutes(mux)
	if s.cfg.Socket != nil {
		mux.Handle("GET /ws", s.cfg.Socket)
	}

	api("GET /api/streams", s.listStreams)
	api("GET /api/streams/{name}", s.getStream)
	api("DELETE /api/streams/{name}", s.kickStream)
	api("DELETE /api/streams/{name}/sessions/{id}", s.kickSession)
	api("GET /api/sources", s.listSources)
	api("POST /api/sources", s.addSource)
	api("DELETE /api/sources/{name}", s.removeSource)
	api("/api/streams", s.wrongMethod("GET"))
	api("/api/streams/{name}", s.wrongMethod("GET, DELETE"))
	api("/api/streams/{name}/sessions/{id}", s.wrongMethod("DELETE"))
	api("/api/sources", s.wrongMethod("GET, POST"))
	api("/api/sources/{name}", s.wrongMethod("DELETE"))
	api("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.failJSON(w, r, http.StatusNotFound, "no such address in the API")
	})

	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	router.Assets()
	for _, part := range s.cfg.Parts {
		part.Routes(router)
	}
	if s.cfg.Sites != nil {
		s.cfg.Sites.Routes(router)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Content-Type-Options"] = noSniff // as CommonLines
		if !s.Admits(r.Host, r.Header.Get("Origin")) {
			s.log.Warn("request of another site refused", "host", kit.Clip(r.Host), "origin", kit.Clip(r.Header.Get("Origin")), "remote", r.RemoteAddr)
			s.failJSON(w, r, http.StatusForbidden, "in the open mode pages of other sites may do nothing here")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// CommonLines are the header lines that every answer has, for who answers before the handler does.
const CommonLines = "X-Content-Type-Options: nosniff\r\n"

// Admits reports whether a request with these headers is answered at all, for who answers before the handler does.
func (s *Server) Admits(host, origin string) bool { return !s.cfg.Open || fromHere(host, origin) }

// SitesPages are the pages of the network of sites. They share / and /live with the pages of the streams: on a
// site's own host name both are the site's. Front and Live report whether they answered.
type SitesPages interface {
	kit.Part
	Front(w http.ResponseWriter, r *http.Request) bool
	Live(w http.ResponseWriter, r *http.Request) bool
}

// orSites is h where the sites' own page does not answer.
func (s *Server) orSites(h http.HandlerFunc, page func(SitesPages, http.ResponseWriter, *http.Request) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.Sites == nil || !page(s.cfg.Sites, w, r) {
			h(w, r)
		}
	}
}

// mediaRoutes puts the handlers of the media packages under their addresses. They are outside the
// cross-origin protection and set their own CORS headers: a page of another site may play and publish
// here, because the key that lets it do so is one that it must know itself.
func (s *Server) mediaRoutes(mux *http.ServeMux) {
	if h := s.cfg.HLS; h != nil {
		mux.Handle("GET /live/{name}/{file}", s.keepKey(h))
		mux.Handle("OPTIONS /live/{name}/{file}", h)
	}
	for kind, h := range map[string]http.Handler{"whip": s.cfg.WHIP, "whep": s.cfg.WHEP} {
		base := "/live/{name}/" + kind
		if h == nil {
			h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.failJSON(w, r, http.StatusNotImplemented, "this server does not offer "+kind)
			})
		}
		mux.Handle("POST "+base, h)
		mux.Handle("OPTIONS "+base, h)
		mux.Handle("PATCH "+base+"/{session}", h)
		mux.Handle("DELETE "+base+"/{session}", h)
		mux.Handle("OPTIONS "+base+"/{session}", h)
	}
}
