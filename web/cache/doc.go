// Package cache owns finished pages: bytes, compressed once, under the tags of what they were made of.
//
// It refuses to know what a page is: others render, name what they looked at, and tell what changed.
//
// # When a page is good
//
// There is one counter, the epoch. [Cache.Bump] raises it and notes it for each tag that it is given. A page
// remembers the epoch at which its rendering began; it is good while none of its tags was bumped later. Data
// are committed before they are bumped, so a page that saw older data began before the bump, and whoever asks
// after Bump has returned never gets it: not from the cache, and not from a rendering that somebody else began
// earlier, whose result is checked again before it is shared.
//
// While the epoch stands still a page that was good is good: a hit costs one look at the epoch and one at the
// map of pages. Tags are only compared when something was bumped since the page was checked last.
//
// # When rendering fails
//
// A page that is good no longer is kept until a new one takes its place. Where the new one can't be made, the
// old one is shown for up to ten minutes and the log says so: an old page is worth more than none. That there is no such page
// any more is no such failure ([Config.Answer]): it is told at once.
package cache
