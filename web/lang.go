package web

import (
	"net/http"

	"golang.org/x/text/language"
)

const langCookie = "xf_lang"

// lang is a language that the pages speak.
type lang string

const (
	chinese lang = "zh-CN"
	english lang = "en"
)

// parseLang returns the language that a visitor's setting names.
func parseLang(text string) (lang, bool) {
	switch text {
	case "zh", "zh-CN":
		return chinese, true
	case "en":
		return english, true
	}
	return chinese, false
}

// langOf returns the language to answer in: ?lang=, else the cookie of an earlier choice, else the
// browser's wish, else Chinese.
func langOf(r *http.Request) lang {
	if l, ok := parseLang(r.URL.Query().Get("lang")); ok {
		return l
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := parseLang(c.Value); ok {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(clip(r.Header.Get("Accept-Language")))
	if err != nil {
		return chinese
	}
	for _, t := range tags { // best first
		switch base, _ := t.Base(); base.String() {
		case "zh":
			return chinese
		case "en":
			return english
		}
	}
	return chinese
}

// keepLang remembers a choice made with ?lang= for a year.
func keepLang(w http.ResponseWriter, r *http.Request) {
	if l, ok := parseLang(r.URL.Query().Get("lang")); ok {
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: string(l), Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: overTLS(r),
		})
	}
}
