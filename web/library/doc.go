// Package library owns what is watched of what is kept: the pages, playlists and segments of items below /library, and
// of channels below /channel.
//
// It refuses to keep anything, and lists nothing to the public: who knows an item's address may watch it.
package library
