package web

import (
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"xianfeng/media"
)

func TestPagesCarryTheirHeadersAndNothingInline(t *testing.T) {
	h, hub := newServer(t, nil)
	publish(t, hub, "hall")
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:`)
	for _, path := range []string{"/", "/live", "/live/hall", "/live/nobody", "/live/hall/publish", "/no/such/page"} {
		for _, l := range []string{"zh", "en"} {
			r := do(t, h, "GET", path+"?lang="+l, nil, "")
			body := text(t, r)
			if want := map[bool]int{true: 404, false: 200}[path == "/no/such/page"]; r.StatusCode != want {
				t.Errorf("GET %s: got %d, want %d", path, r.StatusCode, want)
			}
			csp := r.Header.Get("Content-Security-Policy")
			if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'self'") {
				t.Errorf("GET %s: policy %q", path, csp)
			}
			for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
				if got := r.Header.Get(k); got != want {
					t.Errorf("GET %s: %s: got %q, want %q", path, k, got, want)
				}
			}
			if !strings.Contains(r.Header.Get("Permissions-Policy"), "display-capture=(self)") {
				t.Errorf("GET %s: no Permissions-Policy", path)
			}
			if m := inline.FindString(body); m != "" {
				t.Errorf("GET %s: inline %q, which the policy forbids", path, m)
			}
			if want := map[string]string{"zh": `<html lang="zh-CN"`, "en": `<html lang="en"`}[l]; !strings.Contains(body, want) {
				t.Errorf("GET %s: no %s", path, want)
			}
			if strings.Contains(body, "%!") || strings.Contains(body, "ZgotmplZ") || strings.Contains(body, `="&#34;`) {
				t.Errorf("GET %s: a broken text:\n%s", path, body)
			}
		}
	}
}

func TestOddNamesAreRefusedAndEscaped(t *testing.T) {
	h, _ := newServer(t, nil)
	long := strings.Repeat("a", 10_000)
	for _, path := range []string{"/live/" + long, "/live/" + long + "/publish", "/live/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/live/a%2F..%2Fb", "/live/%22onload=x", "/live/.hidden", "/live/%00"} {
		r := do(t, h, "GET", path, nil, "")
		if body := text(t, r); r.StatusCode != http.StatusNotFound || strings.Contains(body, "<script>alert") {
			t.Errorf("GET %.60s: got %d", path, r.StatusCode)
		}
	}
	r := do(t, h, "GET", "/live?name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", nil, "")
	if body := text(t, r); strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("the name in the form is not escaped:\n%s", body)
	}
	r = do(t, h, "GET", "/live/hall/publish", header{"Host": `"><script>alert(1)</script>`}, "")
	if body := text(t, r); strings.Contains(body, "<script>alert") {
		t.Error("the Host header is not escaped")
	}
}

func TestTheFormLeadsToTheChannel(t *testing.T) {
	h, _ := newServer(t, nil)
	for query, want := range map[string]string{"name=hall&do=watch": "/live/hall", "name=hall&do=publish": "/live/hall/publish", "name=hall": "/live/hall"} {
		r := do(t, h, "GET", "/live?"+query, nil, "")
		if got := r.Header.Get("Location"); r.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("GET /live?%s: got %d to %q, want 303 to %q", query, r.StatusCode, got, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	h, _ := newServer(t, nil)
	for _, c := range []struct {
		name, query, accept, cookie, want string
	}{
		{"nothing said", "", "", "", "zh-CN"},
		{"English browser", "", "en-GB,en;q=0.9", "", "en"},
		{"Chinese before English", "", "zh-TW,zh;q=0.9,en;q=0.8", "", "zh-CN"},
		{"English before Chinese", "", "zh;q=0.5,en;q=0.8", "", "en"},
		{"neither", "", "bo,ug;q=0.8", "", "zh-CN"},
		{"broken", "", strings.Repeat("-", 10_000), "", "zh-CN"},
		{"cookie over browser", "", "zh", "en", "en"},
		{"address over cookie", "lang=zh", "en", "en", "zh-CN"},
		{"address of no language", "lang=xx", "en", "", "en"},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := header{"Accept-Language": c.accept}
			if c.cookie != "" {
				head["Cookie"] = "xf_lang" + "=" + c.cookie
			}
			r := do(t, h, "GET", "/?"+c.query, head, "")
			if body := text(t, r); !strings.Contains(body, `<html lang="`+c.want+`"`) || r.Header.Get("Content-Language") != c.want {
				t.Errorf("got %q, want %q", r.Header.Get("Content-Language"), c.want)
			}
			if kept := strings.Contains(r.Header.Get("Set-Cookie"), "xf_lang"); kept != (c.query == "lang=zh") {
				t.Errorf("the choice is kept: %t", kept)
			}
		})
	}
}

