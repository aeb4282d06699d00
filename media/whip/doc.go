// Package whip owns the HTTP signalling of WebRTC, in both directions: WHIP (RFC 9725) brings a
// publisher in, WHEP (draft-ietf-wish-whep) brings a viewer to a stream.
//
// It refuses to carry media to viewers (package rtc does), to decide who may (media.Gate does), and to
// route requests: package web mounts [Server.ServeWHIP] and [Server.ServeWHEP] at
//
//	POST, OPTIONS           /live/{name}/whip   /live/{name}/whep
//	PATCH, DELETE, OPTIONS  /live/{name}/whip/{session}   /live/{name}/whep/{session}
//
// A publisher is a PeerConnection of pion over rtc's port; its packets are put in order, made into
// samples and written to the stream.
package whip
