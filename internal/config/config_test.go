package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The sample in docs/config.md is the manual: it must parse, name every setting, and show the defaults.
func TestSampleConfigurationIsTheDefault(t *testing.T) {
	doc, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "```yaml\n")
	sample, _, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		t.Fatal("docs/config.md has no yaml block")
	}
	got, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if want := Default(); !reflect.DeepEqual(got, want) {
		t.Errorf("the sample differs from the defaults:\ngot  %+v\nwant %+v", got, want)
	}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for f := range typ.Fields() {
			if name := f.Tag.Get("yaml"); !strings.Contains(sample, name+":") {
				t.Errorf("the sample does not show %s", name)
			}
			ft := f.Type
			if ft.Kind() == reflect.Slice {
				ft = ft.Elem()
			}
			if ft.Kind() == reflect.Struct {
				walk(ft)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"unknown name":    {"htpp: {address: ':80'}", "htpp"},
		"bad address":     {"http: {address: '80'}", "http.address"},
		"pages off":       {"http: {address: 'off'}", "pages"},
		"half a pair":     {"http: {certificate: a.pem}", "go together"},
		"half of rtsp":    {"rtsp: {rtp: 'off'}", "together"},
		"short key":       {"access: {keys: [{key: short}]}", "8 characters"},
		"sample's key":    {"access: {keys: [{key: CHANGE-ME}]}", "known to everybody"},
		"bad pattern":     {"access: {read: ['[']}", "pattern"},
		"no grace":        {"streams: {grace: 0s}", "streams.grace"},
		"log level":       {"log: {level: loud}", "loud"},
		"part":            {"hls: {part: 1ms}", "hls.part"},
		"same name twice": {"sources: [{name: a, url: 'rtsp://x/y'}, {name: a, url: 'rtsp://x/z'}]", "taken"},
		"no address":      {"sources: [{name: a, url: 'x'}]", "url"},
		"advertise":       {"webrtc: {advertise: [example]}", "IP address"},
		"sending":         {"udp: {sending: carrier-pigeon}", "udp.sending"},
		"passphrase":      {"srt: {passphrase: short}", "10 to 79"},
		"database":        {"database: 'mysql://x/y'", "database"},
		"no database":     {"database: 'sqlite:'", "database"},
		"sign-in address": {"signin: {address: 'https://a/b'}", "signin.address"},
		"proxies":         {"signin: {proxies: [x]}", "signin.proxies"},
		"mail":            {"signin: {address: 'https://a', mail: {server: a}}", "signin.mail.server"},
		"mail links":      {"signin: {mail: {server: 'a:25', from: 'a@b'}}", "signin.address"},
		"provider":        {"signin: {providers: [{id: A, issuer: 'https://x', clientID: y}]}", "signin.providers"},
		"issuer":          {"signin: {providers: [{id: a, issuer: x, clientID: y}]}", "issuer"},
		"time zone":       {"network: {timezone: Mars/Olympus}", "Mars/Olympus"},
		"not yaml":        {"\t{", ""},
	} {
		if _, err := Parse([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %q", name, err, c.want)
		}
	}
}

func TestErrorsDoNotRepeatSecrets(t *testing.T) {
	for _, in := range []string{`access: {keys: ["abcd-key9"]}`, "database: mysql://me:abcd@db/x", "database: 'postgres://me:abcd@db:port/x'", "database: [abcd]", "signin: {mail: {password: [abcd]}}", "signin: {mail: {server: x, password: abcd}}"} {
		if _, err := Parse([]byte(in)); err == nil || strings.Contains(err.Error(), "abcd") {
			t.Errorf("%s: got %v, want an error without the secret", in, err)
		}
	}
}

func TestParseKeepsDefaults(t *testing.T) {
	c, err := Parse([]byte("streams: {grace: 3s}"))
	if err != nil || c.Streams.Grace != 3*time.Second || c.Streams.Max != 1000 || c.HTTP.Address != ":8080" {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := Parse(nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestLoopback(t *testing.T) {
	c := Default()
	if err := c.Loopback(); err != nil || c.HTTP.Address != "127.0.0.1:8080" || c.RTSP.RTP != "127.0.0.1:8000" {
		t.Errorf("got %+v, %v", c, err)
	}
	c.SRT.Address = "0.0.0.0:8890"
	if err := c.Loopback(); err == nil {
		t.Error("0.0.0.0 was taken for loopback")
	}
}

func TestFixedParts(t *testing.T) {
	a, b := Default(), Default()
	b.RTMP.Address, b.Log.Level, b.HLS.Part = ":1936", "debug", time.Second
	if got := a.FixedParts(&b); !reflect.DeepEqual(got, []string{"hls", "rtmp.address"}) {
		t.Errorf("got %v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("database: postgres://a:b@c/d\nnetwork: {timezone: Asia/Urumqi, name: x}"))
	f.Add([]byte("http: {address: ':80'}\naccess: {keys: [{key: abcdefgh, publish: ['*']}]}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err == nil {
			if err := c.check(); err != nil {
				t.Fatalf("a checked configuration does not pass: %v", err)
			}
		}
	})
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c, err := Parse([]byte("signin: {address: 'https://a.example', proxies: [10.0.0.1, 'fd00::/8'], mail: {server: 'm:587', from: 'a@b', password: geheim}, providers: [{id: a, issuer: 'https://x', clientID: y, secret: geheim}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.Signin); strings.Contains(got, "geheim") {
		t.Errorf("got %s", got)
	}
	if got := c.Signin.Prefixes(); len(got) != 2 || got[0].Bits() != 32 {
		t.Errorf("proxies: got %v", got)
	}
}
