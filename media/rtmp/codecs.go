package rtmp

import (
	"encoding/binary"

	"xianfeng/media"
)

// carriable reports whether RTMP carries the track.
func carriable(t *media.Track) bool {
	switch t.Codec {
	case media.H264, media.H265, media.AV1, media.VP9, media.AAC:
		return true
	case media.Opus:
		return t.Channels <= 2 // more need a mapping, which tracks don't have
	case media.PCMA, media.PCMU:
		return t.SampleRate == 8000 && t.Channels <= 2
	}
	return false
}

// flvVideo returns the codec with that number in FLV (Video File Format Specification 10.1, annex E.4),
// or 0. 12 is not in it but in use since before enhanced RTMP.
func flvVideo(id byte) media.Codec {
	switch id {
	case flvH264:
		return media.H264
	case 12:
		return media.H265
	}
	return 0
}

func flvAudio(id byte) media.Codec {
	switch id {
	case flvPCMA:
		return media.PCMA
	case flvPCMU:
		return media.PCMU
	case flvAAC:
		return media.AAC
	}
	return 0
}

const (
	flvH264 = 7
	flvPCMA = 7
	flvPCMU = 8
	flvAAC  = 10
)

// fourCC returns the name of a codec in enhanced RTMP, or "".
func fourCC(c media.Codec) string {
	switch c {
	case media.H264:
		return "avc1"
	case media.H265:
		return "hvc1"
	case media.AV1:
		return "av01"
	case media.VP9:
		return "vp09"
	case media.AAC:
		return "mp4a"
	case media.Opus:
		return "Opus"
	}
	return ""
}

func fromFourCC(four string) media.Codec {
	for _, c := range []media.Codec{media.H264, media.H265, media.AV1, media.VP9, media.AAC, media.Opus} {
		if fourCC(c) == four {
			return c
		}
	}
	return 0
}

// codecID is the number that metadata gives a codec: FLV's own, or the four characters.
func codecID(c media.Codec) float64 {
	switch c {
	case media.H264:
		return flvH264
	case media.AAC:
		return flvAAC
	case media.PCMA:
		return flvPCMA
	case media.PCMU:
		return flvPCMU
	}
	return float64(binary.BigEndian.Uint32([]byte(fourCC(c))))
}
