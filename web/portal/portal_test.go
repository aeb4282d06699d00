package portal

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
)

var (
	today = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	china = time.FixedZone("CST", 8*3600)
)

// stand is a small network with a portal before it.
type stand struct {
	t     testing.TB
	tree  *site.Tree
	items []content.Shown
	on    []broadcast.Broadcast
	links []content.Link
	down  error // what the shelf fails with; nil: it works
	cache *cache.Cache
	http  http.Handler
	asked int // questions to the shelf
}

func sites() []site.Site {
	return []site.Site{
		{ID: 1, Code: "99", Level: site.Province, Name: "青岚省先锋网", Short: "青岚", Look: site.Look{Motto: "同一张网，同一刻"}, About: site.About{Intro: "全省基层站点汇集于此。", Address: "望川市岚江大道1号", Phone: "0999-5550001", Email: "office@qinglan.example", Hours: "周一至周五 9:00–17:00"}},
		{ID: 2, Parent: 1, Code: "9901", Level: site.City, Name: "望川市", Host: "wangchuan.example", Look: site.Look{Theme: "azure"}},
		{ID: 3, Parent: 1, Code: "9902", Level: site.City, Name: "鹿鸣市"},
		{ID: 4, Parent: 2, Code: "990101", Level: site.County, Name: "清溪区"},
		{ID: 5, Parent: 4, Code: "990101001", Level: site.Township, Name: "柳岸街道"},
		{ID: 6, Parent: 5, Code: "990101001001", Level: site.Village, Name: "桥头村", About: site.About{Intro: "桥头村有 312 户。", Phone: "0999-5551111", People: []site.Contact{{Name: "李秋生", Duty: "村主任", Phone: "0999-5551112"}}}},
		{ID: 7, Parent: 1, Code: "partner-1", Level: site.Partner, Name: "青岚农业大学"},
		{ID: 8, Parent: 3, Code: "9902-old", Level: site.County, Name: "旧县", State: site.Closed},
	}
}

func newStand(t testing.TB) *stand {
	t.Helper()
	tree, err := site.NewTree(sites(), []site.Alias{{Code: "9999", Site: 3}, {Host: "old.example", Site: 2}})
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t, tree: tree, cache: cache.New(cache.Config{Now: func() time.Time { return today }})}
	pic := &content.Picture{File: "abcdefghijklmnopqrstuvwxyz", Alt: "梯田里的收割机", Width: 1600, Height: 900}
	for i := range 30 {
		s.add(content.Item{ID: content.ArticleID(100 + i), Site: 1, Slug: "news", Kind: content.Text, Head: content.Head{Title: fmt.Sprintf("新闻第 %d 条：全省冬修水利开工", i), Summary: "晴好天气里，各地抓紧清淤。", Source: "青岚日报"}}, "<p>各地抓紧清淤。</p>")
	}
	s.items[29].Head.Cover = pic
	s.add(content.Item{ID: 7, Site: 1, Slug: "notices", Kind: content.Text, Pinned: true, Head: content.Head{Title: "关于做好冬季防火的通知 <省>"}}, `<p>请各村<strong>注意</strong>。</p><div data-embed="live:hall"></div><div data-embed="poll:x"></div>`)
	s.add(content.Item{ID: 8, Site: 6, Slug: "album", Kind: content.Album, Head: content.Head{Title: "桥头秋色", Pictures: []content.Picture{*pic, {File: "bbcdefghijklmnopqrstuvwxyz", Caption: "老桥"}}}}, "")
	s.add(content.Item{ID: 9, Site: 6, Slug: "produce", Kind: content.Produce, Expires: today.Add(240 * time.Hour), Head: content.Head{Title: "脐橙", Cover: pic, Produce: &content.Offering{Price: "3.5", Unit: "斤", Season: "11 月至 1 月", Phone: "0999-5551234"}}}, "<p>现摘现发。</p>")
	s.add(content.Item{ID: 10, Site: 6, Slug: "disclosure", Kind: content.Text, Head: content.Head{Title: "第三季度村务公开", Files: []content.Attachment{{File: "cbcdefghijklmnopqrstuvwxyz", Name: "收支 表.pdf", Size: 34567}}}}, "<table><tbody><tr><th>项目</th><td>元</td></tr></tbody></table>")
	s.serve()
	return s
}

