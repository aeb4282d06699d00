package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xianfeng/internal/content"
	"xianfeng/internal/files"
	"xianfeng/internal/site"
)

// The way of an article: written, sent, sent back, sent again, published, withdrawn by undo.
func TestAnArticleGoesItsWay(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	page, _, _ := strings.Cut(h.post("/admin/s/990101/new", "title", "秋收过半", "slug", "news", "format", "html", "text", `<p onclick="x()">颗粒归仓。</p>`, "do", "save"), "?")
	lacks(t, h.get(page), `value="publish"`)
	h.post(page, "version", h.version(page), "do", "submit")

	h.who = "other"
	if got := h.do(http.MethodGet, page, nil).StatusCode; got != http.StatusNotFound {
		t.Errorf("an editor of another city: got %d, want 404", got)
	}
	h.who = "reviewer"
	want(t, h.get("/admin/"), "秋收过半", "等我审核")
	read := h.get(page)
	want(t, read, "颗粒归仓")
	lacks(t, read, "onclick", "<textarea")
	if r := h.do(http.MethodPost, page, values([]string{"version", h.version(page), "do", "sendback"})); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("sent back without a word: got %d, want 422", r.StatusCode)
	}
	h.post(page, "version", h.version(page), "do", "sendback", "remark", "请补上亩数")

	h.who = "author"
	want(t, h.get("/admin/"), "退回给我", "请补上亩数")
	h.post(page, "version", h.version(page), "title", "秋收过半", "slug", "news", "format", "html", "text", "<p>已收三百亩。</p>", "do", "submit")
	h.who = "reviewer"
	to := h.post(page, "version", h.version(page), "do", "publish")
	want(t, h.get(to), "已发布", `name="do" value="withdraw"`)
	id := strings.TrimPrefix(page, "/admin/articles/")
	h.post("/admin/undo", "do", "withdraw", "id", id, "back", page)
	want(t, h.get(page), "已撤下")
}

// Nobody is asked whether they are sure: what was deleted comes back by undo, for who may, and as it was.
func TestDeletedArticlesComeBackByUndo(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	page, _, _ := strings.Cut(h.post("/admin/s/990101/new", "title", "误删的稿子", "slug", "news", "format", "html", "text", "<p>原文。</p>", "do", "submit"), "?")
	to := h.post(page, "version", h.version(page), "do", "delete")
	shown := h.get(to)
	want(t, shown, "草稿已删除", `name="do" value="undelete"`)
	lacks(t, shown, "误删的稿子")
	if got := h.do(http.MethodGet, page, nil).StatusCode; got != http.StatusNotFound {
		t.Errorf("a deleted article: got %d, want 404", got)
	}
	id := strings.TrimPrefix(page, "/admin/articles/")
	h.who = "other"
	if got := h.do(http.MethodPost, "/admin/undo", values([]string{"do", "undelete", "id", id})).StatusCode; got != http.StatusUnprocessableEntity {
		t.Errorf("an editor of another city brings it back: got %d, want 422", got)
	}
	h.who = "author"
	h.post("/admin/undo", "do", "undelete", "id", id, "back", page)
	want(t, h.get(page), "误删的稿子", "待审核")
}

// An editor of another city who knows an article's number gets nothing of it, whichever address they try.
func TestDraftsOfOthersAreNotThereByTheirNumber(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	page, _, _ := strings.Cut(h.post("/admin/s/990101/new", "title", "未公开", "slug", "news", "format", "html", "text", "<p>未公开的文字。</p>", "do", "save"), "?")
	version := h.version(page)
	h.who = "editor"
	h.post(page+"/trail", "do", "offer", "to", "9901")
	id := strings.TrimPrefix(page, "/admin/articles/")
	h.who = "other"
	form := values([]string{"version", version, "title", "我的", "text", "<p>我的</p>", "slug", "news", "format", "html", "do", "save", "n", "1", "target", "9902", "to", "99"})
	for _, x := range []struct {
		method, address, do string
		status              int
	}{
		{"GET", page, "", 404},
		{"GET", page + "/versions", "", 404},
		{"GET", page + "/versions?from=1&to=1", "", 404},
		{"GET", page + "/trail", "", 404},
		{"POST", page, "save", 404},
		{"POST", page, "publish", 404},
		{"POST", page, "delete", 404},
		{"POST", page + "/draft", "", 404},
		{"POST", page + "/versions", "", 404},
		{"POST", page + "/trail", "push", 404},
		{"POST", page + "/trail", "offer", 404},
		{"GET", "/admin/offers/1", "", 404},
		{"POST", "/admin/offers/1", "takepublic", 404},
		{"POST", "/admin/offers/1", "decline", 404},
		{"POST", "/admin/s/9902/articles", "publish", 422},
		{"POST", "/admin/undo", "withdraw", 422},
	} {
		var f url.Values
		if x.method == http.MethodPost {
			f = url.Values{"id": {id}}
			for name, v := range form {
				f[name] = v
			}
			f.Set("do", x.do)
		}
		for _, accept := range []string{"text/html", "application/json"} {
			r := h.do(x.method, x.address, f, "Accept", accept)
			if got := body(r); r.StatusCode != x.status || strings.Contains(got, "未公开") {
				t.Errorf("%s %s %s as %s: got %d, want %d\n%.300s", x.method, x.address, x.do, accept, r.StatusCode, x.status, got)
			}
		}
	}
	h.who = "author"
	if got := h.version(page); got != version {
		t.Errorf("the article was changed: got version %s, want %s", got, version)
	}
}

