// Package fmp4 owns the bytes of fragmented MP4 that leave the server: initialization sections and fragments, made of
// units. Live HLS and recordings are written by it, so what is recorded is what was seen.
//
// It refuses to decide where a fragment ends, and to read.
package fmp4

import (
	"encoding/binary"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"xianfeng/media"
)

// Lane is one track on its way into fragments.
type Lane struct {
	Track *media.Track
	ID    uint32 // track ID in the fMP4
	Rate  int    // time scale
}

// Sample is a unit with its place on the lane's time scale.
type Sample struct {
	Unit *media.Unit
	DTS  int64
	Dur  uint32
}

// Carries reports whether there is a place in HLS that players accept for a codec.
func Carries(c media.Codec) bool {
	switch c {
	case media.H264, media.H265, media.AV1, media.VP9, media.AAC, media.Opus:
		return true
	default: // neither VP8 nor G.711
		return false
	}
}

// MarshalInit writes the initialization section: ftyp and moov. p is nil without video.
func MarshalInit(lanes []*Lane, p *media.Params) ([]byte, error) {
	var in fmp4.Init
	for _, l := range lanes {
		in.Tracks = append(in.Tracks, &fmp4.InitTrack{ID: int(l.ID), TimeScale: uint32(l.Rate), Codec: initCodec(l.Track, p)})
	}
	var buf seekablebuffer.Buffer
	if err := in.Marshal(&buf); err != nil {
		return nil, fmt.Errorf("write initialization section: %w", err)
	}
	return buf.Bytes(), nil
}

func initCodec(t *media.Track, p *media.Params) codecs.Codec {
	switch t.Codec {
	case media.H264:
		return &codecs.H264{SPS: p.SPS, PPS: p.PPS}
	case media.H265:
		return &codecs.H265{VPS: p.VPS, SPS: p.SPS, PPS: p.PPS}
	case media.AV1:
		return &codecs.AV1{SequenceHeader: p.SequenceHeader}
	case media.VP9:
		depth := p.VP9.BitDepth
		if depth == 0 {
			depth = 8 // profile 0 has no other
		}
		return &codecs.VP9{
			Width: p.Width, Height: p.Height, Profile: p.VP9.Profile, BitDepth: depth,
			ChromaSubsampling: p.VP9.ChromaSubsampling, ColorRange: p.VP9.FullRange,
		}
	case media.AAC:
		return &codecs.MPEG4Audio{Config: *t.AAC}
	default:
		return &codecs.Opus{ChannelCount: t.Channels}
	}
}

// Run is what one track contributes to one fragment.
type Run struct {
	Lane    *Lane
	Samples []Sample
}

const (
	// ISO/IEC 14496-12 §8.8.7, §8.8.8.
	tfhdBaseIsMoof   = 0x020000
	trunDataOffset   = 0x000001
	trunDuration     = 0x000100
	trunSize         = 0x000200
	trunFlags        = 0x000400
	trunComposition  = 0x000800
	flagsSync        = 0x02000000 // depends on no other sample
	flagsNonSync     = 0x01010000 // depends on others, is not a sync sample
	trunSampleFields = trunDataOffset | trunDuration | trunSize | trunFlags | trunComposition
	mfhdSize         = 16
	tfhdSize         = 16
	tfdtSize         = 20
	trunHead         = 20
	trunSample       = 16
)

// MarshalPart writes a moof and its mdat into one buffer of exactly their size: one allocation, and
// each payload is copied once. mediacommon's writer takes 15 times the processor time and five times the memory:
// BenchmarkMarshalPart, BenchmarkMarshalPartMediacommon in package hls.
//
// Key pictures keep their parameter sets inside the sample, although avc1 and hvc1 (ISO/IEC 14496-15
// §5.3.3) want them in the sample description alone: ffmpeg and others read only the first
// initialization section, and go on through a change of parameters only because of this.
func MarshalPart(seq uint32, runs []Run) []byte {
	moof, data := 8+mfhdSize, 0
	for _, r := range runs {
		moof += 8 + tfhdSize + tfdtSize + trunHead + trunSample*len(r.Samples)
		for _, s := range r.Samples {
			data += SampleSize(r.Lane.Track.Codec, s.Unit)
		}
	}
	b := make([]byte, 0, moof+8+data)
	b = box(b, moof, "moof")
	b = box(b, mfhdSize, "mfhd")
	b = be32(b, 0)
	b = be32(b, seq)
	offset := moof + 8
	for _, r := range runs {
		b = box(b, 8+tfhdSize+tfdtSize+trunHead+trunSample*len(r.Samples), "traf")
		b = box(b, tfhdSize, "tfhd")
		b = be32(b, tfhdBaseIsMoof)
		b = be32(b, r.Lane.ID)
		b = box(b, tfdtSize, "tfdt")
		b = be32(b, 1<<24)
		b = binary.BigEndian.AppendUint64(b, uint64(r.Samples[0].DTS))
		b = box(b, trunHead+trunSample*len(r.Samples), "trun")
		b = be32(b, 1<<24|trunSampleFields) // version 1: composition offsets are signed
		b = be32(b, uint32(len(r.Samples)))
		b = be32(b, uint32(offset))
		for _, s := range r.Samples {
			size := SampleSize(r.Lane.Track.Codec, s.Unit)
			flags := uint32(flagsSync)
			if !s.Unit.Key {
				flags = flagsNonSync
			}
			b = be32(b, s.Dur)
			b = be32(b, uint32(size))
			b = be32(b, flags)
			b = be32(b, uint32(int32(media.Ticks(s.Unit.PTS, r.Lane.Rate)-s.DTS)))
			offset += size
		}
	}
	b = box(b, 8+data, "mdat")
	for _, r := range runs {
		for _, s := range r.Samples {
			b = AppendSample(b, r.Lane.Track.Codec, s.Unit)
		}
	}
	return b
}

func box(b []byte, size int, typ string) []byte { return append(be32(b, uint32(size)), typ...) }

func be32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }

// SampleSize returns how many bytes AppendSample appends.
func SampleSize(c media.Codec, u *media.Unit) int {
	switch c {
	case media.H264, media.H265:
		return u.Size + 4*len(u.Payload)
	case media.AV1:
		n := u.Size
		for _, obu := range u.Payload {
			n += leb128Size(len(obu) - obuHeader(obu))
		}
		return n
	default:
		return u.Size
	}
}

// AppendSample appends a unit in the form that fMP4 wants.
func AppendSample(b []byte, c media.Codec, u *media.Unit) []byte {
	for _, e := range u.Payload {
		switch c {
		case media.H264, media.H265: // ISO/IEC 14496-15 §5.3.3: a length in front of each NAL unit
			b = be32(b, uint32(len(e)))
		case media.AV1: // AV1 in ISOBMFF §2.4: OBUs with their size field
			n := obuHeader(e)
			b = append(b, e[0]|0x02)
			b = append(b, e[1:n]...)
			b = appendLEB128(b, len(e)-n)
			e = e[n:]
		}
		b = append(b, e...)
	}
	return b
}

// obuHeader returns the length of an OBU's header (AV1 §5.3.2): with the extension flag it is two bytes.
func obuHeader(obu []byte) int {
	if obu[0]&0x04 != 0 && len(obu) > 1 {
		return 2
	}
	return 1
}

func leb128Size(v int) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

func appendLEB128(b []byte, v int) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}
