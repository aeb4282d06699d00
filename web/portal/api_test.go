package portal

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAnswersAreAsDescribed holds every answer of the API against openapi.json, with the articles that use all
// of its fields.
func TestAnswersAreAsDescribed(t *testing.T) {
	s := newStand(t)
	s.on = programme()
	d := readDescription(t, s)
	asked := map[string]bool{}
	for _, c := range []struct {
		path, target string
		status       int
	}{
		{"/sites/{code}", "/sites/99", 200},
		{"/sites/{code}", "/sites/990101001001", 200},
		{"/sites/{code}", "/sites/9999", 200}, // an old code
		{"/sites/{code}", "/sites/none", 404},
		{"/sites/{code}", "/sites/9902-old", 404},
		{"/sites/{code}/children", "/sites/99/children", 200},
		{"/sites/{code}/children", "/sites/990101001001/children", 200},
		{"/sites/{code}/columns", "/sites/99/columns", 200},
		{"/sites/{code}/articles", "/sites/99/articles", 200},
		{"/sites/{code}/articles", "/sites/99/articles?column=notices&n=1", 200},
		{"/sites/{code}/articles", "/sites/990101001001/articles?column=produce", 200},
		{"/sites/{code}/articles", "/sites/99/articles?page=2", 200},
		{"/sites/{code}/articles", "/sites/99/articles?page=x", 400},
		{"/sites/{code}/articles", "/sites/99/articles?n=51", 400},
		{"/sites/{code}/articles", "/sites/99/articles?column=none", 404},
		{"/articles/{id}", "/articles/7", 200},
		{"/articles/{id}", "/articles/8?site=990101001001", 200},
		{"/articles/{id}", "/articles/10?site=990101001001", 200},
		{"/articles/{id}", "/articles/8", 404}, // not shown on the province's site
		{"/articles/{id}", "/articles/x", 404},
		{"/sites/{code}/broadcasts", "/sites/990101001001/broadcasts", 200},
		{"/sites/{code}/broadcasts", "/sites/99/broadcasts?from=2026-11-01&to=2026-12-01", 200},
		{"/sites/{code}/broadcasts", "/sites/99/broadcasts?from=x", 400},
		{"/sites/{code}/broadcasts", "/sites/99/broadcasts?from=2026-11-02&to=2026-11-01", 400},
		{"/sites/{code}/broadcasts", "/sites/99/broadcasts?from=2026-11-02&to=2028-11-01", 400},
		{"/sites/{code}/broadcasts", "/sites/none/broadcasts", 404},
		{"/broadcasts/{id}", "/broadcasts/1", 200},
		{"/broadcasts/{id}", "/broadcasts/2", 200},
		{"/broadcasts/{id}", "/broadcasts/4", 200},
		{"/broadcasts/{id}", "/broadcasts/99", 404},
		{"/broadcasts/{id}", "/broadcasts/x", 404},
		{"/search", "/search?q=水利", 200},
		{"/search", "/search?q=水利&site=9902&scope=all&page=1", 200},
		{"/search", "/search", 400},
		{"/search", "/search?q=x&scope=moon", 400},
	} {
		asked[c.path] = true
		r := s.get("/api/v1" + c.target)
		b, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != c.status {
			t.Errorf("GET %s: got %d %v %s, want %d", c.target, r.StatusCode, err, b, c.status)
			continue
		}
		mime := map[bool]string{true: "application/json", false: "application/problem+json"}[c.status == 200]
		if r.Header.Get("Content-Type") != mime || r.Header.Get("Access-Control-Allow-Origin") != "*" || (c.status == 200 && r.Header.Get("ETag") == "") {
			t.Errorf("GET %s: got %v", c.target, r.Header)
		}
		want := d.Components.Schemas["Problem"]
		if c.status == 200 {
			want = d.Paths[c.path]["get"].Responses["200"].Content[mime].Schema
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range d.check("$", want, v) {
			t.Errorf("GET %s: %s", c.target, wrong)
		}
		if list, ok := v.(map[string]any)["items"].([]any); ok && strings.Contains(c.path, "articles") {
			for _, one := range list {
				for name := range one.(map[string]any) {
					if !d.names(d.Components.Schemas["Article"])[name] {
						t.Errorf("GET %s: %s is not described", c.target, name)
					}
				}
			}
		}
	}
	for path := range d.Paths {
		if !asked[path] {
			t.Errorf("%s is described and was not asked", path)
		}
	}
}

func TestAPIIsForReadingFromAnywhere(t *testing.T) {
	s := newStand(t)
	ask := func(method, target string) *http.Response {
		w := httptest.NewRecorder()
		s.http.ServeHTTP(w, httptest.NewRequest(method, target, nil))
		return w.Result()
	}
	if r := ask("OPTIONS", "/api/v1/sites/99"); r.StatusCode != http.StatusNoContent || r.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD" {
		t.Errorf("OPTIONS: got %d %v", r.StatusCode, r.Header)
	}
	if r := ask("DELETE", "/api/v1/sites/99"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: got %d", r.StatusCode)
	}
	if r := ask("GET", "/api/v1/nothing"); r.StatusCode != http.StatusNotFound || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("GET of nothing: got %d %v", r.StatusCode, r.Header)
	}
	tag := s.get("/api/v1/sites/99").Header.Get("ETag")
	if r := s.get("/api/v1/sites/99", "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
		t.Errorf("known: got %d", r.StatusCode)
	}
}
