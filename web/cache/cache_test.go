package cache

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// page is a render that says text and depends on tags.
func page(text string, tags ...string) Render {
	return func(_ context.Context, d *Deps) (Page, error) {
		d.On(tags...)
		return Page{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(text)}, nil
	}
}

func ask(t *testing.T, c *Cache, key string, render Render, head ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	if err := c.Serve(w, r, []byte(key), render); err != nil {
		t.Fatal(err)
	}
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageIsKeptUntilItsTagIsBumped(t *testing.T) {
	c := New(Config{})
	say := func(want, render string) {
		t.Helper()
		if got := text(t, ask(t, c, "k", page(render, "list:1:news", "article:7"))); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	say("one", "one")
	say("one", "two")
	c.Bump([]string{"article:8"})
	say("one", "two")
	c.Bump([]string{"article:7"})
	say("two", "two")
	c.Bump([]string{"network"})
	say("three", "three")
	if s := c.Stats(); s.Hits != 2 || s.Misses != 3 || s.Pages != 1 {
		t.Errorf("stats: got %+v", s)
	}
}

func TestEncodingsAndConditions(t *testing.T) {
	c := New(Config{})
	long := strings.Repeat("美好乡村 ", 500)
	ask(t, c, "k", page(long))
	plain := ask(t, c, "k", nil)
	if text(t, plain) != long || plain.Header.Get("Content-Encoding") != "" {
		t.Errorf("plain: got %v", plain.Header)
	}
	zipped := ask(t, c, "k", nil, "Accept-Encoding", "br;q=1, GZIP;q=0.5")
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != long {
		t.Errorf("unzipped: %d bytes, %v", len(b), err)
	}
	a, b := plain.Header.Get("ETag"), zipped.Header.Get("ETag")
	if a == b || strings.HasPrefix(a, "W/") {
		t.Errorf("tags: got %s and %s, want two strong ones", a, b)
	}
	for _, known := range []string{a, b, `"x", ` + a, "W/" + b, "*"} {
		r := ask(t, c, "k", nil, "If-None-Match", known)
		if r.StatusCode != http.StatusNotModified || text(t, r) != "" || r.Header.Get("ETag") != a {
			t.Errorf("If-None-Match %s: got %d %v", known, r.StatusCode, r.Header)
		}
	}
	for _, no := range []string{"gzip;q=0", "gzip; q=0.000", "identity", "", "gzipped"} {
		if r := ask(t, c, "k", nil, "Accept-Encoding", no, "If-None-Match", `"other"`); r.Header.Get("Content-Encoding") != "" || r.StatusCode != http.StatusOK {
			t.Errorf("Accept-Encoding %q: got %d %v", no, r.StatusCode, r.Header)
		}
	}
}

func TestPageEnds(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	c := New(Config{Now: func() time.Time { return now }})
	render := func(body string) Render {
		return func(_ context.Context, d *Deps) (Page, error) {
			d.Until(time.Time{})
			d.Until(now.Add(time.Hour))
			d.Until(now.Add(2 * time.Hour))
			return Page{Status: http.StatusOK, Body: []byte(body)}, nil
		}
	}
	ask(t, c, "k", render("before"))
	now = now.Add(59 * time.Minute)
	if got := text(t, ask(t, c, "k", render("after"))); got != "before" {
		t.Errorf("a minute early: got %q", got)
	}
	now = now.Add(time.Minute)
	if got := text(t, ask(t, c, "k", render("after"))); got != "after" {
		t.Errorf("in time: got %q", got)
	}
}

func TestOldPageStandsInForOneThatFails(t *testing.T) {
	now := time.Unix(1e9, 0)
	c := New(Config{Now: func() time.Time { return now }})
	broken := func(context.Context, *Deps) (Page, error) { return Page{}, errors.New("the database is gone") }
	ask(t, c, "k", page("old", "a"))
	c.Bump([]string{"a"})
	for range 2 {
		if got := text(t, ask(t, c, "k", broken)); got != "old" {
			t.Errorf("got %q, want the old page", got)
		}
		now = now.Add(staleFor)
	}
	now = now.Add(time.Second)
	if err := c.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), []byte("k"), broken); err == nil {
		t.Error("after ten minutes: got no error")
	}
	if got := text(t, ask(t, c, "k", page("new", "a"))); got != "new" {
		t.Errorf("mended: got %q", got)
	}
	if c.Stats().Stale != 2 {
		t.Errorf("stale: got %d, want 2", c.Stats().Stale)
	}
}

