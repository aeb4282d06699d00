package app

import (
	"context"
	"log/slog"
	"sync"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// reindexer makes articles be found at their new place after sites have moved: lists are right at once, the
// search a little later.
type reindexer struct {
	network *network
	log     *slog.Logger

	mu   sync.Mutex
	tree *site.Tree       // the one that was looked at last
	todo map[site.ID]bool // sites that moved; bounded by how many there are

	wake chan struct{} // of one: full means that somebody will look anyway
}

func newReindexer(n *network, log *slog.Logger) *reindexer {
	return &reindexer{network: n, log: log, tree: n.sites.Tree(), todo: map[site.ID]bool{}, wake: make(chan struct{}, 1)}
}

// look compares the tree with the one before. It is called after each change of the sites by this process.
func (x *reindexer) look() {
	now := x.network.sites.Tree()
	x.mu.Lock()
	for _, n := range moved(x.tree, now) {
		x.todo[n.ID] = true
	}
	x.tree = now
	some := len(x.todo) > 0
	x.mu.Unlock()
	if some {
		select {
		case x.wake <- struct{}{}:
		default:
		}
	}
}

// seen takes a tree that another process has changed, which does the work for it.
func (x *reindexer) seen() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tree = x.network.sites.Tree()
}

// run works until ctx ends.
func (x *reindexer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.wake:
		}
		for id := x.next(); id != 0; id = x.next() {
			if err := x.network.reindex(ctx, id); err != nil && ctx.Err() == nil {
				x.log.Error("search below a site that was moved", "site", id, "error", err)
			}
		}
	}
}

// finish does what is to be done, in a process that does not run.
func (x *reindexer) finish(ctx context.Context) error {
	for id := x.next(); id != 0; id = x.next() {
		if err := x.network.reindex(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// next takes a site out of those to be done, 0 where there is none.
func (x *reindexer) next() site.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id := range x.todo {
		delete(x.todo, id)
		return id
	}
	return 0
}

func (n *network) reindex(ctx context.Context, id site.ID) error {
	t := n.sites.Tree()
	at := t.Get(id)
	if at == nil {
		return nil
	}
	return content.Moved(ctx, n.db, n.clean, t, at, nil)
}

// moved returns the sites that hang below another one than before. Those below them come with them.
func moved(before, now *site.Tree) []*site.Node {
	if before == now {
		return nil
	}
	var out []*site.Node
	for _, n := range now.All() {
		if was := before.Get(n.ID); was != nil && was.Parent != n.Parent {
			out = append(out, n)
		}
	}
	return out
}
