// Package portal owns what visitors of the sites see: front pages, columns, articles, search, the live page,
// the sites below, links, feeds, site maps, the read API and what partners embed in pages of their own.
//
// It refuses to write anything and to know who asks: whatever it shows is public, and comes from content.Shelf,
// which answers with nothing else. It keeps no pages; package cache does, under the tags that a page notes
// while it is made.
//
// # Addresses
//
// Every site is at /v/CODE/, and at / of its host name where it has one. where.go finds the site that a request
// is for and sends visitors on from codes and host names that were given up. Each kind of page is one file with
// a handler that makes it, and one template in pages.
//
// # Looks
//
// Package themes has the looks that a site may choose from. A page's classes say which one it is; styles and
// templates draw from its tokens.
package portal
