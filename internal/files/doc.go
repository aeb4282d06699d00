// Package files owns the files that people bring: pictures, which are made small on the way, and attachments
// of a few kinds that offices use. It says who may bring what, how large, under which name, and gives them
// back to whoever knows their id.
//
// It refuses to believe: what a file is, its bytes say. It keeps no bytes and no rows itself, but in a [Store]
// and in [Rows], and it knows no page.
//
// # Nothing half done
//
// Bytes are written first, each piece whole or not at all, the row after them. What has no row is not there;
// what was left without one by a crash is swept away a day later, at start and then daily. What nobody shows
// any more stays: an article that was deleted can be restored from a backup that has its row.
package files
