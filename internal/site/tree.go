package site

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Errors of a list of sites that is no tree.
var (
	ErrOrphan    = errors.New("the site above is missing")
	ErrLoop      = errors.New("a site stands below itself")
	ErrDuplicate = errors.New("the code or host name is taken")
	ErrLevel     = errors.New("the level does not fit below that of the site above")
)

// Tree is a picture of all sites at one moment. It is immutable and safe for all goroutines.
type Tree struct {
	order   []*Node // depth first, siblings by code: a subtree is a run of it
	byID    map[ID]*Node
	byCode  map[string]*Node
	byHost  map[string]*Node
	oldCode map[string]*Node
	oldHost map[string]*Node
	tops    []*Node
}

// Node is a site in its place. Nobody changes the Site in it.
type Node struct {
	Site
	Above    *Node   // nil: it stands at the top
	Children []*Node // by code
	at, end  int     // order[at] is this node, order[at:end] its subtree
}

// NewTree makes a tree of sites, in any order. The error is one of Err…, wrapped with the site's code.
func NewTree(sites []Site, aliases []Alias) (*Tree, error) {
	t := &Tree{
		order: make([]*Node, 0, len(sites)), byID: make(map[ID]*Node, len(sites)), byCode: make(map[string]*Node, len(sites)),
		byHost: map[string]*Node{}, oldCode: map[string]*Node{}, oldHost: map[string]*Node{},
	}
	nodes := make([]Node, len(sites))
	for i := range sites {
		n := &nodes[i]
		n.Site = sites[i]
		switch {
		case t.byID[n.ID] != nil, t.byCode[n.Code] != nil, n.Host != "" && t.byHost[n.Host] != nil:
			return nil, fmt.Errorf("site %q: %w", n.Code, ErrDuplicate)
		}
		t.byID[n.ID], t.byCode[n.Code] = n, n
		if n.Host != "" {
			t.byHost[n.Host] = n
		}
	}
	for i := range nodes {
		n := &nodes[i]
		if n.Parent == 0 {
			t.tops = append(t.tops, n)
			continue
		}
		up := t.byID[n.Parent]
		if up == nil {
			return nil, fmt.Errorf("site %q: %w", n.Code, ErrOrphan)
		}
		n.Above = up
		up.Children = append(up.Children, n)
	}
	if err := t.number(); err != nil {
		return nil, err
	}
	for _, a := range aliases {
		n := t.byID[a.Site]
		if n == nil {
			continue // its site is gone
		}
		if a.Code != "" {
			t.oldCode[a.Code] = n
		}
		if a.Host != "" {
			t.oldHost[a.Host] = n
		}
	}
	return t, nil
}

// number puts all nodes in order. What it does not reach from the top stands in a loop.
func (t *Tree) number() error {
	byCode := func(a, b *Node) int { return cmp.Compare(a.Code, b.Code) }
	slices.SortFunc(t.tops, byCode)
	var walk func(n *Node) error
	walk = func(n *Node) error {
		if n.Above != nil && !n.Level.Below(n.Above.Level) {
			return fmt.Errorf("site %q: %w", n.Code, ErrLevel)
		}
		n.at = len(t.order)
		t.order = append(t.order, n)
		slices.SortFunc(n.Children, byCode)
		for _, c := range n.Children {
			if err := walk(c); err != nil {
				return err
			}
		}
		n.end = len(t.order)
		return nil
	}
	for _, n := range t.tops {
		if err := walk(n); err != nil {
			return err
		}
	}
	if len(t.order) == len(t.byID) {
		return nil
	}
	for _, n := range t.byID {
		if n.end == 0 {
			return fmt.Errorf("site %q: %w", n.Code, ErrLoop)
		}
	}
	return ErrLoop
}

// Len returns how many sites there are.
func (t *Tree) Len() int { return len(t.order) }

// All returns all sites, depth first. Nobody changes the slice.
func (t *Tree) All() []*Node { return t.order }

// Tops returns the sites that stand below none, by code.
func (t *Tree) Tops() []*Node { return t.tops }

// Get returns a site by its number, nil where there is none.
func (t *Tree) Get(id ID) *Node { return t.byID[id] }

// ByCode returns the site with a code, and whether the code is an old one of it, from which visitors are
// sent on. It is nil where there is none.
func (t *Tree) ByCode(code string) (n *Node, old bool) {
	if n := t.byCode[code]; n != nil {
		return n, false
	}
	return t.oldCode[code], true
}

// ByHost returns the site with a host name (lower case, without port), like ByCode.
func (t *Tree) ByHost(host string) (n *Node, old bool) {
	if n := t.byHost[host]; n != nil {
		return n, false
	}
	return t.oldHost[host], true
}

// Subtree returns n and all that is below it, depth first. Nobody changes the slice.
func (t *Tree) Subtree(n *Node) []*Node { return t.order[n.at:n.end] }

// Under reports whether n is above or stands below it.
func (n *Node) Under(above *Node) bool { return n.at >= above.at && n.at < above.end }

// Size returns how many sites n's subtree has, n among them.
func (n *Node) Size() int { return n.end - n.at }

// Path returns the sites from the top down to n.
func (n *Node) Path() []*Node {
	var path []*Node
	for ; n != nil; n = n.Above {
		path = append(path, n)
	}
	slices.Reverse(path)
	return path
}

// Top returns the highest site above n, or n.
func (n *Node) Top() *Node {
	for n.Above != nil {
		n = n.Above
	}
	return n
}
