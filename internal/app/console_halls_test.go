package app

import (
	"encoding/csv"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
)

var codeOnce = regexp.MustCompile(`code-once">(\d{4} \d{4})<`)

// code returns the code that a page shows.
func code(t *testing.T, page string) string {
	t.Helper()
	m := codeOnce.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page shows no code:\n%s", page)
	}
	return m[1]
}

// send sends a form, and returns the page that must be the answer.
func (h *consoleStand) send(status int, address string, pairs ...string) string {
	h.t.Helper()
	r := h.do(http.MethodPost, address, values(pairs))
	text := body(r)
	if r.StatusCode != status {
		h.t.Errorf("%s sends %s %v: got %d, want %d", h.who, address, pairs, r.StatusCode, status)
	}
	return text
}

// TestTerminalsFromTheConsole makes one, gives it another code, and removes it.
func TestTerminalsFromTheConsole(t *testing.T) {
	h := newConsole(t)
	const page = "/admin/s/990101/terminals"
	h.who = "city"
	want(t, h.get(page), "还没有终端", "新建终端")
	want(t, h.get("/admin/s/990101/live"), page)
	want(t, h.send(http.StatusUnprocessableEntity, page, "do", "add", "name", "  "), "名称")
	want(t, h.send(http.StatusUnprocessableEntity, page, "do", "add", "name", strings.Repeat("长", 61)), "名称")

	made := h.send(http.StatusOK, page, "do", "add", "name", "<活动室>")
	want(t, made, "“&lt;活动室&gt;”的登录码", "http://example.com/terminal", "未登录", "等待输入登录码")
	first := code(t, made)
	if text := h.get(page); strings.Contains(text, first) {
		t.Error("the code is shown twice")
	}
	second := code(t, h.send(http.StatusOK, page, "do", "code", "id", "1"))
	from := netip.MustParsePrefix("192.0.2.9/32")
	if _, _, err := h.halls.Enter(t.Context(), from, first); err == nil {
		t.Error("the code before is good still")
	}
	if _, _, err := h.halls.Enter(t.Context(), from, second); err != nil {
		t.Fatal(err)
	}
	want(t, h.get(page), "在线", "登录于")
	lacks(t, h.get(page), "等待输入登录码")
	h.clock = h.clock.Add(10 * time.Minute)
	want(t, h.get(page), "离线")

	// On another site's page it is not there, nor for those of another city.
	h.send(http.StatusNotFound, "/admin/s/9901/terminals", "do", "remove", "id", "1")
	h.send(http.StatusUnprocessableEntity, page, "do", "other", "id", "1")
	h.who = "other"
	h.send(http.StatusNotFound, page, "do", "remove", "id", "1")
	h.send(http.StatusNotFound, "/admin/s/9902/terminals", "do", "code", "id", "1")
	h.who = "reviewer"
	h.send(http.StatusForbidden, page, "do", "add", "name", "大厅")

	h.who = "city"
	want(t, h.get(h.post(page, "do", "remove", "id", "1")), "终端已移除", "还没有终端")
	want(t, h.get("/admin/s/9901/audit?action=terminal"), "terminal.add", "terminal.code", "terminal.remove")
	for i := range audience.MaxTerminals {
		if _, _, err := h.halls.Add(t.Context(), audience.Actor{Who: h.people["city"].Who()}, h.sites["990101"].ID, strings.Repeat("室", 1+i%50)); err != nil {
			t.Fatal(err)
		}
	}
	want(t, h.send(http.StatusUnprocessableEntity, page, "do", "add", "name", "再来一个"), "最多 100 个", `value="再来一个"`)
}

