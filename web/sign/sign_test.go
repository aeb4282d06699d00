package sign

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"xianfeng/internal/signin"
	"xianfeng/internal/signin/signintest"
)

func TestSignInAndOut(t *testing.T) {
	p := newPlace(t, false)
	p.get("/admin/articles?page=2")
	p.led(http.StatusSeeOther, "/sign/in?to="+url.QueryEscape("/admin/articles?page=2"))
	p.says(p.get("/sign/in?to=%2Fadmin%2Farticles%3Fpage%3D2"), `name="to" value="/admin/articles?page=2"`)
	p.says(p.post("/sign/in", "login", "wang", "password", "wrong", "to", "/admin/articles"), inChinese.InRefused)
	if p.last.StatusCode != http.StatusUnprocessableEntity || p.cookie(sessionCookie) != nil {
		t.Errorf("a wrong password: %d, cookie %v", p.last.StatusCode, p.cookie(sessionCookie))
	}
	p.post("/sign/in", "login", "wang", "password", password, "to", "/admin/articles?page=2")
	p.led(http.StatusSeeOther, "/admin/articles?page=2")
	if c := p.cookie(sessionCookie); c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 0 || c.Domain != "" {
		t.Errorf("cookie: got %v", c)
	}
	p.says(p.get("/admin/"), "console of 王某")
	p.get("/sign/in?to=/admin/x")
	p.led(http.StatusSeeOther, "/admin/x")
	p.post("/sign/out")
	p.led(http.StatusSeeOther, "/sign/in?done=out")
	p.get("/admin/")
	p.led(http.StatusSeeOther, "/sign/in?to=%2Fadmin%2F")
}

func TestCookiesUnderTLS(t *testing.T) {
	p := newPlace(t, true)
	p.in()
	for _, name := range []string{sessionCookie, deviceCookie} {
		if c := p.cookie("__Host-" + name); c == nil || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: got %v", name, c)
		}
	}
	p.says(p.get("/admin/"), "console of 王某")
}

// A cookie that was copied before signing out opens nothing after.
func TestStolenCookieAfterSignOut(t *testing.T) {
	p := newPlace(t, false)
	p.in()
	stolen := p.cookie(sessionCookie)
	p.post("/sign/out")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/admin/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(stolen)
	p.browser = p.newBrowser()
	p.do(r)
	p.led(http.StatusSeeOther, "/sign/in?to=%2Fadmin%2F")
}

func TestFormsOfOtherSites(t *testing.T) {
	p := newPlace(t, false)
	p.in()
	for _, path := range []string{"/sign/in", "/sign/out", "/sign/password", "/sign/me/sessions", "/sign/me/keys", "/sign/me/link/x"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+path, strings.NewReader("x=1"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		p.do(r)
		if p.last.StatusCode != http.StatusForbidden {
			t.Errorf("%s from another site: got %d", path, p.last.StatusCode)
		}
	}
	p.says(p.get("/admin/"), "console of 王某")
}

func TestRequire(t *testing.T) {
	p := newPlace(t, false)
	p.get("/api/x")
	if p.last.StatusCode != http.StatusUnauthorized || p.last.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a program without a session: got %d %s", p.last.StatusCode, p.last.Header.Get("Content-Type"))
	}
	p.post("/admin/save")
	p.led(http.StatusSeeOther, "/sign/in?to=%2Fadmin%2F")
	p.in()
	p.says(p.get("/api/x"), "王某")
	p.get("/machines")
	if p.last.StatusCode != http.StatusForbidden {
		t.Errorf("machines: got %d", p.last.StatusCode)
	}
}

var sealedIn = regexp.MustCompile(`name="sealed" value="([^"]+)"`)

