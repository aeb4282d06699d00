package media

import (
	"bytes"
	"slices"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"
)

// shaper makes the payloads of one track regular, in the sense of Unit.Payload.
type shaper struct {
	codec  Codec
	params *Params // in force; nil until known
	open   bool    // a key frame has been let through
	h264   *h264.DTSExtractor
	h265   *h265.DTSExtractor
}

type shaped struct {
	payload [][]byte
	key     bool
	params  *Params
	size    int
}

func newShaper(t *Track) shaper {
	s := shaper{codec: t.Codec, params: t.Params}
	s.restart()
	return s
}

// restart forgets what was before: the next unit let through is a key frame.
func (s *shaper) restart() {
	s.open = false
	switch s.codec {
	case H264:
		s.h264 = &h264.DTSExtractor{}
		s.h264.Initialize()
	case H265:
		s.h265 = &h265.DTSExtractor{}
		s.h265.Initialize()
	}
}

// shape returns the regular form of one payload, and false where it is of no use: empty, not
// parseable, or a picture before the first key frame.
func (s *shaper) shape(in [][]byte) (shaped, bool) {
	var out shaped
	in = slices.DeleteFunc(in, func(b []byte) bool { return len(b) == 0 })
	if len(in) == 0 {
		return out, false
	}
	ok := true
	switch s.codec {
	case H264:
		out.payload, out.key, ok = s.shapeH264(in)
	case H265:
		out.payload, out.key, ok = s.shapeH265(in)
	case AV1:
		out.payload, out.key, ok = s.shapeAV1(in)
	case VP8, VP9:
		out.payload = in[:1]
		out.key, ok = s.shapeVPx(in[0])
	default:
		out.payload, out.key = in, true
		s.open = true
	}
	if !ok || len(out.payload) == 0 || !out.key && !s.open {
		return out, false
	}
	s.open = true
	out.params = s.params
	for _, b := range out.payload {
		out.size += len(b)
	}
	return out, true
}

// adopt takes new parameters into force unless they are those in force already.
func (s *shaper) adopt(p *Params, err error) bool {
	if err != nil {
		return false
	}
	if !s.params.same(p) {
		s.params = p
	}
	return true
}

func (s *shaper) shapeH264(in [][]byte) (out [][]byte, key, ok bool) {
	var sps, pps []byte
	for _, n := range in {
		switch h264.NALUType(n[0] & 0x1f) {
		case h264.NALUTypeSPS:
			sps = n
		case h264.NALUTypePPS:
			pps = n
		case h264.NALUTypeIDR:
			key = true
		}
	}
	// A lone PPS goes with the SPS in force, and the other way round.
	if s.params != nil {
		if sps == nil && pps != nil {
			sps = s.params.SPS
		} else if pps == nil && sps != nil {
			pps = s.params.PPS
		}
	}
	if sps != nil && pps != nil && (s.params == nil || !bytes.Equal(sps, s.params.SPS) || !bytes.Equal(pps, s.params.PPS)) {
		if !s.adopt(NewH264Params(sps, pps)) {
			return nil, false, false
		}
	}
	if key && s.params == nil {
		return nil, false, false
	}
	if key {
		out = append(make([][]byte, 0, len(in)+2), s.params.SPS, s.params.PPS)
	}
	for _, n := range in {
		switch h264.NALUType(n[0] & 0x1f) {
		case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeFillerData, h264.NALUTypeEndOfSequence, h264.NALUTypeEndOfStream:
			continue
		case h264.NALUTypeSPS:
			if s.params != nil && bytes.Equal(n, s.params.SPS) {
				continue
			}
		case h264.NALUTypePPS:
			if s.params != nil && bytes.Equal(n, s.params.PPS) {
				continue
			}
		}
		out = append(out, n)
	}
	return out, key, true
}

