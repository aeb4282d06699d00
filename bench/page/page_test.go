package page

import "testing"

func TestSplice(t *testing.T) {
	page := "a\n<!-- results: begin -->\nold\n<!-- results: end -->\nz\n"
	want := "a\n<!-- results: begin -->\n\nnew\n\n<!-- results: end -->\nz\n"
	once, err := Splice(page, "results", "new\n")
	if err != nil || once != want {
		t.Fatalf("splice = %q, %v, want %q", once, err, want)
	}
	if twice, err := Splice(once, "results", "new"); err != nil || twice != want {
		t.Errorf("splice again = %q, %v, want %q", twice, err, want)
	}
	for _, bad := range []string{"", "<!-- results: begin -->", "<!-- results: end --><!-- results: begin -->"} {
		if _, err := Splice(bad, "results", "new"); err == nil {
			t.Errorf("Splice(%q): no error", bad)
		}
	}
}
