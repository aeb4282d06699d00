package portal

import (
	"bufio"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// perMap is how many addresses one site map may name (https://www.sitemaps.org/protocol.html).
const perMap = 50_000

const xmlns = ` xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`

// robots tells programs that walk through all pages where they need not go.
func (s *Server) robots(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	fmt.Fprintf(w, "User-agent: *\nDisallow: /admin/\nDisallow: /sign/\nDisallow: /api/\nDisallow: /*/search\nDisallow: /search\nDisallow: /*?elder=\nDisallow: /*?contrast=\n\nSitemap: %s/sitemap.xml\n", rootOf(r)) //nolint:errcheck // the visitor left
}

// sitemap is the index: one map of all sites, and one for each run of article numbers.
func (s *Server) sitemap(w http.ResponseWriter, r *http.Request) {
	s.writeMap(w, r, "sitemapindex", func(out io.Writer) error {
		root := escape(rootOf(r))
		for i := 0; i == 0 || i < s.cfg.Network.Tree().Len(); i += perMap {
			fmt.Fprintf(out, "<sitemap><loc>%s/sitemaps/sites-%d.xml</loc></sitemap>\n", root, i/perMap) //nolint:errcheck // bufio keeps it
		}
		if s.cfg.Walker == nil {
			return nil
		}
		for after := content.ArticleID(0); ; {
			next, err := s.cfg.Walker.Walk(r.Context(), after, 1)
			if err != nil || len(next) == 0 {
				return err //nolint:wrapcheck // it says which
			}
			run := int64(next[0].ID-1) / perMap
			fmt.Fprintf(out, "<sitemap><loc>%s/sitemaps/articles-%d.xml</loc></sitemap>\n", root, run) //nolint:errcheck // as above
			after = content.ArticleID((run + 1) * perMap)
		}
	})
}

// sitemapPart is one map. It is written while it is read: it never stands in memory whole.
func (s *Server) sitemapPart(w http.ResponseWriter, r *http.Request) {
	kind, number, ok := strings.Cut(strings.TrimSuffix(r.PathValue("name"), ".xml"), "-")
	n, err := strconv.ParseInt(number, 10, 32)
	if !ok || err != nil || n < 0 || (kind != "sites" && (kind != "articles" || s.cfg.Walker == nil)) {
		s.cfg.Kit.FailPage(w, r, http.StatusNotFound, "", "")
		return
	}
	v := visit{r: r, root: rootOf(r)}
	s.writeMap(w, r, "urlset", func(out io.Writer) error {
		if kind == "sites" {
			s.writeSites(out, &v, int(n)*perMap)
			return nil
		}
		return s.writeArticles(out, &v, content.ArticleID(n*perMap))
	})
}

func (s *Server) writeSites(out io.Writer, v *visit, from int) {
	all := s.cfg.Network.Tree().All()
	for _, n := range all[min(from, len(all)):min(from+perMap, len(all))] {
		if n.State != site.Closed {
			fmt.Fprintf(out, "<url><loc>%s</loc></url>\n", escape(s.absolute(*v, n))) //nolint:errcheck // bufio keeps it
		}
	}
}

func (s *Server) writeArticles(out io.Writer, v *visit, after content.ArticleID) error {
	tree, end := s.cfg.Network.Tree(), after+perMap
	for {
		items, err := s.cfg.Walker.Walk(v.r.Context(), after, 1000)
		if err != nil {
			return err //nolint:wrapcheck // it says which
		}
		for i := range items {
			it := &items[i]
			if it.ID > end {
				return nil
			}
			if n := tree.Get(it.At); n != nil && n.State != site.Closed {
				fmt.Fprintf(out, "<url><loc>%sa/%d</loc><lastmod>%s</lastmod></url>\n", escape(s.absolute(*v, n)), it.ID, it.Published.UTC().Format("2006-01-02")) //nolint:errcheck // bufio keeps it
			}
			after = it.ID
		}
		if len(items) < 1000 {
			return nil
		}
	}
}

// writeMap writes a map, two at a time: each walks through the whole network.
func (s *Server) writeMap(w http.ResponseWriter, r *http.Request, root string, fill func(io.Writer) error) {
	select {
	case s.maps <- struct{}{}:
		defer func() { <-s.maps }()
	default:
		w.Header().Set("Retry-After", "30")
		s.cfg.Kit.Problem(w, r, http.StatusServiceUnavailable, "site maps are written for others just now")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/xml; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Vary", "Accept-Encoding")
	var out io.Writer = w
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close() //nolint:errcheck // the visitor left
		out = z
	}
	b := bufio.NewWriterSize(out, 64<<10)
	fmt.Fprintf(b, "%s<%s%s>\n", xml.Header, root, xmlns) //nolint:errcheck // bufio keeps it
	if err := fill(b); err != nil {
		s.log.Warn("site map not finished", "path", kit.Clip(r.URL.Path), "error", err)
		panic(http.ErrAbortHandler) // half of it is out: what is cut off is not taken for all
	}
	fmt.Fprintf(b, "</%s>\n", root) //nolint:errcheck // bufio keeps it
	b.Flush()                       //nolint:errcheck // the visitor left
}

func escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) //nolint:errcheck // strings.Builder never fails
	return b.String()
}
