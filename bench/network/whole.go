package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// whole measures the network with few articles on each site.
func whole(ctx context.Context, o settings, data string, t *table) (err error) {
	if err := imported(ctx, o, data, t); err != nil {
		return err
	}
	d, err := openDesk(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.db.Close()) }()
	if err := d.fill(ctx, o.sites*o.articles, 300); err != nil {
		return err
	}
	p, began, err := serve(ctx, o.server, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	t.add(fmt.Sprintf("cold start with %d sites, %d articles", o.sites, o.sites*o.articles), fmt.Sprintf("%.2f s", began.Seconds()), "< 10 s")

	w := newWriter(2)
	villages := of(d.sites.Tree(), site.Village)
	w.Shuffle(len(villages), func(i, k int) { villages[i], villages[k] = villages[k], villages[i] })
	var pages []string
	for _, n := range villages[:min(len(villages), o.visits)] {
		pages = append(pages, p.base+"/v/"+n.Code+"/")
	}
	if _, err := ask(ctx, pages[:min(100, len(pages)/2)]); err != nil { // what is done once
		return err
	}
	fresh, err := ask(ctx, pages[min(100, len(pages)/2):])
	if err != nil {
		return err
	}
	t.add("a village's front page that is not kept yet", fmt.Sprintf("p50 %s, p99 %s", ms(quantile(fresh, 0.5)), ms(quantile(fresh, 0.99))), "p99 ≤ 20 ms")
	if err := all(ctx, d, p, t); err != nil {
		return err
	}
	if err := kept(ctx, p, villages[0], filepath.Dir(data), t); err != nil {
		return err
	}
	return pushed(ctx, d, p, villages, t)
}

// imported times the command that people use, twice: the second time it has nothing to do.
func imported(ctx context.Context, o settings, data string, t *table) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	list := filepath.Join(data, "sites.csv")
	if err := roster(list, o.sites); err != nil {
		return err
	}
	for _, name := range []string{"import of %d sites", "the same list again"} {
		began := time.Now()
		out, err := exec.CommandContext(ctx, o.server, "import", "--data", data, list).CombinedOutput()
		if err != nil {
			return fmt.Errorf("import: %w: %s", err, out)
		}
		if strings.Contains(name, "%d") {
			name = fmt.Sprintf(name, o.sites)
		}
		t.add(name, fmt.Sprintf("%.2f s", time.Since(began).Seconds()), "< 60 s")
	}
	return nil
}

func of(t *site.Tree, l site.Level) (out []*site.Node) {
	for _, n := range t.All() {
		if n.Level == l {
			out = append(out, n)
		}
	}
	return out
}

// all visits every site once, and looks at the memory then.
func all(ctx context.Context, d *desk, p *process, t *table) error {
	before, err := p.resident()
	if err != nil {
		return err
	}
	var pages []string
	for _, n := range d.sites.Tree().All() {
		pages = append(pages, p.base+"/v/"+n.Code+"/")
	}
	if _, err := ask(ctx, pages); err != nil {
		return err
	}
	after, err := p.resident()
	if err != nil {
		return err
	}
	t.add("resident memory; after every front page was visited", fmt.Sprintf("%d MiB; %d MiB", before, after), "< 1 GB")
	return nil
}

