// Package mp4 reads MP4 files that strangers made: which tracks there are, and where each of their samples lies, in
// order, with its times.
//
// It believes nothing that a file says of itself. Tables are never loaded: each is read through a window of a few
// kilobytes, so that a file costs the same memory whether it has ten minutes or ten gigabytes in it, or says that it
// has four billion samples. Sizes and offsets are checked against the file before they are followed.
//
// It refuses to decode, to write, and to know what a sample is for.
//
// Section numbers are those of ISO/IEC 14496-12.
package mp4
