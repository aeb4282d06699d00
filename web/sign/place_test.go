package sign

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/signin"
	"xianfeng/internal/signin/signintest"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

const password = "Ri-chu-dong-fang-7"

// place is a server with these pages, an account, and a browser.
type place struct {
	*httptest.Server
	t       *testing.T
	service *signin.Service
	store   *signintest.Memory
	browser *http.Client
	last    *http.Response

	mu sync.Mutex // guards at
	at time.Time
}

func (p *place) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

func (p *place) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = p.at.Add(d)
}

func newPlace(t *testing.T, tls bool, providers ...signin.Provider) *place {
	t.Helper()
	tree, err := site.NewTree([]site.Site{{ID: 1, Code: "51", Level: site.Province, Name: "省"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, store: signintest.NewMemory(), at: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)}
	rules := signin.DefaultRules()
	rules.Password.Argon = signin.Argon{Memory: 64, Time: 1, Lanes: 1}
	p.service, err = signin.New(signin.Config{Store: p.store, Key: signin.NewKey([32]byte{1}), Tree: func() *site.Tree { return tree }, Rules: rules, Now: p.now, Providers: providers})
	if err != nil {
		t.Fatal(err)
	}
	p.store.Put(site.Account{ID: 1, Login: "wang", Name: "王某", Home: 1, Grants: []site.Grant{{Role: site.Author, Site: 1}}})
	if err := p.service.FirstPassword(t.Context(), 1, password, false); err != nil {
		t.Fatal(err)
	}
	p.pass(time.Minute)
	sessions := NewSessions(p.service, func() *site.Tree { return tree }, nil, nil)
	k, err := kit.New(kit.Config{Mounts: []kit.Mount{Mount}, Session: sessions.Visitor})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Kit: k, Service: p.service, Sessions: sessions})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	r := k.Router(mux)
	s.Routes(r)
	r.Assets()
	greet := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "console of "+sessions.Visitor(r).Name) //nolint:errcheck // the test reads it or fails
	}
	r.Page("GET /admin/", sessions.Require(k, site.EnterConsole, greet))
	r.Page("POST /admin/save", sessions.Require(k, site.Submit, greet))
	r.Page("GET /machines", sessions.Require(k, site.OperateMachine, greet))
	r.Data("GET /api/x", sessions.Require(k, 0, greet))
	h := sessions.Wrap(mux)
	if tls {
		p.Server = httptest.NewTLSServer(h)
	} else {
		p.Server = httptest.NewServer(h)
	}
	t.Cleanup(p.Close)
	p.browser = p.newBrowser()
	return p
}

func (p *place) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	c := *p.Client()
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func (p *place) do(r *http.Request) string {
	p.t.Helper()
	resp, err := p.browser.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.last = resp
	return string(b)
}

func (p *place) get(path string) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.URL+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(r)
}

func (p *place) post(path string, fields ...string) string {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(r)
}

func (p *place) send(path string, body any) string {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.URL+path, strings.NewReader(string(b)))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	return p.do(r)
}

func (p *place) led(status int, to string) {
	p.t.Helper()
	if p.last.StatusCode != status || p.last.Header.Get("Location") != to {
		p.t.Errorf("%s: got %d to %q, want %d to %q", p.last.Request.URL.Path, p.last.StatusCode, p.last.Header.Get("Location"), status, to)
	}
}

func (p *place) says(body, what string) {
	p.t.Helper()
	if !strings.Contains(body, what) {
		p.t.Errorf("%s does not say %q:\n%.2000s", p.last.Request.URL.Path, what, body)
	}
}

func (p *place) in() {
	p.t.Helper()
	p.post("/sign/in", "login", "wang", "password", password)
	p.led(http.StatusSeeOther, "/admin/")
}

func (p *place) cookie(name string) *http.Cookie {
	for _, c := range p.last.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}
