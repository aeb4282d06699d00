// Package recordings owns what is kept to be watched later: items, each a picture and its sound as CMAF segments in a
// [Store], the [Library] of all of them, and the [Recorder] that makes one of a stream while it is on air.
//
// It refuses pages and addresses, people and what they may see; it transcodes nothing. A file that can't be played as
// it is, is refused with a reason.
//
// # How an item comes to be
//
// Units go through a cutter, whether they come from a stream or from a file (package mp4). It ends a segment at a key
// frame and hands it to the store, whole. The piece "item.json" names what there is and is written after it; an item
// is there once it has one. So whatever is killed when, what is named can be played.
package recordings
