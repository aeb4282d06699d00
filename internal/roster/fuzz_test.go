package roster

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"xianfeng/internal/site"
)

// Whatever the bytes are: no row is lost without a word, lines stand in order, and what is planned is a tree.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("code,parent,level,name\n51,,省,\"a\"\"b\"\n5101,51,市,\"x\ny\"\n"))
	f.Add([]byte("code;parent;level;name\r\n1;\"\r\n2;;;\"\"x\r"))
	f.Add([]byte("\xff\xfec\x00o\x00d\x00e\x00\t\x00\xd8"))
	f.Add([]byte("\xb4\xfa\xc2\xeb,\xc9\xcf\xbc\xb6,\xbc\xb6\xb1\xf0,\xc3\xfb\xb3\xc6\n51,,\xca\xa1,\xca\xa1\n"))
	f.Add([]byte("code,parent,level,name\n1,2,village,a\n2,1,village,b\n3,3,partner,c\x00\n"))
	empty, err := site.NewTree(nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		c, report := l.Plan(empty, Options{SkipBad: true})
		if report.Created+len(report.Bad) != report.Rows || report.Changed+report.Unchanged != 0 {
			t.Fatalf("%d rows became %d sites and %d bad lines", report.Rows, report.Created, len(report.Bad))
		}
		last := 1
		for _, x := range report.Bad {
			if x.Number <= last || len(x.Problems) == 0 || !utf8.ValidString(x.Text(true)) {
				t.Fatalf("bad line %+v after line %d", x, last)
			}
			last = x.Number
		}
		n, k := network(t, "")
		if len(c.Sites) > 0 {
			if _, err := n.Save(t.Context(), c); err != nil {
				t.Fatalf("what was planned is no tree: %v", err)
			}
		}
		k.writes = 0
		if report, err := Import(t.Context(), n, l, Options{SkipBad: true}); err != nil || k.writes != 0 {
			t.Fatalf("the second time: %+v, %v, %d writes", report, err, k.writes)
		}
	})
}

// Cells without end are cut off, and cost no more than their length.
func TestHugeCells(t *testing.T) {
	for name, cell := range map[string]string{
		"plain": "x", "opened and never closed": "\"x", "doubled quotes": "\"\"",
	} {
		huge := bytes.Repeat([]byte(cell[len(cell)-1:]), 10<<20)
		list := "code,parent,level,name\n51,,province," + cell[:len(cell)-1] + string(huge) + "\n5101,,city,市\n"
		l, err := Read(bytes.NewReader([]byte(list)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, report := l.Plan(mustTree(t), Options{SkipBad: true})
		if len(report.Bad) != 1 || report.Bad[0].Number != 2 || report.Created != 1 {
			t.Errorf("%s: got %+v", name, report)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	list := province(20_000)
	b.ReportAllocs()
	for b.Loop() {
		if l, err := Read(bytes.NewReader(list)); err != nil || l.Rows() != 20_000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	l := read(b, string(province(20_000)))
	empty, err := site.NewTree(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, report := l.Plan(empty, Options{}); report.Created != 20_000 {
			b.Fatalf("%+v", report)
		}
	}
}
