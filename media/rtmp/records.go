package rtmp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"

	"xianfeng/media"
)

var errShortRecord = errors.New("the decoder configuration is cut short")

// nalConfig is what an avcC or hvcC record says.
type nalConfig struct {
	lengthSize    int
	vps, sps, pps []byte // the first of each; nil where there is none
}

// parseAVCC reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1).
func parseAVCC(b []byte) (nalConfig, error) {
	if len(b) < 6 {
		return nalConfig{}, errShortRecord
	}
	x := nalConfig{lengthSize: int(b[4]&3) + 1}
	count, b := int(b[5]&0x1f), b[6:]
	var err error
	if x.sps, b, err = firstSet(b, count); err != nil {
		return nalConfig{}, err
	}
	if len(b) == 0 {
		return nalConfig{}, errShortRecord
	}
	x.pps, _, err = firstSet(b[1:], int(b[0]))
	return x, err
}

// parseHVCC reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1).
func parseHVCC(b []byte) (nalConfig, error) {
	if len(b) < 23 {
		return nalConfig{}, errShortRecord
	}
	x := nalConfig{lengthSize: int(b[21]&3) + 1}
	arrays, b := int(b[22]), b[23:]
	for range arrays {
		if len(b) < 3 {
			return nalConfig{}, errShortRecord
		}
		set, rest, err := firstSet(b[3:], int(binary.BigEndian.Uint16(b[1:])))
		if err != nil {
			return nalConfig{}, err
		}
		switch h265.NALUType(b[0] & 0x3f) {
		case h265.NALUType_VPS_NUT:
			x.vps = set
		case h265.NALUType_SPS_NUT:
			x.sps = set
		case h265.NALUType_PPS_NUT:
			x.pps = set
		}
		b = rest
	}
	return x, nil
}

// firstSet reads count parameter sets, each after its length, and returns the first and what follows.
func firstSet(b []byte, count int) (first, rest []byte, err error) {
	for i := range count {
		if len(b) < 2 {
			return nil, nil, errShortRecord
		}
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; n > len(b) {
			return nil, nil, errShortRecord
		}
		if i == 0 && n > 0 {
			first = b[:n:n]
		}
		b = b[n:]
	}
	return first, b, nil
}

// av1Header returns the sequence header in an av1C record (AV1 in ISOBMFF §2.3.3), or nil.
func av1Header(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, errShortRecord
	}
	obus, err := splitOBUs(b[4:])
	if err != nil {
		return nil, err
	}
	return sequenceHeader(obus), nil
}

func sequenceHeader(obus [][]byte) []byte {
	for _, obu := range obus {
		if av1.OBUType(obu[0]>>3&0x0f) == av1.OBUTypeSequenceHeader {
			return obu
		}
	}
	return nil
}

// makeRecord returns the decoder configuration of a video codec; nil where a codec does without.
func makeRecord(codec media.Codec, p *media.Params) ([]byte, error) {
	switch codec {
	case media.H264:
		return makeAVCC(p)
	case media.H265:
		return makeHVCC(p)
	case media.AV1:
		return makeAV1C(p)
	case media.VP9:
		return makeVPCC(p), nil
	}
	return nil, fmt.Errorf("%w: %s", media.ErrCodec, codec)
}

func makeAVCC(p *media.Params) ([]byte, error) {
	var s h264.SPS
	if err := s.Unmarshal(p.SPS); err != nil {
		return nil, fmt.Errorf("H264 parameter sets: %w", err)
	}
	b := append(make([]byte, 0, 16+len(p.SPS)+len(p.PPS)), 1, p.SPS[1], p.SPS[2], p.SPS[3], 0xff, 0xe1)
	b = appendSet(b, p.SPS)
	b = appendSet(append(b, 1), p.PPS)
	switch s.ProfileIdc {
	case 100, 110, 122, 144: // these carry four bytes more
		b = append(b, 0xfc|byte(s.ChromaFormatIdc), 0xf8|byte(s.BitDepthLumaMinus8), 0xf8|byte(s.BitDepthChromaMinus8), 0)
	}
	return b, nil
}

