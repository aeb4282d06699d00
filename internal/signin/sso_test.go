package signin_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
)

// issuer is a small provider of OpenID Connect: it signs real tokens and checks PKCE, and can be told to lie.
type issuer struct {
	*httptest.Server
	t         *testing.T
	b         *bench
	key       *rsa.PrivateKey
	subject   string
	challenge string                  // of the request under way
	nonce     string                  // of the request under way
	lie       func(map[string]any)    // changes what is signed
	sign      *rsa.PrivateKey         // with another key than it says
	token     func(map[string]string) // changes the answer with the token
}

// issuerKey is the same for all tests: it takes long to make.
var issuerKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := issuerKey()
	if err != nil {
		t.Fatal(err)
	}
	x := &issuer{t: t, key: key, sign: key, subject: "u-1001"}
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"issuer": x.URL, "authorization_endpoint": x.URL + "/authorize", "token_endpoint": x.URL + "/token", "jwks_uri": x.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if r.FormValue("code") != "good" || b64(sum[:]) != x.challenge {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant"}`)) //nolint:errcheck // the client complains
			return
		}
		answer := map[string]string{"access_token": "a", "token_type": "Bearer", "id_token": x.idToken()}
		if x.token != nil {
			x.token(answer)
		}
		reply(w, answer)
	})
	x.Server = httptest.NewServer(mux)
	t.Cleanup(x.Close)
	return x
}

