package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"xianfeng/internal/metrics"
	"xianfeng/signaling/broadcast"
)

// What viewers report of a broadcast is seen in the console while it comes in, on the sites where somebody may read it.
func TestReceptionIsSeenInTheConsole(t *testing.T) {
	s, base := begin(t, "", nil)
	browser, post := administrator(t, s, base)
	post("/admin/s/51/live", url.Values{"do": {"now"}, "stream": {"hall"}, "title": {"<全省> 党课"}})
	var b broadcast.Broadcast
	for _, x := range s.network.air.Active() {
		b = x
	}
	page := func(path string) (int, string) {
		t.Helper()
		res, err := browser.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}

	console := socketPage(t, base, browser.Jar, http.Header{"Origin": {base}})
	view := follow(t, console, fmt.Sprintf("beacons:%d:51", b.ID))
	if now := figuresOf(t, view, "now"); now["reports"] != 0.0 {
		t.Errorf("before the first report: got %v", now)
	}
	viewer := socketPage(t, base, nil, http.Header{"Origin": {"https://partner.example"}})
	tell(t, viewer, fmt.Sprintf(`{"t":"do","id":1,"kind":"beacon","body":{"broadcast":%d,"site":"c1","via":"whep","error":-3.2,"stalls":1,"late":true,"rendition":"720p"}}`, b.ID))
	if m := heard(t, viewer); m["t"] != "done" || m["body"].(map[string]any)["next"] != 10_000.0 {
		t.Errorf("reporting: got %v", m)
	}
	tell(t, viewer, `{"t":"do","id":2,"kind":"beacon","body":{"broadcast":999}}`)
	if m := heard(t, viewer); m["t"] != "fail" || m["kind"] != "notfound" {
		t.Errorf("reporting on no broadcast: got %v", m)
	}
	now := figuresOf(t, heard(t, console), "now")
	if now["reports"] != 1.0 || now["late"] != 1.0 || now["stalls"] != 1.0 || now["errors"].([]any)[6] != 1.0 || now["via"].([]any)[0] != 1.0 {
		t.Errorf("told live: got %v", now)
	}
	tell(t, viewer, fmt.Sprintf(`{"t":"sub","id":3,"topic":"beacons:%d:51"}`, b.ID))
	if m := heard(t, viewer); m["t"] != "fail" || m["kind"] != "denied" {
		t.Errorf("a visitor follows the figures: got %v", m)
	}

	if code, text := page("/admin/s/51/reception"); code != http.StatusOK || !strings.Contains(text, "&lt;全省&gt; 党课") || strings.Contains(text, "<全省>") {
		t.Errorf("the list: got %d %s", code, text)
	}
	for site, reports := range map[string]string{"51": ">1<", "c1": ">1<", "c2": ">0<"} {
		code, text := page(fmt.Sprintf("/admin/s/%s/reception/%d", site, b.ID))
		if code != http.StatusOK || !strings.Contains(text, `data-figure="viewers"`+reports) {
			t.Errorf("%s: got %d %s", site, code, text)
		}
	}
	if code, text := page(fmt.Sprintf("/admin/s/51/reception/%d.csv", b.ID)); code != http.StatusOK || !strings.Contains(text, "\nc1,省,1,1,1,1,1,1,1,1,0,0,0,") {
		t.Errorf("export: got %d %s", code, text)
	}
	if code, _ := page("/admin/s/51/reception/999"); code != http.StatusNotFound {
		t.Errorf("of no broadcast: got %d", code)
	}
	if got := gathered(t, s); !strings.Contains(got, fmt.Sprintf(`xianfeng_broadcast_late_ratio{broadcast="%d"} 1`, b.ID)) || !strings.Contains(got, `xianfeng_beacons_total{transport="whep"} 1`) {
		t.Errorf("figures: got %s", got)
	}
}

// follow follows a topic and returns its first value.
func follow(t *testing.T, c *websocket.Conn, topic string) map[string]any {
	t.Helper()
	tell(t, c, fmt.Sprintf(`{"t":"sub","id":1,"topic":%q}`, topic))
	if m := heard(t, c); m["t"] != "done" {
		t.Fatalf("%s: got %v", topic, m)
	}
	return heard(t, c)
}

func figuresOf(t *testing.T, m map[string]any, name string) map[string]any {
	t.Helper()
	b, err := json.Marshal(m["body"])
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(b, &body); err != nil || m["t"] != "topic" {
		t.Fatalf("got %v, want a topic", m)
	}
	f, _ := body[name].(map[string]any)
	return f
}

// gathered is what a scrape would get of the parts.
func gathered(t *testing.T, s *server) string {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.Handler(s.hub, s.figures()...).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}
