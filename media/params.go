package media

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"
)

// Params are the decoding parameters of a video track at some moment. They do not change; a change in
// the stream makes a new Params.
type Params struct {
	VPS, SPS, PPS  []byte // H264 (no VPS) and H265
	SequenceHeader []byte // AV1: the sequence header OBU, without size field
	Width, Height  int    // pixels; 0 if unknown
	FPS            float64
	VP9            VP9Params
}

// VP9Params is what a vpcC box needs to know of a VP9 key frame.
type VP9Params struct {
	Profile, BitDepth, ChromaSubsampling uint8
	FullRange                            bool
}

// NewH264Params checks and reads parameter sets.
func NewH264Params(sps, pps []byte) (*Params, error) {
	if len(sps) == 0 || len(pps) == 0 {
		return nil, fmt.Errorf("H264 parameter sets: one is missing")
	}
	var s h264.SPS
	if err := s.Unmarshal(sps); err != nil {
		return nil, fmt.Errorf("H264 parameter sets: %w", err)
	}
	return (&Params{SPS: sps, PPS: pps, Width: s.Width(), Height: s.Height(), FPS: s.FPS()}).checked()
}

// NewH265Params checks and reads parameter sets.
func NewH265Params(vps, sps, pps []byte) (*Params, error) {
	if len(vps) == 0 || len(sps) == 0 || len(pps) == 0 {
		return nil, fmt.Errorf("H265 parameter sets: one is missing")
	}
	var s h265.SPS
	if err := s.Unmarshal(sps); err != nil {
		return nil, fmt.Errorf("H265 parameter sets: %w", err)
	}
	return (&Params{VPS: vps, SPS: sps, PPS: pps, Width: s.Width(), Height: s.Height(), FPS: s.FPS()}).checked()
}

// NewAV1Params checks and reads a sequence header OBU.
func NewAV1Params(header []byte) (*Params, error) {
	var s av1.SequenceHeader
	if err := s.Unmarshal(header); err != nil {
		return nil, fmt.Errorf("AV1 sequence header: %w", err)
	}
	return (&Params{SequenceHeader: header, Width: s.Width(), Height: s.Height()}).checked()
}

// maxSide bounds the size of a picture: parsers read nonsense out of broken parameter sets, and what
// allocates by it must not believe them.
const maxSide = 16384

func (p *Params) checked() (*Params, error) {
	if p.Width < 1 || p.Width > maxSide || p.Height < 1 || p.Height > maxSide {
		return nil, fmt.Errorf("a picture of %d by %d", p.Width, p.Height)
	}
	return p, nil
}

func newVP9Params(h *vp9.Header) (*Params, error) {
	p := &Params{Width: h.Width(), Height: h.Height()}
	p.VP9.Profile = h.Profile
	if h.ColorConfig != nil {
		p.VP9.BitDepth = h.ColorConfig.BitDepth
		p.VP9.ChromaSubsampling = h.ChromaSubsampling()
		p.VP9.FullRange = h.ColorConfig.ColorRange
	}
	return p.checked()
}

// newVP8Params reads the size from a key frame (RFC 6386 §9.1).
func newVP8Params(frame []byte) (*Params, error) {
	if len(frame) < 10 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return nil, fmt.Errorf("VP8 key frame: no start code")
	}
	return (&Params{
		Width:  (int(frame[7])<<8 | int(frame[6])) & 0x3fff,
		Height: (int(frame[9])<<8 | int(frame[8])) & 0x3fff,
	}).checked()
}

// same reports whether p and q describe the same decoder state.
func (p *Params) same(q *Params) bool {
	return p != nil && q != nil && bytes.Equal(p.VPS, q.VPS) && bytes.Equal(p.SPS, q.SPS) && bytes.Equal(p.PPS, q.PPS) &&
		bytes.Equal(p.SequenceHeader, q.SequenceHeader) && p.Width == q.Width && p.Height == q.Height && p.VP9 == q.VP9
}

// MIMECodec returns the RFC 6381 name of the track, as HLS and Media Source Extensions want it;
// p is ignored for sound.
func (t *Track) MIMECodec(p *Params) string {
	switch t.Codec {
	case H264:
		if p != nil && len(p.SPS) >= 4 {
			return fmt.Sprintf("avc1.%02x%02x%02x", p.SPS[1], p.SPS[2], p.SPS[3])
		}
		return "avc1.42e01f"
	case H265:
		return h265MIME(p)
	case AV1:
		return av1MIME(p)
	case VP8:
		return "vp8"
	case VP9:
		depth := uint8(8)
		var profile uint8
		if p != nil {
			profile = p.VP9.Profile
			if p.VP9.BitDepth != 0 {
				depth = p.VP9.BitDepth
			}
		}
		return fmt.Sprintf("vp09.%02d.41.%02d", profile, depth)
	case AAC:
		typ := 2
		if t.AAC != nil {
			typ = int(t.AAC.Type)
		}
		return fmt.Sprintf("mp4a.40.%d", typ)
	case Opus:
		return "opus"
	default:
		return strings.ToLower(t.Codec.String())
	}
}

// h265MIME follows ISO/IEC 14496-15 annex E.3.
func h265MIME(p *Params) string {
	if p == nil {
		return "hvc1.1.6.L93.B0"
	}
	var s h265.SPS
	if err := s.Unmarshal(p.SPS); err != nil {
		return "hvc1.1.6.L93.B0"
	}
	ptl := s.ProfileTierLevel
	var b strings.Builder
	b.WriteString("hvc1.")
	if ptl.GeneralProfileSpace > 0 {
		b.WriteByte('A' + ptl.GeneralProfileSpace - 1)
	}
	var compat uint32
	for i, f := range ptl.GeneralProfileCompatibilityFlag {
		if f {
			compat |= 1 << i // the flags in reverse bit order
		}
	}
	tier := byte('L')
	if ptl.GeneralTierFlag > 0 {
		tier = 'H'
	}
	fmt.Fprintf(&b, "%d.%x.%c%d", ptl.GeneralProfileIdc, compat, tier, ptl.GeneralLevelIdc)
	var constraint byte
	for i, f := range []bool{ptl.GeneralProgressiveSourceFlag, ptl.GeneralInterlacedSourceFlag, ptl.GeneralNonPackedConstraintFlag, ptl.GeneralFrameOnlyConstraintFlag} {
		if f {
			constraint |= 0x80 >> i
		}
	}
	if constraint != 0 {
		fmt.Fprintf(&b, ".%x", constraint)
	}
	return b.String()
}

// av1MIME follows the AV1 codec ISO media file format binding, section 5.
func av1MIME(p *Params) string {
	if p == nil {
		return "av01.0.08M.08"
	}
	var s av1.SequenceHeader
	if err := s.Unmarshal(p.SequenceHeader); err != nil || len(s.SeqLevelIdx) == 0 {
		return "av01.0.08M.08"
	}
	tier := byte('M')
	if len(s.SeqTier) > 0 && s.SeqTier[0] {
		tier = 'H'
	}
	return fmt.Sprintf("av01.%d.%02d%c.%02d", s.SeqProfile, s.SeqLevelIdx[0], tier, s.ColorConfig.BitDepth)
}
