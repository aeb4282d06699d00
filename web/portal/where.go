package portal

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// visit is a request for a page of a site.
type visit struct {
	r    *http.Request
	node *site.Node
	base string // before the addresses of the site's pages: "/v/53", or "" on its own host
	root string // scheme and host
	lang kit.Lang
	look kit.Look
}

// hostOf returns a request's host name, lower case and without the port.
func hostOf(r *http.Request) string {
	host := r.Host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// rootOf returns scheme and host as the visitor has them.
func rootOf(r *http.Request) string {
	if kit.OverTLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// find returns the site that a request is for. Where the address is an old one, to says where it is now.
// The node is nil where there is none.
func (s *Server) find(r *http.Request) (v visit, to string) {
	t := s.cfg.Network.Tree()
	v = visit{r: r, root: rootOf(r)}
	if code := r.PathValue("code"); code != "" {
		n, old := t.ByCode(code)
		if n == nil {
			return v, ""
		}
		v.node, v.base = n, "/v/"+n.Code
		if old {
			rest := strings.TrimPrefix(r.URL.Path, "/v/"+code)
			return v, (&url.URL{Path: "/v/" + n.Code + rest, RawQuery: r.URL.RawQuery}).String()
		}
		return v, ""
	}
	n, old := t.ByHost(hostOf(r))
	switch {
	case n != nil && !old:
		v.node = n
	case n != nil:
		v.node = n
		return v, s.absolute(v, n) + strings.TrimPrefix(r.URL.RequestURI(), "/")
	case len(t.Tops()) > 0:
		// A host that is nobody's: the pages of the first site at the top, below its own address.
		v.node = s.defaultTop(t)
		v.base = "/v/" + v.node.Code
		if r.URL.Path != "/" {
			return v, v.base + r.URL.RequestURI()
		}
	}
	return v, ""
}

// defaultTop is the site that answers for hosts that are nobody's.
func (s *Server) defaultTop(t *site.Tree) *site.Node {
	for _, n := range t.Tops() {
		if n.Level != site.Partner && n.State != site.Closed {
			return n
		}
	}
	return t.Tops()[0]
}

// siteURL returns where a site is, with a slash at the end: at its host where it has one, else below the host
// in use.
func (s *Server) siteURL(v visit, n *site.Node) string {
	if n == v.node {
		return v.base + "/"
	}
	if n.Host == "" {
		return "/v/" + n.Code + "/"
	}
	return s.absolute(v, n)
}

// absolute is siteURL with scheme and host.
func (s *Server) absolute(v visit, n *site.Node) string {
	if n.Host == "" {
		return v.root + "/v/" + n.Code + "/"
	}
	scheme, _, _ := strings.Cut(v.root, "://")
	host := n.Host
	if _, port, err := net.SplitHostPort(v.r.Host); err == nil && port != "" {
		host = net.JoinHostPort(n.Host, port)
	}
	return scheme + "://" + host + "/"
}

// Front answers GET / with a site's front page, and reports whether it did: not where there are no sites.
func (s *Server) Front(w http.ResponseWriter, r *http.Request) bool {
	t := s.cfg.Network.Tree()
	if len(t.Tops()) == 0 {
		return false
	}
	if n, _ := t.ByHost(hostOf(r)); n == nil && s.manyTops(t) {
		s.serve(w, r, s.tops, true)
		return true
	}
	s.serve(w, r, s.front, true)
	return true
}

// manyTops reports whether there is more than one tree.
func (s *Server) manyTops(t *site.Tree) bool {
	trees := 0
	for _, n := range t.Tops() {
		if n.Level != site.Partner && n.State != site.Closed {
			trees++
		}
	}
	return trees > 1
}

// Live answers GET /live of a host that is a site's own, and reports whether it did.
func (s *Server) Live(w http.ResponseWriter, r *http.Request) bool {
	if n, _ := s.cfg.Network.Tree().ByHost(hostOf(r)); n == nil {
		return false
	}
	s.serve(w, r, s.live, true)
	return true
}
