// Package rtsp owns the RTSP door of the house: publishers that ANNOUNCE and RECORD, viewers that
// DESCRIBE and PLAY, over TCP and UDP, and cameras that are pulled. Addresses are
// rtsp://HOST:8554/live/NAME?key=KEY.
//
// It refuses to decide who may come in (media.Gate does), to keep streams (media.Hub does) and to know
// payload formats (media/packet does). It speaks neither RTSPS nor multicast.
//
// # The sending path
//
// gortsplib speaks the protocol: requests, sessions, transports, everything inbound. What viewers
// receive does not pass through it. One egress per stream makes each unit once into a burst: the
// bytes of all its RTP packets, framed for interleaving, shared by every viewer. Viewers are cursors
// into the list of bursts since the last key frame; a few senders walk over them and hand a TCP viewer
// whole bursts in one non-blocking write, and put references to the packets inside, for all UDP viewers,
// into one batch of datagrams (media/datagram). So a viewer costs no goroutine of ours, no queue and no
// copy, begins at the newest key frame, and where it can't keep up goes on at a later one.
package rtsp
