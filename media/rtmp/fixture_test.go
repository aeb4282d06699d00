package rtmp

import (
	"bytes"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib"
	"github.com/bluenviron/gortmplib/pkg/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"

	"xianfeng/media"
)

// Parameter sets that parse.
var (
	spsHD = []byte{
		0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04,
		0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc9, 0x20,
	}
	spsCIF = []byte{
		0x67, 0x64, 0x00, 0x0c, 0xac, 0x3b, 0x50, 0xb0, 0x4b, 0x42, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00,
		0x00, 0x03, 0x00, 0x3d, 0x08,
	}
	ppsAny = []byte{0x68, 0xee, 0x3c, 0x80}

	vps265 = []byte{
		0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0xb0, 0x00, 0x00, 0x03,
		0x00, 0x00, 0x03, 0x00, 0x7b, 0x18, 0xb0, 0x24,
	}
	sps265 = []byte{
		0x42, 0x01, 0x01, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0xb0, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03,
		0x00, 0x7b, 0xa0, 0x07, 0x82, 0x00, 0x88, 0x7d, 0xb6, 0x71, 0x8b, 0x92, 0x44, 0x80, 0x53, 0x88,
		0x88, 0x92, 0xcf, 0x24, 0xa6, 0x92, 0x72, 0xc9, 0x12, 0x49, 0x22, 0xdc, 0x91, 0xaa, 0x48, 0xfc,
		0xa2, 0x23, 0xff, 0x00, 0x01, 0x00, 0x01, 0x6a, 0x02, 0x02, 0x02, 0x01,
	}
	pps265 = []byte{0x44, 0x01, 0xc0, 0x25, 0x2f, 0x05, 0x32, 0x40}

	headerAV1 = []byte{0x08, 0x00, 0x00, 0x00, 0x42, 0xab, 0xbf, 0xc3, 0x70, 0x0b, 0xe0, 0x01}

	keyVP9   = []byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x77, 0xf0, 0x32, 0x34, 0x30, 0x38, 0x24, 0x1c, 0x19, 0x40, 0x18, 0x03, 0x40, 0x5f, 0xb4}
	interVP9 = []byte{0x86, 0x00, 0x40, 0x92, 0x88, 0x2c, 0x49, 0xe0, 0x00, 0x1c, 0xe1, 0x51, 0x4e, 0x00, 0x21}

	aacConf = &mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2}
)

const frameTime = 40 * time.Millisecond

// kind is a coding format with sample content, as publishers send it and as units have it.
type kind struct {
	codec     media.Codec
	track     func() *gortmplib.Track
	publish   func(w *gortmplib.Writer, t *gortmplib.Track, i int) error
	want      func(i int) [][]byte                                                                      // payload of the unit
	subscribe func(r *gortmplib.Reader, t *gortmplib.Track, f func(at time.Duration, payload [][]byte)) // content as gortmplib plays it
}

// body returns distinguishable content; every 20th is longer than a chunk.
func body(head []byte, i int) []byte {
	n := 100
	if i%20 == 0 {
		n = 2*outChunk + 77
	}
	return append(bytes.Clone(head), bytes.Repeat([]byte{byte(i%100 + 1)}, n)...)
}

func au264(i int) [][]byte {
	if i == 0 {
		return [][]byte{spsHD, ppsAny, body([]byte{0x65}, i)}
	}
	return [][]byte{body([]byte{0x41}, i)}
}

func au265(i int) [][]byte {
	if i == 0 {
		return [][]byte{vps265, sps265, pps265, body([]byte{0x26, 0x01}, i)}
	}
	return [][]byte{body([]byte{0x02, 0x01}, i)}
}

func tuAV1(i int) [][]byte {
	if i == 0 {
		return [][]byte{headerAV1, body([]byte{6 << 3}, i)}
	}
	return [][]byte{body([]byte{6 << 3}, i)}
}

func frameVP9(i int) []byte {
	if i == 0 {
		return keyVP9
	}
	return interVP9
}

