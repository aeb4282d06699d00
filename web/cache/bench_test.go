package cache

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// blank is a ResponseWriter that costs nothing, as net/http's own without the wire.
type blank struct {
	head http.Header
	n    int
}

func (b *blank) Header() http.Header         { return b.head }
func (b *blank) WriteHeader(int)             {}
func (b *blank) Write(p []byte) (int, error) { b.n += len(p); return len(p), nil }

var benchBody = strings.Repeat("<li><a href=\"/v/53/a/17\">全省美丽乡村建设现场会召开</a></li>\n", 300)

func benchCache(tb testing.TB) (*Cache, *http.Request) {
	tb.Helper()
	c := New(Config{})
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/v/53/", nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	render := func(_ context.Context, d *Deps) (Page, error) {
		for i := range 60 {
			d.On("article:" + strconv.Itoa(i))
		}
		return Page{
			Status: http.StatusOK, Body: []byte(benchBody),
			Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Vary": {"Accept-Encoding, Cookie"}, "Cache-Control": {"no-cache"}},
		}, nil
	}
	if err := c.Serve(&blank{head: http.Header{}}, r, []byte("/v/53/"), render); err != nil {
		tb.Fatal(err)
	}
	return c, r
}

// TestHitAllocatesNothing: what a hit costs beyond net/http is not memory.
func TestHitAllocatesNothing(t *testing.T) {
	c, r := benchCache(t)
	w, key := &blank{head: http.Header{}}, []byte("/v/53/")
	if n := testing.AllocsPerRun(200, func() {
		if err := c.Serve(w, r, key, nil); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a hit makes %v allocations, want none", n)
	}
	r.Header.Set("If-None-Match", w.head.Get("Etag"))
	if n := testing.AllocsPerRun(200, func() {
		if err := c.Serve(w, r, key, nil); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a 304 makes %v allocations, want none", n)
	}
}

func BenchmarkHit(b *testing.B) {
	c, r := benchCache(b)
	w, key := &blank{head: http.Header{}}, []byte("/v/53/")
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Serve(w, r, key, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHitAfterBump: every hit has to compare the page's tags.
func BenchmarkHitAfterBump(b *testing.B) {
	c, r := benchCache(b)
	w, key, other := &blank{head: http.Header{}}, []byte("/v/53/"), []string{"article:1000"}
	b.ReportAllocs()
	for b.Loop() {
		c.Bump(other)
		if err := c.Serve(w, r, key, nil); err != nil {
			b.Fatal(err)
		}
	}
}
