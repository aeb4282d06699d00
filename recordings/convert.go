package recordings

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"xianfeng/media"
	"xianfeng/recordings/mp4"
)

// ErrCodec: browsers can't be relied on to play what a file is coded in.
var ErrCodec = errors.New("it is coded in a way that browsers do not play")

// form is how the samples of one description are to be read.
type form struct {
	track  media.Track
	length int      // bytes of a NAL unit's length
	sets   [][]byte // parameter sets, in front of a key picture
	params *media.Params
}

// encrypted are the descriptions of what is encrypted.
var encrypted = []string{"encv", "enca", "drmi", "drms"}

// names are what people call codecs that can't be played.
var names = map[string]string{
	"mp4v": "MPEG-4 Part 2", "s263": "H.263", "jpeg": "JPEG", "mjpa": "Motion JPEG", "mjpb": "Motion JPEG", "apcn": "ProRes", "apch": "ProRes", "apcs": "ProRes", "apco": "ProRes", "ap4h": "ProRes",
	"vp08": "VP8", "vp09": "VP9", "vvc1": "H.266", "ac-3": "AC-3", "ec-3": "E-AC-3", "alac": "ALAC", "fLaC": "FLAC", "samr": "AMR", "sawb": "AMR", ".mp3": "MP3", "lpcm": "PCM", "sowt": "PCM", "twos": "PCM", "dtsc": "DTS", "mha1": "MPEG-H",
}

func called(format string) string {
	if n := names[format]; n != "" {
		return n
	}
	return fmt.Sprintf("%q", format)
}

// newForm reads a sample description.
func newForm(e *mp4.Entry) (*form, error) {
	if slices.Contains(encrypted, e.Format) {
		return nil, mp4.ErrEncrypted
	}
	var f *form
	var err error
	switch e.Format {
	case "avc1", "avc3":
		f, err = avcForm(e.Config)
	case "hvc1", "hev1":
		f, err = hevcForm(e.Config)
	case "av01":
		f, err = av1Form(e.Config)
	case "mp4a":
		f, err = aacForm(e.Config)
	case "Opus":
		f, err = opusForm(e.Config)
	default:
		return nil, fmt.Errorf("%w: %s", ErrCodec, called(e.Format))
	}
	if err != nil {
		return nil, fmt.Errorf("description of %s: %w", e.Format, err)
	}
	return f, nil
}

// sets reads count parameter sets, each with its length in front.
func sets(b []byte, count int) (out [][]byte, rest []byte, err error) {
	for range count {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
			return nil, nil, mp4.ErrDamaged
		}
		n := int(binary.BigEndian.Uint16(b))
		if n > 0 {
			out = append(out, b[2:2+n])
		}
		b = b[2+n:]
	}
	return out, b, nil
}

// avcForm reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1).
func avcForm(b []byte) (*form, error) {
	if len(b) < 7 {
		return nil, mp4.ErrDamaged
	}
	f := &form{length: int(b[4]&3) + 1}
	sps, b, err := sets(b[6:], int(b[5]&0x1f))
	if err != nil || len(b) < 1 {
		return nil, mp4.ErrDamaged
	}
	pps, _, err := sets(b[1:], int(b[0]))
	if err != nil {
		return nil, err
	}
	f.sets = append(sps, pps...)
	if len(sps) > 0 && len(pps) > 0 { // else they are in the pictures
		if f.params, err = media.NewH264Params(sps[0], pps[0]); err != nil {
			return nil, fmt.Errorf("%w: %w", mp4.ErrDamaged, err)
		}
	}
	f.track = media.Track{Codec: media.H264, Params: f.params}
	return f, nil
}

// hevcForm reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1).
func hevcForm(b []byte) (*form, error) {
	if len(b) < 23 {
		return nil, mp4.ErrDamaged
	}
	f := &form{length: int(b[21]&3) + 1}
	var first [3][]byte // VPS, SPS, PPS
	arrays, b := int(b[22]), b[23:]
	for range arrays {
		if len(b) < 3 {
			return nil, mp4.ErrDamaged
		}
		typ, n := b[0]&0x3f, int(binary.BigEndian.Uint16(b[1:]))
		list, rest, err := sets(b[3:], n)
		if err != nil {
			return nil, err
		}
		b = rest
		if typ < 32 || typ > 34 || len(list) == 0 {
			continue
		}
		f.sets = append(f.sets, list...)
		if first[typ-32] == nil {
			first[typ-32] = list[0]
		}
	}
	if first[0] != nil && first[1] != nil && first[2] != nil {
		var err error
		if f.params, err = media.NewH265Params(first[0], first[1], first[2]); err != nil {
			return nil, fmt.Errorf("%w: %w", mp4.ErrDamaged, err)
		}
	}
	f.track = media.Track{Codec: media.H265, Params: f.params}
	return f, nil
}

