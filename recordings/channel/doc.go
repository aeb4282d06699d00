// Package channel owns linear channels: a weekly plan of items as one live stream that is nothing but playlists.
//
// A playlist is a pure function of the channel's document, of which of its items are there, and of the time. No process
// runs, nothing is remembered: every process that has the document gives the same bytes. It refuses to keep documents
// and items, and to know who may change a plan.
//
// # How a number is found
//
// An entry of the plan begins a slot, which ends where the next one begins. A slot is filled from its beginning: with
// the entry's items, then with the filler, and what is left, shorter than a segment or as long as a night, with the
// slate (package slate), which comes in every length. So the plan never drifts, and what a slot holds depends on its
// length alone. The number of a segment is that of all segments before it since the plan came into force; weeks that
// are as long as a week are all alike, so that is a multiplication, but for those in which the clocks are changed.
//
// The numbers depend on how items are cut, and items can vanish. So the document has the layout of each item that it
// uses; where an item is gone, slates of exactly the lengths of its segments stand in for it, and every number stays.
//
// A changed plan is another version, in force from a boundary of segments a minute ahead, and knows the number with
// which it begins.
//
// RFC 8216 is meant where sections are named.
package channel
