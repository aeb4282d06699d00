package mpegts

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/asticode/go-astits"

	"xianfeng/media"
)

// go-astits is the oracle of the packet layer: it reads what we write, bit for bit, and we read what it
// writes.

func TestAstitsReadsWhatWeWrite(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	tracks := []media.Track{{Codec: media.H264}, aacTrack()}
	units := randomUnits(rnd, tracks, 100)
	var ts bytes.Buffer
	w, err := NewWriter(&ts, tracks)
	if err != nil {
		t.Fatal(err)
	}
	for i := range units {
		if err := w.Write(&units[i]); err != nil {
			t.Fatal(err)
		}
	}
	d := astits.NewDemuxer(context.Background(), &ts, astits.DemuxerOptPacketSize(packetSize))
	next := map[int]int{0: 0, 1: 1} // by track: the unit that comes next
	pids := map[uint16]int{}
	for {
		data, err := d.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if data.PMT != nil {
			for _, e := range data.PMT.ElementaryStreams {
				pids[e.ElementaryPID] = 0
				if e.StreamType == astits.StreamTypeAACAudio {
					pids[e.ElementaryPID] = 1
				}
			}
		}
		if data.PES == nil {
			continue
		}
		track, known := pids[data.PID]
		if !known {
			t.Fatalf("PES on PID %d, which no table names", data.PID)
		}
		u := &units[next[track]]
		next[track] += len(tracks)
		h := data.PES.Header.OptionalHeader
		if want := media.Ticks(u.PTS, clockRate) & clockMask; h.PTS.Base != want {
			t.Fatalf("track %d: PTS %d, want %d", track, h.PTS.Base, want)
		}
		for _, b := range u.Payload {
			if !bytes.Contains(data.PES.Data, b) {
				t.Fatalf("track %d: a payload of %d bytes is not in the PES of %d", track, len(b), len(data.PES.Data))
			}
		}
	}
	if next[0] < len(units)-1 || next[1] < len(units)-1 {
		t.Errorf("units that came out: %v of %d", next, len(units))
	}
}

func TestWeReadWhatAstitsWrites(t *testing.T) {
	const pid, pictures = 256, 50
	rnd := rand.New(rand.NewPCG(13, 14))
	var ts bytes.Buffer
	m := astits.NewMuxer(context.Background(), &ts)
	if err := m.AddElementaryStream(astits.PMTElementaryStream{ElementaryPID: pid, StreamType: astits.StreamTypeH264Video}); err != nil {
		t.Fatal(err)
	}
	m.SetPCRPID(pid)
	if _, err := m.WriteTables(); err != nil {
		t.Fatal(err)
	}
	var want [][]byte
	for i := range pictures {
		n := nal(rnd, 2+rnd.IntN(20000), 0x41)
		want = append(want, n)
		at := &astits.ClockReference{Base: int64(90000 + i*3600)}
		_, err := m.WriteData(&astits.MuxerData{
			PID:             pid,
			AdaptationField: &astits.PacketAdaptationField{HasPCR: true, PCR: at},
			PES: &astits.PESData{
				Data: append([]byte{0, 0, 0, 1}, n...),
				Header: &astits.PESHeader{StreamID: 0xe0, OptionalHeader: &astits.PESOptionalHeader{
					MarkerBits: 2, PTSDTSIndicator: astits.PTSDTSIndicatorOnlyPTS, PTS: at,
				}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := NewReader(&ts)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for {
		err := r.Read(func(_ int, s media.Sample) {
			if got < len(want) && !bytes.Equal(bytes.Join(s.Payload, nil), want[got]) {
				t.Errorf("picture %d: %d bytes, want %d", got, len(bytes.Join(s.Payload, nil)), len(want[got]))
			}
			got++
		})
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got != pictures || r.Lost() != 0 || r.Broken() != 0 {
		t.Errorf("pictures %d, lost %d, broken %d; want %d, 0, 0", got, r.Lost(), r.Broken(), pictures)
	}
}
