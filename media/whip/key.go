package whip

import "xianfeng/media"

// isKey reports whether a depacketized picture is one to begin with, well enough to know whether the
// publisher has to be asked for another; the stream looks closer.
func isKey(c media.Codec, payload [][]byte) bool {
	for _, b := range payload {
		if len(b) == 0 {
			continue
		}
		switch c {
		case media.H264:
			if b[0]&0x1f == 5 {
				return true
			}
		case media.H265:
			if t := b[0] >> 1 & 0x3f; t >= 16 && t <= 21 {
				return true
			}
		case media.VP8:
			return b[0]&1 == 0
		case media.VP9:
			// VP9 bitstream §6.2: frame marker, two profile bits (and one reserved in profile 3),
			// show_existing_frame, frame_type.
			shift := 2
			if b[0]>>4&3 == 3 {
				shift = 1
			}
			return b[0]>>shift&3 == 0
		case media.AV1:
			if b[0]>>3&0xf == 1 { // AV1 §6.2.2: a sequence header
				return true
			}
		}
	}
	return false
}