func (s *stand) add(it content.Item, body string) {
	it.Published = today.Add(-time.Duration(200-len(s.items)) * time.Hour)
	s.items = append(s.items, content.Shown{Item: it, N: 1, Body: body})
}

func (s *stand) serve() {
	s.t.Helper()
	k, err := kit.New(kit.Config{Mounts: []kit.Mount{Mount, {Prefix: "player", FS: playerFiles}}})
	if err != nil {
		s.t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := New(Config{Kit: k, Network: s, Shelf: s, Columns: s, Cache: s.cache, Walker: s, Broadcasts: s, Links: s, Zone: china, Now: func() time.Time { return today }, FeedKey: key})
	if err != nil {
		s.t.Fatal(err)
	}
	mux := http.NewServeMux()
	r := k.Router(mux)
	r.Assets()
	p.Routes(r)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, q *http.Request) {
		if !p.Front(w, q) {
			http.NotFound(w, q)
		}
	})
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, q *http.Request) {
		if !p.Live(w, q) {
			http.NotFound(w, q)
		}
	})
	s.http = mux
}

// get asks as a browser does; header is name and value in turn.
func (s *stand) get(target string, header ...string) *http.Response {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "net.example"
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	return w.Result()
}

func (s *stand) text(target string, header ...string) string {
	s.t.Helper()
	b, err := io.ReadAll(s.get(target, header...).Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// What the portal asks of others.

func (s *stand) Tree() *site.Tree { return s.tree }

func (s *stand) Of(*site.Node) []content.Column { return content.Standard() }

func (s *stand) At(*site.Node) broadcast.Shown {
	var x broadcast.Shown
	for _, b := range s.on {
		switch b.State {
		case broadcast.OnAir:
			x.On = append(x.On, b)
		case broadcast.Planned:
			x.Next = append(x.Next, b)
		}
	}
	if len(x.On) > 0 && x.On[0].Urgent {
		x.Urgent = &x.On[0]
	}
	return x
}

// programme is something of everything.
func programme() []broadcast.Broadcast {
	hall := broadcast.Source{Kind: broadcast.Stream, Name: "hall"}
	made := today.Add(-48 * time.Hour)
	return []broadcast.Broadcast{
		{ID: 1, Site: 1, Source: hall, State: broadcast.OnAir, Title: "全省电视电话会议", Starts: today, Began: today, Ends: today.Add(time.Hour), Delay: 3 * time.Second, Created: made, Updated: today, Version: 2},
		{
			ID: 2, Site: 4, Source: broadcast.Source{Kind: broadcast.Channel, Name: "ketang"}, State: broadcast.Planned, Title: "冬季农民课堂；果树, 蔬菜", Summary: "第一讲：冬剪\n第二讲：清园",
			Announce: today.Add(-time.Hour), Starts: today.Add(5 * time.Hour), Ends: today.Add(30 * time.Hour), Profile: broadcast.Weak, Created: made, Updated: made, Version: 1,
		},
		{ID: 3, Site: 2, Source: hall, State: broadcast.Cancelled, Title: "取消的会", Starts: today.Add(26 * time.Hour), Created: made, Updated: today, Version: 3},
		{ID: 4, Site: 2, Source: hall, State: broadcast.Ended, Title: "昨天的会", Starts: today.Add(-4 * time.Hour), Began: today.Add(-4 * time.Hour), Ended: today.Add(-3 * time.Hour), Replay: "item4", Created: made, Updated: made, Version: 4},
	}
}

func (s *stand) Get(_ context.Context, id broadcast.ID) (broadcast.Broadcast, error) {
	for _, b := range s.on {
		if b.ID == id {
			return b, s.down
		}
	}
	return broadcast.Broadcast{}, errs.NotFound
}

func (s *stand) Guide(_ context.Context, _ *site.Node, from, to time.Time) ([]broadcast.Broadcast, error) {
	var out []broadcast.Broadcast
	for _, b := range s.on {
		if !b.From().Before(from) && b.From().Before(to) {
			out = append(out, b)
		}
	}
	return out, s.down
}

func (s *stand) Links(context.Context, site.ID) ([]content.Link, error) { return s.links, s.down }

func (s *stand) Find(_ *site.Node, slug string) (content.Column, bool) {
	i := slices.IndexFunc(content.Standard(), func(c content.Column) bool { return c.Slug == slug })
	if i < 0 {
		return content.Column{}, false
	}
	return content.Standard()[i], true
}

// shown reports whether an article is shown on a site: on its own, and the province's everywhere.
func shown(n *site.Node, a *content.Shown) bool { return a.Site == n.ID || a.Site == 1 }

func (s *stand) list(n *site.Node, slug string) []content.Item {
	s.asked++
	var out []content.Item
	for i := range slices.Backward(s.items) {
		if a := &s.items[i]; a.Slug == slug && shown(n, a) {
			out = append(out, a.Item)
		}
	}
	return out
}

func (s *stand) Latest(_ context.Context, n *site.Node, slug string, page, size int) (content.List, error) {
	if _, ok := s.Find(n, slug); !ok {
		return content.List{}, errs.NotFound
	}
	all := s.list(n, slug)
	from := min((page-1)*size, len(all))
	to := min(from+size, len(all))
	return content.List{Items: all[from:to], Page: page, More: to < len(all)}, s.down
}

func (s *stand) Blocks(_ context.Context, n *site.Node, wants ...content.Want) (map[string][]content.Item, error) {
	out := map[string][]content.Item{}
	for _, w := range wants {
		if all := s.list(n, w.Slug); len(all) > 0 {
			out[w.Slug] = all[:min(len(all), w.N)]
		}
	}
	return out, s.down
}

func (s *stand) Live(_ context.Context, n *site.Node, id content.ArticleID) (content.Shown, error) {
	for i := range s.items {
		if a := s.items[i]; a.ID == id && shown(n, &a) {
			return a, s.down
		}
	}
	return content.Shown{}, errs.NotFound
}

func (s *stand) Beside(_ context.Context, n *site.Node, it *content.Item) (newer, older *content.Item, err error) {
	all := s.list(n, it.Slug)
	for i := range all {
		if all[i].ID != it.ID {
			continue
		}
		if i > 0 {
			newer = &all[i-1]
		}
		if i+1 < len(all) {
			older = &all[i+1]
		}
	}
	return newer, older, s.down
}

func (s *stand) Search(_ context.Context, q content.Query) (content.Results, error) {
	r := content.Results{Page: q.Page}
	for i := range s.items {
		if a := &s.items[i]; strings.Contains(a.Head.Title, q.Text) && len(r.Found) < 20 {
			r.Found = append(r.Found, content.Found{Item: a.Item, At: a.Site, Title: []content.Segment{{Text: a.Head.Title, Hit: true}}, Snippet: []content.Segment{{Text: "…"}, {Text: q.Text, Hit: true}}})
		}
	}
	r.Total = len(r.Found)
	return r, s.down
}

func (s *stand) Walk(_ context.Context, after content.ArticleID, limit int) ([]content.Found, error) {
	var out []content.Found
	for i := range s.items {
		if s.items[i].ID > after {
			out = append(out, content.Found{Item: s.items[i].Item, At: s.items[i].Site})
		}
	}
	slices.SortFunc(out, func(a, b content.Found) int { return int(a.ID - b.ID) })
	return out[:min(len(out), limit)], s.down
}

func TestHostThatBecomesASitesOwn(t *testing.T) {
	s := newStand(t)
	front := func() string { return s.text("/", "Host", "new.example") }
	before := front()
	var sites []site.Site
	var village string
	for _, n := range s.tree.All() {
		x := n.Site
		if x.Level == site.Village && village == "" {
			x.Host, village = "new.example", x.Name
		}
		sites = append(sites, x)
	}
	tree, err := site.NewTree(sites, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.tree = tree
	if after := front(); after == before || !strings.Contains(after, village) {
		t.Errorf("the host that %s got still shows what it showed before", village)
	}
}
