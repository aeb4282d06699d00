package sign

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"xianfeng/web/kit"
)

func TestSafe(t *testing.T) {
	for _, to := range []string{"/admin/", "/admin/articles?state=draft&page=2", "/v/51/", "/admin/%E7%AB%99", "/sign/me", "/a?u=http://x.test", "/站点"} {
		if got := safe(to); got != to {
			t.Errorf("%q: got %q", to, got)
		}
	}
	for _, to := range []string{
		"", "admin", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test", "http:evil.test", "javascript:alert(1)",
		"/\t/evil.test", "/\n/evil.test", " //evil.test", "/%5cevil.test", "/%2f/evil.test", "/x/../../evil", "/\x00", "/sign/out", "/sign/in?to=/sign/in",
		"/sign/with/x", "/\u00a0" + strings.Repeat("x", maxTo), "/\xff\xfe", "@evil.test", "//user@evil.test", "/%",
	} {
		if got := safe(to); got != home {
			t.Errorf("%q: got %q, want %q", to, got, home)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, to := range []string{"/admin/", "//evil.test", "/\\evil.test", "/%2f/evil.test"} {
		f.Add(to)
	}
	base, err := url.Parse("https://network.example/sign/in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := safe(to)
		u, err := base.Parse(got)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme {
			t.Errorf("%q leads to %v, %v", to, u, err)
		}
		// As browsers read it: WHATWG URL takes \ for / and drops tabs and line ends.
		if plain := strings.NewReplacer("\\", "/", "\t", "", "\n", "", "\r", "").Replace(got); strings.HasPrefix(plain, "//") {
			t.Errorf("%q leads away as %q", to, got)
		}
	})
}

func TestNothingIsMissing(t *testing.T) {
	for _, l := range []kit.Lang{kit.Chinese, kit.English} {
		v := reflect.ValueOf(*messages(l))
		for i := range v.NumField() {
			if v.Field(i).Len() == 0 {
				t.Errorf("%s: %s is missing", l, v.Type().Field(i).Name)
			}
		}
	}
	a, b := reflect.ValueOf(inChinese), reflect.ValueOf(inEnglish)
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if a.Field(i).Kind() == reflect.Map {
			for _, k := range a.Field(i).MapKeys() {
				if !b.Field(i).MapIndex(k).IsValid() {
					t.Errorf("%s: %s is missing in English", name, k)
				}
			}
			if a.Field(i).Len() != b.Field(i).Len() {
				t.Errorf("%s: %d texts in Chinese, %d in English", name, a.Field(i).Len(), b.Field(i).Len())
			}
			continue
		}
		verbs := func(text string) int { return strings.Count(text, "%") }
		if x, y := verbs(a.Field(i).String()), verbs(b.Field(i).String()); x != y {
			t.Errorf("%s takes %d values in Chinese, %d in English", name, x, y)
		}
	}
}

func TestBrowserNames(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36":                             "Chrome on Windows",
		"Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0 HuaweiBrowser/15.0 Mobile Safari/5": "Huawei Browser on HarmonyOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0":                                              "WeChat on iPhone",
		"curl/8": inEnglish.SomeBrowser,
		"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0": "Firefox on Linux",
	} {
		if got := inEnglish.browser(agent); got != want {
			t.Errorf("%s: got %q, want %q", agent, got, want)
		}
	}
}
