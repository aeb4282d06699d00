// Package packet owns the step between units and RTP payloads, in both directions, for every protocol
// that speaks RTP, and the mapping between tracks and SDP formats.
//
// It refuses sockets, SSRCs, encryption and timing policy: those are the protocols'. The payload
// formats themselves are gortsplib's.
package packet
