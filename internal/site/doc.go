// Package site owns the network: the sites and the tree they stand in, the people who work on them, the
// rights they have on parts of the tree, and the log of what they did.
//
// It refuses storage, pages and media, and imports nothing of ours but the kinds of errors: everybody may
// lean on it. Who may do what is answered by one function, [Tree.May]; nothing else compares roles.
//
// # The tree
//
// A [Tree] is an immutable picture of all sites: 20,000 of them take a few milliseconds to build and some
// ten megabytes to hold. Whoever changes a site stores the change and puts a new picture in the place of the
// old one. Ancestors, subtrees and rights are then questions to memory, not to a database.
package site
