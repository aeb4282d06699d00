package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// keeper keeps sites in memory and counts what is written.
type keeper struct {
	sites   []site.Site
	aliases []site.Alias
	writes  int
	entries []site.Entry
	fail    []error // of the next writes
}

func (k *keeper) Sites(context.Context) ([]site.Site, []site.Alias, error) {
	return k.sites, k.aliases, nil
}

func (k *keeper) SaveSites(_ context.Context, c site.Change) ([]site.Site, error) {
	if len(k.fail) > 0 {
		err := k.fail[0]
		k.fail = k.fail[1:]
		return nil, err
	}
	k.writes++
	k.entries = append(k.entries, c.Entries...)
	k.aliases = append(k.aliases, c.Aliases...)
	numbers := map[string]site.ID{}
	out := make([]site.Site, len(c.Sites))
	for i, s := range c.Sites {
		if up := c.Above[s.Code]; up != "" {
			s.Parent = numbers[up]
		}
		s.Version++
		if s.ID == 0 {
			s.ID = site.ID(len(k.sites) + 1)
			k.sites = append(k.sites, s)
		}
		k.sites[s.ID-1] = s
		numbers[s.Code] = s.ID
		out[i] = s
	}
	return out, nil
}

func network(t testing.TB, list string) (*site.Network, *keeper) {
	t.Helper()
	k := &keeper{}
	n, err := site.OpenNetwork(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	if list != "" {
		if _, err := Import(context.Background(), n, read(t, list), Options{}); err != nil {
			t.Fatal(err)
		}
	}
	k.writes, k.entries = 0, nil
	return n, k
}

func read(t testing.TB, list string) *List {
	t.Helper()
	l, err := Read(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const small = `code,parent,level,name,phone
510104001001,510104001,village,东村,
510104001,510104,township,镇,
51,,province,省,028
5101,51,city,甲市,
510104,5101,county,县,
5102,51,市级,乙市,
college,510104,单位,学院,
`

func TestImportMakesATree(t *testing.T) {
	n, k := network(t, small)
	tree := n.Tree()
	v, _ := tree.ByCode("510104001001")
	if tree.Len() != 7 || v == nil || len(v.Path()) != 5 || v.Level != site.Village || tree.Tops()[0].About.Phone != "028" {
		t.Fatalf("got %d sites, the village at %v", tree.Len(), v)
	}
	report, err := Import(t.Context(), n, read(t, small), Options{})
	if err != nil || report.Unchanged != 7 || report.Created+report.Changed != 0 || k.writes != 0 {
		t.Errorf("the second time: got %+v, %v, %d writes; want nothing", report, err, k.writes)
	}
}

func TestImportKeepsWhatPeopleEntered(t *testing.T) {
	n, _ := network(t, small)
	node, _ := n.Tree().ByCode("510104001001")
	s := node.Site
	s.About.Phone, s.Look.Theme, s.Short = "139", "spring", "东"
	c, err := site.Changer{Tree: n.Tree()}.Edit(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	report, err := Import(t.Context(), n, read(t, strings.ReplaceAll(small, "东村,", "新东村,")), Options{By: 3, Source: "x.csv"})
	if err != nil || report.Changed != 1 || report.Unchanged != 6 {
		t.Fatalf("got %+v, %v, want one change", report, err)
	}
	got := n.Tree().Get(s.ID)
	if got.Name != "新东村" || got.About.Phone != "139" || got.Look.Theme != "spring" || got.Short != "东" {
		t.Errorf("got %+v", got.Site)
	}
}

func TestImportRenamesMovesAndLogs(t *testing.T) {
	n, k := network(t, small)
	report, err := Import(t.Context(), n, read(t, `代码,名称,上级代码,级别,域名
510105,新县,5102,县,
510104001,大镇,510105,镇,Zhen.Example
`), Options{By: 3, Source: "x.csv"})
	if err != nil || report.Created != 1 || report.Changed != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	town, _ := n.Tree().ByCode("510104001")
	if town.Above.Code != "510105" || town.Name != "大镇" || town.Host != "zhen.example" || len(town.Children) != 1 {
		t.Errorf("the township: got %+v below %s", town.Site, town.Above.Code)
	}
	if len(k.entries) != 2 || k.entries[0].Action != "site.change" || k.entries[1].Action != "site.import" || !strings.Contains(k.entries[1].Detail, `"created":1`) || !strings.Contains(k.entries[0].Detail, "510105") {
		t.Errorf("log: got %+v", k.entries)
	}
}

func TestImportFollowsCodesThatWereGivenUp(t *testing.T) {
	n, k := network(t, small)
	node, _ := n.Tree().ByCode("510104")
	s := node.Site
	s.Code = "510199"
	c, err := site.Changer{Tree: n.Tree()}.Edit(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	k.writes = 0
	report, err := Import(t.Context(), n, read(t, small), Options{})
	if err != nil || report.Unchanged != 7 || k.writes != 0 || n.Tree().Len() != 7 {
		t.Errorf("got %+v, %v, want nothing changed", report, err)
	}
	if len(report.Notices) == 0 || report.Notices[0].Problems[0].Code != "renamed" {
		t.Errorf("notices: got %v", report.Notices)
	}
}

// Every kind of bad line is told with its number and reason, and holds up everything; with SkipBad the others
// are taken, but for those below bad ones.
func TestBadLines(t *testing.T) {
	const head = "code,parent,level,name,host,email\n51,,province,省,,\n"
	for name, c := range map[string]struct {
		lines string
		want  string // line number: what is said
		good  int    // sites with SkipBad, with the province
	}{
		"no code":               {",51,city,市,,", "3: no code", 1},
		"no name":               {"5101,51,city,,,", "3: no name", 1},
		"no level":              {"5101,51,,市,,", "3: no level", 1},
		"unknown level":         {"5101,51,kingdom,市,,", "3: no such level: kingdom", 1},
		"bad code":              {"51/01,51,city,市,,", "3: the code is not well formed", 1},
		"a number":              {"5.10104E+11,51,village,村,,", "3: the spreadsheet has turned the code into a number: make the column a text", 1},
		"twice":                 {"5101,51,city,市,,\n5101,51,city,州,,", "4: the code is in line 3 already", 2},
		"host twice":            {"5101,51,city,市,a.cn,\n5102,51,city,州,A.cn,", "4: the host name is in line 3 already", 2},
		"bad host":              {"5101,51,city,市,http://a.cn,", "3: the host name is not well formed", 1},
		"bad mail":              {"5101,51,city,市,,x", "3: the e-mail address is not well formed", 1},
		"orphan":                {"5101,52,city,市,,", "3: there is no site 52 above it", 1},
		"below itself":          {"5101,5101,city,市,,", "3: stands below itself", 1},
		"a loop":                {"5101,510101,city,市,,\n510101,5101,county,县,,\n5102,51,city,好,,", "3: stands below itself|4: stands below itself", 2},
		"below a bad one":       {"5101,51,city,,,\n510101,5101,county,县,,\n510101001,510101,township,镇,,", "3: no name|4: the site above is in line 3, which is bad|5: the site above is in line 4, which is bad", 1},
		"upside down":           {"5101,51,city,市,,\n52,5101,province,省,,", "4: the level does not fit below a city", 2},
		"same level":            {"5101,51,city,市,,\n5102,5101,city,市,,", "4: the level does not fit below a city", 2},
		"name too long":         {"5101,51,city," + strings.Repeat("长", 61) + ",,", "3: the name is too long (at most 60 characters)", 1},
		"too many cells":        {"5101,51,city,市,,,x", "3: more cells than columns", 1},
		"broken quotes":         {`5101,51,city,"市"长,,` + "\n5102,51,city,好,,", "3: the quotes don't match", 2},
		"open quotes":           {`5101,51,city,"市,,` + "\n5102,51,city,好,,", "3: the quotes don't match", 2},
		"a quote in the middle": {`5101,51,city,市"长,,` + "\n5102,51,city,好,,", "3: the quotes don't match", 2},
		"a zero":                {"5101,51,city,市\x00,,", "3: characters that can't be read", 1},
		"damaged character":     {"5101,51,city,市\xff,,\n5102,51,city,好,,", "3: characters that can't be read", 2},
		"a tab in a name":       {"5101,51,city,\"a\tb\",,", "3: characters that can't be read", 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := read(t, head+c.lines+"\n")
			n, k := network(t, "")
			report, err := Import(t.Context(), n, l, Options{Source: "x.csv"})
			if !errors.Is(err, errs.Invalid) || k.writes != 0 {
				t.Errorf("got %v and %d writes, want errs.Invalid and none", err, k.writes)
			}
			var got []string
			for _, b := range report.Bad {
				got = append(got, fmt.Sprintf("%d: %s", b.Number, b.Text(false)))
				if zh := b.Text(true); zh == b.Text(false) {
					t.Errorf("no Chinese words for %v", b.Problems)
				}
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
			report, err = Import(t.Context(), n, l, Options{SkipBad: true})
			if err != nil || n.Tree().Len() != c.good || report.Created != c.good {
				t.Errorf("with the bad ones left out: got %d sites, %v; want %d", n.Tree().Len(), err, c.good)
			}
		})
	}
}

func TestBadLinesAgainstTheNetwork(t *testing.T) {
	const head = "code,parent,level,name,host,theme\n"
	for name, c := range map[string]struct{ list, want string }{
		"host of another":         {"5101,51,city,甲市,yi.example,\n", "2: the host name belongs to 5102"},
		"below its own village":   {"5101,510104001001,city,甲市,,\n", "2: stands below itself"},
		"too low for those below": {"510104,5101,village,县,,\n", "2: the level does not fit above 510104001, which is there already"},
		"no such theme":           {"5101,51,city,甲市,,mars\n", "2: no such theme: mars"},
		"not allowed":             {"5102,51,city,别名,,\n", "2: not allowed"},
		"not allowed above":       {"5103,51,city,丙市,,\n", "2: not allowed"},
		"not allowed at the top":  {"52,,province,邻省,,\n", "2: not allowed"},
		"not allowed to take":     {"510203,5101,county,县,,\n", "2: not allowed"},
		"allowed":                 {"510105,5101,county,县,,\n510105001,510105,township,镇,,\n51,,province,省,,\n", ""},
	} {
		n, _ := network(t, small+"510203,5102,county,丙县,\n")
		node, _ := n.Tree().ByCode("5102")
		s := node.Site
		s.Host = "yi.example"
		ch, err := site.Changer{Tree: n.Tree()}.Edit(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Save(t.Context(), ch); err != nil {
			t.Fatal(err)
		}
		mine, _ := n.Tree().ByCode("5101")
		_, report := read(t, head+c.list).Plan(n.Tree(), Options{
			Theme: func(string) bool { return false },
			May: func(id site.ID) bool {
				x := n.Tree().Get(id)
				return x != nil && x.Under(mine)
			},
		})
		var got []string
		for _, b := range report.Bad {
			got = append(got, fmt.Sprintf("%d: %s", b.Number, b.Text(false)))
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%s: got %q, want %q", name, s, c.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	gb, err := simplifiedchinese.GBK.NewEncoder().String(small)
	if err != nil {
		t.Fatal(err)
	}
	wide := func(s string, low, high int) string {
		b := []byte{0xff, 0xfe}
		if low == 1 {
			b = []byte{0xfe, 0xff}
		}
		for _, u := range utf16.Encode([]rune(s)) {
			pair := [2]byte{}
			pair[low], pair[high] = byte(u), byte(u>>8)
			b = append(b, pair[:]...)
		}
		return string(b)
	}
	for name, c := range map[string]struct{ list, want string }{
		"UTF-8":                 {small, utf8Name},
		"with a mark":           {"\ufeff" + small, utf8Name},
		"GBK":                   {gb, gbName},
		"UTF-16 little":         {wide(strings.ReplaceAll(small, ",", "\t"), 0, 1), utf16Name},
		"UTF-16 big":            {wide(small, 1, 0), utf16Name},
		"lines of DOS":          {strings.ReplaceAll(small, "\n", "\r\n"), utf8Name},
		"lines of old Macs":     {strings.ReplaceAll(small, "\n", "\r"), utf8Name},
		"semicolons":            {strings.ReplaceAll(small, ",", ";"), utf8Name},
		"no newline at the end": {strings.TrimSpace(small), utf8Name},
		"empty lines":           {strings.ReplaceAll(small, "\n", "\n,,,,\n\n"), utf8Name},
		"all in quotes":         {`"` + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(small), ",", `","`), "\n", "\"\n\"") + `"`, utf8Name},
		"full-width digits":     {strings.ReplaceAll(small, "5102,", "５１０２,"), utf8Name},
		"spaces":                {strings.ReplaceAll(small, ",", " ,\u3000"), utf8Name},
	} {
		l, err := Read(strings.NewReader(c.list))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n, _ := network(t, "")
		report, err := Import(t.Context(), n, l, Options{})
		if err != nil || report.Encoding != c.want || n.Tree().Len() != 7 {
			t.Errorf("%s: got %+v, %v, want 7 sites from %s", name, report, err, c.want)
			continue
		}
		if v, _ := n.Tree().ByCode("510104001001"); v == nil || v.Name != "东村" {
			t.Errorf("%s: the village is not what it was", name)
		}
	}
}

func TestListsThatAreNone(t *testing.T) {
	for name, c := range map[string]struct{ list, want string }{
		"nothing":        {"", "empty"},
		"only lines":     {"\n\n", "empty"},
		"a workbook":     {"PK\x03\x04x", "workbook"},
		"no text":        {"c\x00o\x00d\x00e\x00,\x00", "encoding"},
		"no header":      {"51,,province,省\n", "column missing"},
		"a column twice": {"code,parent,level,name,名称\n", "column twice"},
		"broken header":  {"code,\"parent,level,name\n", "quotes"},
	} {
		if _, err := Read(strings.NewReader(c.list)); !errors.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if _, err := Read(&endless{}); !errors.Is(err, errs.TooLarge) {
		t.Errorf("an endless list: got %v", err)
	}
}

// endless is a list without end.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestUnknownColumnsAndStrangeCodesAreTold(t *testing.T) {
	l := read(t, "code,parent,level,name,colour\n510000,,province,省,red\nab,510000,city,市,\n")
	_, report := l.Plan(mustTree(t), Options{})
	if len(report.Unknown) != 1 || report.Unknown[0] != "colour" || !report.Good() || report.Created != 2 {
		t.Errorf("got %+v", report)
	}
	if len(report.Notices) != 1 || report.Notices[0].Text(true) != "不是市级的标准区划代码" {
		t.Errorf("notices: got %v", report.Notices)
	}
}

func mustTree(t *testing.T) *site.Tree {
	t.Helper()
	tree, err := site.NewTree(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestImportBeginsAnewWhenSomebodyWasFaster(t *testing.T) {
	n, k := network(t, "")
	k.fail = []error{errs.Conflict, errs.Exists}
	if _, err := Import(t.Context(), n, read(t, small), Options{}); err != nil || n.Tree().Len() != 7 {
		t.Errorf("got %v with %d sites", err, n.Tree().Len())
	}
	k.fail = []error{errs.Full}
	if _, err := Import(t.Context(), n, read(t, strings.ReplaceAll(small, "省", "州")), Options{}); !errors.Is(err, errs.Full) {
		t.Errorf("a full disk: got %v", err)
	}
}

func TestEveryWordIsThereTwice(t *testing.T) {
	for _, m := range []map[string]phrase{words, fields} {
		for code, w := range m {
			if w.zh == "" || w.en == "" {
				t.Errorf("%s: got %q and %q", code, w.zh, w.en)
			}
		}
	}
	for name, field := range columns {
		if _, ok := fields[field]; !ok {
			t.Errorf("column %s (%s) has no words", name, field)
		}
	}
}

// TestReportsOfLongCodesAreShort: a report does not repeat megabytes that stand where a code should.
func TestReportsOfLongCodesAreShort(t *testing.T) {
	l, err := Read(strings.NewReader("code,parent,level,name\n" + strings.Repeat("9", 1<<20) + ",,province,a\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, report := l.Plan(new(site.Tree), Options{})
	if len(report.Bad) != 1 || len(report.Bad[0].Code) > 200 {
		t.Errorf("got %d lines, the first with %d bytes of code", len(report.Bad), len(report.Bad[0].Code))
	}
}
