package app

import (
	"net/http"
	"strings"
	"testing"
)

// TestFormsThatAreTooLong: such a form is told apart from one in which nothing was entered.
func TestFormsThatAreTooLong(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	r := h.do(http.MethodPost, "/admin/s/990101/draft", values([]string{"title", "长", "slug", "news", "text", strings.Repeat("长", 1<<20)}), "Accept", "application/json")
	if r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 9 MB: got %d %s, want 413", r.StatusCode, body(r))
	}
}

// TestAMistakeDoesNotHideWhatSomebodyElseSaved: the form that comes back because of a mistake in it has still the
// version that was opened, so that the text of somebody who saved since is not overwritten unseen.
func TestAMistakeDoesNotHideWhatSomebodyElseSaved(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	page, _, _ := strings.Cut(h.post("/admin/s/990101/new", "title", "甲", "slug", "news", "format", "html", "text", "<p>原文。</p>", "do", "save"), "?")
	old := h.version(page)
	h.who = "editor"
	h.post(page, "version", old, "title", "甲", "slug", "news", "format", "html", "text", "<p>编辑的文字。</p>", "do", "save")
	h.who = "author"
	form := []string{"version", old, "title", "甲", "slug", "news", "format", "html", "text", "<p>作者的文字。</p>", "do", "save", "until", "明天"}
	r := h.do(http.MethodPost, page, values(form))
	again := body(r)
	m := versionField.FindStringSubmatch(again)
	if r.StatusCode != http.StatusUnprocessableEntity || m == nil || m[1] != old {
		t.Fatalf("got %d and version %v, want 422 and %s", r.StatusCode, m, old)
	}
	form[len(form)-1] = ""
	if r := h.do(http.MethodPost, page, values(form)); r.StatusCode != http.StatusConflict {
		t.Errorf("without the mistake: got %d, want 409", r.StatusCode)
	}
}
