// Package srt owns the SRT server: publishers bring an MPEG transport stream, readers take one away,
// on one UDP port. Who wants what is in the streamid: "publish:live/NAME?key=KEY" and
// "read:live/NAME?key=KEY", or the access control syntax "#!::r=live/NAME,m=publish,s=KEY".
//
// It refuses whatever has no streamid (version 4 handshakes among it), file transfer, and codecs that
// a transport stream can't carry; every refusal is an SRT rejection with its reason. Pulling from other
// SRT servers is not offered: the library's caller leaves a goroutine behind at each failed attempt.
//
// # Goroutines
//
// One accepts; each request and the connection that it becomes has one, and a reader's connection one
// more that notices when the peer goes. Server.Close ends them and waits. The library adds three for
// each connection and two for the socket, which end by themselves when those are closed.
package srt