func TestTheSecondOfTwoWhoEditIsToldAndLosesNothing(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	page, _, _ := strings.Cut(h.post("/admin/s/990101/new", "title", "甲", "slug", "news", "format", "html", "text", "<p>原文。</p>", "do", "save"), "?")
	old := h.version(page)
	h.who = "editor"
	h.post(page, "version", old, "title", "编辑的标题", "slug", "news", "format", "html", "text", "<p>编辑的文字。</p>", "do", "save")
	h.who = "author"
	form := []string{"version", old, "title", "作者的标题", "slug", "news", "format", "html", "text", "<p>作者的文字。</p>", "summary", "作者的摘要", "do", "submit"}
	r := h.do(http.MethodPost, page, values(form))
	text := body(r)
	if r.StatusCode != http.StatusConflict {
		t.Fatalf("got %d, want 409", r.StatusCode)
	}
	want(t, text, "编辑的文字", "作者的文字", "作者的摘要", "某editor", "editor")
	draft := h.do(http.MethodPost, page+"/draft", values(form), "Accept", "application/json")
	if got := body(draft); draft.StatusCode != http.StatusConflict || !strings.Contains(got, "编辑的文字") {
		t.Errorf("a draft that comes second: got %d %s", draft.StatusCode, got)
	}
	m := versionField.FindStringSubmatch(text)
	form[1] = m[1]
	h.post(page, form...)
	want(t, h.get(page+"/versions"), "第 3 版", "<del>编辑</del>", "<ins>作者</ins>")
}

func TestPostTakesALineAndAPicture(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	form := values([]string{"site", "990101", "column", "news", "text", "枇杷熟了。\n欢迎来摘<b>", "pictures", "/files/abcdefghijklmnopqrstuvwxyz/w960.webp 枇杷树"})
	r := h.do(http.MethodPost, "/admin/post", form)
	want(t, body(r), "已送审", "枇杷熟了")
	h.who = "editor"
	form.Set("text", "编辑发的")
	r = h.do(http.MethodPost, "/admin/post", form)
	text := body(r)
	want(t, text, "发好了", `value="withdraw"`)
	if c := r.Header.Get("Set-Cookie"); !strings.Contains(c, "xf_post=990101.news") {
		t.Errorf("the column is not remembered: %s", c)
	}
	list, err := h.desk.List(t.Context(), content.Actor{Who: h.people["editor"].Who()}, content.Filter{Sites: []site.ID{h.sites["990101"].ID}})
	if err != nil || len(list) != 2 {
		t.Fatalf("got %d articles, %v", len(list), err)
	}
	rev, err := h.desk.Revision(t.Context(), content.Actor{Who: h.people["editor"].Who()}, list[1].ID, 0)
	if err != nil || !strings.Contains(rev.Body, "&lt;b&gt;") || !strings.Contains(rev.Body, `alt="枇杷树"`) {
		t.Errorf("got %q, %v", rev.Body, err)
	}
	for name, bad := range map[string]url.Values{
		"nothing":        values([]string{"site", "990101", "column", "news", "text", " "}),
		"a foreign file": values([]string{"site", "990101", "column", "news", "text", "x", "pictures", "https://evil.example/x.png"}),
		"no phone":       values([]string{"site", "990101", "column", "produce", "text", "脐橙"}),
	} {
		if got := h.do(http.MethodPost, "/admin/post", bad).StatusCode; got != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d, want 422", name, got)
		}
	}
	if list, _ := h.desk.List(t.Context(), content.Actor{Who: h.people["editor"].Who()}, content.Filter{Sites: []site.ID{h.sites["990101"].ID}}); len(list) != 2 {
		t.Errorf("posts that were refused left %d articles behind", len(list)-2)
	}
}

