// Package rtmp lets publishers and players in over RTMP, the enhanced codecs included.
//
// It owns the TCP port, the conversation of commands, FLV tags and their decoder configurations in
// both directions. It refuses RTMPE, AMF3 objects, shared objects, recorded playback (pause and seek are
// ignored) and more than one track of a kind. What is on air and who may touch it is media's to say.
//
// # Addresses
//
// A stream is rtmp://HOST:1935/live/NAME?key=KEY. Clients cut this into "app" and "stream key" at
// different slashes, and put the query into either: all of that names the same stream.
//
// # What is gortmplib's and what is ours
//
// The handshake, AMF0 and control messages are gortmplib's. Reading chunks is ours, since its reader keeps
// each chunk by itself, and those of finished messages too: strangers could fill the memory. Commands are
// ours, since its ServerConn says "publish start" before anybody could say no. Reading tags is ours, since its
// Reader holds every publisher back for two seconds of programme to learn the tracks, and closes on tags
// that it doesn't know. Writing tags is ours, since a unit can then go to each player without being
// copied, and with the real decoder configuration.
package rtmp
