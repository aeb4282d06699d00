package hls

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/media"
)

func TestBlockingReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		x.play(3500 * time.Millisecond)
		s := x.snap()
		msn, part := s.msn, len(s.parts)

		ask := func(query string) chan *httptest.ResponseRecorder {
			ch := make(chan *httptest.ResponseRecorder, 1)
			go func() { ch <- x.request(t.Context(), http.MethodGet, "media.m3u8?"+query, nil) }() // ends with the answer
			synctest.Wait()
			return ch
		}
		waiting := func(ch chan *httptest.ResponseRecorder, what string, want bool) {
			t.Helper()
			synctest.Wait()
			if got := len(ch) == 0; got != want {
				t.Fatalf("%s: waits: got %v, want %v", what, got, want)
			}
		}
		next := ask(fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", msn, part))
		whole := ask(fmt.Sprintf("_HLS_msn=%d", msn))
		past := ask(fmt.Sprintf("_HLS_msn=%d&_HLS_part=7", msn)) // the segment will have five
		waiting(next, "next part", true)
		x.play(200 * time.Millisecond)
		waiting(next, "next part", false)
		if w := <-next; w.Code != 200 || !strings.Contains(w.Body.String(), fmt.Sprintf("_p%d.mp4\"\n", s.hint)) || w.Header().Get("Cache-Control") != "max-age=1" {
			t.Errorf("next part: got %d %v\n%s", w.Code, w.Header(), w.Body)
		}
		waiting(whole, "whole segment", true)
		x.play(400 * time.Millisecond)
		waiting(whole, "whole segment", false)
		waiting(past, "part past the end", true)
		x.play(200 * time.Millisecond)
		waiting(past, "part past the end", false)

		msn = x.snap().msn
		for query, want := range map[string]int{
			fmt.Sprintf("_HLS_msn=%d", msn+2):             400,
			fmt.Sprintf("_HLS_msn=%d&_HLS_part=0", msn+2): 400,
			fmt.Sprintf("_HLS_msn=%d&_HLS_part=99", msn):  400,
			fmt.Sprintf("_HLS_msn=%d", msn-1):             200,
			fmt.Sprintf("_HLS_msn=%d&_HLS_part=2", msn-1): 200,
			"_HLS_msn=1":                           200, // expired: the present playlist says where things are
			"_HLS_msn=1&_HLS_part=3&_HLS_skip=YES": 200,
		} {
			if w := x.request(t.Context(), http.MethodGet, "media.m3u8?"+query, nil); w.Code != want {
				t.Errorf("%s: got %d, want %d", query, w.Code, want)
			}
		}

		// A viewer who leaves does not go on waiting.
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan int, 1)
		go func() { // ends with ctx
			gone <- x.request(ctx, http.MethodGet, fmt.Sprintf("media.m3u8?_HLS_msn=%d", msn+1), nil).Code
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if len(gone) == 0 {
			t.Error("a cancelled request goes on waiting")
		}

		// Without a publisher the present playlist comes in time for players to ask again.
		stale := ask(fmt.Sprintf("_HLS_msn=%d", msn+1))
		time.Sleep(x.feed.patience() + time.Millisecond)
		waiting(stale, "outage", false)
		if w := <-stale; w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("outage: got %d, %v", w.Code, w.Header())
		}
	})
}

func TestHintedPartBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		x.play(3500 * time.Millisecond)
		hint := x.snap().hint
		if w := x.request(t.Context(), http.MethodGet, fileName(x.snap().id, 'p', hint+1), nil); w.Code != 404 {
			t.Errorf("the part after the hinted one: got %d, want 404", w.Code)
		}
		ch := make(chan *httptest.ResponseRecorder, 1)
		go func() { ch <- x.request(t.Context(), http.MethodGet, fileName(x.snap().id, 'p', hint), nil) }() // ends with the answer
		synctest.Wait()
		if len(ch) > 0 {
			t.Fatal("the hinted part was answered before it was there")
		}
		x.play(200 * time.Millisecond)
		w := <-ch
		p, ok := x.snap().findPart(hint)
		if w.Code != 200 || !ok || !bytes.Equal(w.Body.Bytes(), p.body) {
			t.Errorf("hinted part: got %d, %d bytes", w.Code, w.Body.Len())
		}
		go func() { ch <- x.request(t.Context(), http.MethodGet, fileName(x.snap().id, 'p', x.snap().hint), nil) }() // ends with the answer
		time.Sleep(x.feed.timeout() + time.Second)
		if w := <-ch; w.Code != 404 {
			t.Errorf("a hinted part that never comes: got %d, want 404", w.Code)
		}
	})
}

func TestOnePartWakesAThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		x.play(3500 * time.Millisecond)
		s := x.snap()
		query := fmt.Sprintf("media.m3u8?_HLS_msn=%d&_HLS_part=%d", s.msn, len(s.parts))
		var wg sync.WaitGroup
		var mu sync.Mutex
		bodies := map[string]int{}
		for i := range 1000 {
			wg.Go(func() { // ends with the answer
				w := x.request(t.Context(), http.MethodGet, query, header{"User-Agent": fmt.Sprint(i), "Accept-Encoding": "gzip"})
				mu.Lock()
				defer mu.Unlock()
				bodies[w.Body.String()]++
			})
		}
		synctest.Wait()
		if len(bodies) > 0 {
			t.Fatal("answered too early")
		}
		if got := x.pub.Stream().Info(false).Viewers; got != 1000 {
			t.Errorf("viewers: got %d, want 1000", got)
		}
		x.play(200 * time.Millisecond)
		wg.Wait()
		if len(bodies) != 1 {
			t.Errorf("got %d different answers, want one", len(bodies))
		}
	})
}

func TestFirstRequestWaitsForTheFirstPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		codes := make(chan [2]int, 1)
		go func() { // ends with the second answer
			a := x.request(t.Context(), http.MethodGet, "index.m3u8", nil).Code
			b := x.request(t.Context(), http.MethodGet, "media.m3u8", nil).Code
			codes <- [2]int{a, b}
		}()
		synctest.Wait()
		x.play(1200 * time.Millisecond) // one segment is enough
		if got := <-codes; got != [2]int{200, 200} {
			t.Errorf("got %v, want 200 twice", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{})
		began := time.Now()
		w := x.request(t.Context(), http.MethodGet, "index.m3u8", nil)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("not ready: got %d, %v", w.Code, w.Header())
		}
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("waited %v, want 10 s", d)
		}
	})
}

func TestCloseReleasesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := media.NewHub(media.HubConfig{})
		defer hub.Close()
		s := New(hub, openGate, Config{})
		x := &stand{server: s, pub: publish(t, hub, "cam", []media.Track{videoTrack()})}
		began := time.Now()
		codes := make(chan int, 20)
		for i := range cap(codes) {
			go func() { // ends with the answer
				codes <- x.request(t.Context(), http.MethodGet, []string{"index.m3u8", "media.m3u8"}[i%2], nil).Code
			}()
		}
		synctest.Wait()
		s.Close()
		for range cap(codes) {
			if got := <-codes; got != http.StatusNotFound {
				t.Errorf("got %d, want 404", got)
			}
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("took %v", d)
		}
	})
}
