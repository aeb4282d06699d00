package admin

import (
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/signaling/beacon"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/kit"
)

//go:embed pages style script
var embedded embed.FS

// Mount has the styles and scripts.
var Mount = kit.Mount{Prefix: "admin", FS: embedded}

// Config is what the console works with. Network, Desk and Columns are required; what is nil is not offered.
type Config struct {
	Network    *site.Network
	Desk       *content.Desk
	Columns    *content.Columns
	Names      *content.Names
	People     People
	Signin     Signin
	Links      *content.Links
	Broadcasts *broadcast.Desk // with Programme
	Programme  *broadcast.Programme
	Halls      Halls
	Attendance Attendance // with Programme
	Figures    *content.Figures
	Beacons    *beacon.Book
	Health     *content.Health
	Log        Log
	Backup     Backup
	Streams    Streams
	Settings   Settings
	Channels   Channels // with Items
	Items      Items
	Files      Attachments

	Zone *time.Location // nil: UTC
	Now  func() time.Time
	// Remote is the address of a visitor; nil: the one that the connection has.
	Remote func(*http.Request) string
	Debug  *slog.Logger
}

// Server answers below /admin. It holds no goroutine or file.
type Server struct {
	cfg   Config
	kit   *kit.Kit
	pages map[string]*template.Template
	jobs  imports
}

var pageNames = []string{
	"todo", "post", "posted", "mine", "find", "articles", "article", "conflict", "versions", "trail", "offer", "site", "children",
	"import", "columns", "links", "people", "person", "live", "air", "urgent", "stats", "reception", "receptions", "health", "channels", "channel", "audit",
	"terminals", "attendance",
}

// New returns the console.
func New(k *kit.Kit, cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Debug == nil {
		cfg.Debug = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, kit: k, pages: map[string]*template.Template{}}
	funcs := template.FuncMap{
		"time":     func(t time.Time) string { return s.moment(t, "2006年1月2日 15:04") },
		"add":      func(a, b int) int { return a + b },
		"clock":    func(t time.Time) string { return s.moment(t, "15:04") },
		"day":      func(t time.Time) string { return s.moment(t, "2006年1月2日") },
		"linkForm": func(t *Messages, l content.Link) linkForm { return linkForm{t, l} },
		"share":    share,
		"far":      far,
		"sub":      func(a, b int) int { return a - b },
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"local": func(t time.Time) string {
			return s.moment(t, "2006-01-02T15:04")
		},
	}
	for _, name := range pageNames {
		t, err := k.Parse(embedded, funcs, "pages/shell.html", "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		s.pages[name] = t
	}
	return s, nil
}

func (s *Server) moment(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.cfg.Zone).Format(layout)
}

// Routes puts the console under its addresses.
func (s *Server) Routes(r *kit.Router) {
	r.Page("GET /admin", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, "/admin/", http.StatusMovedPermanently)
	})
	r.Page("GET /admin/{$}", s.inside(s.todo))
	r.Page("GET /admin/mine", s.inside(s.mine))
	r.Page("GET /admin/find", s.inside(s.find))
	r.Page("GET /admin/tree/{code}", s.at(site.EnterConsole, s.branch))
	r.Page("GET /admin/s/{code}", s.at(site.EnterConsole, s.siteStart))
	s.postRoutes(r)
	s.articleRoutes(r)
	s.siteRoutes(r)
	s.peopleRoutes(r)
	s.reportRoutes(r)
	s.receptionRoutes(r)
	s.channelRoutes(r)
	s.terminalRoutes(r)
	s.attendanceRoutes(r)
	r.Page("/admin/", s.inside(func(w http.ResponseWriter, q *http.Request, _ *visit) {
		s.kit.FailPage(w, q, http.StatusNotFound, "", "")
	}))
}
