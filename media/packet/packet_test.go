package packet

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"
	"go.uber.org/goleak"

	"xianfeng/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func aacTrack() media.Track {
	return media.NewAACTrack(&mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2})
}

// cases has a track of every codec and a maker of payloads that are plausible to its payload format.
func cases() map[string]struct {
	track   media.Track
	payload func(r *rand.Rand) [][]byte
} {
	fill := func(r *rand.Rand, n int, head ...byte) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		copy(b, head)
		return b
	}
	type c = struct {
		track   media.Track
		payload func(r *rand.Rand) [][]byte
	}
	return map[string]c{
		"H264": {media.Track{Codec: media.H264}, func(r *rand.Rand) [][]byte {
			return [][]byte{fill(r, 24, 0x67), fill(r, 5, 0x68), fill(r, 1+r.IntN(20000), 0x65)}
		}},
		"H265": {media.Track{Codec: media.H265}, func(r *rand.Rand) [][]byte {
			return [][]byte{fill(r, 24, 0x40, 1), fill(r, 40, 0x42, 1), fill(r, 9, 0x44, 1), fill(r, 3+r.IntN(20000), 0x26, 1)}
		}},
		"AV1": {media.Track{Codec: media.AV1}, func(r *rand.Rand) [][]byte {
			return [][]byte{fill(r, 12, 0x08), fill(r, 2+r.IntN(20000), 0x30)}
		}},
		"VP8": {media.Track{Codec: media.VP8}, func(r *rand.Rand) [][]byte { return [][]byte{fill(r, 10+r.IntN(20000))} }},
		"VP9": {media.Track{Codec: media.VP9}, func(r *rand.Rand) [][]byte {
			// a key frame, profile 0, 1280 x 720
			return [][]byte{fill(r, 20+r.IntN(20000), 0x82, 0x49, 0x83, 0x42, 0x00, 0x4f, 0xf0, 0x2c, 0xf6)}
		}},
		"AAC":  {aacTrack(), func(r *rand.Rand) [][]byte { return [][]byte{fill(r, 1+r.IntN(1500))} }},
		"Opus": {media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}, func(r *rand.Rand) [][]byte { return [][]byte{fill(r, 1+r.IntN(1000))} }},
		"PCMA": {media.Track{Codec: media.PCMA, SampleRate: 8000, Channels: 1}, func(r *rand.Rand) [][]byte { return [][]byte{fill(r, 1+r.IntN(1000))} }},
		"PCMU": {media.Track{Codec: media.PCMU, SampleRate: 16000, Channels: 2}, func(r *rand.Rand) [][]byte { return [][]byte{fill(r, 4+2*r.IntN(2000))} }},
	}
}

func TestEveryCodecSurvivesPacketising(t *testing.T) {
	for name, c := range cases() {
		t.Run(name, func(t *testing.T) {
			const maxPayload = 1188
			rnd := rand.New(rand.NewPCG(7, 8))
			p, err := NewPacketizer(&c.track, maxPayload)
			if err != nil {
				t.Fatal(err)
			}
			f, err := Format(&c.track, nil, 96)
			if err != nil {
				t.Fatal(err)
			}
			d, track, err := NewDepacketizer(f)
			if err != nil {
				t.Fatal(err)
			}
			if track.Codec != c.track.Codec || track.SampleRate != c.track.SampleRate || track.Channels != c.track.Channels {
				t.Errorf("track of the format: got %+v, want %+v", track, c.track)
			}
			var seq uint16
			for i := range 200 {
				u := &media.Unit{PTS: media.Origin + time.Duration(i)*20*time.Millisecond, Payload: c.payload(rnd)}
				var got [][]byte
				for j, x := range p.Packets(nil, u) {
					if x.Seq != seq {
						t.Fatalf("sequence number: got %d, want %d", x.Seq, seq)
					}
					seq++
					if len(x.Payload) > maxPayload {
						t.Fatalf("payload of %d bytes, at most %d wanted", len(x.Payload), maxPayload)
					}
					if want := uint32(media.Ticks(u.PTS, c.track.ClockRate())); j == 0 && x.Timestamp != want {
						t.Fatalf("timestamp: got %d, want %d", x.Timestamp, want)
					}
					out, err := d.Push(&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: x.Seq, Timestamp: x.Timestamp, Marker: x.Marker}, Payload: x.Payload})
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, out...)
				}
				if !bytes.Equal(bytes.Join(got, nil), bytes.Join(u.Payload, nil)) {
					t.Fatalf("unit %d: %d bytes became %d", i, len(bytes.Join(u.Payload, nil)), len(bytes.Join(got, nil)))
				}
			}
		})
	}
}

func TestUnitsAreNotChangedByPacketising(t *testing.T) {
	for name, c := range cases() {
		rnd := rand.New(rand.NewPCG(9, 10))
		p, err := NewPacketizer(&c.track, 500)
		if err != nil {
			t.Fatal(err)
		}
		u := &media.Unit{PTS: media.Origin, Payload: c.payload(rnd)}
		before := bytes.Clone(bytes.Join(u.Payload, nil))
		p.Packets(nil, u)
		if !bytes.Equal(before, bytes.Join(u.Payload, nil)) {
			t.Errorf("%s: the unit was changed", name)
		}
	}
}

func TestFormatsThatStreamsDoNotCarry(t *testing.T) {
	for _, f := range []format.Format{&format.MJPEG{}, &format.Vorbis{}, &format.MPEG4Audio{}} {
		if _, _, err := NewDepacketizer(f); err == nil {
			t.Errorf("%s was accepted", f.Codec())
		}
	}
}

// FuzzDepacketize feeds two packets of arbitrary content to the depacketiser of each codec.
func FuzzDepacketize(f *testing.F) {
	f.Add(uint8(0), []byte{0x78, 0, 1, 0x67, 0, 1, 0x68}, []byte{0x7c, 0x85, 1, 2, 3}, true)
	f.Add(uint8(1), []byte{0x62, 0x01, 0x93, 1}, []byte{0x62, 0x01, 0x53, 2}, true)
	f.Add(uint8(2), []byte{0x50, 0x0a}, []byte{0x90, 0x32}, true)
	f.Add(uint8(5), []byte{0, 16, 0, 8, 1}, []byte{0, 16, 0xff, 0xff}, true)
	names := []string{"H264", "H265", "AV1", "VP8", "VP9", "AAC", "Opus", "PCMA", "PCMU"}
	all := cases()
	f.Fuzz(func(t *testing.T, codec uint8, a, b []byte, marker bool) {
		track := all[names[int(codec)%len(names)]].track
		fm, err := Format(&track, nil, 96)
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := NewDepacketizer(fm)
		if err != nil {
			t.Fatal(err)
		}
		for i, payload := range [][]byte{a, b} {
			out, err := d.Push(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i), Marker: marker}, Payload: payload})
			if err != nil && out != nil {
				t.Fatal("a payload together with an error")
			}
		}
	})
}