// av1Form reads an AV1CodecConfigurationRecord (AV1 in ISOBMFF §2.3.3).
func av1Form(b []byte) (*form, error) {
	f := &form{track: media.Track{Codec: media.AV1}}
	if len(b) <= 4 {
		return f, nil
	}
	list, err := splitOBUs(b[4:])
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if obuType(o) != obuSequenceHeader {
			continue
		}
		p, err := media.NewAV1Params(o)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", mp4.ErrDamaged, err)
		}
		f.params, f.track.Params, f.sets = p, p, [][]byte{o}
	}
	return f, nil
}

// aacForm reads an esds (ISO/IEC 14496-1 §7.2.6.5).
func aacForm(b []byte) (*form, error) {
	object, specific, err := esds(b)
	if err != nil {
		return nil, err
	}
	switch object {
	case 0x40, 0x66, 0x67, 0x68:
	case 0x69, 0x6b:
		return nil, fmt.Errorf("%w: MP3", ErrCodec)
	default:
		return nil, fmt.Errorf("%w: sound of kind %#x", ErrCodec, object)
	}
	var c mpeg4audio.AudioSpecificConfig
	if err := c.Unmarshal(specific); err != nil {
		return nil, fmt.Errorf("%w: sound: %w", ErrCodec, err)
	}
	if c.SampleRate < 7350 || c.SampleRate > 192000 {
		return nil, fmt.Errorf("%w: %d Hz", mp4.ErrDamaged, c.SampleRate)
	}
	return &form{track: media.NewAACTrack(&c)}, nil
}

// esds finds the kind of object and its configuration.
func esds(b []byte) (object byte, specific []byte, err error) {
	if len(b) < 4 {
		return 0, nil, mp4.ErrDamaged
	}
	for b = b[4:]; len(b) > 0; {
		tag, body, rest, ok := descriptor(b)
		if !ok {
			break
		}
		switch tag {
		case 3: // ES_Descriptor
			if len(body) < 3 {
				return 0, nil, mp4.ErrDamaged
			}
			skip := 3
			if body[2]&0x80 != 0 {
				skip += 2
			}
			if body[2]&0x40 != 0 && len(body) > skip {
				skip += 1 + int(body[skip])
			}
			if body[2]&0x20 != 0 {
				skip += 2
			}
			if len(body) < skip {
				return 0, nil, mp4.ErrDamaged
			}
			b = body[skip:]
		case 4: // DecoderConfigDescriptor
			if len(body) < 13 {
				return 0, nil, mp4.ErrDamaged
			}
			object, b = body[0], body[13:]
		case 5: // DecoderSpecificInfo
			return object, body, nil
		default:
			b = rest
		}
	}
	if object == 0 {
		return 0, nil, mp4.ErrDamaged
	}
	return object, nil, nil
}

func descriptor(b []byte) (tag byte, body, rest []byte, ok bool) {
	n := 0
	for i := 1; i < len(b) && i <= 4; i++ {
		n = n<<7 | int(b[i]&0x7f)
		if b[i]&0x80 == 0 {
			if n > len(b)-i-1 {
				return 0, nil, nil, false
			}
			return b[0], b[i+1 : i+1+n], b[i+1+n:], true
		}
	}
	return 0, nil, nil, false
}

// opusForm reads a dOps (Opus in ISOBMFF §4.3.2).
func opusForm(b []byte) (*form, error) {
	if len(b) < 11 {
		return nil, mp4.ErrDamaged
	}
	if b[10] != 0 || b[1] < 1 || b[1] > 2 {
		return nil, fmt.Errorf("%w: Opus with %d channels", ErrCodec, b[1])
	}
	return &form{track: media.Track{Codec: media.Opus, SampleRate: 48000, Channels: int(b[1])}}, nil
}

const obuSequenceHeader = 1

// splitOBUs takes OBUs apart and their size fields off (AV1 §5.3.2); the last may be without.
func splitOBUs(b []byte) (out [][]byte, err error) {
	for len(b) > 0 {
		head := 1
		if b[0]&0x04 != 0 {
			head = 2
		}
		size, n := len(b)-head, 0
		if b[0]&0x02 != 0 && len(b) > head {
			v, k := binary.Uvarint(b[head:])
			if k <= 0 || k > 8 || v > uint64(len(b)-head-k) {
				return nil, fmt.Errorf("%w: a picture", mp4.ErrDamaged)
			}
			size, n = int(v), k
		}
		if size < 0 {
			return nil, fmt.Errorf("%w: a picture", mp4.ErrDamaged)
		}
		o := make([]byte, 0, head+size)
		o = append(append(o, b[:head]...), b[head+n:head+n+size]...)
		o[0] &^= 0x02
		out, b = append(out, o), b[head+n+size:]
	}
	return out, nil
}

