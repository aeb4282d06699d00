package portal

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"xianfeng/internal/content"
)

func TestFeeds(t *testing.T) {
	s := newStand(t)
	s.add(content.Item{ID: 900, Site: 1, Slug: "news", Kind: content.Text, Head: content.Head{Title: `<b>&"]]>`, Summary: "一\u0001二"}}, "")
	var r struct {
		Channel struct {
			Title string `xml:"title"`
			Items []struct {
				Title string `xml:"title"`
				Link  string `xml:"link"`
				GUID  string `xml:"guid"`
				Date  string `xml:"pubDate"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	if err := xml.Unmarshal([]byte(s.text("/v/99/feed.xml")), &r); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Channel.Items); n != feedSize || r.Channel.Items[0].Title != `<b>&"]]>` || r.Channel.Items[0].Link != "http://net.example/v/99/a/900" {
		t.Errorf("RSS: got %d items, the first %+v", n, r.Channel.Items[0])
	}
	var a struct {
		ID      string `xml:"id"`
		Updated string `xml:"updated"`
		Entries []struct {
			ID     string `xml:"id"`
			Author string `xml:"author>name"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(s.text("/v/99/c/notices/atom.xml")), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Entries) != 1 || a.Entries[0].Author != "青岚省先锋网" || a.ID != "http://net.example/v/99/c/notices" {
		t.Errorf("Atom: got %+v", a)
	}
	var j jsonDoc
	if err := json.Unmarshal([]byte(s.text("/c/produce/feed.json", "Host", "wangchuan.example")), &j); err != nil {
		t.Fatal(err)
	}
	if j.Version != "https://jsonfeed.org/version/1.1" || j.Home != "http://wangchuan.example/c/produce" || len(j.Items) != 0 {
		t.Errorf("JSON Feed: got %+v", j)
	}
	if r := s.get("/v/99/c/none/feed.xml"); r.StatusCode != http.StatusNotFound {
		t.Errorf("of no column: got %d", r.StatusCode)
	}
	// The same article in two places is one article for a reader.
	province, village := s.text("/v/99/c/notices/feed.json"), s.text("/v/990101001001/c/notices/feed.json")
	if id := `"tag:xianfeng,2004:article/7"`; !strings.Contains(province, id) || !strings.Contains(village, id) {
		t.Error("one article has two ids")
	}
}

func TestSignedFeed(t *testing.T) {
	s := newStand(t)
	var keys struct {
		Keys []struct{ ID, Algorithm, Key string }
	}
	if err := json.Unmarshal([]byte(s.text("/.well-known/xianfeng-feed.json")), &keys); err != nil || len(keys.Keys) != 1 {
		t.Fatalf("keys: got %+v, %v", keys, err)
	}
	public, err := base64.StdEncoding.DecodeString(keys.Keys[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	r := s.get("/embed/99/news/feed.json")
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Fields(r.Header.Get(signatureHeader))
	if len(part) != 3 || part[0] != "ed25519" || part[1] != keys.Keys[0].ID {
		t.Fatalf("got %q", part)
	}
	signature, err := base64.StdEncoding.DecodeString(part[2])
	if err != nil || !ed25519.Verify(public, b, signature) {
		t.Errorf("the signature is not right: %v", err)
	}
	if ed25519.Verify(public, append(b, ' '), signature) {
		t.Error("a changed feed is right too")
	}
}

func TestEmbedding(t *testing.T) {
	s := newStand(t)
	frame := s.get("/embed/99/notices?n=1")
	if csp := frame.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors *") || strings.Contains(csp, "script-src") {
		t.Errorf("the frame's policy: got %q", csp)
	}
	html := s.text("/embed/99/notices")
	if strings.Contains(html, "<script") || !strings.Contains(html, `href="http://net.example/v/99/a/7"`) || !strings.Contains(html, `target="_blank"`) {
		t.Errorf("the frame: got\n%s", html)
	}
	if strings.Contains(html, "<form") || strings.Contains(html, "<header") || strings.Contains(html, "<footer") {
		t.Errorf("the frame has the site's masthead or foot: got\n%s", html)
	}
	if r := s.get("/embed/99/none"); r.StatusCode != http.StatusNotFound {
		t.Errorf("of no column: got %d", r.StatusCode)
	}
	script := s.get("/embed.js")
	if script.Header.Get("Access-Control-Allow-Origin") != "*" || script.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.HasPrefix(script.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the script: got %v", script.Header)
	}
}

func TestSiteMaps(t *testing.T) {
	s := newStand(t)
	s.add(content.Item{ID: perMap + 5, Site: 2, Slug: "news", Kind: content.Text, Head: content.Head{Title: "远"}}, "")
	index := s.text("/sitemap.xml")
	for _, want := range []string{"sites-0.xml", "articles-0.xml", "articles-1.xml"} {
		if !strings.Contains(index, "http://net.example/sitemaps/"+want) {
			t.Errorf("the index has no %s:\n%s", want, index)
		}
	}
	all := s.text("/sitemaps/sites-0.xml")
	if !strings.Contains(all, "http://net.example/v/9902/") || !strings.Contains(all, "http://wangchuan.example/") || strings.Contains(all, "9902-old") {
		t.Errorf("sites: got\n%s", all)
	}
	first, second := s.text("/sitemaps/articles-0.xml"), s.text("/sitemaps/articles-1.xml")
	if !strings.Contains(first, "/v/99/a/7<") || strings.Contains(first, "50005") || !strings.Contains(second, "http://wangchuan.example/a/50005<") {
		t.Errorf("articles: got\n%.300s\n%s", first, second)
	}
	for _, text := range []string{index, all, first, second} {
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, no := range []string{"/sitemaps/x", "/sitemaps/sites--1.xml", "/sitemaps/pages-0.xml", "/sitemaps/sites-9999999999999.xml"} {
		if r := s.get(no); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", no, r.StatusCode)
		}
	}
	if text := s.text("/robots.txt"); !strings.Contains(text, "Sitemap: http://net.example/sitemap.xml") {
		t.Errorf("robots.txt: got %s", text)
	}
}
