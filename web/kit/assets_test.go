package kit

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

type header map[string]string

// newKit returns a kit with one more mount, and what serves its files.
func newKit(t *testing.T, cfg Config) (*Kit, http.Handler) {
	t.Helper()
	cfg.Mounts = append(cfg.Mounts, Mount{Prefix: "room", FS: fstest.MapFS{
		"script/room.js":   {Data: []byte(strings.Repeat("export const room = 1;\n", 100))},
		"pages/room.html":  {Data: []byte(`{{define "main"}}<p>{{.Note}}</p>{{end}}`)},
		"pages/broken.css": {Data: []byte("p{}")},
	}})
	k, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	k.Router(mux).Assets()
	return k, mux
}

func get(t *testing.T, h http.Handler, target string, head header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for name, v := range head {
		r.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAssets(t *testing.T) {
	k, h := newKit(t, Config{})
	const file = "room/script/room.js"
	address, err := k.assets.url(file)
	if err != nil {
		t.Fatal(err)
	}
	r := get(t, h, address, header{"Accept-Encoding": "br, gzip"})
	if r.StatusCode != http.StatusOK || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || r.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("got %d %v", r.StatusCode, r.Header)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != string(k.assets.files[file].plain) {
		t.Errorf("unzipped: %d bytes, %v", len(b), err)
	}
	plain := get(t, h, "/assets/"+file, header{"Accept-Encoding": "gzip;q=0"})
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("plain: got %v", plain.Header)
	}
	if r := get(t, h, "/assets/"+file, header{"If-None-Match": plain.Header.Get("ETag")}); r.StatusCode != http.StatusNotModified {
		t.Errorf("known: got %d, want 304", r.StatusCode)
	}
	if r := get(t, h, "/assets/v000000000000/"+file, nil); r.StatusCode != http.StatusOK || r.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("of an older version: got %d %q", r.StatusCode, r.Header.Get("Cache-Control"))
	}
	for _, no := range []string{"/assets/", "/assets/kit/pages/layout.html", "/assets/room/pages/room.html", "/assets/kit.go", "/assets/" + k.assets.version + "/nothing.js", "/assets/..%2fkit.go"} {
		if r := get(t, h, no, nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", no, r.StatusCode)
		}
	}
	if r := get(t, h, "/favicon.ico", nil); r.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("favicon: got %v", r.Header)
	}
}

func TestOneSheetHasAllStyles(t *testing.T) {
	k, h := newKit(t, Config{})
	css := body(t, get(t, h, k.Asset("kit/style/kit.css"), nil))
	for _, want := range []string{"--crimson:", ".button", ".check", ".table", ".elder", "@media print"} {
		if !strings.Contains(css, want) {
			t.Errorf("kit.css has no %s", want)
		}
	}
}

func TestOneFileIsMountedOnce(t *testing.T) {
	fs := fstest.MapFS{"a.css": {Data: []byte("p{}")}}
	if _, err := New(Config{Mounts: []Mount{{Prefix: "x", FS: fs}, {Prefix: "x", FS: fs}}}); err == nil {
		t.Error("two files of one name: got no error")
	}
}