func (s *shaper) shapeH265(in [][]byte) (out [][]byte, key, ok bool) {
	var sets Params
	if s.params != nil {
		sets.VPS, sets.SPS, sets.PPS = s.params.VPS, s.params.SPS, s.params.PPS
	}
	found := false
	for _, n := range in {
		switch typ := h265.NALUType(n[0] >> 1 & 0x3f); typ {
		case h265.NALUType_VPS_NUT:
			sets.VPS, found = n, true
		case h265.NALUType_SPS_NUT:
			sets.SPS, found = n, true
		case h265.NALUType_PPS_NUT:
			sets.PPS, found = n, true
		default:
			// H.265 §7.4.2.2: types 16 to 21 are the intra random access points.
			key = key || typ >= h265.NALUType_BLA_W_LP && typ <= h265.NALUType_CRA_NUT
		}
	}
	if found && sets.VPS != nil && sets.SPS != nil && sets.PPS != nil &&
		(s.params == nil || !bytes.Equal(sets.VPS, s.params.VPS) || !bytes.Equal(sets.SPS, s.params.SPS) || !bytes.Equal(sets.PPS, s.params.PPS)) {
		if !s.adopt(NewH265Params(sets.VPS, sets.SPS, sets.PPS)) {
			return nil, false, false
		}
	}
	if key && s.params == nil {
		return nil, false, false
	}
	if key {
		out = append(make([][]byte, 0, len(in)+3), s.params.VPS, s.params.SPS, s.params.PPS)
	}
	for _, n := range in {
		switch h265.NALUType(n[0] >> 1 & 0x3f) {
		case h265.NALUType_AUD_NUT, h265.NALUType_FD_NUT, h265.NALUType_EOS_NUT, h265.NALUType_EOB_NUT:
			continue
		case h265.NALUType_VPS_NUT, h265.NALUType_SPS_NUT, h265.NALUType_PPS_NUT:
			if p := s.params; p != nil && (bytes.Equal(n, p.VPS) || bytes.Equal(n, p.SPS) || bytes.Equal(n, p.PPS)) {
				continue
			}
		}
		out = append(out, n)
	}
	return out, key, true
}

func (s *shaper) shapeAV1(in [][]byte) (out [][]byte, key, ok bool) {
	header := -1
	for _, obu := range in {
		var h av1.OBUHeader
		if err := h.Unmarshal(obu); err != nil {
			return nil, false, false
		}
		switch h.Type {
		case av1.OBUTypeTemporalDelimiter:
			continue
		case av1.OBUTypeSequenceHeader:
			if s.params == nil || !bytes.Equal(obu, s.params.SequenceHeader) {
				if !s.adopt(NewAV1Params(obu)) {
					return nil, false, false
				}
			}
			header = len(out)
		}
		out = append(out, obu)
	}
	// AV1 §7.6.1: a key frame to begin with comes with its sequence header, which encoders for
	// streaming repeat; IsRandomAccess2 looks for exactly that.
	return out, header >= 0 && av1.IsRandomAccess2(out), true
}

func (s *shaper) shapeVPx(frame []byte) (key, ok bool) {
	if s.codec == VP8 {
		if key = frame[0]&1 == 0; key {
			return true, s.adopt(newVP8Params(frame))
		}
		return false, true
	}
	var h vp9.Header
	if err := h.Unmarshal(frame); err != nil {
		return false, false
	}
	if key = !h.NonKeyFrame && !h.ShowExistingFrame; key {
		return true, s.adopt(newVP9Params(&h))
	}
	return false, true
}

// dts works out the decoding time of a shaped payload that came with a time of presentation only.
func (s *shaper) dts(payload [][]byte, pts time.Duration) time.Duration {
	const rate = 90000
	var v int64
	var err error
	switch s.codec {
	case H264:
		v, err = s.h264.Extract(payload, Ticks(pts, rate))
	case H265:
		v, err = s.h265.Extract(payload, Ticks(pts, rate))
	default:
		return pts
	}
	if err != nil || v > Ticks(pts, rate) {
		return pts // a stream that contradicts itself; Write keeps decoding times growing
	}
	return pts - FromTicks(Ticks(pts, rate)-v, rate)
}

// PacketDuration returns how long one packet of the (sound) track lasts.
func (t *Track) PacketDuration(b []byte) time.Duration {
	switch t.Codec {
	case AAC:
		return FromTicks(mpeg4audio.SamplesPerAccessUnit, t.SampleRate)
	case Opus:
		return FromTicks(opus.PacketDuration2(b), 48000)
	default:
		return FromTicks(int64(len(b)/t.Channels), t.SampleRate)
	}
}
