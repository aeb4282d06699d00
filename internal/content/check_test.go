package content

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/site"
)

// linkShelf keeps links in memory.
type linkShelf struct {
	mu    sync.Mutex // guards links
	links []Link
	LinkKeeper
}

func (k *linkShelf) LinksDue(context.Context, time.Time, int) ([]Link, error) { return k.links, nil }

func (k *linkShelf) LinkChecked(_ context.Context, l Link, at time.Time, _ bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.links {
		if k.links[i].ID == l.ID {
			l.Checked = at
			k.links[i] = l
		}
	}
	return nil
}

func TestLinksAreBrokenAfterTwoFailures(t *testing.T) {
	gone := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/noHead" && r.Method == http.MethodHead:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case r.URL.Path == "/robots":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/gone" || r.URL.Path == "/later" && gone:
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	}))
	defer srv.Close()
	k := &linkShelf{}
	for i, p := range []string{"/ok", "/noHead", "/robots", "/gone", "/later", "/round"} {
		k.links = append(k.links, Link{ID: LinkID(i + 1), Site: site.ID(1), URL: srv.URL + p})
	}
	k.links = append(k.links, Link{ID: 7, URL: "http://no-such-host.invalid/"})
	c := NewChecker(CheckerConfig{Keep: k, Private: true})
	want := func(broken ...bool) {
		t.Helper()
		if _, err := c.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, b := range broken {
			if l := k.links[i]; l.Broken() != b || l.Checked.IsZero() {
				t.Errorf("%s: got broken %v (%s), want %v", l.URL, l.Broken(), l.Reason, b)
			}
		}
	}
	want(false, false, false, false, false, false, false)
	want(false, false, false, true, false, true, true)
	if r := k.links[3].Reason; r != "404" {
		t.Errorf("reason: got %q, want 404", r)
	}
	if r := k.links[6].Reason; r != "name" {
		t.Errorf("reason of a name that is not there: got %q, want name", r)
	}
	gone = true
	want(false, false, false, true, false, true)
	gone = false
	want(false, false, false, true, false, true)
	if l := k.links[4]; l.Failures != 0 || !l.Failing.IsZero() {
		t.Errorf("a link that works again: got %+v", l)
	}
}

func TestCheckerRefusesAddressesInside(t *testing.T) {
	asked := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer srv.Close()
	k := &linkShelf{links: []Link{{ID: 1, URL: srv.URL}}}
	c := NewChecker(CheckerConfig{Keep: k})
	if _, err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked || k.links[0].Reason != "private" {
		t.Errorf("loopback: asked %v, reason %q", asked, k.links[0].Reason)
	}
	for text, want := range map[string]bool{
		"127.0.0.1": false, "10.1.2.3": false, "192.168.1.1": false, "172.16.0.1": false, "169.254.169.254": false, "100.64.1.1": false,
		"0.0.0.0": false, "0.1.2.3": false, "255.255.255.255": false, "224.0.0.1": false, "::1": false, "fe80::1": false, "fd00::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "8.8.8.8": true, "2001:4860:4860::8888": true,
	} {
		if got := outside(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s outside: got %v, want %v", text, got, want)
		}
	}
}