func obuType(o []byte) byte {
	if len(o) == 0 {
		return 0
	}
	return o[0] >> 3 & 0xf
}

// unit makes a unit's content of a sample: payload, whether decoding can begin with it, parameters.
func (f *form) unit(b []byte, marked bool) (payload [][]byte, key bool, err error) {
	switch f.track.Codec {
	case media.H264, media.H265:
		return f.pictures(b, marked)
	case media.AV1:
		return f.obus(b, marked)
	default:
		return [][]byte{b}, true, nil
	}
}

// pictures takes NAL units apart.
func (f *form) pictures(b []byte, marked bool) (out [][]byte, key bool, err error) {
	var found [3][]byte // VPS, SPS, PPS in the sample
	for len(b) > 0 {
		if len(b) < f.length {
			return nil, false, fmt.Errorf("%w: a picture", mp4.ErrDamaged)
		}
		n := 0
		for _, x := range b[:f.length] {
			n = n<<8 | int(x)
		}
		if b = b[f.length:]; n > len(b) {
			return nil, false, fmt.Errorf("%w: a picture", mp4.ErrDamaged)
		}
		nal := b[:n]
		b = b[n:]
		if n == 0 {
			continue
		}
		switch set, start, delimiter := f.nal(nal[0]); {
		case delimiter:
			continue
		case set >= 0:
			if found[set] == nil {
				found[set] = nal
			}
		case start:
			key = true
		}
		out = append(out, nal)
	}
	key = key || marked
	if !key || len(out) == 0 {
		return out, key && len(out) > 0, nil
	}
	return f.withSets(out, found)
}

// nal says what a NAL unit is: a parameter set (VPS 0, SPS 1, PPS 2; else -1), a picture to begin with, a delimiter.
func (f *form) nal(first byte) (set int, start, delimiter bool) {
	if f.track.Codec == media.H264 {
		switch first & 0x1f {
		case 5:
			return -1, true, false
		case 7:
			return 1, false, false
		case 8:
			return 2, false, false
		case 9:
			return -1, false, true
		}
		return -1, false, false
	}
	switch typ := first >> 1 & 0x3f; {
	case typ >= 16 && typ <= 21:
		return -1, true, false
	case typ >= 32 && typ <= 34:
		return int(typ) - 32, false, false
	case typ == 35:
		return -1, false, true
	}
	return -1, false, false
}

// withSets puts the parameter sets in front of a key picture that has none, or takes over those that it has.
func (f *form) withSets(out [][]byte, found [3][]byte) ([][]byte, bool, error) {
	if found[1] == nil || found[2] == nil {
		if f.params == nil {
			return out, false, nil // nothing to decode it with
		}
		return append(slices.Clone(f.sets), out...), true, nil
	}
	var p *media.Params
	var err error
	if f.track.Codec == media.H264 {
		p, err = media.NewH264Params(found[1], found[2])
	} else {
		if found[0] == nil && f.params != nil {
			found[0] = f.params.VPS
		}
		p, err = media.NewH265Params(found[0], found[1], found[2])
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", mp4.ErrDamaged, err)
	}
	if f.params == nil || !bytes.Equal(p.SPS, f.params.SPS) || !bytes.Equal(p.PPS, f.params.PPS) || !bytes.Equal(p.VPS, f.params.VPS) {
		f.params, f.sets = p, [][]byte{p.SPS, p.PPS}
		if p.VPS != nil {
			f.sets = [][]byte{p.VPS, p.SPS, p.PPS}
		}
	}
	return out, true, nil
}

// obus takes the OBUs of a picture apart.
func (f *form) obus(b []byte, marked bool) (out [][]byte, key bool, err error) {
	all, err := splitOBUs(b)
	if err != nil {
		return nil, false, err
	}
	var header []byte
	for _, o := range all {
		switch obuType(o) {
		case 2: // temporal delimiter
			continue
		case obuSequenceHeader:
			header = o
		}
		out = append(out, o)
	}
	if !marked || len(out) == 0 {
		return out, false, nil
	}
	if header == nil {
		if f.params == nil {
			return out, false, nil
		}
		return append(slices.Clone(f.sets), out...), true, nil
	}
	if f.params == nil || !bytes.Equal(f.params.SequenceHeader, header) {
		p, err := media.NewAV1Params(header)
		if err != nil {
			return nil, false, fmt.Errorf("%w: %w", mp4.ErrDamaged, err)
		}
		f.params, f.sets = p, [][]byte{header}
	}
	return out, true, nil
}
