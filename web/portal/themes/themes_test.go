package themes

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"xianfeng/internal/site"
)

// tokensOf reads the colours that hold for a theme with one of its accents: the kit's, the theme's, the accent's.
func tokensOf(t *testing.T, theme Theme, accent Accent) map[string]string {
	t.Helper()
	out := map[string]string{"--paper": "#fff"}
	read := func(file string, selector *regexp.Regexp) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, m := range regexp.MustCompile(`(?s)([^{}]+)\{([^{}]*)\}`).FindAllStringSubmatch(string(b), -1) {
			if !selector.MatchString(strings.TrimSpace(m[1])) {
				continue
			}
			found = true
			for _, d := range regexp.MustCompile(`(--[a-z-]+):\s*(#[0-9a-f]{3,6})`).FindAllStringSubmatch(m[2], -1) {
				out[d[1]] = d[2]
			}
		}
		if !found && strings.HasSuffix(file, theme.Name+".css") {
			t.Errorf("%s has no %s", file, selector)
		}
	}
	read("../../kit/style/tokens.css", regexp.MustCompile(`:root$`))
	read(theme.Name+".css", regexp.MustCompile(`(^|\*/\s*)\.theme-`+theme.Name+`$`))
	read(theme.Name+".css", regexp.MustCompile(`^\.accent-`+accent.Name+`\.theme-`+theme.Name+`$`))
	return out
}

// luminance is the relative luminance of a colour (WCAG 2.2).
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	hex := strings.TrimPrefix(colour, "#")
	if len(hex) == 3 {
		hex = fmt.Sprintf("%c%c%c%c%c%c", hex[0], hex[0], hex[1], hex[1], hex[2], hex[2])
	}
	part := func(i int) float64 {
		n, err := strconv.ParseUint(hex[i:i+2], 16, 8)
		if err != nil {
			t.Fatalf("colour %q: %v", colour, err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(0) + 0.7152*part(2) + 0.0722*part(4)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// TestColoursCanBeRead: every accent of every theme has 4.5:1 wherever it is words or stands behind them.
func TestColoursCanBeRead(t *testing.T) {
	for _, theme := range All() {
		for _, accent := range theme.Accents {
			c := tokensOf(t, theme, accent)
			for _, pair := range [][2]string{
				{"--crimson", "--paper"},
				{"--crimson", "--ground"},
				{"--crimson", "--tint"},
				{"--crimson-deep", "--tint"},
				{"--crimson-deep", "--paper"},
				{"--ink", "--ground"},
				{"--ink", "--tint"},
				{"--ink-soft", "--ground"},
				{"--ink-soft", "--paper"},
				{"--ink-soft", "--tint"},
				{"--mast", "--paper"},
			} {
				if got := contrast(t, c[pair[0]], c[pair[1]]); got < 4.5 {
					t.Errorf("%s %s: %s %s on %s %s: got %.2f:1, want 4.5:1", theme.Name, accent.Name, pair[0], c[pair[0]], pair[1], c[pair[1]], got)
				}
			}
		}
	}
}

func TestOf(t *testing.T) {
	tree, err := site.NewTree([]site.Site{
		{ID: 1, Code: "1", Level: site.Province},
		{ID: 2, Parent: 1, Code: "2", Level: site.City, Look: site.Look{Theme: "azure", Accent: "teal"}},
		{ID: 3, Parent: 2, Code: "3", Level: site.Village},
		{ID: 4, Parent: 2, Code: "4", Level: site.Village, Look: site.Look{Accent: "indigo"}},
		{ID: 5, Parent: 2, Code: "5", Level: site.Village, Look: site.Look{Theme: "rural", Accent: "none such"}},
		{ID: 6, Parent: 1, Code: "6", Level: site.Village},
		{ID: 7, Parent: 1, Code: "7", Level: site.City, Look: site.Look{Theme: "gone"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[site.ID]string{1: "official crimson", 2: "azure teal", 3: "azure teal", 4: "azure indigo", 5: "rural green", 6: "rural green", 7: "official crimson"} {
		theme, accent := Of(tree.Get(id))
		if got := theme.Name + " " + accent.Name; got != want {
			t.Errorf("site %d: got %s, want %s", id, got, want)
		}
	}
}

func TestThemesAreNamed(t *testing.T) {
	for _, theme := range All() {
		if got, ok := Find(theme.Name); !ok || got.Name != theme.Name || theme.Zh == "" || theme.En == "" || len(theme.Accents) == 0 {
			t.Errorf("theme %q: got %+v", theme.Name, got)
		}
		for _, a := range theme.Accents {
			if a.Zh == "" || a.En == "" {
				t.Errorf("accent %s of %s has no name", a.Name, theme.Name)
			}
		}
	}
}
