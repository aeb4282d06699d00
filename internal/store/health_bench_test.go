package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// TestFactsAreReadInOnePass: the index has all that is asked for, in the order in which it is grouped.
func TestFactsAreReadInOnePass(t *testing.T) {
	db := openLite(t)
	for query, args := range map[string][]any{factsQuery: {int64(pinnedRank), int64(pinnedRank)}, brokenQuery: {content.BrokenAfter}} {
		rows, err := db.rows(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		err = each(rows, func() error {
			var id, above, unused int
			var step string
			err := rows.Scan(&id, &above, &unused, &step)
			plan = append(plan, step)
			return err
		})
		if err != nil || len(plan) != 1 || !strings.Contains(plan[0], "USING") {
			t.Errorf("%s: got the plan %q, %v; want one pass over an index", head(query), plan, err)
		}
	}
}

// BenchmarkHealth asks for the health of 20,000 sites, each with something in every column.
func BenchmarkHealth(b *testing.B) {
	ctx := b.Context()
	db := openLite(b)
	network, err := site.OpenNetwork(ctx, db)
	if err != nil {
		b.Fatal(err)
	}
	c := site.Change{Sites: []site.Site{{Code: "51", Level: site.Province, Name: "省"}}, Above: map[string]string{}}
	add := func(code, above string, level site.Level) {
		c.Sites = append(c.Sites, site.Site{Code: code, Level: level, Name: "站" + code})
		c.Above[code] = above
	}
	for i := range 100 {
		county := fmt.Sprintf("51%04d", i)
		add(county, "51", site.County)
		for j := range 10 {
			town := fmt.Sprintf("%s%03d", county, j)
			add(town, county, site.Township)
			for k := range 19 {
				add(fmt.Sprintf("%s%03d", town, k), town, site.Village)
			}
		}
	}
	if _, err := network.Save(ctx, c); err != nil {
		b.Fatal(err)
	}
	columns, err := content.OpenColumns(ctx, db, network)
	if err != nil {
		b.Fatal(err)
	}
	if err := columns.Install(ctx, content.System(), 1); err != nil {
		b.Fatal(err)
	}
	err = db.do(ctx, func(x *tx) error {
		id := 0
		for _, n := range network.Tree().All() {
			for range 3 {
				for i, col := range content.Standard() {
					id++
					if err := x.exec("INSERT INTO placements (article_id, site_id, slug, below, rank, by_id) VALUES (?, ?, ?, ?, ?, 1)", id, n.ID, col.Slug, 0, millis(at.Add(time.Duration(i)*time.Hour))); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		h := content.NewHealth(db, network, columns, func() time.Time { return at })
		if got, err := h.Of(ctx, network.Tree().Tops()[0], false); err != nil || len(got) != network.Tree().Len() {
			b.Fatal(len(got), err)
		}
	}
}