// kept compares a page that is kept with a bare handler, in turns.
func kept(ctx context.Context, p *process, n *site.Node, dir string, t *table) (err error) {
	path := "/v/" + n.Code + "/"
	c := &http.Client{}
	defer c.CloseIdleConnections()
	body, head, _, err := visit(ctx, c, p.base+path)
	if err != nil {
		return err
	}
	t.add("weight of a village's front page, compressed", fmt.Sprintf("%.1f kB, with style and script %s", float64(len(body))/1000, weight(ctx, c, p.base, body)), "≤ 60 KB")
	b, err := startBare(ctx, dir, head, body)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	const rounds, requests = 5, 40_000
	var ours, theirs []time.Duration
	for range rounds {
		for _, x := range []struct {
			p   *process
			out *[]time.Duration
		}{{p, &ours}, {b, &theirs}} {
			before, err := x.p.cpu()
			if err != nil {
				return err
			}
			if err := hammer(strings.TrimPrefix(x.p.base, "http://"), path, requests); err != nil {
				return err
			}
			after, err := x.p.cpu()
			if err != nil {
				return err
			}
			*x.out = append(*x.out, (after-before)/requests)
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	mine, bare := ours[rounds/2], theirs[rounds/2]
	t.add("CPU of a page that is kept; of a bare handler with the same bytes", fmt.Sprintf("%.1f µs; %.1f µs; %.2f : 1", float64(mine)/1e3, float64(bare)/1e3, float64(mine)/float64(bare)), "≤ 1.3 : 1")
	return nil
}

// weight is the page with what it loads before it is shown, compressed.
func weight(ctx context.Context, c *http.Client, base string, zipped []byte) string {
	total := len(zipped)
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return "unknown"
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return "unknown"
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(string(text), "\"") {
		if !strings.HasPrefix(part, "/assets/") || seen[part] || !strings.HasSuffix(part, ".css") && !strings.HasSuffix(part, ".js") {
			continue
		}
		seen[part] = true
		b, _, _, err := visit(ctx, c, base+part)
		if err != nil {
			return "unknown"
		}
		total += len(b)
	}
	return fmt.Sprintf("%.1f kB", float64(total)/1000)
}

// pushed publishes to everybody from another process, and sees how long it takes until pages of all parts of the
// tree, all of which are kept, show it.
func pushed(ctx context.Context, d *desk, p *process, villages []*site.Node, t *table) error {
	top := d.sites.Tree().Tops()[0]
	by := content.Actor{Who: site.Who{Account: 1, Grants: []site.Grant{{Role: site.Administrator, Site: top.ID}}}}
	const title = "关于做好全省防汛工作的通知"
	a, err := d.Save(ctx, by, content.Writing{Site: top.ID, Slug: "notices", Head: content.Head{Title: title}, Format: content.Markdown, Text: "各地立即行动。"})
	if err != nil {
		return err
	}
	if a, err = d.Publish(ctx, by, a.ID, a.Version, time.Time{}); err != nil {
		return err
	}
	c := &http.Client{}
	defer c.CloseIdleConnections()
	villages = villages[:min(500, len(villages))]
	shows := func(n *site.Node) (bool, error) {
		body, _, _, err := visit(ctx, c, p.base+"/v/"+n.Code+"/c/notices")
		if err != nil {
			return false, err
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return false, err
		}
		text, err := io.ReadAll(z)
		return strings.Contains(string(text), title), err
	}
	for _, n := range villages { // from now on all are kept
		if early, err := shows(n); early || err != nil {
			return errors.Join(fmt.Errorf("the notice is on %s before it is pushed: %v", n.Code, early), err)
		}
	}
	began := time.Now()
	if _, err := d.PushDown(ctx, by, a.ID, "", top.ID); err != nil {
		return err
	}
	wrote := time.Since(began)
	first, last, err := allShow(villages, began, shows)
	if err != nil {
		return err
	}
	t.add(fmt.Sprintf("an article pushed to %d sites by another process: one write; one page that was kept shows it; all of %d that were kept have been made anew, for %d visitors at a time", d.sites.Tree().Len(), len(villages), atOnce),
		fmt.Sprintf("%s; %s; %s", ms(wrote), ms(first), ms(last)), "≤ 2 s")
	return nil
}

const atOnce = 4 // visitors

// allShow waits until all villages' pages show what they should, and returns when the first and the last did.
func allShow(villages []*site.Node, began time.Time, shows func(*site.Node) (bool, error)) (first, last time.Duration, err error) {
	var mu sync.Mutex // guards the results
	asked := make(chan *site.Node)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for n := range asked {
				at, e := firstShown(n, began, shows)
				mu.Lock()
				if first == 0 || at < first {
					first = at
				}
				last = max(last, at)
				err = errors.Join(err, e)
				mu.Unlock()
			}
		})
	}
	for _, n := range villages {
		asked <- n
	}
	close(asked)
	all.Wait()
	return first, last, err
}

func firstShown(n *site.Node, began time.Time, shows func(*site.Node) (bool, error)) (time.Duration, error) {
	for {
		right, err := shows(n)
		at := time.Since(began)
		switch {
		case right || err != nil:
			return at, err
		case at > time.Minute:
			return at, fmt.Errorf("the notice is not on %s after a minute", n.Code)
		}
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
