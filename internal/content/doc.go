// Package content owns what sites publish: columns, articles and their way from a draft to visitors, where
// they are shown, what sites offer to the sites above, search, links and view counts.
//
// It refuses pages and SQL. Packages of pages ask it; package store keeps what it decides.
//
// # Who asks what
//
//   - [Desk] is what people who are signed in do. Every method says who does it, and asks site.Tree.May.
//   - [Shelf] is what visitors read. It never answers with anything that is not public where it is asked for.
//   - [Columns] is a picture in memory of which columns each site has.
//
// # Where an article is shown
//
// An article stands on one site, its home. It is shown there, and on the sites that it was pushed to (下发),
// each with everything below: that is one row, however many sites there are below. It is public while it has
// a live revision; its State is that of its newest revision, so that a public article can be edited, reviewed
// and scheduled while visitors go on reading the old one.
package content
