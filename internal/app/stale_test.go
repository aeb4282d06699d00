package app

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// edited is an article as the model knows it.
type edited struct {
	content.Article
	title  string   // that visitors see; "": it is not public
	home   string   // code
	pushed []string // codes of what it was pushed to, with all below
}

// TestNoPageIsOld: articles are written, published, pushed down, edited and withdrawn while visitors read. What a
// visitor gets after a write has returned is what the model says, on every site: nothing old, nothing too early.
func TestNoPageIsOld(t *testing.T) {
	s, base := begin(t, "", nil)
	list := "code,parent,level,name\n51,,province,省\n5101,51,city,甲市\n5102,51,city,乙市\n"
	codes := []string{"51", "5101", "5102"}
	above := map[string][]string{"51": {"51"}, "5101": {"5101", "51"}, "5102": {"5102", "51"}}
	for i := range 6 {
		up := codes[1+i%2]
		code := fmt.Sprintf("%s0100100%d", up, i)
		list += fmt.Sprintf("%s,%s,village,村%d\n", code, up, i)
		codes, above[code] = append(codes, code), []string{code, up, "51"}
	}
	if err := Import(t.Context(), ImportOptions{DataDir: s.opts.DataDir, File: writeCSV(t, list), Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	n := s.network
	if err := n.sites.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.furnish(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := func(code string) site.ID {
		x, _ := n.sites.Tree().ByCode(code)
		return x.ID
	}
	desk := content.NewDesk(content.DeskConfig{Articles: n.db, Trails: n.db, Offers: n.db, Network: n.sites, Columns: n.columns, Cleaner: n.clean})
	by := content.Actor{Who: site.Who{Account: 1, Grants: []site.Grant{{Role: site.Administrator, Site: id("51")}}}}

	var stop atomic.Bool
	var readers sync.WaitGroup
	for w := range 3 {
		r := rand.New(rand.NewPCG(3, uint64(w)))
		readers.Go(func() {
			for !stop.Load() {
				get(t, base+"/v/"+codes[r.IntN(len(codes))]+[]string{"/", "/c/news", "/feed.json"}[r.IntN(3)])
			}
		})
	}
	defer readers.Wait()
	defer stop.Store(true)

	r := rand.New(rand.NewPCG(11, 24))
	var all []*edited
	for step := range 150 {
		x := change(t, desk, by, r, &all, codes, id, step)
		for range 3 {
			code := codes[r.IntN(len(codes))]
			var want []string
			for _, a := range all {
				shown := slices.ContainsFunc(a.pushed, func(at string) bool { return slices.Contains(above[code], at) })
				if a.title != "" && (shown || a.home == code) {
					want = append(want, a.title)
				}
			}
			var answer struct{ Items []struct{ Title string } }
			if err := json.Unmarshal([]byte(get(t, base+"/api/v1/sites/"+code+"/articles?n=50")), &answer); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, it := range answer.Items {
				got = append(got, it.Title)
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("step %d, site %s, after a change of %q: got %q, want %q", step, code, x.Title, got, want)
			}
		}
	}
}

// change does something to an article, and to the model.
func change(t *testing.T, desk *content.Desk, by content.Actor, r *rand.Rand, all *[]*edited, codes []string, id func(string) site.ID, step int) *edited {
	t.Helper()
	var x *edited
	if len(*all) < 12 || r.IntN(4) == 0 && len(*all) < 40 {
		code := codes[r.IntN(len(codes))]
		x = &edited{home: code}
		x.Site = id(code)
		*all = append(*all, x)
	} else {
		x = (*all)[r.IntN(len(*all))]
	}
	var err error
	switch what := r.IntN(4); {
	case x.ID == 0 || what == 0: // a new text, published at once
		title := fmt.Sprintf("第%d稿", step)
		w := content.Writing{ID: x.ID, Version: x.Version, Site: x.Site, Slug: content.News, Head: content.Head{Title: title}, Format: content.HTML, Text: "<p>正文</p>"}
		if x.Article, err = desk.Save(t.Context(), by, w); err == nil {
			x.Article, err = desk.Publish(t.Context(), by, x.ID, x.Version, time.Time{})
		}
		x.title = title
	case x.title == "": // it was withdrawn: a new draft, which nobody sees
		w := content.Writing{ID: x.ID, Version: x.Version, Slug: content.News, Head: content.Head{Title: "草稿"}, Format: content.HTML, Text: "<p>秘密</p>"}
		x.Article, err = desk.Save(t.Context(), by, w)
	case what == 1:
		x.Article, err = desk.Withdraw(t.Context(), by, x.ID, x.Version, "")
		x.title = "" // where it was pushed to is kept, for when it is public again
	default:
		to := codes[r.IntN(3)]
		if x.Article, err = desk.PushDown(t.Context(), by, x.ID, content.News, id(to)); err == nil {
			x.pushed = append(x.pushed, to)
		}
	}
	if err != nil {
		t.Fatalf("step %d: %v", step, err)
	}
	return x
}

func get(t *testing.T, address string) string {
	t.Helper()
	res, err := http.Get(address) //nolint:noctx // of the test's own server
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("GET %s: got %d, %v", address, res.StatusCode, err)
	}
	return string(b)
}
