package mpegts

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"xianfeng/media"
)

// endless repeats b, and counts.
type endless struct {
	b    []byte
	at   int
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.b[e.at:])
	e.at = (e.at + n) % len(e.b)
	e.read += n
	return n, nil
}

// tables returns PAT and PMT for a programme with these streams.
func tables(out ...*output) []byte {
	pat, pmt := tablePacket(0, appendPAT(nil)), tablePacket(pidPMT, appendPMT(nil, out))
	return append(pat[:], pmt[:]...)
}

// filler returns packets that go on and on, from payload to payload.
func filler(pid uint16, start bool) []byte {
	var out []byte
	for i := range byte(16) {
		p := bytes.Repeat([]byte{0xaa}, packetSize)
		p[0], p[1], p[2], p[3] = syncByte, byte(pid>>8), byte(pid), 0x10|i
		if start && i == 0 {
			p[1] |= 0x40
			copy(p[4:], []byte{0, 0, 1, 0xe0, 0, 0})
		}
		out = append(out, p...)
	}
	return out
}

func TestReaderIsBounded(t *testing.T) {
	junk := make([]byte, 100_000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range junk {
		junk[i] = byte(r.Uint32())
	}
	for name, b := range map[string][]byte{
		"junk":          junk,
		"sync bytes":    bytes.Repeat([]byte{syncByte}, 4096),
		"null packets":  filler(0x1fff, false),
		"no programme":  filler(0x100, true),
		"tables only":   tables(&output{codec: media.AAC, pid: 0x100}),
		"endless table": filler(0, false),
	} {
		in := &endless{b: b}
		_, err := NewReader(in)
		if !errors.Is(err, errNoTracks) {
			t.Errorf("%s: got %v, want %v", name, err, errNoTracks)
		}
		if in.read > probeBytes+maxDatagram*2 {
			t.Errorf("%s: %d bytes were read, want about %d", name, in.read, probeBytes)
		}
	}
}

func TestReaderEndsWithoutSamples(t *testing.T) {
	for name, x := range map[string]struct {
		b    []byte
		want error
	}{
		"an endless picture":  {filler(0x100, false), errTooLong},
		"another stream only": {filler(0x101, true), errQuiet},
	} {
		begin := append(tables(&output{codec: media.H264, pid: 0x100}), filler(0x100, true)...)
		in, err := NewReader(io.MultiReader(bytes.NewReader(begin), &endless{b: x.b}))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			err = in.Read(func(int, media.Sample) { t.Errorf("%s: got a sample", name) })
		}
		if !errors.Is(err, x.want) {
			t.Errorf("%s: got %v, want %v", name, err, x.want)
		}
	}
}

func TestReaderChanges(t *testing.T) {
	first := tables(&output{codec: media.H264, pid: 0x100})
	for name, other := range map[string][]byte{
		"codec": tables(&output{codec: media.H265, pid: 0x100}),
		"PID":   tables(&output{codec: media.H264, pid: 0x101}),
	} {
		in, err := NewReader(bytes.NewReader(append(bytes.Clone(first), other...)))
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Read(func(int, media.Sample) {}); !errors.Is(err, errChanged) {
			t.Errorf("%s: got %v, want %v", name, err, errChanged)
		}
	}
	if _, err := NewReader(bytes.NewReader(tables(&output{pid: 0x100}))); !errors.Is(err, media.ErrBadTracks) {
		t.Errorf("nothing that we carry: got %v, want ErrBadTracks", err)
	}
}

// TestReaderLoss takes packets away and puts junk between them: no broken sample comes out.
func TestReaderLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	tracks := []media.Track{{Codec: media.H264}, opusTrack()}
	units := randomUnits(r, tracks, 400)
	whole := map[string]bool{}
	var out bytes.Buffer
	w, err := NewWriter(&out, tracks)
	if err != nil {
		t.Fatal(err)
	}
	for i := range units {
		whole[string(bytes.Join(units[i].Payload, nil))] = true
		if err := w.Write(&units[i]); err != nil {
			t.Fatal(err)
		}
	}
	var damaged []byte
	lost := 0
	for p := out.Bytes(); len(p) > 0; p = p[packetSize:] {
		switch {
		case len(damaged) > 10_000 && r.IntN(300) == 0:
			lost++
			continue
		case r.IntN(200) == 0:
			damaged = append(damaged, bytes.Repeat([]byte{syncByte, 1, 2}, r.IntN(50))...)
		case r.IntN(200) == 0:
			damaged = append(damaged, p[:packetSize]...) // twice
		}
		damaged = append(damaged, p[:packetSize]...)
	}
	in, got := all(t, bytes.NewReader(damaged))
	for _, s := range got {
		if !whole[string(bytes.Join(strip(in.Tracks()[s.track].Codec, s.Payload), nil))] {
			t.Fatal("got a sample that was not written")
		}
	}
	if len(got) < len(units)/3 || len(got) == len(units) {
		t.Errorf("got %d samples of %d, want some but not all", len(got), len(units))
	}
	if in.Lost() < uint64(lost)/2 {
		t.Errorf("got %d lost, want about %d", in.Lost(), lost)
	}
}

func FuzzReader(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, tracks := range [][]media.Track{{{Codec: media.H264}, aacTrack()}, {{Codec: media.H265}, opusTrack()}} {
		var out bytes.Buffer
		w, err := NewWriter(&out, tracks)
		if err != nil {
			f.Fatal(err)
		}
		for range 4 {
			for i := range tracks {
				u := media.Unit{Track: i, Key: true, Payload: [][]byte{nal(r, 100, 0x65)}}
				if err := w.Write(&u); err != nil {
					f.Fatal(err)
				}
			}
		}
		f.Add(out.Bytes(), uint8(0))
		f.Add(out.Bytes(), uint8(kindLATM))
	}
	f.Add(tables(&output{codec: media.AAC, pid: 0x100}), uint8(0))
	f.Add(filler(0x1000, true), uint8(1))
	f.Fuzz(func(_ *testing.T, b []byte, kind uint8) {
		// What is asked of the parsers is looked at behind the checksum of the tables, too.
		streams := []*elementary{}
		for _, k := range []uint8{kindH264, kindH265, kindADTS, kindLATM, kindPrivate, kind} {
			if s := newElementary(entry{kind: k, descriptors: b}); s != nil {
				streams = append(streams, s)
			}
		}
		for _, s := range streams {
			s.decode(b) //nolint:errcheck // that it returns is enough
		}
		parsePES(b)
		stripRTP(bytes.Clone(b))
		if len(b) >= 12 {
			parsePAT(b)
			parsePMT(b)
		}
		in, err := NewReader(bytes.NewReader(b))
		for err == nil {
			err = in.Read(func(int, media.Sample) {})
		}
	})
}
