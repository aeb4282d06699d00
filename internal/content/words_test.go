package content

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTermsOfAText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"党员干部", "党员 员干 干部 部 党 员 干"},
		{"党员，干部", "党员 员 干部 部 党 干"},
		{"５Ｇ网络 WiFi6", "5g 网络 络 wifi6 网"},
		{"路", "路"},
		{"", ""},
		{"2026年11月", "2026 年 11 月"},
		{"a_b __p1", "a b p1"},
	} {
		if got := strings.Join(terms(c.text), " "); got != c.want {
			t.Errorf("terms of %q: got %q, want %q", c.text, got, c.want)
		}
	}
	if got := Index("𬭚县", "").Title; got != "_u2cb5au县 _县 _u2cb5au" {
		t.Errorf("a young character: got %q", got)
	}
}

func TestPhrasesOfAQuery(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"党", "党"},
		{"党员", "党员"},
		{"党员干部", "党员+员干+干部"},
		{"党员 干部", "党员|干部"},
		{"5G网络", "5g|网络"},
		{"「」…", ""},
		{`a" OR b`, "a|or|b"},
	} {
		var got []string
		for _, p := range phrases(c.query) {
			got = append(got, strings.Join(p, "+"))
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("phrases of %q: got %q, want %q", c.query, s, c.want)
		}
	}
}

func TestHitsAreMarked(t *testing.T) {
	for _, c := range []struct{ text, query, want string }{
		{"全体党员干部大会", "党员干部", "全体[党员干部]大会"},
		{"Wifi与wifis", "wifi", "[Wifi]与wifis"},
		{"<b>路</b>", "路", "<b>[路]</b>"},
		{"没有", "路", "没有"},
	} {
		if got := shownMarks(Mark(c.text, phrases(c.query))); got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.query, c.text, got, c.want)
		}
	}
	long := strings.Repeat("前", 200) + "目标" + strings.Repeat("后", 200)
	got := shownMarks(snippet(long, phrases("目标")))
	if !strings.Contains(got, "前[目标]后") || utf8.RuneCountInString(got) > around+5 {
		t.Errorf("snippet: got %q", got)
	}
}

func shownMarks(list []Segment) string {
	var b strings.Builder
	for _, s := range list {
		if s.Hit {
			b.WriteString("[" + s.Text + "]")
			continue
		}
		b.WriteString(s.Text)
	}
	return b.String()
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"党员干部", "5G 网络", `"a" NOT b*`, "__p1 _x", "\x00\xff", "ﬁ Å 𬭚", strings.Repeat("路 ", 100)} {
		f.Add(s, "全体党员干部 5G 网络")
	}
	f.Fuzz(func(t *testing.T, query, text string) {
		words := encoded(phrases(query))
		if len(words) > maxPhrases {
			t.Fatalf("%d phrases", len(words))
		}
		for _, p := range words {
			for _, w := range p {
				if w == "" || strings.ContainsAny(w, " \"'_*()&|!:\\") || strings.ToLower(w) != w && !strings.ContainsAny(w, "İ") {
					t.Fatalf("phrases of %q: term %q", query, w)
				}
			}
		}
		var back strings.Builder
		for _, s := range Mark(text, phrases(query)) {
			back.WriteString(s.Text)
		}
		if want := string([]rune(text)); back.String() != want {
			t.Fatalf("marked: got %q, want %q", back.String(), want)
		}
		snippet(text, phrases(query))
		// Whatever a text has is found by each of its runs.
		all := " " + strings.Join(terms(text), " ") + " "
		if utf8.RuneCountInString(text) < maxQuery/4 {
			for _, p := range phrases(text) {
				if !strings.Contains(all, " "+strings.Join(p, " ")+" ") {
					t.Fatalf("phrase %q of %q is not in %q", p, text, all)
				}
			}
		}
	})
}

func TestDiffOfTexts(t *testing.T) {
	show := func(lines []Line) []string {
		var out []string
		for _, l := range lines {
			var b strings.Builder
			b.WriteByte(" +-"[l.Op])
			for _, p := range l.Pieces {
				if p.Op != Same && l.Op != Same {
					b.WriteString("[" + p.Text + "]")
					continue
				}
				b.WriteString(p.Text)
			}
			out = append(out, b.String())
		}
		return out
	}
	got := show(Diff("题\n村里修路\n停水\n完", "题\n村里修桥 now\n完\n新"))
	want := []string{" 题", "-村里修[路]", "+村里修[桥 now]", "-[停水]", " 完", "+[新]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("a\nb\nc", "a\nc\nd")
	f.Add("", "x")
	f.Add("党员 a b\n二", "党员 b c\n二\n三")
	f.Fuzz(func(t *testing.T, a, b string) {
		var before, after []string
		for _, l := range Diff(a, b) {
			text := ""
			for _, p := range l.Pieces {
				text += p.Text
			}
			if l.Op != Added {
				before = append(before, text)
			}
			if l.Op != Removed {
				after = append(after, text)
			}
		}
		if got := strings.Join(before, "\n"); got != strings.ToValidUTF8(a, "\ufffd") && utf8.ValidString(a) {
			t.Fatalf("before: got %q, want %q", got, a)
		}
		if got := strings.Join(after, "\n"); utf8.ValidString(b) && got != b {
			t.Fatalf("after: got %q, want %q", got, b)
		}
	})
}

func TestDiffOfTextsWithNothingInCommonEnds(t *testing.T) {
	var a, b []string
	for i := range 3000 {
		a, b = append(a, "a"+strings.Repeat("x", i%7)), append(b, "b"+strings.Repeat("y", i%5))
	}
	if got := len(Diff(strings.Join(a, "\n"), strings.Join(b, "\n"))); got != 6000 {
		t.Errorf("got %d lines, want 6000", got)
	}
}