func TestDownAndUp(t *testing.T) {
	h := newConsole(t)
	h.who = "editor"
	page, _, _ := strings.Cut(h.post("/admin/s/9901/new", "title", "防火通知", "slug", "notices", "format", "markdown", "text", "**严禁**用火", "do", "publish"), "?")
	pushed := h.get(h.post(page+"/trail", "do", "push", "target", "9901", "target", "9902")) // the second is not theirs
	want(t, pushed, "及下级共 2 个站点", `name="do" value="unpush"`, `name="target" value="9901"`)
	lacks(t, pushed, `name="target" value="9902"`)
	lacks(t, h.get(h.post(page+"/trail", "do", "push", "target", "9901")), `name="do" value="unpush"><input`) // it changed nothing
	id := strings.TrimPrefix(page, "/admin/articles/")
	h.post("/admin/undo", "do", "unpush", "id", id, "target", "9901", "back", page+"/trail")
	lacks(t, h.get(page+"/trail"), "及下级共 2 个站点 · ")
	h.post("/admin/undo", "do", "push", "id", id, "target", "9901", "target", "9902", "back", page+"/trail")
	want(t, h.get(page+"/trail"), "及下级共 2 个站点 · ")
	h.post(page+"/trail", "do", "offer", "to", "99", "note", "请采用")
	h.who = "admin"
	want(t, h.get("/admin/"), "下级报送", "防火通知")
	want(t, h.get("/admin/offers/1"), "<strong>严禁</strong>")
	taken := h.post("/admin/offers/1", "do", "takepublic", "slug", "notices")
	want(t, h.get(taken), "已发布")
	h.who = "editor"
	want(t, h.get(page+"/trail"), "已采用", "青岚省")
}

func TestPeopleAreMadeWithinWhatOneIs(t *testing.T) {
	h := newConsole(t)
	h.who = "city"
	page, _, _ := strings.Cut(h.post("/admin/s/990101/people", "login", "li.min", "name", "李敏", "role", "author"), "?")
	h.post(page, "do", "grant", "role", "editor", "at", "9901")
	for _, at := range []string{"99", "9902"} {
		if got := h.do(http.MethodPost, page, values([]string{"do", "grant", "role", "editor", "at", at})).StatusCode; got != http.StatusForbidden {
			t.Errorf("a role on %s: got %d, want 403", at, got)
		}
	}
	if got := h.do(http.MethodPost, page, values([]string{"do", "grant", "role", "operator", "at", "9901"})).StatusCode; got != http.StatusForbidden {
		t.Errorf("operator: got %d, want 403", got)
	}
	admin := personPage(h.people["admin"].ID)
	if got := h.do(http.MethodGet, admin, nil).StatusCode; got != http.StatusNotFound {
		t.Errorf("somebody above: got %d, want 404", got)
	}
	// Whoever has rights beyond one's reach can't be changed, though their home is within.
	if err := h.db.Grant(t.Context(), h.people["author"].ID, site.Grant{Role: site.Editor, Site: h.sites["9902"].ID}); err != nil {
		t.Fatal(err)
	}
	author := personPage(h.people["author"].ID)
	for _, do := range []string{"disable", "save"} {
		if got := h.do(http.MethodPost, author, values([]string{"do", do, "name", "x", "version", "1"})).StatusCode; got != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", do, got)
		}
	}
	want(t, h.get("/admin/s/9901/audit?action=grant"), "grant.add")
}

