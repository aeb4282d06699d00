// Package hls owns HTTP Live Streaming: it turns each stream into fMP4 parts and playlists (Low-Latency
// HLS, which older players read as plain HLS), answers the requests for them, counts the viewers that
// ask, and pulls streams from other HLS servers.
//
// It refuses pages, routing, sessions of people and keys: package web mounts [Server.ServeHTTP] under
// /live/{name}/{file}, and [media.Gate] says who may watch. It transcodes nothing.
//
// # How a unit becomes an answer
//
// One goroutine per stream, a [feed], reads the stream and hands units to its [muxer]. The muxer cuts them
// into parts; the bytes of a part are written once and never change, and a segment is the list of its
// parts. Each part makes a new [snapshot]: everything a request can ask for, immutable, published by
// one atomic pointer. Whoever waits for what is not there yet waits for the channel of the present
// snapshot, which is closed when the next one is there, so one close wakes a thousand viewers and
// all of them get the same bytes. Playlists are rendered and compressed once per part.
//
// RFC 8216bis below means draft-pantos-hls-rfc8216bis.
package hls