// TestAttendanceInTheConsole shows to each who was at a broadcast on the sites that they look after.
func TestAttendanceInTheConsole(t *testing.T) {
	h := newConsole(t)
	ctx := t.Context()
	h.who = "admin"
	h.post("/admin/s/99/live", "do", "now", "stream", "hall", "title", "全省大会")
	h.post("/admin/s/9901/live", "do", "now", "stream", "city", "title", "市里的会")
	began := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	attend := func(at, name, person, phone string, shown time.Duration) {
		t.Helper()
		x, _, err := h.halls.Add(ctx, audience.Actor{Who: h.people["admin"].Who()}, h.sites[at].ID, name)
		if err != nil {
			t.Fatal(err)
		}
		for d := time.Duration(0); d <= shown; d += time.Minute {
			if err := h.db.OnScreen(ctx, x, 1, began.Add(d), 90*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if person == "" {
			return
		}
		a := audience.Attendee{Broadcast: 1, Terminal: x.ID, Site: x.Site, Name: person, Phone: phone, Device: audience.Hash{byte(x.ID)}, At: began}
		if _, err := h.db.Attend(ctx, a, audience.MaxPeople); err != nil {
			t.Fatal(err)
		}
	}
	attend("990101", "活动室", "=王芳", "13900000000", 20*time.Minute)
	attend("990101", "大厅", "<b>李强</b>", "", 10*time.Minute)
	attend("9901", "会议室", "", "", 5*time.Minute)
	attend("9902", "礼堂", "赵敏", "13700000000", 30*time.Minute)

	h.who = "city"
	page := h.get("/admin/s/9901/live/1/audience")
	want(t, page, "全省大会", "=王芳", "&lt;b&gt;李强", "13900000000", "清溪区", "/admin/s/990101/live/1/audience", `<td class="number">2</td><td class="number">2</td><td class="number">30</td>`,
		`<dd>35</dd>`, "会议室", "audience.csv", "terminals.csv")
	lacks(t, page, "赵敏", "礼堂", "鹿鸣市")
	want(t, h.get("/admin/s/9901/live"), "/admin/s/9901/live/2/audience")
	want(t, h.get("/admin/s/9901/live/2/audience"), "还没有终端收看")
	want(t, h.get("/admin/s/990101/live/1/audience"), "活动室", "大厅")

	// Those who read figures only see no numbers, and delete nobody.
	h.who = "reviewer"
	page = h.get("/admin/s/9901/live/1/audience")
	want(t, page, "=王芳")
	lacks(t, page, "13900000000", "确认删除")
	lacks(t, h.get("/admin/s/9901/live/1/audience.csv"), "13900000000")
	h.send(http.StatusForbidden, "/admin/s/9901/live/1/audience", "attendee", "1")
	h.who = "operator"
	if r := h.do(http.MethodGet, "/admin/s/99/live/1/audience", nil); r.StatusCode != http.StatusForbidden {
		t.Errorf("who may not read figures: got %d", r.StatusCode)
	}
	h.who = "other"
	for _, address := range []string{"/admin/s/9902/live/2/audience", "/admin/s/9901/live/1/audience", "/admin/s/9902/live/0/audience", "/admin/s/9902/live/99/audience.csv"} {
		if r := h.do(http.MethodGet, address, nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s by another city's: got %d", address, r.StatusCode)
		}
	}
	h.send(http.StatusNotFound, "/admin/s/9902/live/1/audience", "attendee", "1") // of the city beside
	h.send(http.StatusUnprocessableEntity, "/admin/s/9902/live/1/audience", "attendee", "x")

	h.who = "city"
	rows := table(t, h.get("/admin/s/9901/live/1/audience.csv"))
	if len(rows) != 3 || strings.Join(rows[1][1:], "|") != "990101|清溪区|活动室|'=王芳|13900000000" {
		t.Errorf("people as CSV: got %q", rows)
	}
	rows = table(t, h.get("/admin/s/9901/live/1/terminals.csv"))
	if len(rows) != 4 || rows[1][0] != "9901" || rows[1][3] != "5" || rows[1][6] != "0" {
		t.Errorf("terminals as CSV: got %q", rows)
	}
	want(t, h.get("/admin/s/9901/audit?action=attendance"), "attendance.export", broadcast.Tag(1))

	want(t, h.get(h.post("/admin/s/9901/live/1/audience", "attendee", "1")), "已删除", "李强")
	lacks(t, h.get("/admin/s/9901/live/1/audience"), "王芳")
	want(t, h.get("/admin/s/9901/audit?action=attendance"), "attendance.forget")
}

// TestManyPeopleAreOnSeveralPages: a hall's list is bounded on each page.
func TestManyPeopleAreOnSeveralPages(t *testing.T) {
	h := newConsole(t)
	h.who = "city"
	h.post("/admin/s/9901/live", "do", "now", "stream", "hall", "title", "大会")
	for i := range 201 {
		a := audience.Attendee{Broadcast: 1, Terminal: 1, Site: h.sites["9901"].ID, Name: "观众", Device: audience.Hash{byte(i), byte(i >> 8)}, At: time.Now()}
		if _, err := h.db.Attend(t.Context(), a, audience.MaxPeople); err != nil {
			t.Fatal(err)
		}
	}
	for page, n := range map[string]int{"1": 200, "2": 1, "3": 200, "-1": 200, "x": 200, "99999999999999999999": 200} {
		if got := strings.Count(h.get("/admin/s/9901/live/1/audience?page="+page), `name="attendee"`); got != n {
			t.Errorf("page %s: got %d people, want %d", page, got, n)
		}
	}
}

// table reads a table that was taken away.
func table(t *testing.T, text string) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(text, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked {
		t.Fatalf("marked as UTF-8: %v; %v\n%s", marked, err, text)
	}
	return rows
}
