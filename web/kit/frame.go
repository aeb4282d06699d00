package kit

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// Link leads somewhere.
type Link struct {
	Href, Text string
	At         string // what Frame.At is on the page that it leads to
}

// Frame is what every page has around it.
type Frame struct {
	Words   *Words
	Lang    Lang
	Look    Look
	Visitor Visitor
	Site    string // whose page it is
	Home    string // where its name leads
	Title   string // "" on the front page
	At      string // which entry of the navigation is this page
	Nav     []Link
	Dark    bool     // the picture is the hero
	Classes []string // more classes of <html>: the theme

	here url.URL
}

// Frame returns the frame of an answer to r, as a page of the network has it.
func (k *Kit) Frame(r *http.Request) Frame {
	f := k.FrameIn(r, LangOf(r), LookOf(r))
	f.Visitor = k.Visitor(r)
	return f
}

// FrameIn is Frame for a page that is kept for everybody who reads in a language and in a way: it has nothing
// of whom it was made for.
func (k *Kit) FrameIn(r *http.Request, l Lang, look Look) Frame {
	f := Frame{Words: words(l), Lang: l, Look: look, Site: k.cfg.Name, Home: "/", here: url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}}
	if f.Site == "" {
		f.Site = f.Words.SiteName
	}
	f.Nav = []Link{{"/", f.Words.NavHome, "home"}, {"/live", f.Words.NavLive, "live"}}
	return f
}

// Class is the class of <html>.
func (f Frame) Class() string {
	c := f.Classes
	if f.Dark {
		c = append(c[:len(c):len(c)], "dark")
	}
	if f.Look.Elder {
		c = append(c[:len(c):len(c)], "elder")
	}
	if f.Look.Contrast {
		c = append(c[:len(c):len(c)], "contrast")
	}
	return strings.Join(c, " ")
}

// Other is this page in the other language.
func (f Frame) Other() string { return f.with("lang", string(f.OtherLang())) }

// OtherLang is the language that the page is not in.
func (f Frame) OtherLang() Lang {
	if f.Lang == English {
		return Chinese
	}
	return English
}

// SwitchElder is this page with large text switched on or off.
func (f Frame) SwitchElder() string { return f.with("elder", onOff(!f.Look.Elder)) }

// SwitchContrast is this page with high contrast switched on or off.
func (f Frame) SwitchContrast() string { return f.with("contrast", onOff(!f.Look.Contrast)) }

func onOff(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// with is this page with a choice made. What a key in the address opens is not repeated on the page.
func (f Frame) with(name, value string) string {
	q := f.here.Query()
	for _, x := range []string{"key", "lang", "elder", "contrast"} {
		q.Del(x)
	}
	q.Set(name, value)
	return "?" + q.Encode()
}

// Render renders a page whole.
func (k *Kit) Render(t *template.Template, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, err //nolint:wrapcheck // it names template and line
	}
	return b.Bytes(), nil
}

// Show renders a page whole before it sends a byte, so that a page is never half an error.
func (k *Kit) Show(w http.ResponseWriter, r *http.Request, status int, t *template.Template, data any) {
	b, err := k.Render(t, data)
	if err != nil {
		k.log.Error("render page", "path", Clip(r.URL.Path), "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	KeepChoices(w, r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Content-Language", string(LangOf(r)))
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		k.log.Debug("visitor left", "path", Clip(r.URL.Path), "error", err)
	}
}

// Clip keeps what a visitor sent from filling the log.
func Clip(text string) string {
	if len(text) > 120 {
		return strings.ToValidUTF8(text[:120], "") + "…"
	}
	return text
}
