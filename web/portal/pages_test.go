package portal

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

var playerFiles = fstest.MapFS{"xf-player.js": {Data: []byte("//")}}

// addresses are one of each kind of page.
var addresses = []string{
	"/", "/v/99/", "/v/99/c/news", "/v/99/c/news?page=2", "/v/99/c/produce", "/v/99/c/album", "/v/99/a/7", "/v/99/search", "/v/99/search?q=水利",
	"/v/99/live", "/v/99/sites", "/v/99/sites?q=桥", "/v/99/links", "/v/990101001001/", "/v/990101001001/c/album", "/v/990101001001/a/8",
	"/v/990101001001/a/9", "/v/990101001001/a/10", "/v/9901/", "/embed/99/notices",
	"/v/99/guide", "/v/990101001001/guide?week=2026-12-01", "/b/1", "/b/2", "/b/3", "/b/4",
}

var inline = regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:`)

func TestPagesAreWholeAndStrict(t *testing.T) {
	s := newStand(t)
	s.on = append(programme(), broadcast.Broadcast{ID: 5, Site: 2, Source: broadcast.Source{Kind: broadcast.Stream, Name: "b"}, State: broadcast.OnAir, Title: "其他", Began: today})
	s.links = []content.Link{{Title: "中国政府网", URL: "https://www.gov.example/", Section: "政府"}, {Title: "坏的", URL: "https://x.example/", Failures: 9}}
	for _, address := range addresses {
		for _, lang := range []string{"zh", "en"} {
			r := s.get(address, "Accept-Language", lang)
			b, err := io.ReadAll(r.Body)
			html := string(b)
			if err != nil || r.StatusCode != http.StatusOK || !strings.HasSuffix(strings.TrimSpace(html), "</html>") {
				t.Errorf("GET %s: got %d, %v\n%.400s", address, r.StatusCode, err, html)
			}
			if m := inline.FindString(html); m != "" {
				t.Errorf("GET %s: inline %q", address, m)
			}
			for _, broken := range []string{"%!", "ZgotmplZ", "<no value>", "坏的", "href=\"\""} {
				if strings.Contains(html, broken) {
					t.Errorf("GET %s: has %s", address, broken)
				}
			}
			if csp := r.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
				t.Errorf("GET %s: policy %q", address, csp)
			}
			if !strings.HasPrefix(address, "/embed") && strings.Contains(html, `<html lang="en"`) != (lang == "en") {
				t.Errorf("GET %s in %s: the language is wrong", address, lang)
			}
		}
	}
}

func TestFrontPages(t *testing.T) {
	s := newStand(t)
	province := s.text("/v/99/")
	for _, want := range []string{`class="theme-official accent-crimson"`, "<h1><a href=\"/v/99/\">青岚省先锋网</a></h1>", "同一张网，同一刻", "block-headline", "梯田里的收割机", `href="http://wangchuan.example/"`, "/v/9902/", "tel:09995550001", `rel="canonical" href="http://net.example/v/99/"`, "og:image"} {
		if !strings.Contains(province, want) {
			t.Errorf("the province's page has no %s", want)
		}
	}
	if strings.Contains(province, "block-education") || strings.Contains(province, "/c/education") {
		t.Error("an empty column is shown")
	}
	village := s.text("/v/990101001001/")
	for _, want := range []string{"theme-azure", "call-button", "tel:09995551112", "李秋生 · 村主任", "桥头秋色", "3.5", "元／斤", "第三季度村务公开"} {
		if !strings.Contains(village, want) {
			t.Errorf("the village's page has no %s", want)
		}
	}
	if strings.Index(village, "call-button") > strings.Index(village, "桥头秋色") {
		t.Error("whom to call is not on top of the village's page")
	}
	own := s.text("/", "Host", "wangchuan.example:8080")
	for _, want := range []string{`href="/c/news"`, `<a href="/">望川市</a>`, `href="http://wangchuan.example:8080/"`} {
		if !strings.Contains(own, want) {
			t.Errorf("the page on its own host has no %s", want)
		}
	}
	if strings.Contains(own, "/v/9901/") {
		t.Error("the page on its own host leads elsewhere")
	}
}

func TestWhereSitesAre(t *testing.T) {
	s := newStand(t)
	for _, c := range []struct {
		host, target string
		status       int
		to           string
	}{
		{"net.example", "/v/9999/c/news?page=2", 301, "/v/9902/c/news?page=2"},
		{"old.example", "/a/7?x=1", 301, "http://wangchuan.example/a/7?x=1"},
		{"net.example", "/c/news", 301, "/v/99/c/news"},
		{"net.example", "/v/99", 301, "/v/99/"},
		{"net.example", "/v/9902-old/", 410, ""},
		{"net.example", "/v/9902-old/c/news", 410, ""},
		{"net.example", "/v/1234/", 404, ""},
		{"net.example", "/v/99/c/nothing", 404, ""},
		{"net.example", "/v/99/c/news?page=99", 404, ""},
		{"net.example", "/v/99/c/news?page=-1", 404, ""},
		{"net.example", "/v/99/a/12345", 404, ""},
		{"net.example", "/v/99/a/x", 404, ""},
		{"net.example", "/v/9902/a/8", 404, ""}, // a village's own is not the city's
		{"net.example", "/v/99/such/page", 404, ""},
		{"WANGCHUAN.example.:81", "/c/news", 200, ""},
		{"wangchuan.example", "/live", 200, ""},
		{"net.example", "/live", 404, ""}, // package web has that one
	} {
		r := s.get(c.target, "Host", c.host)
		if r.StatusCode != c.status || r.Header.Get("Location") != c.to {
			t.Errorf("%s%s: got %d %q, want %d %q", c.host, c.target, r.StatusCode, r.Header.Get("Location"), c.status, c.to)
		}
	}
	if html := s.text("/v/9902-old/"); !strings.Contains(html, "站点已停用") || !strings.Contains(html, "前往 鹿鸣市") {
		t.Errorf("a closed site says\n%s", html)
	}
}

func TestArticle(t *testing.T) {
	s := newStand(t)
	html := s.text("/v/990101001001/a/7")
	for _, want := range []string{
		"&lt;省&gt;", "<strong>注意</strong>", `<xf-player src="/live/hall">`, "player/xf-player.js", "青岚省先锋网 发布",
		`rel="canonical" href="http://net.example/v/99/a/7"`, `property="og:type" content="article"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the article has no %s", want)
		}
	}
	if strings.Contains(html, "poll") {
		t.Error("a block that nobody knows is shown")
	}
	if html := s.text("/v/99/a/110"); !strings.Contains(html, `rel="prev" href="/v/99/a/111"`) || !strings.Contains(html, `rel="next" href="/v/99/a/109"`) || strings.Contains(html, "xf-player") {
		t.Error("the articles beside are wrong, or a player is loaded for nothing")
	}
	if html := s.text("/v/990101001001/a/10"); !strings.Contains(html, "/files/cbcdefghijklmnopqrstuvwxyz/") || !strings.Contains(html, "34 KB") {
		t.Errorf("attachments: got\n%s", html)
	}
}

