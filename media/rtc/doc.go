// Package rtc owns the WebRTC port: one UDP socket, and the sending of streams through it to very
// many viewers.
//
// It refuses HTTP, people and pages: a caller hands it an SDP offer and gets an answer (package whip).
// It refuses to receive media itself: packets that are not for its own viewers go to pion's mux
// ([Transport.UDPMux]), over which publishers are PeerConnections.
//
// # How a packet travels
//
// A [Group] belongs to one stream. Its worker wakes when the stream has new units, makes packets of
// them once, keeps these in a ring, and writes header and ciphertext of each for each viewer straight
// into a batch, which goes to the kernel with sendmmsg and UDP_SEGMENT. A viewer costs a key, a cursor
// and an address; no goroutine of its own takes part in sending. Retransmission and a viewer's first
// picture come from the same ring.
//
// # The endpoint
//
// The sending side is no PeerConnection but an ICE-lite agent (RFC 8445 §2.5) and DTLS server of our
// own on pion's stun, dtls, sdp and srtp. What it believes of whom is in THREATS.md.
//
// # Who owns what
//
// The receive loop owns what comes in: STUN, SRTCP contexts of the viewers. Each group's worker owns
// its rings and the sending state of its viewers. Between the two lie bounded letter boxes. A viewer's
// DTLS has goroutines while it shakes hands; afterwards 200 bytes (association) and none.
package rtc
