// Package media owns live streams: what a track is, what an access unit is, the ring of recent
// units that every reader of a stream shares, who publishes, who reads, and what time it is in
// the programme.
//
// It refuses protocols, pages, databases and people. Protocol packages below it (media/rtsp,
// media/hls, ...) bring units in through a [Publisher] and take them out through a [Reader];
// who may do so is asked through [Gate], which somebody else implements.
//
// The package and everything below it import nothing else of this project.
//
// # How a unit travels
//
// A protocol calls [Hub.Publish] and then [Publisher.Write] for each sample. The publisher makes
// it regular (parameter sets in front of key frames, decoding time, the stream's own time) and the
// [Stream] appends it to its ring. Readers are cursors: a reader costs an index, not a queue, and
// one that falls behind the ring goes on at the newest key frame.
//
// Units are shared by all readers and never change once written.
package media
