package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// searched measures the search over very many articles.
func searched(ctx context.Context, o settings, data string, t *table) (err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	d, err := openDesk(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.db.Close()) }()
	made := "made before"
	if d.sites.Tree().Len() == 0 {
		began := time.Now()
		if err := imported(ctx, o, data, &table{}); err != nil {
			return err
		}
		if err := d.sites.Reload(ctx); err != nil {
			return err
		}
		if err := d.columns.Reload(ctx); err != nil {
			return err
		}
		if err := d.fill(ctx, o.million, 60); err != nil {
			return err
		}
		made = fmt.Sprintf("made in %.0f s", time.Since(began).Seconds())
	}
	info, err := os.Stat(filepath.Join(data, "network.db"))
	if err != nil {
		return err
	}
	t.add(fmt.Sprintf("%d articles", o.million), fmt.Sprintf("%s; a database of %.1f GB", made, float64(info.Size())/1e9), "–")
	p, started, err := serve(ctx, o.server, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	t.add("cold start on it", fmt.Sprintf("%.2f s", started.Seconds()), "< 10 s")
	w := newWriter(3)
	tree := d.sites.Tree().All()
	for _, scope := range []string{"", "below", "all"} {
		var pages []string
		for range 400 {
			n := tree[w.IntN(len(tree))]
			pages = append(pages, p.base+"/v/"+n.Code+"/search?scope="+scope+"&q="+url.QueryEscape(w.query()))
		}
		took, err := ask(ctx, pages)
		if err != nil {
			return err
		}
		name := map[string]string{"": "as visitors begin", "below": "a site and all below", "all": "everywhere"}[scope]
		t.add("search, words of one, two and more characters, "+name, fmt.Sprintf("p50 %s, p95 %s", ms(quantile(took, 0.5)), ms(quantile(took, 0.95))), "p95 < 100 ms")
	}
	return nil
}
