package signaling

import "testing"

func TestClean(t *testing.T) {
	for _, x := range []struct {
		line string
		want bool
	}{
		{"冬季农民课堂（第二讲） 👩‍🌾", true},
		{"", true},
		{"a\u202egnp.exe", false},
		{"\u200b", false},
		{"\ufeff", false},
		{"\u3164", false},
		{"a\nb", false},
		{"\x00", false},
		{"\xff", false},
		{"\ue000", false},
		{"a\u2028b", false},
	} {
		if got := Clean(x.line); got != x.want {
			t.Errorf("%q: got %v, want %v", x.line, got, x.want)
		}
	}
}
