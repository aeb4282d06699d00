package web

import (
	"embed"
	"html/template"
	"net/http"

	"xianfeng/web/kit"
)

//go:embed player pages thirdparty
var embedded embed.FS

// Mount is what the pages of this package load.
var Mount = kit.Mount{FS: embedded}

// pages holds a parsed template for each page.
type pages map[string]*template.Template

var pageNames = []string{"front", "live", "watch", "publish"}

func loadPages(k *kit.Kit) (pages, error) {
	out := pages{}
	for _, name := range pageNames {
		t, err := k.Parse(embedded, template.FuncMap{"copyOf": newCopyText}, "pages/shared.html", "pages/"+name+"/"+name+".html")
		if err != nil {
			return nil, err
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

// frame is what every page of this package has.
type frame struct {
	kit.Frame
	T *Messages
}

func (s *Server) frame(r *http.Request, at string) frame {
	f := frame{Frame: s.kit.Frame(r), T: messages(kit.LangOf(r))}
	f.At = at
	return f
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, name string, data any) {
	s.kit.Show(w, r, http.StatusOK, s.pages[name], data)
}

// failPage answers a person. Without a reason it says that there is no such page.
func (s *Server) failPage(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.kit.FailPage(w, r, status, "", reason)
}

// nothing answers what no other route does.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.failJSON(w, r, http.StatusMethodNotAllowed, "nothing here takes "+kit.Clip(r.Method))
		return
	}
	s.failPage(w, r, http.StatusNotFound, "")
}
