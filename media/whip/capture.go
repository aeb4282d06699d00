package whip

import (
	"encoding/binary"
	"time"

	"github.com/pion/webrtc/v4"
)

// captureURI names the header extension in which a publisher tells when it captured what a packet is of:
// http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time
const captureURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

const since1900 = 2208988800 // seconds from the beginning of NTP's time to that of Unix's

// fromNTP converts the 64-bit format of RFC 3550 §4.
func fromNTP(v uint64) time.Time {
	return time.Unix(int64(v>>32)-since1900, int64((v&0xffffffff)*uint64(time.Second)>>32)) //nolint:gosec // 32 bits each
}

// captureTime reads an abs-capture-time: when it was captured by the capturing system's clock, and in the
// long form what has to be added to get the sender's, which its sender reports go by.
func captureTime(b []byte) (at time.Time, ok bool) {
	if len(b) != 8 && len(b) != 16 {
		return time.Time{}, false
	}
	v := binary.BigEndian.Uint64(b)
	if v == 0 {
		return time.Time{}, false
	}
	at = fromNTP(v)
	if len(b) == 16 {
		offset := int64(binary.BigEndian.Uint64(b[8:])) //nolint:gosec // two's complement, 32 bits of seconds
		fraction := time.Duration(uint64(offset) & 0xffffffff * uint64(time.Second) >> 32)
		at = at.Add(time.Duration(offset>>32)*time.Second + fraction)
	}
	return at, true
}

// captureID is the identifier that was agreed on for the extension, 0 if none was.
func captureID(p webrtc.RTPParameters) uint8 {
	for _, x := range p.HeaderExtensions {
		if x.URI == captureURI && x.ID > 0 && x.ID < 256 {
			return uint8(x.ID)
		}
	}
	return 0
}
