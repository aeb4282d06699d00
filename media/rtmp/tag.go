package rtmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"xianfeng/media"
)

// tag is an FLV tag's body, the content of an RTMP audio or video message, taken apart. Data is a part
// of the message, not a copy.
type tag struct {
	kind   tagKind
	codec  media.Codec // 0: none that streams carry; see format
	format string      // the coding format, for people
	track  uint8       // of enhanced RTMP's multitrack; else 0
	key    bool        // video: a key frame, it says
	stereo bool        // audio, old form
	cts    time.Duration
	data   []byte
}

type tagKind uint8

const (
	tagOther  tagKind = iota // nothing that matters to us
	tagConfig                // decoder configuration
	tagFrame
)

var errShortTag = errors.New("the tag is cut short")

// Enhanced RTMP v2: packet types of video; those of audio where they differ.
const (
	exStart           = 0
	exFrames          = 1
	exFramesX         = 3 // video: without composition time
	exMultitrackVideo = 6
	exMultitrackAudio = 5
	exMod             = 7
)

func parseVideo(b []byte) (tag, error) {
	if len(b) == 0 {
		return tag{}, errShortTag
	}
	frame := b[0] >> 4 & 7
	if frame == 5 {
		return tag{}, nil // a command to the player, without a picture
	}
	t := tag{key: frame == 1}
	if b[0]&0x80 != 0 {
		return t.parseEx(b, true)
	}
	id := b[0] & 0x0f
	t.codec = flvVideo(id)
	if t.codec == 0 {
		t.kind, t.format = tagFrame, fmt.Sprintf("FLV video format %d", id)
		return t, nil
	}
	t.format = t.codec.String()
	if len(b) < 5 {
		return tag{}, errShortTag
	}
	switch b[1] {
	case 0:
		t.kind = tagConfig
	case 1:
		t.kind = tagFrame
	}
	t.cts, t.data = composition(b[2:5]), b[5:]
	return t, nil
}

func parseAudio(b []byte) (tag, error) {
	if len(b) == 0 {
		return tag{}, errShortTag
	}
	id := b[0] >> 4
	if id == 9 {
		return tag{}.parseEx(b, false)
	}
	t := tag{kind: tagFrame, codec: flvAudio(id), stereo: b[0]&1 != 0, data: b[1:]}
	if t.codec == 0 {
		t.format = fmt.Sprintf("FLV audio format %d", id)
		return t, nil
	}
	t.format = t.codec.String()
	if t.codec != media.AAC {
		return t, nil
	}
	if len(b) < 2 {
		return tag{}, errShortTag
	}
	t.data = b[2:]
	switch b[1] {
	case 0:
		t.kind = tagConfig
	case 1:
	default:
		t.kind = tagOther
	}
	return t, nil
}

// composition reads SI24: presentation minus decoding time, in milliseconds. Some encoders do send
// negative ones.
func composition(b []byte) time.Duration {
	v := int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8
	return time.Duration(v) * time.Millisecond
}

// parseEx goes on with a tag in the form of enhanced RTMP.
func (t tag) parseEx(b []byte, video bool) (tag, error) {
	typ, rest := b[0]&0x0f, b[1:]
	for typ == exMod { // modifiers, such as nanoseconds: skipped
		var err error
		if typ, rest, err = skipMod(rest); err != nil {
			return tag{}, err
		}
	}
	multi, many := video && typ == exMultitrackVideo || !video && typ == exMultitrackAudio, byte(0)
	if multi {
		if len(rest) == 0 {
			return tag{}, errShortTag
		}
		many, typ, rest = rest[0]>>4, rest[0]&0x0f, rest[1:]
		if many > 1 {
			return tag{}, nil // tracks of several codecs in one message
		}
	}
	if len(rest) < 4 {
		return tag{}, errShortTag
	}
	four := string(rest[:4])
	rest = rest[4:]
	t.codec = fromFourCC(four)
	if t.codec != 0 && t.codec.Video() != video {
		t.codec = 0
	}
	if t.format = t.codec.String(); t.codec == 0 {
		t.format = fmt.Sprintf("%.4q", four)
	}
	if multi {
		if len(rest) == 0 {
			return tag{}, errShortTag
		}
		t.track, rest = rest[0], rest[1:]
		if many == 1 { // several tracks, each with its length: the first one
			if len(rest) < 3 {
				return tag{}, errShortTag
			}
			n := int(rest[0])<<16 | int(rest[1])<<8 | int(rest[2])
			if rest = rest[3:]; n > len(rest) {
				return tag{}, errShortTag
			}
			rest = rest[:n]
		}
	}
	switch {
	case typ == exStart:
		t.kind = tagConfig
	case typ == exFrames:
		t.kind = tagFrame
		if t.codec == media.H264 || t.codec == media.H265 {
			if len(rest) < 3 {
				return tag{}, errShortTag
			}
			t.cts, rest = composition(rest), rest[3:]
		}
	case typ == exFramesX && video:
		t.kind = tagFrame
	}
	t.data = rest
	return t, nil
}

// skipMod skips a modifier's data and returns the packet type that follows.
func skipMod(b []byte) (typ byte, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, errShortTag
	}
	n, b := int(b[0])+1, b[1:]
	if n == 256 {
		if len(b) < 2 {
			return 0, nil, errShortTag
		}
		n, b = int(binary.BigEndian.Uint16(b))+1, b[2:]
	}
	if len(b) < n+1 {
		return 0, nil, errShortTag
	}
	return b[n] & 0x0f, b[n+1:], nil
}

// splitNALUs cuts an H264 or H265 frame at its length fields.
func splitNALUs(b []byte, lengthSize int) ([][]byte, error) {
	var out [][]byte
	for len(b) > 0 {
		if len(b) < lengthSize {
			return nil, errors.New("a NAL unit's length is cut short")
		}
		n := 0
		for _, x := range b[:lengthSize] {
			n = n<<8 | int(x)
		}
		if b = b[lengthSize:]; n > len(b) {
			return nil, fmt.Errorf("a NAL unit of %d bytes where %d are left", n, len(b))
		}
		if n > 0 {
			out = append(out, b[:n:n])
		}
		b = b[n:]
	}
	return out, nil
}

// splitOBUs cuts an AV1 temporal unit and takes the size fields out (AV1 §5.3). Unlike mediacommon's,
// it knows OBUs with an extension byte (scalability) and a last one without a size.
func splitOBUs(b []byte) ([][]byte, error) {
	var out [][]byte
	for len(b) > 0 {
		head := 1 + int(b[0]>>2&1)
		if len(b) < head {
			return nil, errors.New("an OBU's header is cut short")
		}
		if b[0]&2 == 0 {
			return append(out, b), nil
		}
		n, used := binary.Uvarint(b[head:])
		if used <= 0 || n > uint64(len(b)-head-used) {
			return nil, errors.New("an OBU's size reaches beyond the frame")
		}
		obu := make([]byte, head, head+int(n))
		copy(obu, b)
		obu[0] &^= 2
		end := head + used + int(n)
		out = append(out, append(obu, b[head+used:end]...))
		b = b[end:]
	}
	return out, nil
}
