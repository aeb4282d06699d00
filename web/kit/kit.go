package kit

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"

	"xianfeng/internal/site"
)

//go:embed style script pages
var embedded embed.FS

// Mount is a folder of files that pages load, below /assets/VERSION/Prefix.
type Mount struct {
	Prefix string // "": at the root
	FS     fs.FS
	// Joined are files made of others, for one request instead of several: name to parts.
	Joined map[string][]string
}

// own is what every page loads.
func own() Mount {
	return Mount{Prefix: "kit", FS: embedded, Joined: map[string][]string{
		"style/kit.css": {"style/tokens.css", "style/base.css", "style/forms.css", "style/parts.css", "style/modes.css"},
	}}
}

// Config is what a Kit needs. The zero value is usable.
type Config struct {
	Mounts []Mount
	Log    *slog.Logger
	// Name is the network's name on pages that belong to no site. Default: the project's.
	Name string
	// Session says who asks; nil: always a visitor. It may be called several times for one request.
	Session func(*http.Request) Visitor
}

// Visitor is who asks. The zero value is somebody who is not signed in.
type Visitor struct {
	Who     site.Who
	Name    string
	Login   string
	Home    site.ID
	Session string // names the session in lists; not what opens it
	Strong  bool   // by two factors
}

// SignedIn reports whether it is known who asks.
func (v Visitor) SignedIn() bool { return v.Who.Account != 0 }

// Kit is what pages are made with. It holds no goroutine or file and is safe for all goroutines.
type Kit struct {
	cfg     Config
	log     *slog.Logger
	assets  *assets
	failure *template.Template
	cross   *http.CrossOriginProtection
}

// New returns a kit. It fails only if what is embedded is broken.
func New(cfg Config) (*Kit, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	a, err := loadAssets(append([]Mount{own()}, cfg.Mounts...))
	if err != nil {
		return nil, fmt.Errorf("load assets: %w", err)
	}
	k := &Kit{cfg: cfg, log: cfg.Log, assets: a, cross: http.NewCrossOriginProtection()}
	k.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if WantsPage(r) {
			k.FailPage(w, r, http.StatusForbidden, "", "")
			return
		}
		k.Problem(w, r, http.StatusForbidden, "a page of another site may not do this")
	}))
	if k.failure, err = k.Parse(embedded, nil, "pages/failure.html"); err != nil {
		return nil, err
	}
	return k, nil
}

// Parse parses a page: the frame, then files, each of which may define or replace its blocks.
func (k *Kit) Parse(from fs.FS, funcs template.FuncMap, files ...string) (*template.Template, error) {
	t, err := template.New("layout.html").Funcs(k.funcs()).Funcs(funcs).ParseFS(embedded, "pages/layout.html")
	if err != nil {
		return nil, fmt.Errorf("the frame of all pages: %w", err)
	}
	if t, err = t.ParseFS(from, files...); err != nil {
		return nil, fmt.Errorf("page %s: %w", files[0], err)
	}
	return t, nil
}

func (k *Kit) funcs() template.FuncMap {
	return template.FuncMap{"asset": k.assets.url, "say": fmt.Sprintf}
}

// Asset returns the address of a file, "" where it is not embedded.
func (k *Kit) Asset(name string) string {
	address, err := k.assets.url(name)
	if err != nil {
		k.log.Error("address of a file", "error", err)
	}
	return address
}

// Visitor returns who asks.
func (k *Kit) Visitor(r *http.Request) Visitor {
	if k.cfg.Session == nil {
		return Visitor{}
	}
	return k.cfg.Session(r)
}