func TestSitesAreMadeMovedAndClosed(t *testing.T) {
	h := newConsole(t)
	h.who = "admin"
	h.post("/admin/s/9901/children", "do", "create", "newcode", "990102", "name", "新县", "level", "county")
	h.post("/admin/s/9901/children", "do", "move", "child", "990102", "to", "9902")
	h.post("/admin/s/9902/children", "do", "rename", "child", "990102", "name", "新区")
	want(t, h.get("/admin/s/9902/children?"), "新区")
	h.post("/admin/s/9902/children", "do", "close", "child", "990102")
	want(t, h.get("/admin/s/9902/children"), "已停用")
	if r := h.do(http.MethodPost, "/admin/s/9901/children", values([]string{"do", "create", "newcode", "9902", "name", "又", "level", "county"})); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a code that is taken: got %d, want 422", r.StatusCode)
	}
	h.who = "city"
	if got := h.do(http.MethodPost, "/admin/s/9901/children", values([]string{"do", "move", "child", "990101", "to", "9902"})).StatusCode; got != http.StatusUnprocessableEntity {
		t.Errorf("moved to where one has no right: got %d, want 422", got)
	}
	page := "/admin/s/9901/settings"
	old := h.version(page)
	form := []string{"version", old, "name", "望川市先锋网", "phone", "0999-1", "theme", "azure/teal", "order", "news", "order", "contact", "block", "news", "person", "李秋生", "duty", "主任", "tel", "1"}
	h.post(page, form...)
	want(t, h.get(page), "望川市先锋网", "李秋生")
	if got := h.do(http.MethodPost, page, values(form)).StatusCode; got != http.StatusUnprocessableEntity {
		t.Errorf("settings that somebody changed: got %d, want 422", got)
	}
	if n := h.network.Tree().Get(h.sites["9901"].ID); n.Look.Theme != "azure" || n.Look.Accent != "teal" || fmt.Sprint(n.Look.Blocks) != "[news]" {
		t.Errorf("got %+v", n.Look)
	}
}

func TestAListIsImported(t *testing.T) {
	h := newConsole(t)
	h.who = "city"
	send := func(list string) string {
		t.Helper()
		text := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n" + list + "\r\n--b--\r\n"
		r := httptest.NewRequest(http.MethodPost, "/admin/s/9901/import", strings.NewReader(text))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		w := httptest.NewRecorder()
		h.http.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("got %d, want 303: %s", w.Code, w.Body)
		}
		h.console.Close() // waits for it
		return h.get(w.Header().Get("Location"))
	}
	want(t, send("代码,上级,级别,名称\n990101001,990101,乡镇,柳岸镇\n"), "导入完成", "新建 1")
	want(t, send("代码,上级,级别,名称\n990201,9902,县,别人的县\n"), "没有导入", "有错的行")
	mixed := send("代码,上级,级别,名称\n990101002,990101,乡镇,甲\n990101002,990101,乡镇,乙\n")
	want(t, mixed, "没有导入", "1 行有错")
	lacks(t, mixed, "导入完成", "新建 1")
	if n, _ := h.network.Tree().ByCode("990201"); n != nil {
		t.Error("a site was made below another city")
	}
}

func TestBroadcastInTwoPresses(t *testing.T) {
	h := newConsole(t)
	h.who = "city"
	want(t, h.get("/admin/s/9901/live"), "hall", "3 人在看")
	h.post("/admin/s/9901/live", "do", "now", "stream", "hall", "title", "")
	want(t, h.get("/admin/s/990101/live"), "已显示")
	h.post("/admin/s/9901/live", "do", "end", "id", "1")
	lacks(t, h.get("/admin/s/990101/live"), "已显示")
}

func TestBulkSaysWhatFailed(t *testing.T) {
	h := newConsole(t)
	h.who = "editor"
	h.post("/admin/s/9901/new", "title", "好的", "slug", "news", "format", "html", "text", "<p>有字</p>", "do", "save")
	h.post("/admin/s/9901/new", "title", "空的", "slug", "news", "format", "html", "text", "", "do", "save")
	r := h.do(http.MethodPost, "/admin/s/9901/articles", values([]string{"do", "publish", "id", "1", "id", "2"}))
	if text := body(r); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "空的: 请填写正文") {
		t.Errorf("got %d", r.StatusCode)
	}
	if to := h.post("/admin/s/9901/articles", "do", "pin", "id", "1"); !strings.Contains(to, "done=pin") {
		t.Errorf("got %s", to)
	}
}

func TestSitesAreFound(t *testing.T) {
	h := newConsole(t)
	h.who = "city"
	for q, found := range map[string]bool{"清溪": true, "qx": true, "9901": true, "鹿鸣": false, "青岚": false} {
		got := body(h.do(http.MethodGet, "/admin/find?q="+url.QueryEscape(q), nil, "Accept", "application/json"))
		if strings.Contains(got, `"code"`) != found {
			t.Errorf("%s: got %s", q, got)
		}
	}
	lacks(t, h.get("/admin/"), "鹿鸣", `href="/admin/s/99"`)
	want(t, h.get("/admin/tree/9901"), "清溪区")
}

