package kit

import (
	"net/http"

	"golang.org/x/text/language"
)

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
	if l, ok := parseLang(r.URL.Query().Get("lang")); ok {
		return l
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := parseLang(c.Value); ok {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(Clip(r.Header.Get("Accept-Language")))
	if err != nil {
		return Chinese
	}
	for _, t := range tags { // best first
		switch base, _ := t.Base(); base.String() {
		case "zh":
			return Chinese
		case "en":
			return English
		}
	}
	return Chinese
}