func makeHVCC(p *media.Params) ([]byte, error) {
	var s h265.SPS
	if err := s.Unmarshal(p.SPS); err != nil {
		return nil, fmt.Errorf("H265 parameter sets: %w", err)
	}
	raw := h264.EmulationPreventionRemove(p.SPS)
	if len(raw) < 15 {
		return nil, errShortRecord
	}
	b := append(make([]byte, 0, 40+len(p.VPS)+len(p.SPS)+len(p.PPS)), 1)
	b = append(b, raw[3:15]...) // H.265 §7.3.3: profile, tier and level lie at the same place in both
	b = append(b, 0xf0, 0, 0xfc, 0xfc|byte(s.ChromaFormatIdc), 0xf8|byte(s.BitDepthLumaMinus8), 0xf8|byte(s.BitDepthChromaMinus8), 0, 0)
	nested := byte(0)
	if s.TemporalIDNestingFlag {
		nested = 1 << 2
	}
	b = append(b, (s.MaxSubLayersMinus1+1)<<3|nested|3, 3)
	for _, set := range []struct {
		typ h265.NALUType
		nal []byte
	}{{h265.NALUType_VPS_NUT, p.VPS}, {h265.NALUType_SPS_NUT, p.SPS}, {h265.NALUType_PPS_NUT, p.PPS}} {
		b = appendSet(append(b, 0x80|byte(set.typ), 0, 1), set.nal)
	}
	return b, nil
}

func appendSet(b, set []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(set))), set...)
}

func makeAV1C(p *media.Params) ([]byte, error) {
	var s av1.SequenceHeader
	if err := s.Unmarshal(p.SequenceHeader); err != nil {
		return nil, fmt.Errorf("AV1 sequence header: %w", err)
	}
	bit := func(on bool, n int) byte {
		if on {
			return 1 << n
		}
		return 0
	}
	var level byte
	high := false
	if len(s.SeqLevelIdx) > 0 && len(s.SeqTier) > 0 {
		level, high = s.SeqLevelIdx[0], s.SeqTier[0]
	}
	c := &s.ColorConfig
	b := []byte{
		0x81,
		s.SeqProfile<<5 | level&0x1f,
		bit(high, 7) | bit(c.HighBitDepth, 6) | bit(c.TwelveBit, 5) | bit(c.MonoChrome, 4) |
			bit(c.SubsamplingX, 3) | bit(c.SubsamplingY, 2) | byte(c.ChromaSamplePosition)&3,
		0,
	}
	head, tail := obuHead(p.SequenceHeader)
	return append(append(b, head...), tail...), nil
}

// obuHead returns the header of an OBU without size field, with a size field put in, and what follows.
func obuHead(obu []byte) (head, tail []byte) {
	n := min(len(obu), 1+int(obu[0]>>2&1))
	head = append(make([]byte, 0, n+5), obu[:n]...)
	head[0] |= 2
	return binary.AppendUvarint(head, uint64(len(obu)-n)), obu[n:]
}

// makeVPCC makes a VPCodecConfigurationRecord with its version (VP in ISOBMFF §2.2); the level is
// the one that promises nothing.
func makeVPCC(p *media.Params) []byte {
	v := p.VP9
	depth := max(v.BitDepth, 8)
	x := depth<<4 | v.ChromaSubsampling<<1
	if v.FullRange {
		x |= 1
	}
	const unspecified = 2
	return []byte{1, 0, 0, 0, v.Profile, 0, x, unspecified, unspecified, unspecified, 0, 0}
}

// makeOpusHead makes the identification header (RFC 7845 §5.1).
func makeOpusHead(channels int) []byte {
	b := append([]byte("OpusHead"), 1, byte(channels))
	b = binary.LittleEndian.AppendUint16(b, 312) // the encoders' usual delay; nobody cuts it off a live stream
	b = binary.LittleEndian.AppendUint32(b, 48000)
	return append(b, 0, 0, 0)
}
