package kit

import "net/http"

const langCookie = "xf_lang"

// Lang is a language that the pages speak.
type Lang string

// The languages.
const (
	Chinese Lang = "zh-CN"
	English Lang = "en"
)

// parseLang returns the language that a visitor's setting names.
func parseLang(text string) (Lang, bool) {
	switch text {
	case "zh", "zh-CN":
		return Chinese, true
	case "en":
		return English, true
	}
	return Chinese, false
}

// LangOf returns the language to answer in: ?lang=, else the cookie of an earlier choice, else the
// browser's wish, else Chinese.
func LangOf(r *http.Request) Lang {
	if r.URL.RawQuery != "" {
		if l, ok := parseLang(r.URL.Query().Get("lang")); ok {
			return l
		}
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := parseLang(c.Value); ok {
			return l
		}
	}
	return wish(r.Header.Get("Accept-Language"))
}
