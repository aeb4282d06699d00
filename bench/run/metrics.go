package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// figures are what a Go program says of itself through Prometheus.
type figures struct {
	goroutines, files int
	heap, rss         float64 // MiB; heap: what was live at the last collection, and what came since
	collections       float64
}

func (f figures) String() string {
	return fmt.Sprintf("%d goroutines, %d files, heap %.1f MiB, resident %.1f MiB", f.goroutines, f.files, f.heap, f.rss)
}

func parseFigures(in io.Reader) (f figures, err error) {
	found := 0
	sc := bufio.NewScanner(in)
	for sc.Scan() {
		name, value, _ := strings.Cut(sc.Text(), " ")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			continue
		}
		found++
		switch name {
		case "go_goroutines":
			f.goroutines = int(v)
		case "process_open_fds":
			f.files = int(v)
		case "go_memstats_heap_alloc_bytes":
			f.heap = v / (1 << 20)
		case "process_resident_memory_bytes":
			f.rss = v / (1 << 20)
		case "go_gc_duration_seconds_count":
			f.collections = v
		default:
			found--
		}
	}
	if found < 5 {
		return f, fmt.Errorf("%d of 5 figures found", found)
	}
	return f, sc.Err()
}

func scrape(ctx context.Context, url string) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return figures{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return figures{}, fmt.Errorf("scrape: %w", err)
	}
	defer resp.Body.Close()
	f, err := parseFigures(resp.Body)
	if err != nil {
		return f, fmt.Errorf("scrape %s: %w", url, err)
	}
	return f, nil
}

// patience is longer than the 60 s after which an RTSP session over UDP ends whose viewer fell silent
// (RFC 2326 §12.37); other viewers' absence is noticed earlier.
const patience = 90 * time.Second

// settle waits until no more than want goroutines are left (0: any number) and then for two
// collections, so that the heap is what is alive; not longer than a time each, after which it takes
// what there is. Scraping is what makes the server collect.
func settle(ctx context.Context, url string, want int) (figures, error) {
	f, err := scrape(ctx, url)
	for end := time.Now().Add(patience); err == nil && want > 0 && f.goroutines > want && time.Now().Before(end); {
		if err = pause(ctx, 500*time.Millisecond); err == nil {
			f, err = scrape(ctx, url)
		}
	}
	quiet := f.collections + 2
	for end := time.Now().Add(time.Minute); err == nil && f.collections < quiet && time.Now().Before(end); {
		if err = pause(ctx, 20*time.Millisecond); err == nil {
			f, err = scrape(ctx, url)
		}
	}
	return f, err
}
