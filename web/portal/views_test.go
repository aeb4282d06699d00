package portal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"xianfeng/web/cache"
)

func TestViewsAreAskedForByScript(t *testing.T) {
	s := newStand(t)
	now := today
	s.cache = cache.New(cache.Config{Now: func() time.Time { return now }})
	s.serve()
	s.items[0].Views = 1234 // of article 100
	for _, c := range []struct{ target, host, says string }{
		{"/v/99/a/100", "net.example", "浏览 %d 次"},
		{"/a/100", "wangchuan.example", "浏览 %d 次"},
	} {
		page := s.text(c.target, "Host", c.host)
		if !strings.Contains(page, `<span hidden data-views="`+c.target+`/views">`+c.says+`</span>`) || strings.Contains(page, "1234") {
			t.Errorf("%s: the page has not where its script asks, or the number itself", c.target)
		}
		r := s.get(c.target+"/views", "Host", c.host, "Accept", "application/json")
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/json" || len(r.Cookies()) > 0 {
			t.Errorf("%s/views: got %d %v", c.target, r.StatusCode, r.Header)
		}
		if got := s.text(c.target+"/views", "Host", c.host); got != "{\"views\":1234}\n" {
			t.Errorf("%s/views: got %q", c.target, got)
		}
	}
	if page := s.text("/v/99/a/100", "Accept-Language", "en"); !strings.Contains(page, "Views: %d</span>") {
		t.Error("in English: the text is not there")
	}
	s.items[0].Views = 2000
	if got := s.text("/v/99/a/100/views"); !strings.Contains(got, "1234") {
		t.Errorf("within a minute: got %s, want what is kept", got)
	}
	now = now.Add(viewsKeep + time.Second)
	if got := s.text("/v/99/a/100/views"); !strings.Contains(got, "2000") {
		t.Errorf("after a minute: got %s, want 2000", got)
	}
	for target, want := range map[string]int{"/v/99/a/8/views": 404, "/v/99/a/x/views": 404, "/v/none/a/100/views": 404, "/v/9902-old/a/100/views": 410} {
		if r := s.get(target, "Accept", "application/json"); r.StatusCode != want {
			t.Errorf("%s: got %d, want %d", target, r.StatusCode, want)
		}
	}
}
