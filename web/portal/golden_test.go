package portal

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"xianfeng/internal/content"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenPages: a change of a template shows in the diff what it changes on the pages.
func TestGoldenPages(t *testing.T) {
	s := newStand(t)
	s.on = programme()
	s.links = []content.Link{{Title: "省农业农村厅", URL: "https://a.example/", Section: "政府网站"}}
	version := regexp.MustCompile(`/assets/v[0-9a-f]{12}/`)
	for name, address := range map[string]string{
		"province.html": "/v/99/", "village.html": "/v/990101001001/", "column.html": "/v/99/c/news?page=2", "article.html": "/v/990101001001/a/9",
		"search.html": "/v/99/search?q=水利", "live.html": "/v/99/live", "sites.html": "/v/99/sites", "links.html": "/v/99/links",
		"guide.html": "/v/990101001001/guide", "watch.html": "/b/1", "planned.html": "/b/2", "guide.ics": "/v/990101001001/guide.ics",
		"feed.xml": "/v/99/c/notices/feed.xml", "atom.xml": "/v/99/c/notices/atom.xml", "feed.json": "/v/99/c/notices/feed.json",
	} {
		got := version.ReplaceAllString(s.text(address), "/assets/VERSION/")
		file := filepath.Join("testdata", "golden", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is another one; go test ./web/portal -run Golden -update, and look at the diff", name)
		}
	}
}
