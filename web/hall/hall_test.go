package hall_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/audience/keeptest"
	"xianfeng/signaling/broadcast"
	broadcasttest "xianfeng/signaling/broadcast/keeptest"
	"xianfeng/web"
	"xianfeng/web/hall"
	"xianfeng/web/kit"
	"xianfeng/web/portal"
)

type network struct{ tree *site.Tree }

func (n network) Tree() *site.Tree { return n.tree }

const village site.ID = 2

// room is a server with one village, and a broadcast on air of the county above it.
type room struct {
	t     *testing.T
	h     http.Handler
	halls *audience.Halls
	list  *audience.Attendance
	b     broadcast.Broadcast
	jar   map[string]string // cookies of a browser
}

var editor = audience.Actor{Who: site.Who{Account: 9, Grants: []site.Grant{{Role: site.Editor, Site: 1}}}, Remote: "192.0.2.1"}

func open(t *testing.T) *room {
	t.Helper()
	tree, err := site.NewTree([]site.Site{
		{ID: 1, Code: "990101", Level: site.County, Name: "县"}, {ID: village, Parent: 1, Code: "990101001001", Level: site.Village, Name: "云溪村"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, keep := network{tree}, &broadcasttest.Memory{}
	air, err := broadcast.Open(t.Context(), keep, n)
	if err != nil {
		t.Fatal(err)
	}
	desk := broadcast.NewDesk(keep, n, air, nil)
	b, err := desk.StartNow(t.Context(), editor, broadcast.Broadcast{Site: 1, Title: "<大会>", Source: broadcast.Source{Kind: broadcast.Stream, Name: "hall"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := air.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	people := &keeptest.Memory{}
	r := &room{t: t, halls: audience.NewHalls(people, n, nil), list: audience.NewAttendance(people, air, n, []byte("s"), nil), b: b, jar: map[string]string{}}
	k, err := kit.New(kit.Config{Mounts: []kit.Mount{hall.Mount, web.Mount, portal.Mount}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := hall.New(hall.Config{Kit: k, Halls: r.halls, Attendance: r.list, Programme: air, Tree: n.Tree, Remote: func(*http.Request) string { return "192.0.2.9" }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Routes(k.Router(mux))
	r.h = mux
	return r
}

func (r *room) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	r.t.Helper()
	q := httptest.NewRequest(method, "http://hall.test"+path, strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.Header.Set("Accept", "text/html")
	for name, value := range r.jar {
		q.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	r.h.ServeHTTP(w, q)
	for _, c := range w.Result().Cookies() {
		r.jar[c.Name] = c.Value
	}
	return w
}

func TestAScreenAndWhoSitsBeforeIt(t *testing.T) {
	r := open(t)
	if w := r.do("GET", "/terminal", nil); w.Code != 200 || !strings.Contains(w.Body.String(), `name="code"`) {
		t.Fatalf("the form: %d %s", w.Code, w.Body)
	}
	if w := r.do("POST", "/terminal", url.Values{"code": {"00000000"}}); w.Code != 422 || !strings.Contains(w.Body.String(), "登录码不对") {
		t.Errorf("a wrong code: %d", w.Code)
	}
	if w := r.do("POST", "/terminal/now", nil); w.Code != 404 {
		t.Errorf("a screen that is not signed in asks: %d", w.Code)
	}
	x, code, err := r.halls.Add(t.Context(), editor, village, "活动室")
	if err != nil {
		t.Fatal(err)
	}
	if w := r.do("POST", "/terminal", url.Values{"code": {code}}); w.Code != 303 {
		t.Fatalf("the code: %d %s", w.Code, w.Body)
	}
	w := r.do("GET", "/terminal", nil)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "云溪村") || !strings.Contains(w.Body.String(), ">English</a>") || strings.Contains(w.Body.String(), "<大会>") {
		t.Fatalf("the screen: %d %s", w.Code, w.Body)
	}

	w = r.do("POST", "/terminal/now", url.Values{"showing": {r.b.ID.String()}})
	var now struct {
		On     []broadcast.Card
		Ticket string
		QR     string
		People int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &now); err != nil || len(now.On) != 1 || !strings.HasPrefix(now.QR, "<svg") {
		t.Fatalf("now: %v %s", err, w.Body)
	}
	path := regexp.MustCompile(`^http://hall\.test(/attend/[\w-]+)$`).FindStringSubmatch(now.Ticket)
	if path == nil {
		t.Fatalf("the ticket leads to %q", now.Ticket)
	}
	phone := &room{t: t, h: r.h, jar: map[string]string{}}
	if w := phone.do("POST", path[1], url.Values{"name": {"王芳"}}); w.Code != 422 || !strings.Contains(w.Body.String(), "Cookie") {
		t.Errorf("without cookies: %d", w.Code)
	}
	if w := phone.do("GET", path[1], nil); w.Code != 200 || !strings.Contains(w.Body.String(), "&lt;大会&gt;") {
		t.Fatalf("the form on the telephone: %d %s", w.Code, w.Body)
	}
	if w := phone.do("POST", path[1], url.Values{"name": {""}, "phone": {"<b>"}}); w.Code != 422 || !strings.Contains(w.Body.String(), "请填写。") || strings.Contains(w.Body.String(), `"<b>`) {
		t.Errorf("nothing entered: %d %s", w.Code, w.Body)
	}
	for range 2 { // twice is once
		if w := phone.do("POST", path[1], url.Values{"name": {"王芳"}, "phone": {"13900000000"}}); w.Code != 200 || !strings.Contains(w.Body.String(), "王芳，签到成功") {
			t.Fatalf("signed in: %d %s", w.Code, w.Body)
		}
	}
	if err := json.Unmarshal(r.do("POST", "/terminal/now", nil).Body.Bytes(), &now); err != nil || now.People != 1 {
		t.Errorf("%v, %d signed in, want 1", err, now.People)
	}
	shown, people, err := r.list.People(t.Context(), editor, r.b.ID)
	if err != nil || len(shown) != 1 || len(people) != 1 || people[0].Name != "王芳" {
		t.Errorf("got %+v, %+v, %v", shown, people, err)
	}
	if w := phone.do("GET", "/attend/made-up", nil); w.Code != 404 || !strings.Contains(w.Body.String(), "二维码已过期") {
		t.Errorf("a made-up ticket: %d", w.Code)
	}

	if _, err := r.halls.Remove(t.Context(), editor, x.ID); err != nil {
		t.Fatal(err)
	}
	if w := r.do("POST", "/terminal/now", nil); w.Code != 404 {
		t.Errorf("a screen that was signed out in the console: %d", w.Code)
	}
}

// TestAScreenCountsWhatItsSiteShows: a screen that says it shows something else counts nowhere.
func TestAScreenCountsWhatItsSiteShows(t *testing.T) {
	r := open(t)
	_, code, err := r.halls.Add(t.Context(), editor, village, "活动室")
	if err != nil {
		t.Fatal(err)
	}
	r.do("POST", "/terminal", url.Values{"code": {code}})
	for _, id := range []string{"", "0", "x", "99", "-1"} {
		if w := r.do("POST", "/terminal/now", url.Values{"showing": {id}}); w.Code != 200 {
			t.Errorf("%q: %d", id, w.Code)
		}
	}
	if shown, _, err := r.list.People(t.Context(), editor, r.b.ID); err != nil || len(shown) != 0 {
		t.Errorf("got %+v, %v", shown, err)
	}
	if w := r.do("POST", "/terminal", url.Values{"code": {strings.Repeat("1", 1<<20)}}); w.Code != 422 {
		t.Errorf("a code of a megabyte: %d", w.Code)
	}
	for n := range 6 {
		want := 422
		if n >= 4 { // one is used up above
			want = http.StatusTooManyRequests
		}
		if w := r.do("POST", "/terminal", url.Values{"code": {"1"}}); w.Code != want {
			t.Errorf("guess %d: %d, want %d", n, w.Code, want)
		}
	}
}
