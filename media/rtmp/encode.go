package rtmp

import (
	"encoding/binary"
	"time"

	"xianfeng/media"
)

// encoder makes tag bodies, in parts, out of the units of one track. The parts hold the units' own
// memory; those that are made here are good until the next call.
type encoder struct {
	track *media.Track
	head  []byte
	parts [][]byte
}

const (
	frameKey   = 1
	frameInter = 2
	exVideo    = 0x80
	exAudio    = 0x90
	audioBest  = 3<<2 | 1<<1 // 44 kHz, 16 bits: what FLV says for AAC whatever is true
)

// config returns the tag with the decoder configuration, or nil where the codec has none.
func (e *encoder) config(p *media.Params) ([]byte, error) {
	switch e.track.Codec {
	case media.AAC:
		conf, err := e.track.AAC.Marshal()
		return append([]byte{flvAAC<<4 | audioBest | 1, 0}, conf...), err
	case media.Opus:
		b := append([]byte{exAudio | exStart}, fourCC(media.Opus)...)
		return append(b, makeOpusHead(e.track.Channels)...), nil
	case media.PCMA, media.PCMU:
		return nil, nil
	}
	record, err := makeRecord(e.track.Codec, p)
	if err != nil {
		return nil, err
	}
	if e.track.Codec == media.H264 {
		return append([]byte{frameKey<<4 | flvH264, 0, 0, 0, 0}, record...), nil
	}
	b := append([]byte{exVideo | frameKey<<4 | exStart}, fourCC(e.track.Codec)...)
	return append(b, record...), nil
}

// frame returns the tag of a unit, in parts. cts is its presentation minus its decoding time.
func (e *encoder) frame(u *media.Unit, cts time.Duration) [][]byte {
	kind := byte(frameInter)
	if u.Key {
		kind = frameKey
	}
	e.head = e.head[:0]
	switch e.track.Codec {
	case media.H264:
		e.head = appendTime(append(e.head, kind<<4|flvH264, 1), cts)
		return e.lengths(u.Payload)
	case media.H265:
		e.head = append(append(e.head, exVideo|kind<<4|exFrames), fourCC(media.H265)...)
		e.head = appendTime(e.head, cts)
		return e.lengths(u.Payload)
	case media.AV1:
		e.head = append(append(e.head, exVideo|kind<<4|exFramesX), fourCC(media.AV1)...)
		return e.obus(u.Payload)
	case media.VP9:
		e.head = append(append(e.head, exVideo|kind<<4|exFramesX), fourCC(media.VP9)...)
	case media.AAC:
		e.head = append(e.head, flvAAC<<4|audioBest|1, 1)
	case media.Opus:
		e.head = append(append(e.head, exAudio|exFrames), fourCC(media.Opus)...)
	case media.PCMA, media.PCMU:
		b := byte(flvPCMU)<<4 | 1<<1
		if e.track.Codec == media.PCMA {
			b = flvPCMA<<4 | 1<<1
		}
		if e.track.Channels == 2 {
			b |= 1
		}
		e.head = append(e.head, b)
	}
	e.parts = append(append(e.parts[:0], e.head), u.Payload...)
	return e.parts
}

func appendTime(b []byte, d time.Duration) []byte {
	v := uint32(d / time.Millisecond)
	return append(b, byte(v>>16), byte(v>>8), byte(v))
}

// lengths puts NAL units together, each after its length. All lengths lie in head behind the tag's
// header, which must not move while parts point into it.
func (e *encoder) lengths(nals [][]byte) [][]byte {
	n := len(e.head)
	for _, nal := range nals {
		e.head = binary.BigEndian.AppendUint32(e.head, uint32(len(nal)))
	}
	e.parts = append(e.parts[:0], e.head[:n+4], nals[0])
	for i, nal := range nals[1:] {
		at := n + 4 + 4*i
		e.parts = append(e.parts, e.head[at:at+4], nal)
	}
	return e.parts
}

// obus puts OBUs together, each with its size, after a temporal delimiter, without which ffmpeg does
// not take them.
func (e *encoder) obus(obus [][]byte) [][]byte {
	delimiter := []byte{2<<3 | 2, 0}
	e.head = append(e.head, delimiter...)
	e.parts = append(e.parts[:0], e.head)
	for _, obu := range obus {
		head, tail := obuHead(obu)
		e.parts = append(e.parts, head, tail)
	}
	return e.parts
}
