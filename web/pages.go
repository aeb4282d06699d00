package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
)

// pages holds a parsed template for each page.
type pages map[string]*template.Template

var pageNames = []string{"front", "live", "watch", "publish", "failure"}

func loadPages(from fs.FS, a *assets) (pages, error) {
	out := pages{}
	for _, name := range pageNames {
		t := template.New("layout.html").Funcs(template.FuncMap{"asset": a.url, "say": fmt.Sprintf, "copyOf": newCopyText})
		t, err := t.ParseFS(from, "pages/layout.html", "pages/"+name+"/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		out[name] = t
	}
	return out, nil
}

// copyText is a text with a button that copies it.
type copyText struct {
	T               *Messages
	ID, Label, Text string
}

func newCopyText(t *Messages, id, label, text string) copyText {
	return copyText{T: t, ID: id, Label: label, Text: text}
}

// frame is what every page has; its fields are for layout.html.
type frame struct {
	T     *Messages
	Lang  lang
	Site  string
	Title string // "" on the front page
	At    string // which entry of the navigation is this page
	Other string // this page in the other language
	Dark  bool   // the picture is the hero
}

func (s *Server) frame(r *http.Request, at string) frame {
	l := langOf(r)
	f := frame{T: messages(l), Lang: l, Site: s.cfg.Name, At: at}
	if f.Site == "" {
		f.Site = f.T.SiteName
	}
	other := english
	if l == english {
		other = chinese
	}
	q := url.Values{}
	if via := r.URL.Query().Get("via"); via == "hls" || via == "whep" {
		q.Set("via", via)
	}
	q.Set("lang", string(other))
	f.Other = "?" + q.Encode()
	return f
}

// show renders a page whole before it sends a byte, so that a page is never half an error.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := s.pages[name].Execute(&b, data); err != nil {
		s.log.Error("render page", "page", name, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	keepLang(w, r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Content-Language", string(langOf(r)))
	w.WriteHeader(status)
	if _, err := w.Write(b.Bytes()); err != nil {
		s.log.Debug("visitor left", "path", clip(r.URL.Path), "error", err)
	}
}

type failurePage struct {
	frame
	Reason string
}

// failPage answers a person. Without a reason it says that there is no such page.
func (s *Server) failPage(w http.ResponseWriter, r *http.Request, status int, reason string) {
	f := s.frame(r, "")
	f.Title = f.T.Fail404Title
	if reason == "" {
		reason = f.T.Fail404
	}
	s.show(w, r, status, "failure", failurePage{f, reason})
}

// nothing answers what no other route does.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.failJSON(w, r, http.StatusMethodNotAllowed, "nothing here takes "+clip(r.Method))
		return
	}
	s.failPage(w, r, http.StatusNotFound, "")
}
