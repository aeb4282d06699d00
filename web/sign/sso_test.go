package sign

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"xianfeng/internal/signin"
)

// described is a provider that only says where it is: the way there and back is package signin's.
func described(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]string{
			"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
		}); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestWayToAProvider(t *testing.T) {
	office := described(t)
	p := newPlace(t, false, signin.Provider{ID: "office", Name: "政务认证", Issuer: office.URL, ClientID: "xianfeng"})
	p.says(p.get("/sign/in?to=/admin/x"), `href="/sign/with/office?to=%2Fadmin%2Fx"`)
	p.get("/sign/with/office?to=/admin/x")
	to, err := url.Parse(p.last.Header.Get("Location"))
	if err != nil || p.last.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to.String(), office.URL+"/authorize?") {
		t.Fatalf("sent to %v, %v", to, err)
	}
	if q := to.Query(); q.Get("redirect_uri") != p.URL+"/sign/with/office/back" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("code_challenge") == "" {
		t.Errorf("asked for %v", q)
	}
	if c := p.cookie(ssoCookie); c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || strings.Contains(c.Value, to.Query().Get("nonce")) {
		t.Errorf("cookie: got %v", c)
	}
	p.says(p.get("/sign/with/office/back?code=good&state=another"), inChinese.SSORefused)
	if p.last.StatusCode != http.StatusUnprocessableEntity || p.cookie(sessionCookie) != nil {
		t.Errorf("another state: got %d", p.last.StatusCode)
	}
	p.says(p.get("/sign/with/office/back?error=access_denied&state="+to.Query().Get("state")), inChinese.SSORefused)
	p.get("/sign/with/nobody")
	if p.last.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown provider: got %d", p.last.StatusCode)
	}

	p.in()
	p.says(p.get("/sign/me"), `action="/sign/me/link/office"`)
	body := p.post("/sign/me/link/office")
	p.says(body, `<meta http-equiv="refresh" content="0;url=`+office.URL+`/authorize?`)
	if p.cookie(ssoCookie) == nil {
		t.Error("no cookie to come back with")
	}
	p.get("/sign/me/link/office")
	if p.last.StatusCode == http.StatusOK {
		t.Error("a link of another site's page can begin to link an account")
	}
}

func TestProviderIsDown(t *testing.T) {
	office := described(t)
	p := newPlace(t, false, signin.Provider{ID: "office", Name: "政务认证", Issuer: office.URL, ClientID: "xianfeng"})
	office.Close()
	p.says(p.get("/sign/with/office"), inChinese.SSODown)
	if p.last.StatusCode != http.StatusBadGateway {
		t.Errorf("got %d", p.last.StatusCode)
	}
	p.in() // with a password all goes on
}
