package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"xianfeng/media"
)

func TestStreamsInJSON(t *testing.T) {
	h, hub := newServer(t, nil)
	p := publish(t, hub, "hall")
	x, err := p.Stream().NewSession("whep", "198.51.100.1:5000", nil)
	if err != nil {
		t.Fatal(err)
	}
	operator := header{"Authorization": "Bearer " + operatorKey}

	list := decode[struct {
		Now     int64
		Streams []media.StreamInfo
	}](t, do(t, h, "GET", "/api/streams", operator, ""))
	if list.Now == 0 || len(list.Streams) != 1 || list.Streams[0].Name != "hall" || list.Streams[0].Publisher.Remote != "192.0.2.7:4000" {
		t.Errorf("list: got %+v", list)
	}
	one := decode[streamAnswer](t, do(t, h, "GET", "/api/streams/hall", operator, ""))
	if len(one.Sessions) != 1 || one.Sessions[0].ID != x.ID || one.Readers["whep"] != 1 || !one.Live || one.Now == 0 {
		t.Errorf("one: got %+v", one)
	}
	for _, path := range []string{"/api/streams/hall", "/live/hall/status"} {
		public := decode[streamAnswer](t, do(t, h, "GET", path, nil, ""))
		if public.Sessions != nil || public.Publisher.Remote != "" || public.Viewers != 1 || len(public.Tracks) != 2 {
			t.Errorf("GET %s in public: got %+v", path, public)
		}
	}
	for path, want := range map[string]int{
		"/api/streams/nobody": 404, "/api/streams/" + strings.Repeat("x", 10_000): 400,
		"/live/..%2F/status": 400, "/api/nothing": 404,
	} {
		r := do(t, h, "GET", path, nil, "")
		if got := decode[map[string]string](t, r); r.StatusCode != want || got["error"] == "" {
			t.Errorf("GET %.40s: got %d %v, want %d and a reason", path, r.StatusCode, got, want)
		}
	}
	if r := do(t, h, "HEAD", "/api/streams/hall", nil, ""); r.StatusCode != 200 {
		t.Errorf("HEAD: got %d, want 200", r.StatusCode)
	}
	if r := do(t, h, "POST", "/api/streams", nil, ""); r.StatusCode != 405 || r.Header.Get("Allow") != "GET" {
		t.Errorf("POST: got %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
}

// TestStatusOfAnAbsentStream: players are told with 200, unless they may not know.
func TestStatusOfAnAbsentStream(t *testing.T) {
	sources := &sourceList{}
	if err := sources.Add(Source{Name: "cam", OnDemand: true}); err != nil {
		t.Fatal(err)
	}
	h, _ := newServer(t, func(c *Config) { c.Gate, c.Sources = needKey, sources })
	for name, onDemand := range map[string]bool{"nobody": false, "cam": true} {
		path := "/live/" + name + "/status"
		r := do(t, h, "GET", path, header{"Authorization": "Bearer read"}, "")
		if got := decode[statusAnswer](t, r); r.StatusCode != 200 || got.Live || !got.Absent || got.OnDemand != onDemand || got.Name != name || got.Tracks == nil || got.Now == 0 {
			t.Errorf("GET %s: got %d %+v", path, r.StatusCode, got)
		}
		if r := do(t, h, "GET", path, nil, ""); r.StatusCode != 401 || strings.Contains(text(t, r), "absent") {
			t.Errorf("GET %s without the key: got %d, want 401", path, r.StatusCode)
		}
	}
}

func TestOnlyTheOperatorCloses(t *testing.T) {
	local := header{"Remote": "127.0.0.1:999", "Host": "localhost:8080"}
	for _, c := range []struct {
		name   string
		apiKey string
		open   bool
		head   header
		want   int
	}{
		{"no key sent", operatorKey, false, nil, 401},
		{"wrong key", operatorKey, false, header{"Authorization": "Bearer wrong"}, 403},
		{"empty key sent, none configured", "", false, header{"Authorization": "Bearer "}, 403},
		{"basic instead of bearer", operatorKey, false, header{"Authorization": "Basic " + operatorKey}, 401},
		{"right key", operatorKey, false, header{"Authorization": "bearer " + operatorKey}, 204},
		{"open, from here", "", true, local, 204},
		{"not open, from here", "", false, local, 403},
		{"open, from elsewhere", "", true, header{"Remote": "192.0.2.1:999", "Host": "localhost"}, 403},
		{"open, from here under another name", "", true, header{"Remote": "127.0.0.1:999", "Host": "evil.example"}, 403},
		{"open, a page of another site", "", true, header{"Remote": "[::1]:999", "Host": "[::1]:8080", "Sec-Fetch-Site": "cross-site"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, hub := newServer(t, func(cfg *Config) { cfg.APIKey, cfg.Open = c.apiKey, c.open })
			s := publish(t, hub, "hall").Stream()
			r := do(t, h, "DELETE", "/api/streams/hall", c.head, "")
			if r.StatusCode != c.want {
				t.Errorf("got %d, want %d", r.StatusCode, c.want)
			}
			if ended := s.Ended() != nil; ended != (c.want == 204) {
				t.Errorf("the stream ended: %t", ended)
			}
			if c.want == 401 && r.Header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}

func TestOneReaderIsClosed(t *testing.T) {
	h, hub := newServer(t, nil)
	s := publish(t, hub, "hall").Stream()
	var got error
	x, err := s.NewSession("whep", "", func(err error) { got = err })
	if err != nil {
		t.Fatal(err)
	}
	operator := header{"Authorization": "Bearer " + operatorKey}
	if r := do(t, h, "DELETE", "/api/streams/hall/sessions/"+x.ID, nil, ""); r.StatusCode != 401 || got != nil {
		t.Errorf("without key: got %d, closed with %v", r.StatusCode, got)
	}
	if r := do(t, h, "DELETE", "/api/streams/hall/sessions/unknown", operator, ""); r.StatusCode != 404 {
		t.Errorf("unknown session: got %d, want 404", r.StatusCode)
	}
	if r := do(t, h, "DELETE", "/api/streams/hall/sessions/"+x.ID, operator, ""); r.StatusCode != 204 || !errors.Is(got, media.ErrKicked) {
		t.Errorf("got %d, closed with %v", r.StatusCode, got)
	}
}

// sourceList is a Sources in memory.
type sourceList []Source

func (l *sourceList) List() []Source { return *l }

func (l *sourceList) Add(s Source) error {
	for _, x := range *l {
		if x.Name == s.Name {
			return media.ErrBusy
		}
	}
	*l = append(*l, s)
	return nil
}

func (l *sourceList) Remove(name string) error {
	for i, x := range *l {
		if x.Name == name {
			*l = append((*l)[:i], (*l)[i+1:]...)
			return nil
		}
	}
	return media.ErrNotFound
}

func TestSources(t *testing.T) {
	h, _ := newServer(t, func(c *Config) { c.Sources = &sourceList{} })
	operator := header{"Authorization": "Bearer " + operatorKey}
	for _, c := range []struct {
		method, path, body string
		head               header
		want               int
	}{
		{"GET", "/api/sources", "", nil, 401},
		{"POST", "/api/sources", `{"name":"cam","address":"rtsp://c/"}`, nil, 401},
		{"POST", "/api/sources", `{"name":"cam","address":"rtsp://c/"}`, operator, 201},
		{"POST", "/api/sources", `{"name":"cam","address":"rtsp://c/"}`, operator, 409},
		{"POST", "/api/sources", `{"name":"../cam","address":"rtsp://c/"}`, operator, 400},
		{"POST", "/api/sources", `{"name":"cam2"}`, operator, 400},
		{"POST", "/api/sources", `{"name":"cam3","address":"x","live":true}`, operator, 400},
		{"POST", "/api/sources", `{"name":"` + strings.Repeat("a", 1<<20), operator, 400},
		{"GET", "/api/sources", "", operator, 200},
		{"DELETE", "/api/sources/cam", "", nil, 401},
		{"DELETE", "/api/sources/cam", "", operator, 204},
		{"DELETE", "/api/sources/cam", "", operator, 404},
		{"PUT", "/api/sources", "", operator, 405},
	} {
		if r := do(t, h, c.method, c.path, c.head, c.body); r.StatusCode != c.want {
			t.Errorf("%s %s %.40s: got %d, want %d", c.method, c.path, c.body, r.StatusCode, c.want)
		}
	}
	h, _ = newServer(t, nil)
	if r := do(t, h, "POST", "/api/sources", operator, `{}`); r.StatusCode != 501 {
		t.Errorf("without sources: got %d, want 501", r.StatusCode)
	}
}

func TestHealth(t *testing.T) {
	var notReady error
	h, _ := newServer(t, func(c *Config) { c.Ready = func() error { return notReady } })
	if r := do(t, h, "GET", "/readyz", nil, ""); r.StatusCode != 200 {
		t.Errorf("ready: got %d", r.StatusCode)
	}
	notReady = errors.New("RTSP: the port is taken")
	if r := do(t, h, "GET", "/readyz", nil, ""); r.StatusCode != 503 || !strings.Contains(text(t, r), "taken") {
		t.Errorf("not ready: got %d", r.StatusCode)
	}
	if r := do(t, h, "GET", "/healthz", nil, ""); r.StatusCode != http.StatusOK || text(t, r) != "ok\n" {
		t.Errorf("health: got %d", r.StatusCode)
	}
}
