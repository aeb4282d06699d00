package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"xianfeng/internal/config"
	"xianfeng/internal/site"
	"xianfeng/internal/store"
)

// databaseFile is SQLite's file in the data folder.
const databaseFile = "network.db"

// network is the database with the sites in it, and whoever wants to hear of changes. It is nil in a server
// that is for media only.
type network struct {
	db    *store.DB
	sites *site.Network
	zone  *time.Location

	listeners []func(tags []string) // complete before the first request
}

// openDatabase opens the database that the configuration names.
func openDatabase(ctx context.Context, cfg *config.Config, dataDir string) (*store.DB, error) {
	address := cfg.Database
	if address == "" {
		address = "sqlite:" + filepath.Join(dataDir, databaseFile)
	}
	return store.Open(ctx, address)
}

// openNetwork opens the database and reads the sites.
func openNetwork(ctx context.Context, cfg *config.Config, dataDir string) (*network, error) {
	db, err := openDatabase(ctx, cfg, dataDir)
	if err != nil {
		return nil, err
	}
	sites, err := site.OpenNetwork(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n := &network{db: db, sites: sites, zone: cfg.Network.Location()}
	db.Listen(n.tell)
	db.Ahead(n.ahead)
	// The database tells of a change of the sites before the tree is the new one: a page made in between is old.
	sites.Listen(n.tell)
	return n, nil
}

// listen has fn called with the tags of every change, from the goroutine that made it.
func (n *network) listen(fn func(tags []string)) { n.listeners = append(n.listeners, fn) }

func (n *network) tell(tags []string) {
	for _, fn := range n.listeners {
		fn(tags)
	}
}

// startNetwork opens the network of sites. Open servers have none, and the demo never touches a database
// that somebody has configured.
func (s *server) startNetwork(ctx context.Context) error {
	if s.opts.Open {
		return nil
	}
	cfg := s.cfg
	if s.opts.Demo {
		cfg.Database = ""
	}
	n, err := openNetwork(ctx, &cfg, s.opts.DataDir)
	if err != nil {
		return fmt.Errorf("open the network of sites: %w", err)
	}
	s.network = n
	s.built("database", func() {
		if err := n.db.Close(); err != nil {
			s.log.Error("close the database", "error", err)
		}
	})
	s.follow()
	s.log.Info("network opened", "sites", n.sites.Tree().Len())
	return nil
}

// follow hears of what other processes change: a command beside the server, another node.
func (s *server) follow() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	// The goroutine ends with cancel; the part's close waits for it.
	go func() {
		defer close(done)
		s.network.db.Follow(ctx, func(err error) {
			if err != nil {
				s.log.Error("changes of other processes are not heard of", "error", err)
				return
			}
			s.log.Info("changes of other processes are heard of again")
		})
	}()
	s.built("changes", func() {
		cancel()
		<-done
	})
}

// ahead reads anew what is kept in memory and was changed by another process.
func (n *network) ahead(ctx context.Context, tags []string) error {
	if slices.ContainsFunc(tags, ofSites) {
		return n.sites.Reload(ctx)
	}
	return nil
}

// ofSites reports whether a tag can mean that the tree is another one.
func ofSites(tag string) bool {
	return tag == "network" || strings.HasPrefix(tag, "site:") || strings.HasPrefix(tag, "tree:")
}
