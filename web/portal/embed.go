package portal

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
)

// embedPolicy lets everybody put the page into a frame of theirs.
const embedPolicy kit.Policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"

// signatureHeader has the signature of a feed's bytes: "ed25519 KEY-ID BASE64".
const signatureHeader = "X-Xianfeng-Signature"

func (s *Server) embedRoutes(r *kit.Router) {
	r.Open("GET /embed.js", http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		err := s.cfg.Cache.Serve(w, q, []byte("embed.js"), func(context.Context, *cache.Deps) (cache.Page, error) {
			b, err := embedded.ReadFile("script/embed.js")
			h := dataHeaders("text/javascript; charset=utf-8")
			h.Set("Cache-Control", "public, max-age=300")
			return cache.Page{Status: http.StatusOK, Header: h, Body: b}, err
		})
		if err != nil {
			s.cfg.Kit.Fail(w, q, err)
		}
	}))
	r.Open("GET /embed/{code}/{slug}", s.answer(s.embedPage))
	r.Open("GET /embed/{code}/{slug}/feed.json", s.answer(s.signedFeed))
	r.Data("GET /.well-known/xianfeng-feed.json", s.feedKey)
}

type embedView struct {
	base
	Name       string
	ColumnHref string
	Items      []content.Item
	Here       string
}

// Absolute is for the template.
func (p embedView) Absolute(id content.ArticleID) string {
	return p.Here + "a/" + strconv.FormatInt(int64(id), 10)
}

// embedPage is a column in a frame of somebody else's page, without script.
func (s *Server) embedPage(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	slug := v.r.PathValue("slug")
	c, ok := s.cfg.Columns.Find(v.node, slug)
	if !ok || c.Hidden {
		return cache.Page{}, fmt.Errorf("column: %w", errs.NotFound)
	}
	size := 10
	if text := v.r.URL.Query().Get("n"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 50 {
			return cache.Page{}, fmt.Errorf("n is 1 to 50: %w", errBadQuery)
		}
		size = n
	}
	dependOnList(d, v.node, slug)
	list, err := s.cfg.Shelf.Latest(ctx, v.node, slug, 1, size)
	if err != nil {
		return cache.Page{}, err //nolint:wrapcheck // it says which
	}
	expires(d, list.Items)
	here := s.absolute(*v, v.node)
	p := embedView{base: s.base(v), Name: c.Label(short(v.lang)), ColumnHref: here + "c/" + slug, Items: list.Items, Here: here}
	p.Title = p.Name
	page, err := s.html("embed", p)
	page.Header = kit.Headers(embedPolicy)
	page.Header.Set("Content-Type", "text/html; charset=utf-8")
	page.Header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	page.Header.Set("Vary", "Accept-Encoding")
	page.Header.Del("Permissions-Policy")
	page.Header.Del("Cross-Origin-Opener-Policy")
	return page, err
}

var errNoKey = errors.New("this server signs no feeds")

// signedFeed is a column for partners who show it as theirs: whoever has the key at /.well-known/ can tell that
// nobody changed it on the way.
func (s *Server) signedFeed(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	if s.cfg.FeedKey == nil {
		return cache.Page{}, fmt.Errorf("%w: %w", errNoKey, errs.NotFound)
	}
	x, err := s.digest(ctx, v, d, v.r.PathValue("slug"), 50)
	if err != nil {
		return cache.Page{}, err
	}
	b, err := x.write(jsonFeed)
	if err != nil {
		return cache.Page{}, err
	}
	h := dataHeaders(string(jsonFeed))
	h.Set(signatureHeader, "ed25519 "+keyID(s.cfg.FeedKey)+" "+base64.StdEncoding.EncodeToString(ed25519.Sign(s.cfg.FeedKey, b)))
	h.Set("Access-Control-Expose-Headers", signatureHeader)
	return cache.Page{Status: http.StatusOK, Header: h, Body: b}, nil
}

// keyID names a key: the beginning of the public half.
func keyID(key ed25519.PrivateKey) string {
	return base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey)[:6]) //nolint:errcheck,forcetypeassert // it is one
}

func (s *Server) feedKey(w http.ResponseWriter, r *http.Request) {
	if s.cfg.FeedKey == nil {
		s.cfg.Kit.Problem(w, r, http.StatusNotFound, errNoKey.Error())
		return
	}
	public := s.cfg.FeedKey.Public().(ed25519.PublicKey) //nolint:errcheck,forcetypeassert // it is one
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Access-Control-Allow-Origin", "*")
	json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{ //nolint:errcheck,errchkjson // the visitor left
		"id": keyID(s.cfg.FeedKey), "algorithm": "ed25519", "key": base64.StdEncoding.EncodeToString(public),
	}}})
}
