// Package rtc owns the WebRTC port: one UDP socket, the same port over TCP, and the sending of streams
// through them to very many viewers.
//
// It refuses HTTP, people and pages: a caller hands it an SDP offer and gets an answer (package whip).
// It refuses to receive media itself: packets that are not for its own viewers go to pion's mux
// ([Transport.UDPMux], [Transport.TCPMux]), over which publishers are PeerConnections.
//
// # How a packet travels
//
// There are few workers. Each owns groups, and a [Group] is one stream with those of its viewers that
// the worker has; a stream with very many viewers has a group with each worker. A worker wakes when
// something is new for any of its groups: it makes packets of the units once, keeps these in the group's
// ring, and writes header and ciphertext of each packet for each viewer straight into its batch, which
// goes to the kernel with sendmmsg and UDP_SEGMENT (package datagram). A viewer costs a key, a cursor and
// an address; no goroutine of its own takes part in sending. Retransmission and a viewer's first picture
// come from the same ring.
//
// Over TCP (RFC 6544, for viewers without UDP) the batch hands a viewer's datagrams to its connection,
// which writes them with their lengths before them and never waits. A viewer whose connection still has
// some gets nothing more until it is empty: it is late like one that catches up, and goes on at the newest
// key frame when the ring has overtaken it.
//
// # The endpoint
//
// The sending side is no PeerConnection but an ICE-lite agent (RFC 8445 §2.5) and DTLS server of our
// own on pion's stun, dtls, sdp and srtp. What it believes of whom is in THREATS.md.
//
// # Who owns what
//
// The receive loop takes what comes in over UDP; each TCP connection has a goroutine that reads it. Both
// call the same handlers; a viewer's SRTCP is behind its lock, since both may hear it. A worker owns the
// rings of its groups and the sending state of their viewers. Between the two lie bounded letter boxes,
// one for each group. A viewer's DTLS has goroutines while it shakes hands; afterwards 200 bytes
// (association) and none.
package rtc
