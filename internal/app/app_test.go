package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/config"
	"xianfeng/internal/store"
	"xianfeng/internal/testaid"
	"xianfeng/media"
	"xianfeng/web"
)

// local is a configuration of free ports on loopback.
const local = `
http: {address: "127.0.0.1:0"}
rtsp: {address: "127.0.0.1:0", rtp: "off", rtcp: "off"}
rtmp: {address: "127.0.0.1:0"}
srt: {address: "127.0.0.1:0"}
webrtc: {address: "127.0.0.1:0"}
metrics: {address: "127.0.0.1:0"}
`

// emptyNetwork saves most tests from going through all migrations.
var emptyNetwork = testaid.NewTemplate(func(file string) error {
	db, err := store.Open(context.Background(), "sqlite:"+file)
	if err != nil {
		return err
	}
	return db.Close()
})

// begin starts a server with the configuration local and more, and returns it with its address.
func begin(t *testing.T, more string, change func(*Options)) (*server, string) {
	t.Helper()
	dir := t.TempDir()
	o := Options{DataDir: dir, ConfigFile: filepath.Join(dir, "c.yaml"), Stdout: io.Discard, Stderr: io.Discard}
	if change != nil {
		change(&o)
	}
	configure(t, o.ConfigFile, more)
	if !o.Open && !strings.Contains(more, "database:") {
		emptyNetwork.Copy(t, filepath.Join(dir, databaseFile))
	}
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{opts: o, log: slog.New(slog.DiscardHandler), level: new(slog.LevelVar)}
	if err := s.start(t.Context(), cfg); err != nil {
		s.stop() //nolint:errcheck // the other error is the one to tell
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s, "http://" + s.pages.String()
}

func configure(t *testing.T, file, more string) {
	t.Helper()
	lines := local
	if strings.HasPrefix(more, "http:") { // instead
		lines = lines[strings.Index(lines, "rtsp:"):]
	}
	if err := os.WriteFile(file, []byte(lines+more), 0o600); err != nil {
		t.Fatal(err)
	}
}

// do returns status and body of a request, with a bearer token if key is not empty.
func do(t *testing.T, method, url, key, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
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

func TestReadyServesAndStopsWithOpenConnections(t *testing.T) {
	s, base := begin(t, "", nil)
	if code, body := do(t, "GET", base+"/readyz", "", ""); code != http.StatusOK {
		t.Errorf("/readyz: got %d %s", code, body)
	}
	// Half a request on every port must not hold up the stop.
	for _, part := range []net.Addr{s.pages} {
		c, err := net.Dial("tcp", part.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // closed by the server first
		if _, err := io.WriteString(c, "GET /live/x/media.m3u8 HTTP/1.1\r\nHost:"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReloadTouchesOnlyWhatChanged(t *testing.T) {
	s, base := begin(t, "access: {keys: [{key: first-key, publish: ['a*']}]}\n", nil)
	p, err := s.hub.Publish(media.PublishRequest{Name: "a1", Tracks: []media.Track{{Codec: media.Opus, SampleRate: 48000, Channels: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	allow := func(key string) bool {
		return s.gate().Allow(media.Access{Action: media.Publish, Stream: "a1", Key: key}) == nil
	}
	if !allow("first-key") || allow("second-key") {
		t.Fatal("the first configuration is not in force")
	}
	configure(t, s.opts.ConfigFile, "access: {keys: [{key: second-key, publish: ['a*']}]}\nsources: [{name: cam, url: 'rtsp://127.0.0.1:1/x', onDemand: true}]\nlog: {level: debug}\n")
	s.reload()
	if allow("first-key") || !allow("second-key") || s.level.Level() != slog.LevelDebug || len(s.sources.List()) != 1 {
		t.Error("the second configuration is not in force")
	}
	kept := s.sources.fixed["cam"]
	configure(t, s.opts.ConfigFile, "access: {keys: [{key: third-key")
	s.reload()
	if !allow("second-key") {
		t.Error("a broken file changed the keys")
	}
	configure(t, s.opts.ConfigFile, "sources: [{name: cam, url: 'rtsp://127.0.0.1:1/x', onDemand: true}, {name: bad, url: 'gopher://x/y'}]\n")
	s.reload()
	if s.sources.fixed["cam"] != kept {
		t.Error("a source that did not change was started anew")
	}
	if !p.Stream().Live() {
		t.Error("a stream that did not change was dropped")
	}
	if code, _ := do(t, "GET", base+"/api/streams/a1", "", ""); code != http.StatusOK {
		t.Errorf("the stream is not listed: %d", code)
	}
}

func TestSourcesAddedThroughTheAPIOutliveTheServer(t *testing.T) {
	s, base := begin(t, "access: {apiKey: operators-key}\n", nil)
	const camera = `{"name": "cam", "address": "rtsp://user:secret@127.0.0.1:1/x?token=secret", "onDemand": true}`
	if code, body := do(t, "POST", base+"/api/sources", "", camera); code != http.StatusUnauthorized {
		t.Errorf("without a key: got %d %s", code, body)
	}
	if code, body := do(t, "POST", base+"/api/sources", "operators-key", camera); code != http.StatusCreated {
		t.Fatalf("add: got %d %s", code, body)
	}
	if code, _ := do(t, "POST", base+"/api/sources", "operators-key", camera); code != http.StatusConflict {
		t.Errorf("the same name again: got %d", code)
	}
	if code, body := do(t, "POST", base+"/api/sources", "operators-key", `{"name": "x", "address": "file:///etc/passwd"}`); code != http.StatusBadRequest && code != http.StatusUnprocessableEntity && code != http.StatusUnsupportedMediaType {
		t.Errorf("an address that can't be pulled: got %d %s", code, body)
	}
	_, list := do(t, "GET", base+"/api/sources", "operators-key", "")
	if strings.Contains(list, "secret") || !strings.Contains(list, "cam") {
		t.Errorf("list: got %s", list)
	}

	again := newSources(s.hub, s.log, s.sources.file)
	s.sources.close()
	if err := again.load(); err != nil {
		t.Fatal(err)
	}
	if got := again.List(); len(got) != 1 || got[0].Name != "cam" {
		t.Errorf("after a restart: got %+v", got)
	}
	if err := again.Remove("cam"); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(again.file)
	var kept []config.Source
	if err != nil || json.Unmarshal(b, &kept) != nil || len(kept) != 0 {
		t.Errorf("kept after the removal: %s, %v", b, err)
	}
	again.close()
}

var _ web.Sources = (*sources)(nil)

func TestOperatorKeyIsMadeOnce(t *testing.T) {
	s, _ := begin(t, "", nil)
	a, err := s.operatorKey(config.Access{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.operatorKey(config.Access{})
	if err != nil || a != b || len(a) < 20 {
		t.Errorf("got %q and %q, %v", a, b, err)
	}
	info, err := os.Stat(s.dataFile(keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the key file: %v, %v", info.Mode(), err)
	}
	for key, want := range map[string]bool{a: true, "": false, "wrong": false} {
		if got := s.gate().Allow(media.Access{Action: media.Publish, Stream: "any", Key: key}) == nil; got != want {
			t.Errorf("publish with %q: got %v, want %v", key, got, want)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yaml")
	for name, c := range map[string]struct {
		yaml string
		o    Options
		want string
	}{
		"open beyond this machine": {"http: {address: '0.0.0.0:0'}", Options{Open: true}, "other machines"},
		"open and demo":            {"", Options{Open: true, Demo: true}, "exclude"},
		"broken file":              {"http: {", Options{}, "configuration"},
		"port taken":               {"", Options{}, "start"},
	} {
		text := c.yaml
		if name == "port taken" {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close() //nolint:errcheck // nothing depends on it
			text = strings.Replace(local, `rtmp: {address: "127.0.0.1:0"}`, fmt.Sprintf("rtmp: {address: %q}", ln.Addr()), 1)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := c.o
		o.ConfigFile, o.DataDir, o.Stdout, o.Stderr = file, dir, io.Discard, io.Discard
		if err := Serve(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %q", name, err, c.want)
		}
	}
}

func TestServeDemoStopsCleanly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	configure(t, file, "")
	var out, log bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	logged := writerFunc(func(p []byte) (int, error) {
		if bytes.Contains(p, []byte("publisher came")) {
			cancel()
		}
		return log.Write(p)
	})
	if err := Serve(ctx, Options{ConfigFile: file, Demo: true, Stdout: &out, Stderr: logged}); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for _, want := range []string{"/live/demo", "stream key"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the announcement lacks %q:\n%s", want, out.String())
		}
	}
	if !strings.Contains(log.String(), "publisher came") || !strings.Contains(log.String(), "stopped") {
		t.Errorf("log:\n%s", log.String())
	}
}

// writerFunc is a writer. Loggers call it with one line at a time.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestServeThatIsStoppedWhileItStarts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	configure(t, file, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Serve(ctx, Options{ConfigFile: file, Demo: true, Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Errorf("got %v, want a clean stop", err)
	}
}

func TestEverythingButPagesCanBeOff(t *testing.T) {
	dir := t.TempDir()
	text := strings.ReplaceAll(local, `"127.0.0.1:0"`, `"off"`)
	text = strings.Replace(text, `http: {address: "off"}`, `http: {address: "127.0.0.1:0"}`, 1)
	cfg, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{opts: Options{DataDir: dir}, log: slog.New(slog.DiscardHandler), level: new(slog.LevelVar)}
	if err := s.start(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if code, _ := do(t, "GET", "http://"+s.pages.String()+"/live", "", ""); code != http.StatusOK {
		t.Errorf("/live: got %d", code)
	}
	if code, _ := do(t, "POST", "http://"+s.pages.String()+"/live/a/whep", "", "v=0"); code != http.StatusNotImplemented {
		t.Errorf("WHEP while WebRTC is off: got %d, want 501", code)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
