package rtsp

import (
	"log/slog"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xianfeng/media"
)

func FuzzKey(f *testing.F) {
	f.Add("key=a", "")
	f.Add("", "Basic dTprZXk=")
	f.Add("%zz&key=%", "Basic !!!")
	f.Fuzz(func(_ *testing.T, query, authorization string) {
		key(&base.Request{Header: base.Header{"Authorization": base.HeaderValue{authorization}}}, query)
	})
}

// FuzzIngest feeds packets of every codec, each a length and that many bytes, into a publisher. Nothing
// may panic, and what comes out must be ordered.
func FuzzIngest(f *testing.F) {
	tracks := []media.Track{
		h264Track,
		{Codec: media.H265},
		{Codec: media.AV1},
		{Codec: media.VP8},
		{Codec: media.VP9},
		aacTrack, opusTrack, pcmaTrack,
	}
	seed := func(nals ...[]byte) (out []byte) {
		for _, n := range nals {
			out = append(append(out, byte(len(n))), n...)
		}
		return out
	}
	f.Add(uint8(0), seed(h264SPS, h264PPS, mark(1, 40, 0x65), []byte{28, 0x85, 1, 2}, []byte{28, 0x45, 3, 4}))
	f.Add(uint8(1), seed(h265VPS, h265SPS, h265PPS, mark(1, 40, 0x26, 1)))
	f.Add(uint8(2), seed(append([]byte{0x18}, av1Seq...), []byte{0x10, 0x30, 0x10}))
	f.Add(uint8(3), seed([]byte{0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0}))
	f.Add(uint8(4), seed(append([]byte{0x0c}, vp9Key...)))
	f.Add(uint8(5), seed([]byte{0, 16, 0, 32, 1, 2, 3, 4}))
	f.Add(uint8(6), seed([]byte{0xfc, 1, 2, 3}))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		hub := media.NewHub(media.HubConfig{})
		defer hub.Close()
		track := tracks[int(which)%len(tracks)]
		in, err := newIngest("a", &description.Session{Medias: descriptionOf(t, track).Medias}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if in.pub, err = hub.Publish(media.PublishRequest{Name: "a", Tracks: in.tracks(), Close: func(error) {}}); err != nil {
			t.Fatal(err)
		}
		x := in.inputs[0]
		ts := uint32(0)
		for i := uint16(0); len(data) > 0; i++ {
			n := min(int(data[0]), len(data)-1)
			p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: i, Timestamp: ts, Marker: n%2 == 0}, Payload: data[1 : 1+n]}
			data = data[1+n:]
			if n == 0 {
				x.onRTCP(&rtcp.SenderReport{NTPTime: uint64(i) << 48, RTPTime: ts})
				continue
			}
			if err := in.push(0, x, p, int64(ts), true); err != nil {
				t.Fatal(err)
			}
			ts += uint32(n) * 100
		}
		units, _, err := in.pub.Stream().NewReader().Drain(nil)
		if err != nil {
			t.Fatal(err)
		}
		l := newTestLane(t, track)
		last := time.Duration(-1)
		for _, u := range units {
			if u.DTS <= last {
				t.Fatalf("DTS %v after %v", u.DTS, last)
			}
			last = u.DTS
			l.make(u)
		}
	})
}
