package portal

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"xianfeng/internal/content"
	"xianfeng/signaling/broadcast"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenPages: a change of a template shows in the diff what it changes on the pages.
func TestGoldenPages(t *testing.T) {
	s := newStand(t)
	s.on = []broadcast.Broadcast{{ID: 1, Site: 1, Source: broadcast.Source{Kind: broadcast.Stream, Name: "hall"}, State: broadcast.OnAir, Title: "全省电视电话会议", Began: today}}
	s.links = []content.Link{{Title: "省农业农村厅", URL: "https://a.example/", Section: "政府网站"}}
	version := regexp.MustCompile(`/assets/v[0-9a-f]{12}/`)
	for name, address := range map[string]string{
		"province.html": "/v/99/", "village.html": "/v/990101001001/", "column.html": "/v/99/c/news?page=2", "article.html": "/v/990101001001/a/9",
		"search.html": "/v/99/search?q=水利", "live.html": "/v/99/live", "sites.html": "/v/99/sites", "links.html": "/v/99/links",
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