func (x *issuer) idToken() string {
	now := x.b.now()
	claims := map[string]any{
		"iss": x.URL, "sub": x.subject, "aud": "xianfeng", "nonce": x.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	if x.lie != nil {
		x.lie(claims)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		x.t.Fatal(err)
	}
	text := b64([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, x.sign, crypto.SHA256, sum[:])
	if err != nil {
		x.t.Fatal(err)
	}
	return text + "." + b64(signature)
}

func (x *issuer) provider() signin.Provider {
	return signin.Provider{ID: "office", Name: "政务统一认证", Issuer: x.URL, ClientID: "xianfeng", Secret: "s", Scopes: []string{"profile"}}
}

// sso is a bench with a provider.
func sso(t *testing.T) (*bench, *issuer) {
	t.Helper()
	x := newIssuer(t)
	b := newBench(t, func(c *signin.Config) { c.Providers = []signin.Provider{x.provider()} })
	x.b = b
	return b, x
}

// send sends a browser out and returns what it carries and what the provider answers it with.
func (b *bench) send(x *issuer, v *signin.Visit) (sealed string, answer signin.Answer) {
	b.t.Helper()
	address, sealed, err := b.SendOut(b.t.Context(), v, "office", "https://network.example", "/admin/articles", "192.0.2.1")
	if err != nil {
		b.t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("redirect_uri") != "https://network.example/sign/with/office/back" || q.Get("code_challenge_method") != "S256" || q.Get("scope") != "openid profile" {
		b.t.Errorf("the provider is asked for %v", q)
	}
	x.challenge, x.nonce = q.Get("code_challenge"), q.Get("nonce")
	return sealed, signin.Answer{State: q.Get("state"), Code: "good"}
}

func (b *bench) back(v *signin.Visit, sealed string, a signin.Answer) (signin.Return, error) {
	return b.ComeBack(b.t.Context(), v, "office", sealed, a, from("192.0.2.1"))
}

func TestSingleSignOn(t *testing.T) {
	b, x := sso(t)
	sealed, answer := b.send(x, nil)
	back, err := b.back(nil, sealed, answer)
	b.wants("an identity that nobody linked", err, signin.ErrUnlinked)
	if back.Subject != "u-1001" || back.Token != "" {
		t.Errorf("got %+v", back)
	}

	v := b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
	sealed, answer = b.send(x, v)
	back, err = b.back(v, sealed, answer)
	if err != nil || !back.Linked || back.Token != "" {
		t.Fatalf("link: got %+v, %v", back, err)
	}
	sealed, answer = b.send(x, nil)
	back, err = b.back(nil, sealed, answer)
	if err != nil || back.To != "/admin/articles" {
		t.Fatalf("sign in: got %+v, %v", back, err)
	}
	if v := b.mustVisit(back.Token); v.Account.ID != wang || v.Session.Strong {
		t.Errorf("visit: got %+v", v)
	}
	_, err = b.back(nil, sealed, answer)
	b.wants("the same answer again", err, signin.ErrRefused)

	his := b.mustVisit(b.mustIn("li", wangs, from("192.0.2.2")).Token)
	sealed, answer = b.send(x, his)
	_, err = b.back(his, sealed, answer)
	b.wants("an identity that is linked already", err, errs.Exists)
	list, err := b.Identities(t.Context(), wang)
	if err != nil || len(list) != 1 {
		t.Fatalf("identities: %v, %v", list, err)
	}
	if err := b.Unlink(t.Context(), v, list[0].Issuer, list[0].Subject); err != nil {
		t.Fatal(err)
	}
	sealed, answer = b.send(x, nil)
	_, err = b.back(nil, sealed, answer)
	b.wants("after unlinking", err, signin.ErrUnlinked)
}

func TestSingleSignOnIsNoSecondFactor(t *testing.T) {
	b, x := sso(t)
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	secret, _, in := b.withSecond(in.Token)
	v := b.mustVisit(in.Token)
	sealed, answer := b.send(x, v)
	if _, err := b.back(v, sealed, answer); err != nil {
		t.Fatal(err)
	}
	sealed, answer = b.send(x, nil)
	back, err := b.back(nil, sealed, answer)
	if err != nil || back.Token != "" || back.Half == "" {
		t.Fatalf("got %+v, %v", back, err)
	}
	in, err = b.WithSecond(t.Context(), back.Half, b.code(secret), from("192.0.2.1"))
	if err != nil || !b.mustVisit(in.Token).Session.Strong {
		t.Errorf("with a code: %v", err)
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	for what, x := range map[string]struct {
		lie    func(map[string]any)
		token  func(map[string]string)
		change func(*signin.Answer)
	}{
		"another nonce":     {lie: func(c map[string]any) { c["nonce"] = "x" }},
		"no nonce":          {lie: func(c map[string]any) { delete(c, "nonce") }},
		"another audience":  {lie: func(c map[string]any) { c["aud"] = "somebody-else" }},
		"another issuer":    {lie: func(c map[string]any) { c["iss"] = "https://evil.test" }},
		"an old token":      {lie: func(c map[string]any) { c["exp"] = 1000 }},
		"nobody":            {lie: func(c map[string]any) { c["sub"] = "" }},
		"a wrong at_hash":   {lie: func(c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }},
		"no token":          {token: func(a map[string]string) { delete(a, "id_token") }},
		"no signature":      {token: func(a map[string]string) { a["id_token"] = b64([]byte(`{"alg":"none"}`)) + ".e30." }},
		"another state":     {change: func(a *signin.Answer) { a.State = "x" }},
		"no state":          {change: func(a *signin.Answer) { a.State = "" }},
		"another code":      {change: func(a *signin.Answer) { a.Code = "stolen" }},
		"no code":           {change: func(a *signin.Answer) { a.Code = "" }},
		"of another issuer": {change: func(a *signin.Answer) { a.Issuer = "https://evil.test" }},
	} {
		t.Run(what, func(t *testing.T) {
			b, i := sso(t)
			v := b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
			sealed, answer := b.send(i, v)
			if _, err := b.back(v, sealed, answer); err != nil {
				t.Fatal(err)
			}
			i.lie, i.token = x.lie, x.token
			sealed, answer = b.send(i, nil)
			if x.change != nil {
				x.change(&answer)
			}
			_, err := b.back(nil, sealed, answer)
			b.wants(what, err, signin.ErrRefused)
		})
	}
}

func TestErrandIsForOneBrowser(t *testing.T) {
	b, x := sso(t)
	sealed, answer := b.send(x, nil)
	_, err := b.back(nil, "", answer)
	b.wants("an answer in another browser", err, signin.ErrRefused)
	b.pass(11 * time.Minute)
	_, err = b.back(nil, sealed, answer)
	b.wants("an answer after eleven minutes", err, signin.ErrRefused)

	v := b.mustVisit(b.mustIn("wang", wangs, from("192.0.2.1")).Token)
	sealed, answer = b.send(x, v)
	his := b.mustVisit(b.mustIn("li", wangs, from("192.0.2.2")).Token)
	_, err = b.back(his, sealed, answer)
	b.wants("a link for another account", err, signin.ErrRefused)

	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	x.sign = other
	sealed, answer = b.send(x, nil)
	_, err = b.back(nil, sealed, answer)
	b.wants("a token signed by somebody else", err, signin.ErrRefused)
}

func TestProviderThatIsDown(t *testing.T) {
	b, x := sso(t)
	x.Close()
	_, _, err := b.SendOut(t.Context(), nil, "office", "https://network.example", "/", "192.0.2.1")
	if err == nil {
		t.Error("sends people to nowhere")
	}
	_, _, err = b.SendOut(t.Context(), nil, "other", "https://network.example", "/", "192.0.2.1")
	b.wants("an unknown provider", err, errs.NotFound)
	if p := b.Providers(); len(p) != 1 || p[0].Secret != "" {
		t.Errorf("providers: got %+v", p)
	}
}

func TestAdministratorLinks(t *testing.T) {
	b, x := sso(t)
	v := b.administrator(cityAdministrator)
	if err := b.LinkFor(t.Context(), v, wang, "office", " u-1001 "); err != nil {
		t.Fatal(err)
	}
	sealed, answer := b.send(x, nil)
	back, err := b.back(nil, sealed, answer)
	if err != nil || b.mustVisit(back.Token).Account.ID != wang {
		t.Fatalf("sign in: %v", err)
	}
	if err := b.UnlinkFor(t.Context(), v, signin.Identity{Issuer: x.URL, Subject: "u-1001", Account: wang}); err != nil {
		t.Fatal(err)
	}
	b.wants("a subject that is none", b.LinkFor(t.Context(), v, wang, "office", ""), errs.Invalid)
	b.wants("an unknown provider", b.LinkFor(t.Context(), v, wang, "other", "u"), errs.NotFound)
}
