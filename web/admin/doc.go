// Package admin owns the console at /admin: the tree with its search, what is mine to do, and one page for each
// kind of work: articles, sites, columns, links, people, live, figures, health, the log. And 发一条, the page on
// which somebody with a phone publishes in a few taps.
//
// It refuses decisions. What becomes of an article is package content's, who may do what is asked of site.Tree.May
// in one place (visit.may), and what may not be done is not shown and answered with 403 or 404 all the same.
//
// # How it works
//
// All writing is forms that work without script and end in a redirect; scripts make them smooth. Nothing asks "are
// you sure": the page after it offers to undo. pages/ has a template for each page around the shell of all of them
// (pages/shell.html), script/ and style/ what they load.
package admin
