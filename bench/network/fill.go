package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"xianfeng/internal/clean"
	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/internal/store"
)

// roster writes a list of n sites: one province, and below each site as many of the next level as it takes.
func roster(file string, n int) error {
	var b strings.Builder
	b.WriteString("code,parent,level,name,phone\n51,,province,云岭省,0999-5550000\n")
	above, made := []string{"51"}, 1
	for _, l := range []struct {
		level, name, code string
		of                int // sites below each one above; 0: what is left
	}{{"city", "市", "%s%02d", 21}, {"county", "县", "%s%02d", 9}, {"township", "镇", "%s%03d", 10}, {"village", "村", "%s%03d", 0}} {
		var here []string
		for i, up := range above {
			of := l.of
			if of == 0 {
				of = (n - made) / (len(above) - i)
			}
			for k := 1; k <= of && made < n; k++ {
				code := fmt.Sprintf(l.code, up, k)
				fmt.Fprintf(&b, "%s,%s,%s,%s%d%s,0999-555%04d\n", code, up, l.level, places[k%len(places)], k, l.name, made%10000)
				here = append(here, code)
				made++
			}
		}
		above = here
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

// desk is the network opened beside the server, as another process.
type desk struct {
	*content.Desk
	db      *store.DB
	sites   *site.Network
	columns *content.Columns
}

func openDesk(ctx context.Context, data string) (*desk, error) {
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(data, "network.db"))
	if err != nil {
		return nil, err
	}
	sites, err := site.OpenNetwork(ctx, db)
	if err != nil {
		return nil, err
	}
	columns, err := content.OpenColumns(ctx, db, sites)
	if err != nil {
		return nil, err
	}
	return &desk{content.NewDesk(content.DeskConfig{
		Articles: db, Trails: db, Offers: db, Network: sites, Columns: columns, Cleaner: clean.New(),
	}), db, sites, columns}, nil
}

// fill puts articles of about size characters on all sites in turn until there are n.
func (d *desk) fill(ctx context.Context, n, size int) error {
	slugs := []string{"news", "notices", "disclosure", "education", "news"}
	w := newWriter(1)
	all := d.sites.Tree().All()
	began := time.Now().Add(-time.Duration(n) * time.Second)
	const batch = 2000
	var list []content.Ready
	for i := range n {
		list = append(list, content.Ready{
			Writing: content.Writing{
				Site: all[i%len(all)].ID, Slug: slugs[i/len(all)%len(slugs)], Head: content.Head{Title: w.title(), Source: all[i%len(all)].Name},
				Format: content.Markdown, Text: w.text(size),
			},
			Owner: site.System, State: content.Published, At: began.Add(time.Duration(i) * time.Second),
		})
		if len(list) == batch || i == n-1 {
			if _, err := d.Import(ctx, content.System(), d.db, list); err != nil {
				return fmt.Errorf("fill the network: %w", err)
			}
			list = list[:0]
			if i%100_000 == batch-1 {
				fmt.Fprintf(os.Stderr, "%d of %d articles\n", i+1, n)
			}
		}
	}
	return nil
}
