package content

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"xianfeng/internal/site"
)

// kept is a network that only remembers.
type kept []site.Site

func (k kept) Sites(context.Context) ([]site.Site, []site.Alias, error) { return k, nil, nil }

func (k kept) SaveSites(_ context.Context, c site.Change) ([]site.Site, error) { return c.Sites, nil }

func open(tb testing.TB, sites ...site.Site) *site.Network {
	tb.Helper()
	n, err := site.OpenNetwork(tb.Context(), kept(sites))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestSitesByNameSoundAndCode(t *testing.T) {
	n := open(t,
		site.Site{ID: 1, Code: "50", Level: site.Province, Name: "重庆市"},
		site.Site{ID: 2, Parent: 1, Code: "5001", Level: site.City, Name: "长安区"},
		site.Site{ID: 3, Parent: 2, Code: "500101", Level: site.County, Name: "乐山县", Short: "乐山"},
		site.Site{ID: 4, Parent: 3, Code: "500101001", Level: site.Township, Name: "长安镇"},
		site.Site{ID: 5, Parent: 4, Code: "500101001001", Level: site.Village, Name: "绿水村"},
		site.Site{ID: 6, Parent: 4, Code: "nongda", Level: site.Partner, Name: "ABC大学"},
	)
	x := NewNames(n)
	for _, c := range []struct {
		text string
		want []site.ID
	}{
		{"长安", []site.ID{2, 4}},
		{"安镇", []site.ID{4}},
		{"cq", []site.ID{1}},
		{"CQS", []site.ID{1}},
		{"zq", []site.ID{1}},
		{"chongqing", []site.ID{1}},
		{"chongq", []site.ID{1}},
		{"qingshi", []site.ID{1}},
		{"leshan", []site.ID{3}},
		{"yues", []site.ID{3}},
		{"caz", []site.ID{4}},
		{"zhangan", []site.ID{2, 4}},
		{"lvshui", []site.ID{5}},
		{"500101001", []site.ID{4, 5}},
		{"500101", []site.ID{3, 4, 5}},
		{"abc", []site.ID{6}},
		{"nong", []site.ID{6}},
		{"长安 镇", []site.ID{4}},
		{"没有", nil},
		{"", nil},
	} {
		if got := x.Find(c.text, 10); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, want %v", c.text, got, c.want)
		}
	}
	v := n.Tree().Get(5).Site
	v.Name = "青山村"
	if _, err := n.Save(t.Context(), site.Change{Sites: []site.Site{v}}); err != nil {
		t.Fatal(err)
	}
	if got := x.Find("qsc", 10); !slices.Equal(got, []site.ID{5}) {
		t.Errorf("after a change of name: got %v, want [5]", got)
	}
	if got := x.Find("lsc", 10); len(got) != 0 {
		t.Errorf("the old name: got %v", got)
	}
}

func BenchmarkFindNames(b *testing.B) {
	sites := []site.Site{{ID: 1, Code: "51", Level: site.Province, Name: "云岭省"}}
	han := []rune("东西南北中上下大小青白红黄龙凤山水河湖江溪泉石桥林松柏竹梅兰菊")
	for i := range 20_000 {
		name := string([]rune{han[i%len(han)], han[i/len(han)%len(han)], han[i/7%len(han)], '村'})
		sites = append(sites, site.Site{ID: site.ID(i + 2), Parent: 1, Code: fmt.Sprint(510000000000 + i), Level: site.Village, Name: name})
	}
	x := NewNames(open(b, sites...))
	for _, q := range []string{"青山", "qsc", "qingshan", "5100", "zz"} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				x.Find(q, 20)
			}
		})
	}
}
