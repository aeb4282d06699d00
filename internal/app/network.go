package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"xianfeng/internal/clean"
	"xianfeng/internal/config"
	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/internal/store"
	"xianfeng/signaling/broadcast"
)

// databaseFile is SQLite's file in the data folder.
const databaseFile = "network.db"

// network is the database with the sites in it, and whoever wants to hear of changes. It is nil in a server
// that is for media only.
type network struct {
	db      *store.DB
	sites   *site.Network
	columns *content.Columns
	air     *broadcast.Programme
	clean   *clean.Cleaner
	zone    *time.Location
	log     *slog.Logger
	moves   *reindexer

	mu        sync.Mutex // guards listeners
	listeners []func(tags []string)
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
func openNetwork(ctx context.Context, cfg *config.Config, dataDir string, log *slog.Logger) (*network, error) {
	db, err := openDatabase(ctx, cfg, dataDir)
	if err != nil {
		return nil, err
	}
	sites, err := site.OpenNetwork(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	columns, err := content.OpenColumns(ctx, db, sites)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	air, err := broadcast.Open(ctx, db, sites)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n := &network{db: db, sites: sites, columns: columns, air: air, clean: clean.New(), zone: cfg.Network.Location(), log: log}
	n.moves = newReindexer(n, log)
	db.Listen(n.tell)
	db.Ahead(n.ahead)
	sites.Listen(n.newTree)
	columns.Listen(n.tell)                 // the database has told before the picture was new, as of the sites
	if err := n.furnish(ctx); err != nil { // a killed process may have left a site bare
		return nil, errors.Join(err, db.Close())
	}
	return n, nil
}

// listen has fn called with the tags of every change, from the goroutine that made it.
func (n *network) listen(fn func(tags []string)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners = append(slices.Clip(n.listeners), fn)
}

func (n *network) tell(tags []string) {
	if err := n.air.Changed(context.Background(), tags); err != nil {
		n.log.Error("what is on air", "error", err) // the schedule tries again
	}
	n.mu.Lock()
	all := n.listeners
	n.mu.Unlock()
	for _, fn := range all {
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
	n, err := openNetwork(ctx, &cfg, s.opts.DataDir, s.log)
	if err != nil {
		return fmt.Errorf("open the network of sites: %w", err)
	}
	s.network = n
	s.built("database", func() {
		if err := n.db.Close(); err != nil {
			s.log.Error("close the database", "error", err)
		}
	})
	s.run("search after moves", n.moves.run)
	s.startChores()
	s.log.Info("network opened", "sites", n.sites.Tree().Len())
	return nil
}

// follow hears of what other processes change: a command beside the server, another node.
func (s *server) follow() {
	s.run("changes", func(ctx context.Context) {
		s.network.db.Follow(ctx, func(err error) {
			if err != nil {
				s.log.Error("changes of other processes are not heard of", "error", err)
				return
			}
			s.log.Info("changes of other processes are heard of again")
		})
	})
}

// run has fn run until the part is closed.
func (s *server) run(name string, fn func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	// The goroutine ends with cancel; the part's close waits for it.
	go func() {
		defer close(done)
		fn(ctx)
	}()
	s.built(name, func() {
		cancel()
		<-done
	})
}

// newTree is told of changes of the sites by this process, when the tree is the new one. The database has told of
// them already, before: a page made in between is old.
func (n *network) newTree(tags []string) {
	if err := n.furnish(context.Background()); err != nil {
		n.log.Error("standard columns of new sites", "error", err)
	}
	n.tell(tags)
	n.moves.look()
}

// furnish gives sites at the top that have no columns of their own the standard ones.
func (n *network) furnish(ctx context.Context) error {
	var bare []site.ID
	for _, top := range n.sites.Tree().Tops() {
		if top.Level != site.Partner && len(n.columns.Own(top.ID)) == 0 {
			bare = append(bare, top.ID)
		}
	}
	if len(bare) == 0 {
		return nil
	}
	err := n.columns.Install(ctx, content.System(), bare...)
	if errors.Is(err, errs.Exists) { // another process was faster
		err = n.columns.Reload(ctx)
	}
	return err
}

// ahead reads anew what is kept in memory and was changed by another process.
func (n *network) ahead(ctx context.Context, tags []string) error {
	tree := slices.ContainsFunc(tags, ofSites)
	if tree {
		if err := n.sites.Reload(ctx); err != nil {
			return err
		}
	}
	if tree || slices.ContainsFunc(tags, ofColumns) {
		return n.columns.Reload(ctx)
	}
	return nil
}

// ofSites reports whether a tag can mean that the tree is another one.
func ofSites(tag string) bool {
	return tag == content.NetworkTag || strings.HasPrefix(tag, "site:") || strings.HasPrefix(tag, "tree:")
}

func ofColumns(tag string) bool { return strings.HasPrefix(tag, "cols:") }
