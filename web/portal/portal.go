package portal

import (
	"context"
	"crypto/ed25519"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
)

//go:embed style script pages themes/*.css art
var embedded embed.FS

// Mount is what the pages of this package load.
var Mount = kit.Mount{Prefix: "portal", FS: embedded, Joined: map[string][]string{
	"style/all.css": {"style/portal.css", "style/blocks.css", "style/call.css", "style/read.css", "style/air.css", "style/modes.css"},
}}

// Shelf is what visitors read. content.Shelf is one.
type Shelf interface {
	Latest(ctx context.Context, n *site.Node, slug string, page, size int) (content.List, error)
	Blocks(ctx context.Context, n *site.Node, wants ...content.Want) (map[string][]content.Item, error)
	Live(ctx context.Context, n *site.Node, id content.ArticleID) (content.Shown, error)
	Beside(ctx context.Context, n *site.Node, it *content.Item) (newer, older *content.Item, err error)
	Search(ctx context.Context, q content.Query) (content.Results, error)
}

// Walker goes through all public articles, for site maps: fewer than limit are the last.
type Walker interface {
	Walk(ctx context.Context, after content.ArticleID, limit int) ([]content.Found, error)
}

// Columns tell which columns a site has. content.Columns is one.
type Columns interface {
	Of(n *site.Node) []content.Column
	Find(n *site.Node, slug string) (content.Column, bool)
}

// Broadcasts tell what is planned and on air. broadcast.Programme is one.
type Broadcasts interface {
	At(n *site.Node) broadcast.Shown
	Get(ctx context.Context, id broadcast.ID) (broadcast.Broadcast, error)
	Guide(ctx context.Context, n *site.Node, from, to time.Time) ([]broadcast.Broadcast, error)
}

// Config is what a Server needs. Kit, Network, Shelf, Columns and Cache are required; the zero value of
// everything else is usable.
type Config struct {
	Kit     *kit.Kit
	Network interface{ Tree() *site.Tree }
	Shelf   Shelf
	Columns Columns
	Cache   *cache.Cache
	Walker  Walker // nil: site maps name no articles

	// Broadcasts are what is planned and on air; nil: there are none.
	Broadcasts Broadcasts
	// Links are the links of a site; nil: none.
	Links interface {
		Links(ctx context.Context, at site.ID) ([]content.Link, error)
	}
	// Viewed is told of each look at a page, and at which article, 0: none; nil: nobody counts.
	Viewed func(r *http.Request, n *site.Node, id content.ArticleID)

	Zone *time.Location // of the dates on the pages; nil: UTC
	Now  func() time.Time
	Log  *slog.Logger
	// FeedKey signs what partners fetch; nil: there are no signed feeds.
	FeedKey ed25519.PrivateKey
}

// Server answers visitors. It holds no goroutine or file: there is nothing to close.
type Server struct {
	cfg   Config
	log   *slog.Logger
	pages map[string]*template.Template
	fixed http.Header // of every page
	api   []byte      // the API's description
	maps  chan struct{}
}

var pageNames = []string{"front", "column", "article", "search", "live", "sites", "links", "tops", "failure", "embed", "guide"}

// New returns a server. It fails only if what is embedded is broken.
func New(cfg Config) (*Server, error) {
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, log: cfg.Log, pages: map[string]*template.Template{}, fixed: pageHeaders(), maps: make(chan struct{}, 2)}
	for _, name := range pageNames {
		t, err := cfg.Kit.Parse(embedded, nil, "pages/frame.html", "pages/parts.html", "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("portal: %w", err)
		}
		s.pages[name] = t
	}
	t, err := cfg.Kit.Parse(embedded, nil, "pages/watch.html")
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	s.pages["watch"] = t
	if s.api, err = embedded.ReadFile("pages/openapi.json"); err != nil {
		return nil, fmt.Errorf("portal: the description of the API: %w", err)
	}
	return s, nil
}

// Routes puts the pages under their addresses.
func (s *Server) Routes(r *kit.Router) {
	get := func(rest string, h http.HandlerFunc) {
		r.Open("GET /v/{code}/"+rest, h)
		if rest != "{$}" && rest != "live" { // package web has these two
			r.Open("GET /"+rest, h)
		}
	}
	get("{$}", s.page(s.front))
	get("c/{slug}", s.page(s.column))
	get("a/{id}", s.page(s.article))
	get("a/{id}/views", s.quiet(s.views))
	get("search", s.page(s.search))
	get("live", s.page(s.live))
	get("sites", s.page(s.sites))
	get("guide", s.page(s.guide))
	get("guide.ics", s.quiet(s.calendar))
	r.Open("GET /b/{id}", http.HandlerFunc(s.watch))
	get("links", s.page(s.links))
	get("feed.xml", s.quiet(s.feed(rss)))
	get("atom.xml", s.quiet(s.feed(atom)))
	get("feed.json", s.quiet(s.feed(jsonFeed)))
	get("c/{slug}/feed.xml", s.quiet(s.feed(rss)))
	get("c/{slug}/atom.xml", s.quiet(s.feed(atom)))
	get("c/{slug}/feed.json", s.quiet(s.feed(jsonFeed)))
	r.Page("GET /v/{code}", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, q.URL.EscapedPath()+"/", http.StatusMovedPermanently)
	})
	r.Page("GET /v/{code}/{rest...}", s.lost)
	s.apiRoutes(r)
	s.embedRoutes(r)
	r.Data("GET /robots.txt", s.robots)
	r.Data("GET /sitemap.xml", s.sitemap)
	r.Data("GET /sitemaps/{name}", s.sitemapPart)
}