func TestSecondStep(t *testing.T) {
	p := newPlace(t, false)
	p.in()
	body := p.get("/sign/me/app")
	secret := strings.ReplaceAll(regexp.MustCompile(`class="secret">([^<]+)`).FindStringSubmatch(body)[1], " ", "")
	p.says(body, `<svg class="qr"`)
	code := func() string {
		c, err := totp.GenerateCode(secret, p.now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	sealed := sealedIn.FindStringSubmatch(body)[1]
	body = p.post("/sign/me/app", "sealed", sealed, "code", "000000")
	p.says(body, inChinese.AppWrong)
	if got := sealedIn.FindStringSubmatch(body)[1]; got != sealed {
		t.Error("another secret after a wrong code")
	}
	body = p.post("/sign/me/app", "sealed", sealed, "code", code())
	codes := regexp.MustCompile(`<li><code>([A-Z2-7]{5}-[A-Z2-7]{5})</code>`).FindAllStringSubmatch(body, -1)
	if len(codes) != 10 {
		t.Fatalf("recovery codes: got %d in %s", len(codes), body)
	}
	p.says(p.get("/admin/"), "console of 王某")
	p.post("/sign/out")
	p.pass(time.Minute)
	p.get("/sign/second")
	p.led(http.StatusSeeOther, "/sign/in?to=%2Fadmin%2F")
	p.post("/sign/in", "login", "wang", "password", password, "to", "/admin/x")
	p.led(http.StatusSeeOther, "/sign/second?to=%2Fadmin%2Fx")
	p.get("/admin/")
	p.led(http.StatusSeeOther, "/sign/in?to=%2Fadmin%2F")
	p.says(p.get("/sign/second?to=/admin/x"), `value="/admin/x"`)
	p.says(p.post("/sign/second", "code", "111111", "to", "/admin/x"), inChinese.SecondRefused)
	p.post("/sign/second", "code", codes[3][1], "to", "/admin/x")
	p.led(http.StatusSeeOther, "/admin/x")
	p.says(p.get("/admin/x"), "console of 王某")
	p.says(p.get("/sign/me"), "还剩 9 个备用码")
	p.post("/sign/me/app/drop")
	p.led(http.StatusSeeOther, "/sign/me?done=app")
}

func TestChangingNeedsAFreshSignIn(t *testing.T) {
	p := newPlace(t, false)
	p.URL = strings.Replace(p.URL, "127.0.0.1", "localhost", 1)
	p.in()
	p.pass(11 * time.Minute)
	p.get("/sign/me/app")
	p.led(http.StatusSeeOther, "/sign/in?again=1&to=%2Fsign%2Fme%2Fapp")
	p.says(p.get("/sign/in?again=1&to=%2Fsign%2Fme%2Fapp"), inChinese.InAgain)
	old := p.browser.Jar.Cookies(mustURL(t, p.URL))
	p.post("/sign/in", "login", "wang", "password", password, "again", "1", "to", "/sign/me/app")
	p.led(http.StatusSeeOther, "/sign/me/app")
	for _, c := range old {
		if c.Name == sessionCookie && c.Value == p.cookie(sessionCookie).Value {
			t.Error("the session was not renewed")
		}
	}
	p.says(p.send("/sign/me/keys/ask", nil), "challenge")
	p.pass(11 * time.Minute)
	p.says(p.send("/sign/me/keys/ask", nil), `"again":"/sign/in`)
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestMustChangePassword(t *testing.T) {
	p := newPlace(t, false)
	if err := p.service.FirstPassword(t.Context(), 1, "AAAA-BBBB-CCCC", true); err != nil {
		t.Fatal(err)
	}
	p.post("/sign/in", "login", "wang", "password", "AAAA-BBBB-CCCC", "to", "/admin/x")
	p.get("/admin/x")
	p.led(http.StatusSeeOther, "/sign/password?to=%2Fadmin%2Fx")
	p.get("/sign/in?to=/admin/x") // where other pages send whom they don't let in
	p.led(http.StatusSeeOther, "/sign/password?to=%2Fadmin%2Fx")
	p.says(p.get("/sign/password?to=/admin/x"), inChinese.PasswordMust)
	p.says(p.post("/sign/password", "present", "AAAA-BBBB-CCCC", "password", "Qing-shan-9", "repeat", "Qing-shan-8", "to", "/admin/x"), inChinese.Problems["repeat.differs"])
	p.says(p.post("/sign/password", "present", "AAAA-BBBB-CCCC", "password", "x", "repeat", "x", "to", "/admin/x"), "密码太短，至少 10 个字符。")
	p.says(p.post("/sign/password", "present", "x", "password", "Qing-shan-9", "repeat", "Qing-shan-9", "to", "/admin/x"), inChinese.PasswordPresentWrong)
	p.post("/sign/password", "present", "AAAA-BBBB-CCCC", "password", "Qing-shan-9", "repeat", "Qing-shan-9", "to", "/admin/x")
	p.led(http.StatusSeeOther, "/admin/x")
	p.says(p.get("/admin/x"), "console of 王某")
}

func TestPasskeyOverHTTP(t *testing.T) {
	p := newPlace(t, false)
	p.URL = strings.Replace(p.URL, "127.0.0.1", "localhost", 1)
	a := &signintest.Authenticator{Origin: p.URL, RPID: "localhost"}
	p.in()
	answer, err := a.Create([]byte(p.send("/sign/me/keys/ask", nil)))
	if err != nil {
		t.Fatal(err)
	}
	p.says(p.send("/sign/me/keys", map[string]any{"answer": json.RawMessage(answer), "name": "手机"}), `"to":"/sign/me?done=keyed"`)
	p.says(p.get("/sign/me"), "手机")
	p.browser = p.newBrowser()
	answer, err = a.Get([]byte(p.send("/sign/key/ask", nil)))
	if err != nil {
		t.Fatal(err)
	}
	p.says(p.send("/sign/key", map[string]any{"answer": json.RawMessage(answer), "to": "//evil.test"}), `"to":"/admin/"`)
	p.says(p.get("/admin/"), "console of 王某")
	p.says(p.send("/sign/key", map[string]any{"answer": json.RawMessage(answer)}), inChinese.KeyRefused)
	p.send("/sign/key", "nonsense")
	if p.last.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: got %d", p.last.StatusCode)
	}
}

func TestSessionsOnTheAccountsPage(t *testing.T) {
	p := newPlace(t, false)
	first := p.browser
	p.in()
	p.browser = p.newBrowser()
	p.in()
	body := p.get("/sign/me")
	ids := regexp.MustCompile(`/sign/me/sessions"><input type="hidden" name="id" value="([A-Z2-7]+)"`).FindAllStringSubmatch(body, -1)
	if len(ids) != 1 {
		t.Fatalf("other sessions: got %d", len(ids))
	}
	p.post("/sign/me/sessions", "id", ids[0][1])
	p.led(http.StatusSeeOther, "/sign/me?done=session")
	p.says(p.get("/sign/me?done=session"), inChinese.Done["session"])
	p.browser = first
	p.get("/sign/me")
	p.led(http.StatusSeeOther, "/sign/in?to=%2Fsign%2Fme")
}

func TestWaitIsTold(t *testing.T) {
	p := newPlace(t, false)
	for range signin.DefaultRules().Lock.Tries {
		p.post("/sign/in", "login", "wang", "password", "wrong")
	}
	body := p.post("/sign/in", "login", "wang", "password", password)
	if p.last.StatusCode != http.StatusTooManyRequests || p.last.Header.Get("Retry-After") != "60" {
		t.Errorf("got %d, %q", p.last.StatusCode, p.last.Header.Get("Retry-After"))
	}
	p.says(body, "请 60 秒后再试")
}

func TestLargeForm(t *testing.T) {
	p := newPlace(t, false)
	p.post("/sign/in", "login", strings.Repeat("a", maxForm))
	if p.last.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", p.last.StatusCode)
	}
}

func TestPagesInBothLanguages(t *testing.T) {
	p := newPlace(t, false)
	p.says(p.get("/sign/in?lang=en"), inEnglish.InTitle)
	p.says(p.get("/sign/reset?lang=en"), inEnglish.ResetNoMail)
	p.says(p.get("/sign/reset?token=x&lang=en"), inEnglish.ResetOver)
	p.in()
	p.says(p.get("/sign/me?lang=en"), "Where you are signed in")
	p.says(p.get("/sign/me?lang=zh"), inChinese.MeSessions)
	if csp := p.last.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || csp == "" {
		t.Errorf("policy: %q", csp)
	}
	if got := p.last.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("cached: %q", got)
	}
}

