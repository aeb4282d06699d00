package app

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/web/cache"
	"xianfeng/web/kit"
	"xianfeng/web/portal"
)

// feedKeyFile has the key that signs what partners fetch, in the data folder.
const feedKeyFile = "feed.key"

// portal returns the pages that visitors of the sites see.
func (s *server) portal(k *kit.Kit, remote func(*http.Request) string) (*portal.Server, error) {
	n := s.network
	key, err := loadFeedKey(s.dataFile(feedKeyFile))
	if err != nil {
		return nil, err
	}
	pages := cache.New(cache.Config{Log: s.log, Answer: portal.IsAnswer})
	n.listen(pages.Bump)
	s.kept = pages
	views := content.NewViews(n.db, n.zone, nil, s.log)
	s.run("views", views.Run)
	shelf := content.NewShelf(n.db, n.sites, n.columns, n.clean)
	return portal.New(portal.Config{
		Kit: k, Network: n.sites, Shelf: shelf, Walker: shelf, Columns: n.columns, Cache: pages,
		Broadcasts: n.air, Links: content.NewLinks(n.db, n.sites),
		Viewed: func(r *http.Request, at *site.Node, id content.ArticleID) {
			views.Count(content.Visit{Site: at.ID, Article: id, Addr: remote(r), Agent: r.UserAgent()})
		},
		Zone: n.zone, Log: s.log, FeedKey: key,
	})
}

// keptFigures tell how the cache of the sites' pages does.
func (s *server) keptFigures() []prometheus.Collector {
	if s.kept == nil {
		return nil
	}
	var out []prometheus.Collector
	count := func(result string, n func(cache.Stats) uint64) {
		out = append(out, prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "xianfeng_pages_total", Help: "Pages of the sites that were asked for, by where they came from.",
			ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(n(s.kept.Stats())) }))
	}
	count("hit", func(x cache.Stats) uint64 { return x.Hits })
	count("made", func(x cache.Stats) uint64 { return x.Misses })
	count("shared", func(x cache.Stats) uint64 { return x.Joined })
	count("stale", func(x cache.Stats) uint64 { return x.Stale })
	return append(out,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "xianfeng_pages_kept", Help: "Pages of the sites that are kept."}, func() float64 { return float64(s.kept.Stats().Pages) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "xianfeng_pages_kept_bytes", Help: "What they take."}, func() float64 { return float64(s.kept.Stats().Bytes) }),
	)
}

// loadFeedKey reads the key, and makes it where there is none.
func loadFeedKey(file string) (ed25519.PrivateKey, error) {
	seed, err := os.ReadFile(file)
	switch {
	case err == nil && len(seed) == ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(seed), nil
	case err == nil:
		return nil, fmt.Errorf("the key of feeds in %s: %d bytes, want %d", file, len(seed), ed25519.SeedSize)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the key of feeds: %w", err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make the key of feeds: %w", err)
	}
	if err := os.WriteFile(file, key.Seed(), 0o600); err != nil {
		return nil, fmt.Errorf("keep the key of feeds: %w", err)
	}
	return key, nil
}
