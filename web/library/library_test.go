package library_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/recordings"
	"xianfeng/web/kit"
	"xianfeng/web/library"
)

const itemID = "aaaabbbbccccddddeeee"

type items struct{ it *recordings.Item }

func (x items) Item(_ context.Context, id string) (*recordings.Item, error) {
	if id != itemID {
		return nil, fmt.Errorf("item %s: %w", id, errs.NotFound)
	}
	return x.it, nil
}

type piece struct{ *bytes.Reader }

func (piece) Close() error { return nil }

func (x items) Piece(_ context.Context, id, name string) (recordings.Content, error) {
	if id != itemID || name != "s0.mp4" {
		return nil, fmt.Errorf("piece: %w", errs.NotFound)
	}
	return piece{bytes.NewReader([]byte("0123456789"))}, nil
}

var now = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)

func serve(t *testing.T, it *recordings.Item) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{Mounts: []kit.Mount{library.Mount}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := library.New(library.Config{Kit: k, Items: items{it}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Routes(k.Router(mux))
	return mux
}

func get(t *testing.T, h http.Handler, path string, lines ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(lines); i += 2 {
		r.Header.Set(lines[i], lines[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func example() *recordings.Item {
	return &recordings.Item{
		ID: itemID, Title: "一 <script>课", Origin: recordings.FromBroadcast, Created: now, Began: now, Inits: 2, Duration: 9 * time.Second,
		Tracks: []recordings.Track{{Codec: "H264", MIME: "avc1.42c01f", Width: 640, Height: 360}},
		Segments: []recordings.Segment{
			{Duration: 4 * time.Second, Size: 10, At: now.UnixMilli()},
			{Duration: 2500 * time.Millisecond, Size: 10, At: now.UnixMilli() + 4000},
			{Duration: 2500 * time.Millisecond, Size: 10, At: now.UnixMilli() + 60_000, Init: 1, Break: true},
		},
	}
}

func TestPlaylistIsTheSameForEverybody(t *testing.T) {
	const want = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="i0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T08:00:00.000Z
#EXTINF:4.000000,
s0.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T08:00:04.000Z
#EXTINF:2.500000,
s1.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="i1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T08:01:00.000Z
#EXTINF:2.500000,
s2.mp4
#EXT-X-ENDLIST
`
	var tag string
	for range 2 {
		r := get(t, serve(t, example()), "/library/"+itemID+"/index.m3u8")
		if got := body(t, r); got != want || r.StatusCode != http.StatusOK {
			t.Errorf("got %d %s", r.StatusCode, got)
		}
		if e := r.Header.Get("Etag"); tag != "" && e != tag {
			t.Errorf("two tags: %s, %s", tag, e)
		} else {
			tag = e
		}
	}
	if r := get(t, serve(t, example()), "/library/"+itemID+"/index.m3u8", "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
		t.Errorf("got %d for what is known", r.StatusCode)
	}
	growing := example()
	growing.Open, growing.Touched = true, now
	r := get(t, serve(t, growing), "/library/"+itemID+"/index.m3u8")
	if got := body(t, r); strings.Contains(got, "ENDLIST") || r.Header.Get("Cache-Control") != "max-age=1" {
		t.Errorf("while it grows: %v %s", r.Header, got)
	}
}

func TestSegmentsAreForEver(t *testing.T) {
	h := serve(t, example())
	r := get(t, h, "/library/"+itemID+"/s0.mp4", "Range", "bytes=2-5")
	if got := body(t, r); got != "2345" || r.StatusCode != http.StatusPartialContent || r.Header.Get("Content-Range") != "bytes 2-5/10" {
		t.Errorf("got %d, %q, %v", r.StatusCode, got, r.Header)
	}
	r = get(t, h, "/library/"+itemID+"/s0.mp4")
	if !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Content-Type") != "video/mp4" {
		t.Errorf("got %v", r.Header)
	}
	if r = get(t, h, "/library/"+itemID+"/s0.mp4", "If-None-Match", r.Header.Get("Etag")); r.StatusCode != http.StatusNotModified {
		t.Errorf("got %d for what is known", r.StatusCode)
	}
	for _, path := range []string{"/s1.mp4", "/item.json", "/.part-1", "/x"} {
		if r := get(t, h, "/library/"+itemID+path); r.StatusCode != http.StatusNotFound || strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: got %d, %v", path, r.StatusCode, r.Header)
		}
	}
	if r := get(t, h, "/library/zzzzzzzzzzzzzzzzzzzz/index.m3u8"); r.StatusCode != http.StatusNotFound {
		t.Errorf("got %d for what is not there", r.StatusCode)
	}
}

func TestPageSaysWhatItIs(t *testing.T) {
	h := serve(t, example())
	for _, x := range []struct{ lang, want string }{{"zh-CN", "直播时间"}, {"en", "Broadcast"}} {
		r := get(t, h, "/library/"+itemID, "Accept-Language", x.lang, "Accept", "text/html")
		b := body(t, r)
		if r.StatusCode != http.StatusOK || !strings.Contains(b, x.want) || !strings.Contains(b, "一 &lt;script&gt;课") || strings.Contains(b, "<script>课") {
			t.Errorf("%s: got %d: %s", x.lang, r.StatusCode, b)
		}
	}
	if r := get(t, h, "/library/nothingofthekindhere", "Accept", "text/html"); r.StatusCode != http.StatusNotFound {
		t.Errorf("got %d", r.StatusCode)
	}
}