func TestVisitorsCostNothing(t *testing.T) {
	p := newPlace(t, false)
	before := p.store.Calls
	p.get("/sign/in")
	if n := p.store.Calls - before; n != 0 {
		t.Errorf("a visitor without a cookie asks the store %d times", n)
	}
}

func TestRemote(t *testing.T) {
	s := &Sessions{proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}}
	for _, x := range []struct{ peer, forwarded, want string }{
		{"192.0.2.7:1234", "203.0.113.1", "192.0.2.7"},
		{"127.0.0.1:1234", "203.0.113.1", "203.0.113.1"},
		{"127.0.0.1:1234", "1.2.3.4, 203.0.113.1, 10.0.0.9", "203.0.113.1"},
		{"127.0.0.1:1234", "nonsense", "127.0.0.1"},
		{"127.0.0.1:1234", "", "127.0.0.1"},
		{"127.0.0.1:1234", "10.1.1.1", "10.1.1.1"},
		{"[2001:db8::1]:99", "", "2001:db8::1"},
		{"[::ffff:127.0.0.1]:99", "2001:db8::5", "2001:db8::5"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = x.peer
		if x.forwarded != "" {
			r.Header.Set("X-Forwarded-For", x.forwarded)
		}
		if got := s.Remote(r); got != x.want {
			t.Errorf("%s by %q: got %s, want %s", x.peer, x.forwarded, got, x.want)
		}
	}
}
