package site

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Change is what becomes of some sites at once: all of it is kept, or nothing.
type Change struct {
	Sites   []Site            // ID 0: new. Those above come before those below
	Above   map[string]string // code of the site above, for sites whose Parent is new as well
	Aliases []Alias           // codes and host names that were given up
	Entries []Entry           // for the audit log
	Tags    []string          // of the pages that are different now

	Progress func(stored int) // told now and then of how many sites are written; nil: nobody
}

// Keeper keeps sites. Package store is one.
type Keeper interface {
	Sites(ctx context.Context) ([]Site, []Alias, error)
	SaveSites(ctx context.Context, c Change) ([]Site, error)
}

// Network is the tree as it is now, and the way to change it.
type Network struct {
	keep Keeper
	tree atomic.Pointer[Tree]

	changed func(tags []string) // nil: nobody listens

	mu sync.Mutex // one change at a time: each is checked against the tree that it changes
}

// OpenNetwork reads the sites.
func OpenNetwork(ctx context.Context, keep Keeper) (*Network, error) {
	n := &Network{keep: keep}
	if err := n.Reload(ctx); err != nil {
		return nil, err
	}
	return n, nil
}

// Tree returns the tree as it is now.
func (n *Network) Tree() *Tree { return n.tree.Load() }

// Listen has fn called with the tags of every change, on the goroutine that saved it, when the tree is the new
// one. It is called once, before the first change; fn saves nothing itself.
func (n *Network) Listen(fn func(tags []string)) { n.changed = fn }

// Reload reads the sites again: another process changed them.
func (n *Network) Reload(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.reloadLocked(ctx)
}

func (n *Network) reloadLocked(ctx context.Context) error {
	sites, aliases, err := n.keep.Sites(ctx)
	if err != nil {
		return fmt.Errorf("read the sites: %w", err)
	}
	t, err := NewTree(sites, aliases)
	if err != nil {
		return fmt.Errorf("read the sites: %w", err)
	}
	n.tree.Store(t)
	return nil
}

// Save checks that a tree comes of a change, keeps it, and puts the new tree in the place of the old one.
// It returns the sites as they are kept.
func (n *Network) Save(ctx context.Context, c Change) ([]Site, error) {
	kept, err := n.save(ctx, c)
	if err == nil && n.changed != nil && len(c.Tags) > 0 {
		n.changed(c.Tags)
	}
	return kept, err
}

func (n *Network) save(ctx context.Context, c Change) ([]Site, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.tree.Load()
	if _, err := old.with(c); err != nil {
		return nil, err
	}
	kept, err := n.keep.SaveSites(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("keep the sites: %w", err)
	}
	c.Sites = kept
	t, err := old.with(c)
	if err != nil {
		return nil, fmt.Errorf("the sites that were kept: %w", err) // they were checked: another process came between
	}
	n.tree.Store(t)
	return kept, nil
}

// with returns the tree that comes of a change.
func (t *Tree) with(c Change) (*Tree, error) {
	changed := make(map[ID]*Site, len(c.Sites))
	numbers := make(map[string]ID, len(c.Sites)) // of the sites of the change
	next := ID(-1)                               // of new sites that have no number yet
	list := slices.Clone(c.Sites)
	for i := range list {
		s := &list[i]
		if s.Parent == 0 && c.Above[s.Code] != "" {
			if s.Parent = numbers[c.Above[s.Code]]; s.Parent == 0 {
				return nil, fmt.Errorf("site %q: %w", s.Code, ErrOrphan)
			}
		}
		if s.ID == 0 {
			s.ID = next
			next--
		}
		numbers[s.Code] = s.ID
		changed[s.ID] = s
	}
	sites := make([]Site, 0, len(t.order)+len(list))
	for _, n := range t.order {
		if s := changed[n.ID]; s != nil {
			sites = append(sites, *s)
			continue
		}
		sites = append(sites, n.Site)
	}
	for i := range list {
		if t.byID[list[i].ID] == nil {
			sites = append(sites, list[i])
		}
	}
	aliases := slices.Clone(c.Aliases)
	for code, n := range t.oldCode {
		aliases = append(aliases, Alias{Code: code, Site: n.ID})
	}
	for host, n := range t.oldHost {
		aliases = append(aliases, Alias{Host: host, Site: n.ID})
	}
	return NewTree(sites, aliases)
}
