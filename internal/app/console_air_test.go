package app

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBroadcastsFromTheConsole plans, edits, starts, extends and ends, and inserts with one confirmation.
func TestBroadcastsFromTheConsole(t *testing.T) {
	h := newConsole(t)
	h.who = "city"
	at := func(d time.Duration) string { return time.Now().In(china).Add(d).Format("2006-01-02T15:04") }
	want(t, h.get("/admin/s/9901/live/new"), "安排转播", "低延时", "弱网", "清溪区及下级")
	plan := []string{"do", "plan", "at", "990101", "title", "冬季课堂", "kind", "stream", "source", "hall", "starts", at(time.Hour), "ends", at(2 * time.Hour), "lead", "60", "profile", "weak", "chat", "off"}
	h.post("/admin/s/9901/live/new", plan...)
	want(t, h.get("/admin/s/9901/live"), "冬季课堂", "未开始", "/admin/s/990101/live/1")

	edit := func(version, title string) *http.Response {
		return h.do(http.MethodPost, "/admin/s/990101/live/1", values(append([]string{"version", version, "title", title}, plan[6:]...)))
	}
	if r := edit("1", "第一人"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("edit: got %d", r.StatusCode)
	}
	r := edit("1", "第二人")
	if text := body(r); r.StatusCode != http.StatusConflict || !strings.Contains(text, "标题：第一人") || !strings.Contains(text, `value="第二人"`) || !strings.Contains(text, `name="version" value="2"`) {
		t.Errorf("the second who edits: got %d", r.StatusCode)
	}
	if r := edit("2", "第二人"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("on top of it: got %d", r.StatusCode)
	}
	r = h.do(http.MethodPost, "/admin/s/9901/live/new", values([]string{"do", "plan", "at", "9901", "title", "", "kind", "stream", "source", "a b", "starts", "x", "profile", "normal", "chat", "off"}))
	if text := body(r); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "开始时间") {
		t.Errorf("a bad form: got %d", r.StatusCode)
	}

	for why, form := range map[string][]string{
		"这个直播间现在没有信号": {"do", "now", "at", "9901", "title", "急", "kind", "stream", "source", "nobody", "profile", "normal", "chat", "off"},
		"页面预告":        {"do", "plan", "at", "9901", "title", "早", "kind", "stream", "source", "hall", "starts", at(time.Hour), "lead", "-1", "profile", "normal", "chat", "off"},
	} {
		r := h.do(http.MethodPost, "/admin/s/9901/live/new", values(form))
		if text := body(r); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, why) {
			t.Errorf("%v: got %d, want %s", form, r.StatusCode, why)
		}
	}

	h.post("/admin/s/9901/live", "do", "start", "id", "1", "version", "3")
	want(t, h.get("/admin/s/9901/live"), "延时 8 秒")
	h.post("/admin/s/9901/live", "do", "extend", "id", "1", "more", "30")

	// Another city's editor finds none of it.
	h.who = "other"
	for _, address := range []string{"/admin/s/990101/live/1", "/admin/s/9902/live/1"} {
		if r := h.do(http.MethodGet, address, nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s by another: got %d", address, r.StatusCode)
		}
	}
	if r := h.do(http.MethodPost, "/admin/s/9902/live", values([]string{"do", "end", "id", "1"})); r.StatusCode != http.StatusNotFound {
		t.Errorf("end by another: got %d", r.StatusCode)
	}

	h.who = "city"
	ask := []string{"title", "防汛", "kind", "stream", "source", "alarm"}
	want(t, body(h.do(http.MethodPost, "/admin/s/9901/live/urgent", values(ask))), "确认在 2 个站点紧急插播", "第二人 · 清溪区", "确认插播")
	lacks(t, h.get("/admin/s/9901/live"), "防汛")
	h.post("/admin/s/9901/live/urgent", append(ask, "confirm", "yes")...)
	want(t, h.get("/admin/s/9901/live"), "防汛", "被“防汛”覆盖")
	r = h.do(http.MethodPost, "/admin/s/9901/live/urgent", values([]string{"title", "后来的", "kind", "stream", "source", "late", "confirm", "yes"}))
	if text := body(r); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "望川市正在紧急插播“防汛”") {
		t.Errorf("a later one: got %d", r.StatusCode)
	}
	h.post("/admin/s/9901/live", "do", "end", "id", "2")
	h.post("/admin/s/9901/live", "do", "end", "id", "1")
	want(t, h.get("/admin/s/9901/live"), "已经结束", "现在没有转播")
}
