package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/clean"
	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/internal/store"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
	"xianfeng/web"
	"xianfeng/web/admin"
	"xianfeng/web/editor"
	"xianfeng/web/kit"
	"xianfeng/web/portal"
)

var (
	now   = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	china = time.FixedZone("CST", 8*3600)
)

// consoleStand is a console over a small network in a database of its own.
type consoleStand struct {
	t       *testing.T
	dir     string
	clock   time.Time // of the console
	db      *store.DB
	network *site.Network
	desk    *content.Desk
	http    http.Handler
	console *admin.Server
	halls   *audience.Halls
	attend  *audience.Attendance
	who     string // who is signed in; "": nobody
	people  map[string]*site.Account
	sites   map[string]*site.Node
}

type onAir struct{}

func (onAir) Streams() []admin.Stream { return []admin.Stream{{Name: "hall", Live: true, Viewers: 3}} }

func newConsole(t *testing.T) *consoleStand {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	dir := t.TempDir()
	file := filepath.Join(dir, databaseFile)
	emptyNetwork.Copy(t, file)
	db, err := store.Open(ctx, "sqlite:"+file)
	must(err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	network, err := site.OpenNetwork(ctx, db)
	must(err)
	_, err = network.Save(ctx, site.Change{
		Sites: []site.Site{
			{Code: "99", Level: site.Province, Name: "青岚省", State: site.Active},
			{Code: "9901", Level: site.City, Name: "望川市", State: site.Active},
			{Code: "9902", Level: site.City, Name: "鹿鸣市", State: site.Active},
			{Code: "990101", Level: site.County, Name: "清溪区", State: site.Active},
		},
		Above: map[string]string{"9901": "99", "9902": "99", "990101": "9901"},
	})
	must(err)
	columns, err := content.OpenColumns(ctx, db, network)
	must(err)
	air, err := broadcast.Open(ctx, db, network)
	must(err)
	db.Listen(func(tags []string) { must(air.Changed(ctx, tags)) })
	h := &consoleStand{t: t, dir: dir, clock: now, db: db, network: network, people: map[string]*site.Account{}, sites: map[string]*site.Node{}}
	for _, n := range network.Tree().All() {
		h.sites[n.Code] = n
	}
	must(columns.Install(ctx, content.System(), h.sites["99"].ID))
	for login, g := range map[string]struct {
		role site.Role
		at   string
	}{
		"admin": {site.Administrator, "99"}, "city": {site.Administrator, "9901"}, "editor": {site.Editor, "9901"}, "author": {site.Author, "990101"},
		"reviewer": {site.Reviewer, "9901"}, "viewer": {site.Viewer, "9902"}, "other": {site.Editor, "9902"}, "operator": {site.Operator, "99"},
	} {
		a, err := db.SaveAccount(ctx, site.Account{Login: login, Name: "某" + login, Home: h.sites[g.at].ID})
		must(err)
		must(db.Grant(ctx, a.ID, site.Grant{Role: g.role, Site: h.sites[g.at].ID}))
		h.people[login], err = db.Account(ctx, a.ID)
		must(err)
	}
	h.desk = content.NewDesk(content.DeskConfig{Articles: db, Trails: db, Offers: db, Network: network, Columns: columns, Cleaner: clean.New(), Now: func() time.Time { return now }})
	k, err := kit.New(kit.Config{
		Mounts: []kit.Mount{web.Mount, portal.Mount, editor.Mount, admin.Mount},
		Session: func(*http.Request) kit.Visitor {
			a := h.people[h.who]
			if a == nil {
				return kit.Visitor{}
			}
			return kit.Visitor{Who: a.Who(), Name: a.Name, Login: a.Login, Home: a.Home}
		},
	})
	must(err)
	h.halls = audience.NewHalls(db, network, func() time.Time { return h.clock })
	h.attend = audience.NewAttendance(db, air, network, []byte("seal"), nil)
	s, err := admin.New(k, admin.Config{
		Network: network, Desk: h.desk, Columns: columns, Names: content.NewNames(network), People: people{db}, Log: auditLog{db}, Streams: onAir{},
		Links: content.NewLinks(db, network), Broadcasts: broadcast.NewDesk(db, network, air, nil), Programme: air, Halls: h.halls, Attendance: h.attend, Figures: content.NewFigures(db, network, china),
		Health: content.NewHealth(db, network, columns, nil), Backup: archive{db, dir}, Settings: db, Files: db, Zone: china, Now: func() time.Time { return h.clock },
	})
	must(err)
	t.Cleanup(s.Close)
	mux := http.NewServeMux()
	s.Routes(k.Router(mux))
	h.http, h.console = mux, s
	return h
}

func (h *consoleStand) do(method, address string, form url.Values, head ...string) *http.Response {
	h.t.Helper()
	r := httptest.NewRequest(method, address, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", "zh-CN")
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.http.ServeHTTP(w, r)
	return w.Result()
}

// get returns a page that must be there.
func (h *consoleStand) get(address string) string {
	h.t.Helper()
	r := h.do(http.MethodGet, address, nil)
	b := body(r)
	if r.StatusCode != http.StatusOK {
		h.t.Fatalf("%s reads %s: got %d, want 200\n%s", h.who, address, r.StatusCode, b)
	}
	return b
}

func personPage(id site.AccountID) string { return fmt.Sprintf("/admin/people/%d", id) }

func body(r *http.Response) string {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// post sends a form that must be taken, and returns where the browser is sent.
func (h *consoleStand) post(address string, pairs ...string) string {
	h.t.Helper()
	r := h.do(http.MethodPost, address, values(pairs))
	if r.StatusCode != http.StatusSeeOther {
		h.t.Fatalf("%s sends %s %v: got %d, want 303\n%s", h.who, address, pairs, r.StatusCode, body(r))
	}
	return r.Header.Get("Location")
}

func values(pairs []string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

var versionField = regexp.MustCompile(`name="version" value="(\d+)"`)

func (h *consoleStand) version(page string) string {
	h.t.Helper()
	m := versionField.FindStringSubmatch(h.get(page))
	if m == nil {
		h.t.Fatalf("%s has no version", page)
	}
	return m[1]
}

func want(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(page, p) {
			t.Errorf("the page lacks %q", p)
		}
	}
}

func lacks(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(page, p) {
			t.Errorf("the page has %q", p)
		}
	}
}

// Who may open which page of a site: the city's (9901) for all of them.
func TestPagesAreOpenToWhoMayUseThem(t *testing.T) {
	h := newConsole(t)
	pages := []string{"articles", "new", "columns", "links", "settings", "children", "import", "people", "live", "terminals", "stats", "stats.csv", "health", "audit", "audit.csv"}
	all := strings.Join(pages, " ")
	for who, may := range map[string]string{
		"admin": all, "city": all,
		"editor":   "articles new columns links live terminals stats stats.csv health",
		"reviewer": "articles stats stats.csv health",
		"operator": "live terminals",
		"author":   "", "viewer": "", "other": "",
	} {
		h.who = who
		inside := h.network.Tree().May(h.people[who].Who(), site.EnterConsole, site.Object{Site: h.sites["9901"].ID})
		for _, p := range pages {
			wanted := http.StatusForbidden
			switch {
			case !inside:
				wanted = http.StatusNotFound
			case strings.Contains(" "+may+" ", " "+p+" "):
				wanted = http.StatusOK
			}
			if got := h.do(http.MethodGet, "/admin/s/9901/"+p, nil).StatusCode; got != wanted {
				t.Errorf("%s opens %s: got %d, want %d", who, p, got, wanted)
			}
			if wanted != http.StatusOK {
				if got := h.do(http.MethodPost, "/admin/s/9901/"+p, url.Values{}).StatusCode; got == http.StatusSeeOther || got == http.StatusOK {
					t.Errorf("%s sends a form to %s: got %d", who, p, got)
				}
			}
		}
	}
}

func TestVisitorsAreSentToSignIn(t *testing.T) {
	h := newConsole(t)
	r := h.do(http.MethodGet, "/admin/s/99/articles?state=draft", nil)
	if got, want := r.Header.Get("Location"), "/sign/in?to=%2Fadmin%2Fs%2F99%2Farticles%3Fstate%3Ddraft"; r.StatusCode != http.StatusSeeOther || got != want {
		t.Errorf("got %d %s, want 303 %s", r.StatusCode, got, want)
	}
	if got := h.do(http.MethodPost, "/admin/post", url.Values{"text": {"x"}}).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("a form: got %d, want 401", got)
	}
	if got := h.do(http.MethodPost, "/admin/undo", url.Values{}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site").StatusCode; got != http.StatusForbidden {
		t.Errorf("a form of another site: got %d, want 403", got)
	}
}

// A site's code and host name are for those who look after the site above: a village could take the province's.
func TestAddressesAreGivenFromAbove(t *testing.T) {
	h := newConsole(t)
	page := "/admin/s/9901/settings"
	for _, x := range []struct {
		who, host string
	}{{"city", ""}, {"admin", "city.example"}} {
		h.who = x.who
		h.post(page, "version", h.version(page), "name", "新望川市", "code", "9901", "host", "city.example")
		if got := h.network.Tree().Get(h.sites["9901"].ID); got.Host != x.host || got.Name != "新望川市" {
			t.Errorf("%s gives a host name: got %q, %q, want %q", x.who, got.Host, got.Name, x.host)
		}
	}
}
