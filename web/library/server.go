package library

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"xianfeng/recordings"
	"xianfeng/web/kit"
)

//go:embed pages style script
var embedded embed.FS

// Mount has the styles and scripts.
var Mount = kit.Mount{Prefix: "library", FS: embedded}

// Items is where items come from; recordings.Library is one.
type Items interface {
	Item(ctx context.Context, id string) (*recordings.Item, error)
	Piece(ctx context.Context, id, piece string) (recordings.Content, error)
}

// Config is what a Server needs. Channels may be left out: then there are none.
type Config struct {
	Kit      *kit.Kit
	Items    Items
	Channels Channels
	Zone     *time.Location // nil: UTC
	Now      func() time.Time
	Log      *slog.Logger
}

// Server answers below /library and /channel. It holds no goroutine or file.
type Server struct {
	cfg   Config
	pages map[string]*template.Template
}

// New returns a server.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, pages: map[string]*template.Template{}}
	funcs := template.FuncMap{"iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) }}
	for _, name := range []string{"item", "channel"} {
		t, err := cfg.Kit.Parse(embedded, funcs, "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("library: %w", err)
		}
		s.pages[name] = t
	}
	return s, nil
}

// Routes puts the addresses under a router.
func (s *Server) Routes(r *kit.Router) {
	r.Page("GET /library/{id}", s.item)
	r.Open("GET /library/{id}/{file}", http.HandlerFunc(s.file))
	r.Open("GET /library/{id}/from/{ms}/{file}", http.HandlerFunc(s.onAir))
	if s.cfg.Channels != nil {
		r.Page("GET /channel/{name}", s.channel)
		r.Open("GET /channel/{name}/{file}", http.HandlerFunc(s.channelFile))
	}
}
