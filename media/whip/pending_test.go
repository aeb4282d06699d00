package whip

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"xianfeng/media"
	"xianfeng/media/rtc"
)

// waits is how many publishers hold a place, of a stream and in all.
func (w *world) waits(name string) (of, all int) {
	w.whip.mu.Lock()
	defer w.whip.mu.Unlock()
	return w.whip.waiting[name], w.whip.pending
}

func TestPublishersThatDoNotConnectAreBounded(t *testing.T) {
	w := newWorld(t, Config{MaxPending: 3, MaxPendingOf: 2})
	w.sender("live", webrtc.MimeTypeVP8, "")
	if _, all := w.waits("live"); all != 0 {
		t.Errorf("a publisher whose stream has begun holds a place")
	}
	post := func(name string) answer {
		return w.do("POST", "/live/"+name+"/whip", typeSDP, chromiumOffer)
	}
	refused := func(name string) {
		t.Helper()
		if a := post(name); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "1" || !strings.HasSuffix(a.problem.Type, ":limit") {
			t.Errorf("%s: got %d %s, want 503", name, a.status, a.body)
		}
	}
	begun := func(name string) string {
		t.Helper()
		a := post(name)
		if a.status != http.StatusCreated {
			t.Fatalf("%s: got %d %s", name, a.status, a.body)
		}
		return a.header.Get("Location")
	}
	first := begun("a")
	begun("a")
	refused("a")
	begun("b")
	refused("c") // no place in all
	w.do("DELETE", first, "", "")
	eventually(t, "the place is free", func() bool { of, all := w.waits("a"); return of == 1 && all == 2 })
	begun("c")
	// An offer that is refused holds nothing.
	if a := w.do("POST", "/live/d/whip", typeSDP, strings.ReplaceAll(chromiumOffer, "sendonly", "recvonly")); a.status == http.StatusCreated {
		t.Error("an offer that sends nothing was taken")
	}
	w.whip.Close()
	if _, all := w.waits("a"); all != 0 || len(w.whip.waiting) != 0 {
		t.Errorf("%d places are held after the end", all)
	}
}

func TestViewersThatDoNotConnectAreTurnedAwayForAMoment(t *testing.T) {
	w := newWorld(t, Config{})
	small := rtc.New(rtc.Config{Address: "127.0.0.1:0", MaxHandshakesOf: 1})
	if err := small.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(small.Close)
	w.sender("cam", webrtc.MimeTypeVP8, "")
	s := New(w.hub, media.GateFunc(func(media.Access) error { return nil }), small, Config{})
	t.Cleanup(s.Close)
	w.serve(s)
	offer := strings.ReplaceAll(chromiumOffer, "sendonly", "recvonly")
	if a := w.do("POST", "/live/cam/whep", typeSDP, offer); a.status != http.StatusCreated {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if a := w.do("POST", "/live/cam/whep", typeSDP, offer); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "1" {
		t.Errorf("got %d %s, want 503", a.status, a.body)
	}
}

func TestOffersThatCanNotWorkAreRefused(t *testing.T) {
	w := newWorld(t, Config{})
	w.sender("cam", webrtc.MimeTypeVP8, "")
	for name, edit := range map[string][]string{
		"no user":          {"a=ice-ufrag:", "a=x-ufrag:"},
		"no password":      {"a=ice-pwd:", "a=x-pwd:"},
		"long user":        {"ufrag:o6Qq", "ufrag:" + strings.Repeat("a", 257)},
		"bad user":         {"ufrag:o6Qq", "ufrag:o6 q"},
		"no fingerprint":   {"a=fingerprint:", "a=x-fingerprint:"},
		"short":            {"sha-256 12:5E:", "sha-256 "},
		"no hexadecimal":   {"sha-256 12:", "sha-256 ZZ:"},
		"another's length": {"sha-256 ", "sha-512 "},
		"md5": {
			"sha-256 12:5E:45:0A:9C:AF:BE:8A:FE:47:7B:F8:FA:79:6F:54:B8:BC:FE:B7:E4:61:F5:90:A4:C2:6F:3E:6D:84:85:8A",
			"md5 12:5E:45:0A:9C:AF:BE:8A:FE:47:7B:F8:FA:79:6F:54",
		},
		"no multiplexing": {"a=rtcp-mux\r\n", ""},
		"passive":         {"setup:actpass", "setup:passive"},
	} {
		sends := strings.NewReplacer(edit...).Replace(chromiumOffer)
		for path, offer := range map[string]string{
			"/live/new/whip": sends,
			"/live/cam/whep": strings.ReplaceAll(sends, "sendonly", "recvonly"),
		} {
			a := w.do("POST", path, typeSDP, offer)
			if a.status != http.StatusBadRequest || !strings.HasSuffix(a.problem.Type, ":offer") || a.problem.Detail == "" {
				t.Errorf("%s, %s: got %d %s, want 400", name, path, a.status, a.body)
			}
		}
	}
}