func TestReadingAids(t *testing.T) {
	s := newStand(t)
	if html := s.text("/v/99/", "Cookie", "xf_look=ec"); !strings.Contains(html, "elder contrast") {
		t.Error("the cookie changes nothing")
	}
	if html := s.text("/v/99/"); strings.Contains(html, "elder contrast") {
		t.Error("one visitor's choice is another's page")
	}
	r := s.get("/v/99/?elder=1")
	if !strings.Contains(r.Header.Get("Set-Cookie"), "xf_look=e") {
		t.Errorf("got %v", r.Header)
	}
}

func TestPagesAreKeptAndForgotten(t *testing.T) {
	s := newStand(t)
	s.text("/v/990101001001/")
	before := s.asked
	if s.text("/v/990101001001/"); s.asked != before {
		t.Error("a page that is kept was made again")
	}
	s.cache.Bump([]string{content.DownTag(1, "notices")}) // a push of the province
	if s.text("/v/990101001001/"); s.asked == before {
		t.Error("a push to the whole province does not reach the village")
	}
	r := s.get("/v/990101001001/")
	if again := s.get("/v/990101001001/", "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("got %d, want 304", again.StatusCode)
	}
	s.items[0].Head.Title = "改了"
	for _, tag := range []string{content.SiteTag(6), content.SiteTag(1), content.ColumnsTag(2), content.ListTag(6, "album"), broadcast.SiteTag(4), content.NetworkTag} {
		before := s.asked
		s.cache.Bump([]string{tag})
		if s.text("/v/990101001001/"); s.asked == before {
			t.Errorf("%s does not reach the page", tag)
		}
	}
	before = s.asked
	s.cache.Bump([]string{content.SiteTag(3), content.ListTag(1, "news"), content.DownTag(3, "news")})
	if s.text("/v/990101001001/"); s.asked != before {
		t.Error("what concerns others makes the page anew")
	}
}

func TestBrokenDatabase(t *testing.T) {
	s := newStand(t)
	s.text("/v/99/")
	s.down = errors.New("disk on fire")
	s.cache.Bump([]string{content.NetworkTag})
	if r := s.get("/v/99/"); r.StatusCode != http.StatusOK {
		t.Errorf("a page that was there: got %d", r.StatusCode)
	}
	r := s.get("/v/9902/")
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusInternalServerError || strings.Contains(string(b), "fire") || !strings.Contains(string(b), "服务器出错了") {
		t.Errorf("got %d %v\n%.300s", r.StatusCode, err, b)
	}
}

