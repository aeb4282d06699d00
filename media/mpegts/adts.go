package mpegts

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
)

// adtsRates are the sample rates by index (ISO/IEC 14496-3 table 1.18).
func adtsRates() []int {
	return []int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
}

const (
	adtsHeader = 7
	adtsMax    = 1<<13 - 1 // longest frame, its header included
)

// adts is the header of ADTS frames (ISO/IEC 14496-3 §1.A.2.2) of one configuration, without a length.
type adts [adtsHeader]byte

// newADTS fails for configurations that an ADTS header can't say.
func newADTS(c *mpeg4audio.AudioSpecificConfig) (adts, error) {
	if c == nil || c.Type < 1 || c.Type > 4 {
		return adts{}, errors.New("ADTS has no such object type")
	}
	rate := slices.Index(adtsRates(), c.SampleRate)
	if rate < 0 {
		return adts{}, fmt.Errorf("ADTS has no rate of %d Hz", c.SampleRate)
	}
	channels := c.ChannelConfig
	if channels > 7 {
		return adts{}, fmt.Errorf("ADTS has no channel configuration %d", channels)
	}
	return adts{
		0xff, 0xf1, byte(c.Type-1)<<6 | byte(rate)<<2 | channels>>2, channels & 3 << 6,
		0, 0x1f, 0xfc, // the buffer's fullness: unknown
	}, nil
}

// appendFrame appends one frame; it is false for one that is too long.
func (h adts) appendFrame(dst, frame []byte) ([]byte, bool) {
	n := adtsHeader + len(frame)
	if n > adtsMax {
		return dst, false
	}
	h[3] |= byte(n >> 11)
	h[4] = byte(n >> 3)
	h[5] |= byte(n << 5)
	return append(append(dst, h[:]...), frame...), true
}

// decodeADTS takes frames with and without checksum; the checksum is not looked at.
func (x *elementary) decodeADTS(b []byte) ([][]byte, error) {
	var out [][]byte
	for len(b) > 0 {
		if len(b) < adtsHeader || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
			return nil, errors.New("ADTS: no frame")
		}
		head := adtsHeader
		if b[1]&1 == 0 {
			head += 2 // checksum
		}
		n := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5])>>5
		switch {
		case n <= head || n > len(b):
			return nil, errors.New("ADTS: a frame is cut off")
		case b[6]&3 != 0:
			return nil, errors.New("ADTS: several blocks in a frame")
		}
		rates := adtsRates()
		rate := int(b[2] >> 2 & 0x0f)
		if rate >= len(rates) {
			return nil, errors.New("ADTS: no such sample rate")
		}
		c := &mpeg4audio.AudioSpecificConfig{
			Type: mpeg4audio.ObjectType(b[2]>>6 + 1), SampleRate: rates[rate], ChannelConfig: b[2]&1<<2 | b[3]>>6,
		}
		if err := x.configure(c, b[head:n]); err != nil {
			return nil, err
		}
		out = append(out, b[head:n:n])
		b = b[n:]
	}
	return out, nil
}