// kinds are the codecs that RTMP carries.
func kinds() []kind {
	at := func(i int) time.Duration { return time.Duration(i) * frameTime }
	one := func(f func(int) []byte) func(int) [][]byte {
		return func(i int) [][]byte { return [][]byte{f(i)} }
	}
	packetOpus := func(i int) []byte { return append([]byte{0xfc}, byte(i), 2, 3) } // 20 ms, stereo
	unitAAC := func(i int) []byte { return append([]byte{0x21}, byte(i), 2, 3) }
	samples := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 320) }
	return []kind{
		{
			codec: media.H264,
			track: func() *gortmplib.Track { return &gortmplib.Track{Codec: &codecs.H264{SPS: spsHD, PPS: ppsAny}} },
			publish: func(w *gortmplib.Writer, t *gortmplib.Track, i int) error {
				return w.WriteH264(t, at(i)+2*frameTime, at(i), au264(i))
			},
			want: au264,
			subscribe: func(r *gortmplib.Reader, t *gortmplib.Track, f func(time.Duration, [][]byte)) {
				r.OnDataH264(t, func(_, dts time.Duration, au [][]byte) { f(dts, au) })
			},
		},
		{
			codec: media.H265,
			track: func() *gortmplib.Track {
				return &gortmplib.Track{Codec: &codecs.H265{VPS: vps265, SPS: sps265, PPS: pps265}}
			},
			publish: func(w *gortmplib.Writer, t *gortmplib.Track, i int) error {
				return w.WriteH265(t, at(i)+frameTime, at(i), au265(i))
			},
			want: au265,
			subscribe: func(r *gortmplib.Reader, t *gortmplib.Track, f func(time.Duration, [][]byte)) {
				r.OnDataH265(t, func(_, dts time.Duration, au [][]byte) { f(dts, au) })
			},
		},
		{
			codec:   media.AV1,
			track:   func() *gortmplib.Track { return &gortmplib.Track{Codec: &codecs.AV1{}} },
			publish: func(w *gortmplib.Writer, t *gortmplib.Track, i int) error { return w.WriteAV1(t, at(i), tuAV1(i)) },
			want:    tuAV1,
			subscribe: func(r *gortmplib.Reader, t *gortmplib.Track, f func(time.Duration, [][]byte)) {
				r.OnDataAV1(t, func(pts time.Duration, tu [][]byte) { f(pts, tu[1:]) }) // after the temporal delimiter
			},
		},
		{
			codec:   media.VP9,
			track:   func() *gortmplib.Track { return &gortmplib.Track{Codec: &codecs.VP9{}} },
			publish: func(w *gortmplib.Writer, t *gortmplib.Track, i int) error { return w.WriteVP9(t, at(i), frameVP9(i)) },
			want:    one(frameVP9),
			subscribe: func(r *gortmplib.Reader, t *gortmplib.Track, f func(time.Duration, [][]byte)) {
				r.OnDataVP9(t, func(pts time.Duration, frame []byte) { f(pts, [][]byte{frame}) })
			},
		},
		{
			codec: media.AAC,
			track: func() *gortmplib.Track { return &gortmplib.Track{Codec: &codecs.MPEG4Audio{Config: aacConf}} },
			publish: func(w *gortmplib.Writer, t *gortmplib.Track, i int) error {
				return w.WriteMPEG4Audio(t, at(i), unitAAC(i))
			},
			want: one(unitAAC),
			subscribe: func(r *gortmplib.Reader, t *gortmplib.Track, f func(time.Duration, [][]byte)) {
				r.OnDataMPEG4Audio(t, func(pts time.Duration, au []byte) { f(pts, [][]byte{au}) })
			},
		},
		{
			codec: media.Opus,
			track: func() *gortmplib.Track {
				return &gortmplib.Track{Codec: &codecs.Opus{IDHeader: &opus.IDHeader{Version: 1, ChannelCount: 2, InputSampleRate: 48000}}}
			},
			publish: func(w *gortmplib.Writer, t *gortmplib.Track, i int) error {
				return w.WriteOpus(t, at(i), packetOpus(i))
			},
			want: one(packetOpus),
			subscribe: func(r *gortmplib.Reader, t *gortmplib.Track, f func(time.Duration, [][]byte)) {
				r.OnDataOpus(t, func(pts time.Duration, p []byte) { f(pts, [][]byte{p}) })
			},
		},
		{
			codec:   media.PCMU,
			track:   func() *gortmplib.Track { return &gortmplib.Track{Codec: &codecs.G711{MULaw: true, ChannelCount: 1}} },
			publish: func(w *gortmplib.Writer, t *gortmplib.Track, i int) error { return w.WriteG711(t, at(i), samples(i)) },
			want:    one(samples),
			subscribe: func(r *gortmplib.Reader, t *gortmplib.Track, f func(time.Duration, [][]byte)) {
				r.OnDataG711(t, func(pts time.Duration, p []byte) { f(pts, [][]byte{p}) })
			},
		},
	}
}

// cast publishes straight into the hub; the test closes it.
func (h *house) cast(t testing.TB, name string, tracks ...media.Track) *media.Publisher {
	t.Helper()
	p, err := h.hub.Publish(media.PublishRequest{Name: name, Protocol: "test", Remote: "here", Tracks: tracks, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// write writes one sample whose decoding time is its presentation time.
func write(t testing.TB, p *media.Publisher, track int, at time.Duration, payload ...[]byte) {
	t.Helper()
	if err := p.Write(track, media.Sample{PTS: at, DTS: at, HasDTS: true, Payload: payload}); err != nil {
		t.Fatal(err)
	}
}
