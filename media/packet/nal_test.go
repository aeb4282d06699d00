package packet

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp"

	"xianfeng/media"
)

// NAL units of all sizes around the limits come out of gortsplib's decoder as they went in.
func TestNALUnitsOfAllSizes(t *testing.T) {
	const most = 100
	rnd := rand.New(rand.NewPCG(11, 12))
	for _, track := range []media.Track{{Codec: media.H264}, {Codec: media.H265}} {
		p, err := NewPacketizer(&track, most)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Format(&track, nil, 96)
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := NewDepacketizer(f)
		if err != nil {
			t.Fatal(err)
		}
		nal := func(n int) []byte {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			b[0], b[1] = 0x41, 0x09
			if track.Codec == media.H265 {
				b[0], b[1] = 0x02, 0x01
			}
			return b
		}
		for i := range 20_000 {
			var au [][]byte
			for range 1 + rnd.IntN(4) {
				au = append(au, nal(2+rnd.IntN(3*most)))
			}
			pkts := p.Packets(nil, &media.Unit{PTS: media.Origin, Payload: au})
			var got [][]byte
			for j, x := range pkts {
				last := j == len(pkts)-1
				if len(x.Payload) > most || x.Marker != last {
					t.Fatalf("%v %d: packet %d of %d has %d bytes, marker %v", track.Codec, i, j, len(pkts), len(x.Payload), x.Marker)
				}
				out, err := d.Push(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: x.Seq, Marker: x.Marker}, Payload: x.Payload})
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, out...)
			}
			if len(got) != len(au) {
				t.Fatalf("%v %d: got %d NAL units, want %d", track.Codec, i, len(got), len(au))
			}
			for j := range au {
				if !bytes.Equal(got[j], au[j]) {
					t.Fatalf("%v %d: NAL unit %d of %d bytes came out different", track.Codec, i, j, len(au[j]))
				}
			}
		}
	}
}

func TestHeadersOfPackets(t *testing.T) {
	for _, c := range []struct {
		name  string
		codec media.Codec
		au    [][]byte
		want  [][]byte // how the payloads begin
	}{
		{"highest importance", media.H264, [][]byte{{0x06, 1}, {0x68, 2}, {0x41, 3}}, [][]byte{{0x78, 0, 2, 0x06, 1, 0, 2, 0x68, 2, 0, 2, 0x41, 3}}},
		{"damaged", media.H264, [][]byte{{0x86, 1}, {0x21, 2}}, [][]byte{{0xb8, 0, 2}}},
		{"fragments", media.H264, [][]byte{bytes.Repeat([]byte{0x65}, 50)}, [][]byte{{0x7c, 0x85, 0x65}, {0x7c, 0x05}, {0x7c, 0x45}}},
		{"single", media.H264, [][]byte{{0x41, 9, 9}}, [][]byte{{0x41, 9, 9}}},
		{"lowest layers", media.H265, [][]byte{{0x41, 0x0a, 1}, {0x40, 0x93, 2}}, [][]byte{{0x60, 0x92, 0, 3, 0x41, 0x0a, 1, 0, 3, 0x40, 0x93, 2}}},
		{"fragments", media.H265, [][]byte{append([]byte{0x27, 0x09}, make([]byte, 48)...)}, [][]byte{{0x63, 0x09, 0x93, 0}, {0x63, 0x09, 0x13}, {0x63, 0x09, 0x53}}},
		{"a header cut short", media.H265, [][]byte{{0x26}}, nil},
		{"nothing", media.H264, [][]byte{{}}, nil},
	} {
		p, err := NewPacketizer(&media.Track{Codec: c.codec}, 20)
		if err != nil {
			t.Fatal(err)
		}
		got := p.Packets(nil, &media.Unit{Payload: c.au})
		if len(got) != len(c.want) {
			t.Errorf("%v, %s: got %d packets, want %d", c.codec, c.name, len(got), len(c.want))
			continue
		}
		for i := range got {
			if !bytes.HasPrefix(got[i].Payload, c.want[i]) {
				t.Errorf("%v, %s, packet %d: got %x, want %x…", c.codec, c.name, i, got[i].Payload, c.want[i])
			}
		}
	}
}

// units has a unit of every codec whose packets we make ourselves, with the allocations it may cost.
func units() map[string]struct {
	track media.Track
	au    [][]byte
	most  float64
} {
	type c = struct {
		track media.Track
		au    [][]byte
		most  float64
	}
	nal := func(n int, head ...byte) []byte { return append(head, make([]byte, n)...) }
	return map[string]c{
		"H264":       {media.Track{Codec: media.H264}, [][]byte{nal(30, 0x67), nal(10, 0x68), nal(10_000, 0x65)}, 1},
		"H264/small": {media.Track{Codec: media.H264}, [][]byte{nal(1000, 0x41)}, 0},
		"H265":       {media.Track{Codec: media.H265}, [][]byte{nal(30, 0x40, 1), nal(40, 0x42, 1), nal(10_000, 0x26, 1)}, 1},
		"AAC":        {aacTrack(), [][]byte{nal(300)}, 1},
		"Opus":       {media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}, [][]byte{nal(160)}, 0},
		"PCMA":       {media.Track{Codec: media.PCMA, SampleRate: 8000, Channels: 1}, [][]byte{nal(3000)}, 0},
	}
}

func TestPacketsDoNotAllocate(t *testing.T) {
	for name, c := range units() {
		p, err := NewPacketizer(&c.track, 1188)
		if err != nil {
			t.Fatal(err)
		}
		u := &media.Unit{PTS: media.Origin, Payload: c.au}
		dst := make([]Packet, 0, 32)
		if got := testing.AllocsPerRun(100, func() { dst = p.Packets(dst[:0], u) }); got > c.most {
			t.Errorf("%s: %v allocations for %d packets, want %v", name, got, len(dst), c.most)
		}
	}
}

func BenchmarkPackets(b *testing.B) {
	for name, c := range units() {
		b.Run(name, func(b *testing.B) {
			p, err := NewPacketizer(&c.track, 1188)
			if err != nil {
				b.Fatal(err)
			}
			u := &media.Unit{PTS: media.Origin, Payload: c.au}
			for _, x := range c.au {
				u.Size += len(x)
			}
			var dst []Packet
			b.ReportAllocs()
			b.SetBytes(int64(u.Size))
			for b.Loop() {
				dst = p.Packets(dst[:0], u)
			}
		})
	}
}
