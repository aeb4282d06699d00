package content

import "xianfeng/internal/site"

// Scope is how far a search goes.
type Scope string

// The scopes.
const (
	ScopeSite  Scope = "site"  // what is shown on the site
	ScopeBelow Scope = "below" // on it and on all sites below
	ScopeAll   Scope = "all"   // on all sites of its tree
)

// Query is what a visitor looks for.
type Query struct {
	Site  site.ID
	Text  string
	Scope Scope
	Page  int // from 1
}

// Results are a page of what was found: hits in titles first, then the newest.
type Results struct {
	Found []Found
	Page  int
	More  bool
	Total int  // at most 1,000
	Over  bool // there are more than Total
}

// Found is an article that was found, on a site where it can be read.
type Found struct {
	Item
	At      site.ID   // where to read it
	Title   []Segment // its title, cut at the hits
	Snippet []Segment // of its text
}

// Segment is a piece of plain text.
type Segment struct {
	Text string
	Hit  bool
}

// Match is a search in terms of the index. Each of Words is a phrase.
type Match struct {
	Words  [][]string
	Titles bool     // only in titles; else also, but not only, there
	Places []string // in one of these; nil: anywhere
	Offset int
	Limit  int
}

// Hit is an article that the index found, with its text for a snippet.
type Hit struct {
	Item
	Body string
}
