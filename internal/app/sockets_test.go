package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/media"
	"xianfeng/signaling"
)

// certificate writes a certificate for 127.0.0.1 and returns the lines of the configuration with it.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: cert}, "key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "http: {address: '127.0.0.1:0', certificate: " + filepath.Join(dir, "cert") + ", key: " + filepath.Join(dir, "key") + "}\n"
}

// socketPage is a page's socket, greeted.
func socketPage(t *testing.T, base string, jar http.CookieJar, head http.Header) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{signaling.Protocol}, Jar: jar, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // made above
	c, res, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/ws", head)
	if err != nil {
		t.Fatalf("%v: %v", err, res)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	tell(t, c, `{"t":"hello","v":1}`)
	if m := heard(t, c); m["t"] != "hello" {
		t.Fatalf("got %v", m)
	}
	return c
}

func tell(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func heard(t *testing.T, c *websocket.Conn) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := c.ReadJSON(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// The listener for HTTP has a lane below net/http, that for HTTPS has none: a socket comes through both.
func TestSocketsOverHTTPAndHTTPS(t *testing.T) {
	for name, more := range map[string]string{"http": "", "https": certificate(t)} {
		t.Run(name, func(t *testing.T) {
			s, base := begin(t, more, nil)
			base = strings.Replace(base, "http:", name+":", 1)
			c := socketPage(t, base, nil, nil)
			for range 3 {
				tell(t, c, `{"t":"time","a":1}`)
				if m := heard(t, c); m["t"] != "time" {
					t.Errorf("got %v", m)
				}
			}
			if n := s.sockets.Figures().Sockets; n != 1 {
				t.Errorf("got %d sockets, want 1", n)
			}
		})
	}
}

// A page that follows a stream is told where it lies in programme time, and when nobody publishes any more.
func TestSocketTellsOfStreams(t *testing.T) {
	s, base := begin(t, "", nil)
	c := socketPage(t, base, nil, nil)
	tell(t, c, `{"t":"sub","id":1,"topic":"stream:hall"}`)
	p, err := s.hub.Publish(media.PublishRequest{Name: "hall", Tracks: []media.Track{{Codec: media.Opus, SampleRate: 48000, Channels: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(0, media.Sample{Payload: [][]byte{{0xfc, 0xff, 0xfe}}}); err != nil {
		t.Fatal(err)
	}
	until := func(what string, ok func(body map[string]any) bool) {
		t.Helper()
		for { // heard has a deadline
			if m := heard(t, c); m["t"] == "fail" || m["t"] == "gone" {
				t.Fatalf("%s: got %v", what, m)
			} else if body, is := m["body"].(map[string]any); is && ok(body) {
				return
			}
		}
	}
	until("the mapping", func(body map[string]any) bool {
		m, has := body["map"].(map[string]any)
		return has && body["live"] == true && m["pts"] == media.Origin.Seconds()
	})
	p.Close()
	until("nobody publishes", func(body map[string]any) bool { return body["live"] == false })
}

// administrator has a network of three sites and somebody who is signed in as its administrator.
func administrator(t *testing.T, s *server, base string) (browser *http.Client, post func(path string, form url.Values)) {
	t.Helper()
	if err := Import(t.Context(), ImportOptions{DataDir: s.opts.DataDir, File: sitesCSV(t, 3, "省"), Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	o := AccountOptions{DataDir: s.opts.DataDir, Login: "admin", Name: "王芳", Role: "administrator", OwnWords: true, Stdin: strings.NewReader("Green-apple-2026"), Stdout: io.Discard}
	if err := AddAccount(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); s.network.sites.Tree().Len() != 3; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server does not hear of the sites")
		}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(browser.CloseIdleConnections)
	post = func(path string, form url.Values) {
		t.Helper()
		res, err := browser.PostForm(base+path, form)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: got %d", path, res.StatusCode)
		}
	}
	post("/sign/in", url.Values{"login": {"admin"}, "password": {"Green-apple-2026"}})
	return browser, post
}

// A right that is taken away is gone from open sockets, too.
func TestSocketKnowsWhoIsSignedIn(t *testing.T) {
	s, base := begin(t, "", nil)
	var asked atomic.Pointer[signaling.Visitor]
	s.sockets.Command("who", func(_ context.Context, v *signaling.Visitor, _ json.RawMessage) (any, error) {
		asked.Store(v)
		return v.Name, nil
	})
	browser, post := administrator(t, s, base)
	jar := browser.Jar

	who := `{"t":"do","id":1,"kind":"who"}`
	nobody := socketPage(t, base, nil, nil)
	tell(t, nobody, who)
	if m := heard(t, nobody); m["body"] != "" || asked.Load().SignedIn() {
		t.Errorf("without a cookie: got %v", m)
	}
	foreign := socketPage(t, base, jar, http.Header{"Origin": {"https://elsewhere.example"}})
	tell(t, foreign, who)
	if m := heard(t, foreign); m["t"] != "fail" || m["kind"] != "denied" {
		t.Errorf("from another origin, with the cookie: got %v", m)
	}
	admin := socketPage(t, base, jar, http.Header{"Origin": {base}})
	tell(t, admin, who)
	if m := heard(t, admin); m["body"] != "王芳" || !asked.Load().SignedIn() || asked.Load().Until.IsZero() {
		t.Errorf("signed in: got %v, %+v", m, asked.Load())
	}
	post("/sign/out", nil)
	if _, _, err := admin.ReadMessage(); !websocket.IsCloseError(err, signaling.CloseAnew) {
		t.Errorf("after signing out: got %v, want a closed socket", err)
	}
	tell(t, nobody, who)
	if m := heard(t, nobody); m["t"] != "done" {
		t.Errorf("others: got %v", m)
	}
}