func TestWhatIsGoneIsGoneAtOnce(t *testing.T) {
	gone, failed := errors.New("there is none"), errors.New("the database is gone")
	for _, want := range []error{gone, nil} {
		c := New(Config{Answer: func(err error) bool { return errors.Is(err, gone) }})
		ask(t, c, "k", page("old", "a"))
		c.Bump([]string{"a"})
		err := c.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), []byte("k"), func(context.Context, *Deps) (Page, error) {
			if want == nil {
				return Page{}, failed // the old page stands in
			}
			return Page{}, fmt.Errorf("article 5: %w", want)
		})
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// What is public since a moment is there for whoever asks after it, though somebody asked before and is about to be
// told that it is not.
func TestWhoComesLateIsNotToldWhatWasSoBefore(t *testing.T) {
	synctest.Test(t, whoComesLateIsNotTold)
}

func whoComesLateIsNotTold(t *testing.T) {
	gone := errors.New("there is none")
	c := New(Config{})
	started, goOn, first := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { // ends with the rendering that goOn lets finish
		first <- c.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), []byte("k"), func(context.Context, *Deps) (Page, error) {
			close(started)
			<-goOn
			return Page{}, gone
		})
	}()
	<-started
	c.Bump([]string{"a"})
	late := make(chan string, 1)
	go func() { late <- text(t, ask(t, c, "k", page("new", "a"))) }() // ends with its page
	synctest.Wait()                                                   // for both of them
	close(goOn)
	if err := <-first; !errors.Is(err, gone) {
		t.Errorf("who came first: got %v", err)
	}
	if got := <-late; got != "new" {
		t.Errorf("who came late: got %q", got)
	}
}

func TestPanicIsAnError(t *testing.T) {
	c := New(Config{})
	err := c.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), []byte("k"), func(context.Context, *Deps) (Page, error) { panic("no such block") })
	if !errors.Is(err, errPanicked) {
		t.Errorf("got %v", err)
	}
	if got := text(t, ask(t, c, "k", page("fine"))); got != "fine" {
		t.Errorf("afterwards: got %q", got)
	}
}

func TestRoomIsBounded(t *testing.T) {
	c := New(Config{Bytes: 64 << 10})
	body := strings.Repeat("x", 100)
	for i := range 1000 {
		ask(t, c, "page"+strconv.Itoa(i), page(body, "site:"+strconv.Itoa(i)))
		ask(t, c, "page0", page(body, "site:0")) // asked for all the time: stays
	}
	s := c.Stats()
	if s.Bytes > 64<<10 || s.Pages < 20 || s.Evicted == 0 {
		t.Errorf("got %+v", s)
	}
	if s.Hits < 990 {
		t.Errorf("the page that all want was thrown away: %+v", s)
	}
	ask(t, c, "huge", page(strings.Repeat("x", 32<<10)))
	if got := text(t, ask(t, c, "huge", page("new"))); got != "new" {
		t.Error("a page that takes half of the room is kept")
	}
	other := c.Stats().Pages
	ask(t, c, "mine", func(context.Context, *Deps) (Page, error) {
		return Page{Status: http.StatusOK, Body: []byte("x"), NoStore: true}, nil
	})
	if got := c.Stats().Pages; got != other {
		t.Errorf("a page for one visitor is kept: %d pages, had %d", got, other)
	}
}

func TestManyTagsAreForgottenSafely(t *testing.T) {
	c := New(Config{})
	ask(t, c, "k", page("old", "a"))
	tags := make([]string, 0, 1000)
	c.Bump([]string{"a"})
	for i := 0; i <= maxTags; i += 1000 {
		tags = tags[:0]
		for j := range 1000 {
			tags = append(tags, strconv.Itoa(i+j))
		}
		c.Bump(tags)
	}
	if got := text(t, ask(t, c, "k", page("new", "a"))); got != "new" {
		t.Errorf("got %q: what was bumped was forgotten", got)
	}
}

func TestOneRenderingForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Config{})
		var renders atomic.Int32
		slow := func(context.Context, *Deps) (Page, error) {
			renders.Add(1)
			time.Sleep(time.Second)
			return Page{Status: http.StatusOK, Body: []byte("x")}, nil
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { ask(t, c, "k", slow) })
		}
		all.Wait()
		if renders.Load() != 1 {
			t.Errorf("got %d renderings, want 1", renders.Load())
		}
	})
}

// TestWhoComesLateDoesNotGetWhatBeganEarly: a visitor who asks after a bump, while an older rendering is
// under way, gets a newer page.
func TestWhoComesLateDoesNotGetWhatBeganEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Config{})
		var data atomic.Value
		data.Store("old")
		render := func(_ context.Context, d *Deps) (Page, error) {
			seen := data.Load().(string) //nolint:errcheck,forcetypeassert // a string
			time.Sleep(time.Second)
			d.On("a")
			return Page{Status: http.StatusOK, Body: []byte(seen)}, nil
		}
		var all sync.WaitGroup
		all.Go(func() { ask(t, c, "k", render) })
		synctest.Wait()
		data.Store("new")
		c.Bump([]string{"a"})
		for range 10 {
			all.Go(func() {
				if got := text(t, ask(t, c, "k", render)); got != "new" {
					t.Errorf("got %q", got)
				}
			})
		}
		all.Wait()
		if got := text(t, ask(t, c, "k", render)); got != "new" {
			t.Errorf("afterwards: got %q", got)
		}
	})
}

// TestNobodyGetsOldPages: writers commit and bump, readers ask; what a reader gets is at least as new as what
// was bumped before it asked, for every tag of the page.
func TestNobodyGetsOldPages(t *testing.T) {
	const tags, keys, writes = 12, 16, 3000
	c := New(Config{Bytes: 12 << 10}) // small: pages are thrown away all the time
	var data, told [tags]atomic.Int64
	of := func(key int) []int { return []int{key % tags, (key * 5) % tags, (key*7 + 1) % tags} }
	render := func(key int) Render {
		return func(_ context.Context, d *Deps) (Page, error) {
			var b strings.Builder
			for _, n := range of(key) {
				fmt.Fprintf(&b, "%d ", data[n].Load())
			}
			for _, n := range of(key) {
				d.On("t" + strconv.Itoa(n))
			}
			return Page{Status: http.StatusOK, Body: []byte(b.String())}, nil
		}
	}
	var writing, reading sync.WaitGroup
	var stop atomic.Bool
	for w := range 3 {
		writing.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for range writes {
				n := r.IntN(tags)
				v := data[n].Add(1)
				c.Bump([]string{"t" + strconv.Itoa(n)})
				for old := told[n].Load(); old < v && !told[n].CompareAndSwap(old, v); old = told[n].Load() {
				}
			}
		})
	}
	for w := range 4 {
		reading.Go(func() {
			r := rand.New(rand.NewPCG(2, uint64(w)))
			for !stop.Load() {
				key := r.IntN(keys)
				var least [3]int64
				for i, n := range of(key) {
					least[i] = told[n].Load()
				}
				rec := httptest.NewRecorder()
				if err := c.Serve(rec, httptest.NewRequest(http.MethodGet, "/", nil), []byte(strconv.Itoa(key)), render(key)); err != nil {
					t.Error(err)
					return
				}
				for i, word := range strings.Fields(rec.Body.String()) {
					if got, err := strconv.ParseInt(word, 10, 64); err != nil || got < least[i] {
						t.Errorf("page %d: got version %s of tag %d, %d was told of before", key, word, of(key)[i], least[i])
						return
					}
				}
			}
		})
	}
	writing.Wait()
	stop.Store(true)
	reading.Wait()
	if s := c.Stats(); s.Hits == 0 || s.Misses == 0 {
		t.Errorf("nothing was tested: %+v", s)
	}
}