// TestMessagesAreComplete: no text is missing, and both languages take the same values.
func TestMessagesAreComplete(t *testing.T) {
	verbs := regexp.MustCompile(`%[a-z]`)
	zh, en := reflect.ValueOf(inChinese), reflect.ValueOf(inEnglish)
	for i := range zh.NumField() {
		name := zh.Type().Field(i).Name
		a, b := zh.Field(i).String(), en.Field(i).String()
		if a == "" || b == "" {
			t.Errorf("%s: got %q and %q, want a text in each language", name, a, b)
		}
		if x, y := verbs.FindAllString(a, -1), verbs.FindAllString(b, -1); !reflect.DeepEqual(x, y) {
			t.Errorf("%s: takes %v in Chinese and %v in English", name, x, y)
		}
	}
}

func TestPublishPageNamesTheAddresses(t *testing.T) {
	h, _ := newServer(t, func(c *Config) { c.Gate = needKey })
	body := text(t, do(t, h, "GET", "/live/hall/publish?lang=en", nil, ""))
	for _, want := range []string{"rtmp://live.example:1935/live<", "hall?key=YOUR-KEY", "srt://live.example:8890?streamid=publish:live/hall?key=YOUR-KEY", "rtsp://live.example:8554/live/hall?key=YOUR-KEY", "http://live.example:8080/live/hall/whip"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	h, _ = newServer(t, func(c *Config) { c.RTMPPort, c.SRTPort, c.RTSPPort, c.WHIP = 0, 0, 0, nil })
	body = text(t, do(t, h, "GET", "/live/hall/publish?lang=en", header{"X-Forwarded-Proto": "https", "Host": "[2001:db8::1]"}, ""))
	for _, no := range []string{"rtmp://", "srt://", "rtsp://", "/whip", "key="} {
		if strings.Contains(body, no) {
			t.Errorf("the page says %s, which is not offered", no)
		}
	}
}

func TestRoutesReachTheMediaHandlers(t *testing.T) {
	h, _ := newServer(t, nil)
	for _, c := range [][3]string{
		{"GET", "/live/hall/index.m3u8", "hls GET hall index.m3u8"},
		{"GET", "/live/hall/seg12.mp4", "hls GET hall seg12.mp4"},
		{"OPTIONS", "/live/hall/index.m3u8", "hls OPTIONS hall index.m3u8"},
		{"POST", "/live/hall/whip", "whip POST hall "},
		{"OPTIONS", "/live/hall/whip", "whip OPTIONS hall "},
		{"PATCH", "/live/hall/whip/s1", "whip PATCH hall s1"},
		{"DELETE", "/live/hall/whep/s2", "whep DELETE hall s2"},
		{"POST", "/live/hall/whep", "whep POST hall "},
	} {
		// As a browser on a page of another site sends it.
		r := do(t, h, c[0], c[1], header{"Sec-Fetch-Site": "cross-site", "Origin": "https://other.example"}, "")
		if got := text(t, r); got != c[2] {
			t.Errorf("%s %s: got %d %q, want %q", c[0], c[1], r.StatusCode, got, c[2])
		}
	}
	h, _ = newServer(t, func(c *Config) { c.WHIP = nil })
	if r := do(t, h, "POST", "/live/hall/whip", nil, ""); r.StatusCode != http.StatusNotImplemented {
		t.Errorf("POST whip where there is none: got %d, want 501", r.StatusCode)
	}
}

func TestListShowsWhatTheVisitorMayRead(t *testing.T) {
	h, hub := newServer(t, func(c *Config) {
		c.Gate = media.GateFunc(func(a media.Access) error {
			if a.Stream == "secret" {
				return media.ErrDenied
			}
			return nil
		})
	})
	publish(t, hub, "hall")
	publish(t, hub, "secret")
	for _, path := range []string{"/", "/live", "/api/streams"} {
		if body := text(t, do(t, h, "GET", path, nil, "")); !strings.Contains(body, "hall") || strings.Contains(body, "secret") || strings.Contains(body, "192.0.2.7") {
			t.Errorf("GET %s shows what it must not, or not what it should:\n%s", path, body)
		}
	}
}
