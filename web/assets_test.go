package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
)

func TestAssets(t *testing.T) {
	a, err := loadAssets(embedded)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := newServer(t, nil)
	const file = "thirdparty/hls.js/hls.light.min.mjs"
	address, err := a.url(file)
	if err != nil {
		t.Fatal(err)
	}
	r := do(t, h, "GET", address, header{"Accept-Encoding": "br, gzip"}, "")
	if r.StatusCode != 200 || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || r.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("got %d %v", r.StatusCode, r.Header)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != string(a.files[file].plain) {
		t.Errorf("unzipped: %d bytes, %v", len(b), err)
	}
	plain := do(t, h, "GET", "/assets/"+file, header{"Accept-Encoding": "gzip;q=0"}, "")
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("plain: got %v", plain.Header)
	}
	if r := do(t, h, "GET", "/assets/"+file, header{"If-None-Match": plain.Header.Get("ETag")}, ""); r.StatusCode != http.StatusNotModified {
		t.Errorf("known: got %d, want 304", r.StatusCode)
	}
	if r := do(t, h, "GET", "/assets/v000000000000/"+file, nil, ""); r.StatusCode != 200 || r.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("of an older version: got %d %q", r.StatusCode, r.Header.Get("Cache-Control"))
	}
	for _, no := range []string{"/assets/", "/assets/pages/layout.html", "/assets/web.go", "/assets/" + a.version + "/nothing.js", "/assets/thirdparty/hls.js/LICENSE", "/assets/..%2fserver.go"} {
		if r := do(t, h, "GET", no, nil, ""); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", no, r.StatusCode)
		}
	}
	if r := do(t, h, "GET", "/favicon.ico", nil, ""); r.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("favicon: got %v", r.Header)
	}
}

// TestModulesFindEachOther: every relative import of a script of ours names a file that is served.
func TestModulesFindEachOther(t *testing.T) {
	a, err := loadAssets(embedded)
	if err != nil {
		t.Fatal(err)
	}
	imports := regexp.MustCompile(`(?:from|import|new URL\()\s*"(\.{1,2}/[^"]+)"`)
	for name, f := range a.files {
		if strings.HasPrefix(name, "thirdparty/") {
			continue
		}
		for _, m := range imports.FindAllStringSubmatch(string(f.plain), -1) {
			if to := path.Join(path.Dir(name), m[1]); a.files[to] == nil {
				t.Errorf("%s imports %s, which is not there", name, to)
			}
		}
	}
}
