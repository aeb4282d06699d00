// Package clean owns what harmless text is: it takes what people paste and write, HTML from Word, WPS, WeChat
// or anywhere, and Markdown, and gives back the little HTML that articles consist of. It also tells what plain
// text that HTML says, for searching and for summaries.
//
// It refuses to repair looks: fonts, sizes, colours and indents are the theme's business and are dropped.
// Pictures are only those that lie here; others are dropped and named in the [Report], so that the editor can
// fetch them.
//
// # How
//
// What comes in is parsed as a browser would parse it and never edited: a [walk] reads the tree and builds
// blocks of text runs anew, so that nothing can come through that the blocks have no place for. What is
// written from them goes through bluemonday, which knows nothing of the walk, as a second lock on the door.
// Cleaning what is clean changes nothing.
package clean
