package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

type roomPage struct {
	Frame
	Note string
}

var roomFiles = fstest.MapFS{"room.html": {Data: []byte(`{{define "main"}}<p>{{.Note}}</p>{{end}}`)}}

// serveRoom serves one page.
func serveRoom(t *testing.T, cfg Config) http.Handler {
	t.Helper()
	k, _ := newKit(t, cfg)
	page, err := k.Parse(roomFiles, nil, "room.html")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	r := k.Router(mux)
	r.Page("GET /room", func(w http.ResponseWriter, q *http.Request) {
		k.Show(w, q, http.StatusOK, page, roomPage{k.Frame(q), "<b>"})
	})
	r.Page("POST /room", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux
}

func TestPageHasFrameAndHeaders(t *testing.T) {
	h := serveRoom(t, Config{Name: "远山网"})
	r := get(t, h, "/room", nil)
	html := body(t, r)
	for _, want := range []string{`<html lang="zh-CN">`, "<title>远山网</title>", "<p>&lt;b&gt;</p>", `href="#main"`, "?lang=en", "?elder=1", "?contrast=1"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %s:\n%s", want, html)
		}
	}
	if csp := r.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("policy: got %q", csp)
	}
	if strings.Contains(html, "sign/out") {
		t.Error("a visitor is offered to sign out")
	}
}

func TestPageShowsWhoIsSignedIn(t *testing.T) {
	h := serveRoom(t, Config{Session: func(*http.Request) Visitor {
		return Visitor{Who: site.Who{Account: 7}, Name: "王<芳"}
	}})
	if html := body(t, get(t, h, "/room", nil)); !strings.Contains(html, "王&lt;芳") || !strings.Contains(html, `action="/sign/out"`) {
		t.Errorf("got\n%s", html)
	}
}

func TestChoicesAreKept(t *testing.T) {
	h := serveRoom(t, Config{})
	r := get(t, h, "/room?elder=1&contrast=1&lang=en&key=secret", nil)
	html := body(t, r)
	if !strings.Contains(html, `class="elder contrast"`) || !strings.Contains(html, `lang="en"`) {
		t.Errorf("got\n%.300s", html)
	}
	if strings.Contains(html, "secret") {
		t.Error("the page repeats a key")
	}
	kept := strings.Join(r.Header.Values("Set-Cookie"), "\n")
	for _, want := range []string{"xf_look=ec;", "xf_lang=en;", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(kept, want) {
			t.Errorf("cookies: got %q, want %s", kept, want)
		}
	}
	if html := body(t, get(t, h, "/room", header{"Cookie": "xf_look=e"})); !strings.Contains(html, `class="elder"`) || !strings.Contains(html, "?elder=0") {
		t.Errorf("with the cookie: got\n%.300s", html)
	}
	if r := get(t, h, "/room?elder=0", header{"Cookie": "xf_look=ec"}); !strings.Contains(r.Header.Get("Set-Cookie"), "xf_look=c;") {
		t.Errorf("switched off: got %q", r.Header.Get("Set-Cookie"))
	}
}

func TestOtherSitesMayNotPost(t *testing.T) {
	h := serveRoom(t, Config{})
	for accept, kind := range map[string]string{"text/html": "text/html; charset=utf-8", "application/json": "application/problem+json"} {
		r := httptest.NewRequest(http.MethodPost, "/room", nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusForbidden || got != kind {
			t.Errorf("who wants %s: got %d, %s", accept, w.Code, got)
		}
	}
}

func TestFailures(t *testing.T) {
	k, _ := newKit(t, Config{})
	var wrong errs.Problems
	wrong.Add("title", "missing", "")
	for _, c := range []struct {
		err    error
		status int
	}{
		{errs.NotFound, 404},
		{errs.Denied, 403},
		{errs.Conflict, 409},
		{errs.Exists, 409},
		{wrong, 422},
		{errs.TooLarge, 413},
		{errs.TooMany, 429},
		{errs.Full, 507},
		{errors.New("dial database"), 500},
	} {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { k.Fail(w, r, fmt.Errorf("read: %w", c.err)) })
		page := get(t, h, "/x", header{"Accept": "text/html"})
		html := body(t, page)
		if page.StatusCode != c.status || !strings.Contains(html, inChinese.Failures[c.status].Title) || strings.Contains(html, "database") {
			t.Errorf("%v: got %d\n%s", c.err, page.StatusCode, html)
		}
		answer := get(t, h, "/api/v1/x", nil)
		var p struct {
			Status int `json:"status"`
			Errors []struct{ Field, Code string }
		}
		if err := json.NewDecoder(answer.Body).Decode(&p); err != nil || p.Status != c.status || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%v: got %+v, %v, %s", c.err, p, err, answer.Header.Get("Content-Type"))
		}
		if (c.status == 422) != (len(p.Errors) == 1) {
			t.Errorf("%v: got errors %v", c.err, p.Errors)
		}
	}
}

// TestWordsAreComplete: no text is missing, and both languages take the same values.
func TestWordsAreComplete(t *testing.T) {
	verbs := regexp.MustCompile(`%[a-z]`)
	zh, en := reflect.ValueOf(inChinese), reflect.ValueOf(inEnglish)
	for i := range zh.NumField() {
		name := zh.Type().Field(i).Name
		if zh.Field(i).Kind() != reflect.String {
			continue
		}
		a, b := zh.Field(i).String(), en.Field(i).String()
		if a == "" || b == "" || !reflect.DeepEqual(verbs.FindAllString(a, -1), verbs.FindAllString(b, -1)) {
			t.Errorf("%s: got %q and %q", name, a, b)
		}
	}
	for status, a := range inChinese.Failures {
		b := inEnglish.Failures[status]
		if a.Title == "" || a.Reason == "" || b.Title == "" || b.Reason == "" {
			t.Errorf("failure %d: got %q and %q", status, a, b)
		}
	}
	if len(inChinese.Failures) != len(inEnglish.Failures) {
		t.Error("the languages know different failures")
	}
}
