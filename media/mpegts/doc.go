// Package mpegts owns the MPEG transport stream (ISO/IEC 13818-1): bytes into samples ([Reader]), units
// into bytes ([Writer]), and the transport stream over UDP as a source ([UDP]).
//
// It carries H264, H265, AAC (ADTS, and LATM inbound) and Opus, at most one picture and one sound of
// the first programme. It refuses everything else: other codecs are left out and named, scrambled
// packets are dropped, and it knows nothing of SRT, which carries the same bytes.
//
// The packet layer is our own, not go-astits': that one copies all of an access unit again with each
// of its packets (a picture of 500 kB: 95 ms, here 3 ms; it grows with the square) and keeps the packets
// of a PID without bound until a payload starts. Here both are linear and bounded: an access unit by
// 8 MiB, what is read before the tracks are known by 2 MiB, and what is read without a sample by 16 MiB;
// past that the reader fails. Writing costs 2 µs for 20 kB and no allocation, a 25th of astits' muxer.
//
// Time stamps have 33 bits and 90 kHz on the wire. They come out of a Reader as they went into a
// Writer, modulo 2^33, and go on across the wrap.
package mpegts
