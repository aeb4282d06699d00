package kit

import "net/http"

const lookCookie = "xf_look"

// Look is how a visitor wants to read.
type Look struct {
	Elder    bool // large text, large targets, one column
	Contrast bool
}

// LookOf returns how to show a page: ?elder= and ?contrast=, else the cookie of an earlier choice.
func LookOf(r *http.Request) Look {
	var l Look
	if c, err := r.Cookie(lookCookie); err == nil {
		l = parseLook(c.Value)
	}
	if r.URL.RawQuery == "" {
		return l
	}
	q := r.URL.Query()
	switch q.Get("elder") {
	case "1":
		l.Elder = true
	case "0":
		l.Elder = false
	}
	switch q.Get("contrast") {
	case "1":
		l.Contrast = true
	case "0":
		l.Contrast = false
	}
	return l
}

func parseLook(text string) (l Look) {
	for _, c := range text {
		switch c {
		case 'e':
			l.Elder = true
		case 'c':
			l.Contrast = true
		}
	}
	return l
}

func (l Look) String() string {
	text := ""
	if l.Elder {
		text += "e"
	}
	if l.Contrast {
		text += "c"
	}
	return text
}

// KeepChoices remembers what the visitor chose in the address (?lang=, ?elder=, ?contrast=) for a year.
func KeepChoices(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery == "" {
		return
	}
	q := r.URL.Query()
	keep := func(name, value string) {
		http.SetCookie(w, &http.Cookie{
			Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: OverTLS(r),
		})
	}
	if l, ok := parseLang(q.Get("lang")); ok {
		keep(langCookie, string(l))
	}
	if q.Has("elder") || q.Has("contrast") {
		keep(lookCookie, LookOf(r).String())
	}
}
