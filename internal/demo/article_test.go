package demo

import (
	"errors"
	"reflect"
	"testing"
)

func TestParseArticles(t *testing.T) {
	got, err := ParseArticles([]byte("\n# 修路\nsite: 99\ncolumn: news\ndays: 3\npicture: road bridge\npinned: true\n\n路通了。\n\n## 下一步\n\n种树。\n# 鲜藕\ncolumn: produce\nprice: 4.5\nunit: 斤\nexpires: 20\n\n脆。\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Article{
		{Site: "99", Column: "news", Title: "修路", Body: "路通了。\n\n## 下一步\n\n种树。", Days: 3, Pictures: []string{"road", "bridge"}, Pinned: true},
		{Site: "99", Column: "produce", Title: "鲜藕", Body: "脆。", Price: "4.5", Unit: "斤", Expires: 20},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestParseArticlesRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"text before a title": "hello\n# a\n",
		"an unknown key":      "# a\ncolour: red\n",
		"a key without value": "# a\nsite:\n",
		"no key":              "# a\nsite\n",
		"days in words":       "# a\ndays: three\n",
		"bad UTF-8":           "# \xff\n",
	} {
		if _, err := ParseArticles([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrFormat", name, err)
		}
	}
}

func FuzzParseArticles(f *testing.F) {
	f.Add([]byte("# a\nsite: 99\ncolumn: news\ndays: -1\npush: 99 9901\n\nbody\n# b\n\n"))
	f.Add([]byte("# a\r\nprice: 1\r\n\r\nbody"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ParseArticles(text)
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Fatalf("got %v, want a kind", err)
		}
		if err != nil && all != nil {
			t.Fatal("articles beside an error")
		}
	})
}