// TestWeight: a village's page with its styles, without pictures, is at most 60 KB compressed.
func TestWeight(t *testing.T) {
	s := newStand(t)
	html := s.text("/v/990101001001/")
	total := zipped(t, html)
	for _, m := range regexp.MustCompile(`(?:href|src)="(/assets/[^"]+\.(?:css|js))"`).FindAllStringSubmatch(html, -1) {
		total += zipped(t, s.text(m[1]))
	}
	if total > 60<<10 {
		t.Errorf("got %d bytes, want at most 61440", total)
	}
	t.Logf("%d bytes", total)
}

func zipped(t *testing.T, text string) int {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

func TestNoSitesNoFront(t *testing.T) {
	s := newStand(t)
	tree, err := site.NewTree(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.tree = tree
	if r := s.get("/"); r.StatusCode != http.StatusNotFound {
		t.Errorf("got %d: the portal answers without sites", r.StatusCode)
	}
	two := []site.Site{{ID: 1, Code: "11", Level: site.Province, Name: "甲省"}, {ID: 2, Code: "12", Level: site.Province, Name: "乙省"}}
	if s.tree, err = site.NewTree(two, nil); err != nil {
		t.Fatal(err)
	}
	if html := s.text("/"); !strings.Contains(html, "甲省") || !strings.Contains(html, "/v/12/") {
		t.Errorf("two trees: got\n%s", html)
	}
}

func TestBroadcastsOnEveryPage(t *testing.T) {
	s := newStand(t)
	s.on = programme()
	for _, address := range []string{"/v/990101001001/", "/v/990101001001/c/album", "/v/990101001001/a/8", "/v/990101001001/guide", "/v/990101001001/search"} {
		html := s.text(address)
		if !strings.Contains(html, `data-air="990101001001"`) || !strings.Contains(html, `<a href="/b/1">全省电视电话会议</a>`) || !strings.Contains(html, `aria-live="polite"`) {
			t.Errorf("%s has no card", address)
		}
	}
	s.on = programme()[1:]
	s.cache.Bump([]string{broadcast.SiteTag(1)})
	if html := s.text("/v/990101001001/"); !strings.Contains(html, `data-card="2" data-state="planned"`) || !strings.Contains(html, "清溪区 · 22:30 开始") {
		t.Error("what is announced has no card")
	}
	s.on[0].Announce = today.Add(time.Minute)
	s.cache.Bump([]string{broadcast.SiteTag(1)})
	if html := s.text("/v/990101001001/"); strings.Contains(html, `data-card="2"`) || !strings.Contains(html, "冬季农民课堂") {
		t.Error("what is announced later is shown now, or the script is not told of it")
	}
	s.on[0].Urgent, s.on[0].State, s.on[0].Began = true, broadcast.OnAir, today
	s.cache.Bump([]string{broadcast.SiteTag(1)})
	if html := s.text("/v/990101001001/"); !strings.Contains(html, `class="air-urgent" data-card="2"`) {
		t.Error("what is urgent has no line")
	}
}

func TestBroadcastPages(t *testing.T) {
	s := newStand(t)
	s.on = programme()
	for address, wants := range map[string][]string{
		"/b/1": {`<xf-player src="/live/hall" broadcast="1" sync="3000" autoplay`, "正在直播", "青岚省先锋网", "2026年11月23日 17:30–18:30"},
		"/b/2": {"转播即将开始", "未开始", "2026年11月24日 23:30", "slate-before.svg"},
		"/b/3": {"已取消", "noindex"},
		"/b/4": {"已结束", `href="/library/item4"`, "观看回放"},
	} {
		html := s.text(address)
		for _, want := range wants {
			if !strings.Contains(html, want) {
				t.Errorf("%s does not say %q", address, want)
			}
		}
		if strings.Contains(html, "<xf-player") != (address == "/b/1") {
			t.Errorf("%s: player or not?", address)
		}
	}
	for address, want := range map[string]int{"/b/99": 404, "/b/x": 404, "/b/01": 404, "/v/99/guide?week=x": 400, "/v/99/guide?week=1999-01-01": 400, "/v/none/guide": 404, "/v/none/guide.ics": 404} {
		if r := s.get(address); r.StatusCode != want {
			t.Errorf("GET %s: got %d, want %d", address, r.StatusCode, want)
		}
	}
	if r := s.get("/v/99/guide.ics"); r.Header.Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Errorf("the calendar is %s", r.Header.Get("Content-Type"))
	}
	// An urgent one takes the place of what viewers came for.
	s.on[0].ID, s.on[0].Urgent = 9, true
	s.on = append(s.on, broadcast.Broadcast{ID: 1, Site: 6, Source: broadcast.Source{Kind: broadcast.Stream, Name: "yard"}, State: broadcast.OnAir, Title: "村会", Began: today})
	s.cache.Bump([]string{broadcast.SiteTag(1)})
	if html := s.text("/b/1"); !strings.Contains(html, `<xf-player src="/live/hall" broadcast="9"`) || !strings.Contains(html, "紧急插播：全省电视电话会议") {
		t.Error("the urgent one is not shown in its place")
	}
}