// Attachments are brought, put in an order and taken away; name and size are the file's own, whatever a form says.
func TestAttachmentsOfAnArticle(t *testing.T) {
	h := newConsole(t)
	keys := []string{"aaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbb", "pppppppppppppppppppppppppp"}
	for i, f := range []files.File{{Name: "收支 表.pdf", Size: 34567, Kind: files.Attachment}, {Name: "名单.xlsx", Size: 3 << 20, Kind: files.Attachment}, {Name: "图.jpg", Kind: files.Picture}} {
		f.ID, f.Site = keys[i], h.sites["990101"].ID
		if err := h.db.AddFile(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	h.who = "editor"
	line := func(i int, name string) string {
		return "/files/" + keys[i] + "/" + url.PathEscape(name) + " 别的名字 · 1 KB\n"
	}
	form := []string{"title", "三季度收支", "slug", "news", "format", "html", "text", "", "do", "publish"}
	page, _, _ := strings.Cut(h.post("/admin/s/990101/new", append(form, "files", line(0, "收支 表.pdf")+line(1, "名单.xlsx")+line(0, "x"))...), "?")
	id, _ := strconv.ParseInt(strings.TrimPrefix(page, "/admin/articles/"), 10, 64)
	has := func(want ...content.Attachment) {
		t.Helper()
		a, err := h.db.Article(t.Context(), content.ArticleID(id))
		if err != nil || !slices.Equal(a.Live.Files, want) {
			t.Errorf("got %+v, %v, want %+v", a.Live.Files, err, want)
		}
	}
	pdf, list := content.Attachment{File: keys[0], Name: "收支 表.pdf", Size: 34567}, content.Attachment{File: keys[1], Name: "名单.xlsx", Size: 3 << 20}
	has(pdf, list)
	want(t, h.get(page), "收支 表.pdf · 34 KB", "名单.xlsx · 3.0 MB", `data-accept=".csv,.doc`)
	h.post(page, append(form, "version", h.version(page), "files", line(1, "名单.xlsx")+line(0, "收支 表.pdf"))...)
	has(list, pdf)
	h.post(page, append(form, "version", h.version(page))...) // a form without the field, as an older page has it
	has(list, pdf)
	for _, bad := range []string{line(2, "w960.webp"), "/files/zzzzzzzzzzzzzzzzzzzzzzzzzz/a.pdf", "https://example.org/a.pdf", "javascript:alert(1)"} {
		r := h.do(http.MethodPost, page, values(append(form, "version", h.version(page), "files", bad)))
		if got := body(r); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got, "附件") {
			t.Errorf("%s: got %d", bad, r.StatusCode)
		}
	}
}

// A public article is moved to another column of its kind by who may publish, and back by undo.
func TestAPublicArticleIsMovedToAnotherColumn(t *testing.T) {
	h := newConsole(t)
	h.who = "author"
	page, _, _ := strings.Cut(h.post("/admin/s/990101/new", "title", "放错了栏目", "slug", "news", "format", "html", "text", "<p>正文。</p>", "do", "submit"), "?")
	h.who = "editor"
	h.post(page, "version", h.version(page), "do", "publish")
	id := strings.TrimPrefix(page, "/admin/articles/")
	shown := h.get(page)
	want(t, shown, "移到别的栏目", `<option value="notices">`)
	lacks(t, shown, `form="write" name="refile" aria-label="栏目" aria-describedby="refile-help"><option value="album"`)
	to := h.post(page, "version", h.version(page), "do", "refile", "refile", "notices")
	slug := func() string {
		n, _ := strconv.ParseInt(id, 10, 64)
		a, err := h.db.Article(t.Context(), content.ArticleID(n))
		if err != nil || a.State != content.Published || a.Newest != 1 {
			t.Errorf("got %+v, %v", a, err)
		}
		return a.Slug
	}
	if got := slug(); got != "notices" {
		t.Errorf("got %q", got)
	}
	want(t, h.get(to), "已移到所选栏目", `name="refile" value="news"`)
	h.who = "author"
	lacks(t, h.get(page), "移到别的栏目")
	if r := h.do(http.MethodPost, page, values([]string{"version", h.version(page), "do", "refile", "refile", "news"})); r.StatusCode < 400 {
		t.Errorf("an author moves a public article: got %d", r.StatusCode)
	}
	h.who = "editor"
	h.post("/admin/undo", "do", "refile", "refile", "news", "id", id, "back", page)
	if got := slug(); got != "news" {
		t.Errorf("undone: got %q", got)
	}
	for _, other := range []string{"album", "nowhere", ""} {
		if r := h.do(http.MethodPost, page, values([]string{"version", h.version(page), "do", "refile", "refile", other})); r.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("into %q: got %d, want 422", other, r.StatusCode)
		}
	}
}
