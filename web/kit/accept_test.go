package kit

import "testing"

func TestWish(t *testing.T) {
	for header, want := range map[string]Lang{
		"": Chinese, "en-GB,en;q=0.9": English, "zh-CN,zh;q=0.9,en;q=0.8": Chinese, "de, en;q=0.5, zh;q=0.6": Chinese,
		"fr;q=1, en;q=0.1": English, "en;q=0, zh;q=0.001": Chinese, "en;q=0": Chinese, "*": Chinese, "ja,ko": Chinese, "EN-us": English, "en;q=0.25,zh;q=0.3": Chinese,
	} {
		if got := wish(header); got != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { wish("zh-CN,zh;q=0.9,en;q=0.8") }); n > 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func FuzzWish(f *testing.F) {
	f.Add("zh-CN,zh;q=0.9,en;q=0.8")
	f.Add(";q=,,en;q=1.000;x=y, zh-;q")
	f.Fuzz(func(t *testing.T, header string) {
		if l := wish(header); l != Chinese && l != English {
			t.Errorf("%q: got %q", header, l)
		}
	})
}
