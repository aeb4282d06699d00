package app

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"xianfeng/internal/site"
)

func TestAdministratorSignsIn(t *testing.T) {
	s, base := begin(t, "", nil)
	var out bytes.Buffer
	if err := Import(t.Context(), ImportOptions{DataDir: s.opts.DataDir, File: sitesCSV(t, 3, "省"), Stdout: &out, Stderr: &out}); err != nil {
		t.Fatal(err)
	}
	o := AccountOptions{DataDir: s.opts.DataDir, Login: "admin", Role: "administrator", OwnWords: true, Stdin: strings.NewReader("Green-apple-2026"), Stdout: &out}
	if err := AddAccount(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer c.CloseIdleConnections()
	ask := func(method, address string, form url.Values) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, base+address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close() //nolint:errcheck // read to its end
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	if code, _ := ask("GET", "/sign/me", nil); code != http.StatusSeeOther && code != http.StatusFound {
		t.Errorf("one's own page without signing in: got %d", code)
	}
	if code, body := ask("POST", "/sign/in", url.Values{"login": {"admin"}, "password": {"Green-apple-2026"}}); code != http.StatusSeeOther {
		t.Fatalf("signing in: got %d %s", code, body)
	}
	if code, body := ask("GET", "/sign/me", nil); code != http.StatusOK || !strings.Contains(body, "admin") {
		t.Errorf("one's own page: got %d %s", code, body)
	}
}

func TestVillageHasAPage(t *testing.T) {
	s, base := begin(t, "", nil)
	told := make(chan struct{}, 16)
	s.network.listen(func([]string) { told <- struct{}{} })
	list := writeCSV(t, "code,parent,level,name\n51,,province,天河省\n510104001001,51,village,东溪村\n")
	if err := Import(t.Context(), ImportOptions{DataDir: s.opts.DataDir, File: list, Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for {
		code, body := do(t, "GET", base+"/v/510104001001/", "", "")
		if code == http.StatusOK {
			if !strings.Contains(body, "东溪村") {
				t.Errorf("got %s", body)
			}
			break
		}
		<-told
	}
	if code, _ := do(t, "GET", base+"/v/99/", "", ""); code != http.StatusNotFound {
		t.Errorf("a site that is not there: got %d", code)
	}
}

func TestFrontPagesAreOpenedThroughThePort(t *testing.T) {
	s, _ := begin(t, "", nil)
	list := "code,parent,level,name,host\n51,,province,省,\n5101,51,city,市,city.example\n"
	if err := Import(t.Context(), ImportOptions{DataDir: s.opts.DataDir, File: writeCSV(t, list), Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if err := s.network.sites.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	open := s.opener()
	for _, n := range s.network.sites.Tree().All() {
		if err := open(t.Context(), n); err != nil {
			t.Error(err)
		}
	}
	if err := open(t.Context(), &site.Node{Site: site.Site{Code: "none"}}); err == nil {
		t.Error("a site that is not there: got no error")
	}
}
