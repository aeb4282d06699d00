package mpegts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"

	"xianfeng/media"
)

const (
	clockRate = 90000
	clockMask = 1<<33 - 1

	probeBytes = 2 << 20  // read before the tracks are known, at the most
	probeSpan  = 3        // seconds of the programme before an announced but silent track is left out
	quietBytes = 16 << 20 // read without a sample, at the most
)

var (
	errNoTracks = errors.New("no tracks were found")
	errQuiet    = errors.New("there is data, but no picture and no sound")
)

// Reader takes samples out of a transport stream. Its methods are for one goroutine at a time.
type Reader struct {
	in       packetReader
	pat, pmt sections
	pmtPID   int // -1 until known
	table    []byte
	streams  []*elementary
	tracks   []media.Track
	ignored  []string
	ready    []item
	probed   bool
	ended    bool

	clock  mpegts.TimeDecoder
	begun  bool
	near   int64 // where the first time stamp is expected, ticks; -1: between 0 and 2^33
	first  int64 // what the clock counts from, ticks
	start  int64 // decoding time of the first sample
	broken uint64
}

// item is a sample on its way out, with times in ticks.
type item struct {
	from     *elementary
	pts, dts int64
	payload  [][]byte
}

// NewReader reads from r until the tracks are known: until the programme's tables and one frame of each
// sound that is configured by its frames, but at most 2 MiB. It fails with media.ErrBadTracks if there is
// nothing we carry, and with r's error. r may return datagrams, one for each Read.
func NewReader(r io.Reader) (*Reader, error) {
	x := &Reader{in: newPacketReader(r, probeBytes), pmtPID: -1, near: -1}
	for !x.probed {
		err := x.step()
		switch {
		case err == nil && x.complete():
			x.settle()
		case err == nil && !x.late():
		case err == nil || errors.Is(err, io.EOF) || errors.Is(err, errQuiet):
			x.settle()
			if len(x.tracks) == 0 {
				if x.in.consumed > 0 {
					err = errNoTracks
				}
				return nil, fmt.Errorf("read MPEG-TS: %w", err)
			}
		default:
			return nil, fmt.Errorf("read MPEG-TS: %w", err)
		}
	}
	return x, nil
}

// Tracks returns the tracks: at most one picture and one sound.
func (x *Reader) Tracks() []media.Track { return x.tracks }

// Ignored names the elementary streams of the programme that are left out.
func (x *Reader) Ignored() []string { return x.ignored }

// Lost returns how many transport packets of the tracks are missing, as far as their counters tell.
func (x *Reader) Lost() uint64 {
	var n uint64
	for _, s := range x.streams {
		n += s.pes.lost
	}
	return n
}

// Broken returns how many PES packets could not be used.
func (x *Reader) Broken() uint64 { return x.broken }

// Near adds a multiple of 2^33 ticks to all time stamps, so that the first one comes nearest to t: for
// those who wrote the stream themselves and know what time it is there. Call it once, before Read.
func (x *Reader) Near(t time.Duration) {
	x.near = media.Ticks(t, clockRate)
	if !x.begun {
		return
	}
	by := turns(x.near - x.start)
	x.first += by
	x.start += by
	for i := range x.ready {
		x.ready[i].pts += by
		x.ready[i].dts += by
	}
}

// turns returns the multiple of 2^33 that is nearest to n.
func turns(n int64) int64 {
	const period = clockMask + 1
	return (n + period/2) &^ clockMask
}

// Read blocks until there are samples, and calls f for each, with the index of its track. Samples of
// sound may hold several packets that follow one another. The payload is the caller's. It returns
// io.EOF at the end, after the last sample.
func (x *Reader) Read(f func(track int, s media.Sample)) error {
	for {
		some := false
		for _, it := range x.ready {
			if it.from.index < 0 {
				continue
			}
			some = true
			f(it.from.index, media.Sample{
				PTS: media.FromTicks(it.pts, clockRate), DTS: media.FromTicks(it.dts, clockRate), HasDTS: true,
				Payload: it.payload,
			})
		}
		clear(x.ready)
		x.ready = x.ready[:0]
		if some {
			return nil
		}
		if err := x.step(); err != nil {
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			return fmt.Errorf("read MPEG-TS: %w", err)
		}
	}
}

// step takes one packet in.
func (x *Reader) step() error {
	if x.ended {
		return io.EOF
	}
	p, err := x.in.next()
	if errors.Is(err, io.EOF) {
		x.ended = true
		for _, s := range x.streams {
			if err := s.pes.flush(func(b []byte) error { return x.take(s, b) }); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case p.pid == 0:
		return x.pat.push(p, func(b []byte) error {
			if pid, ok := parsePAT(b); ok && x.pmtPID < 0 {
				x.pmtPID = int(pid)
			} else if ok && x.pmtPID != int(pid) {
				return errChanged
			}
			return nil
		})
	case int(p.pid) == x.pmtPID:
		return x.pmt.push(p, x.programme)
	}
	for _, s := range x.streams {
		if s.pid == p.pid {
			return s.pes.push(p, func(b []byte) error { return x.take(s, b) })
		}
	}
	return nil
}

// programme takes a PMT in.
func (x *Reader) programme(section []byte) error {
	if bytes.Equal(section, x.table) {
		return nil
	}
	entries, ok := parsePMT(section)
	if !ok {
		return nil
	}
	if x.table == nil {
		x.choose(entries)
		x.table = bytes.Clone(section)
		if len(x.streams) == 0 {
			return fmt.Errorf("%w: the programme has %v", media.ErrBadTracks, x.ignored)
		}
		return nil
	}
	for _, s := range x.streams {
		found := false
		for _, e := range entries {
			found = found || e.pid == s.pid && e.kind == s.kind && bytes.Equal(e.descriptors, s.descriptors)
		}
		if !found {
			return errChanged
		}
	}
	x.table = bytes.Clone(section)
	return nil
}

// choose picks the first picture and the first sound.
func (x *Reader) choose(entries []entry) {
	var video, sound bool
	for _, e := range entries {
		s := newElementary(e)
		if s == nil {
			x.ignored = append(x.ignored, fmt.Sprintf("stream type 0x%02x", e.kind))
			continue
		}
		taken := &sound
		if s.track.Codec.Video() {
			taken = &video
		}
		if *taken {
			x.ignored = append(x.ignored, "another "+s.track.Codec.String())
			continue
		}
		*taken = true
		x.streams = append(x.streams, s)
	}
}

// complete reports whether the tracks are all known.
func (x *Reader) complete() bool {
	for _, s := range x.streams {
		if !s.known {
			return false
		}
	}
	return len(x.streams) > 0
}

// late reports whether a track has been silent for too long to wait for it.
func (x *Reader) late() bool {
	return len(x.ready) > 0 && x.ready[len(x.ready)-1].dts-x.start > probeSpan*clockRate
}

// settle makes the tracks of what is known.
func (x *Reader) settle() {
	x.probed = true
	x.in.limit = x.in.consumed + quietBytes
	for _, s := range x.streams {
		if !s.known {
			x.ignored = append(x.ignored, s.track.Codec.String()+" without a frame")
			continue
		}
		s.index = len(x.tracks)
		x.tracks = append(x.tracks, s.track)
	}
}

// take makes a sample of a PES packet. Broken ones are dropped and counted.
func (x *Reader) take(s *elementary, b []byte) error {
	data, pts, dts, ok := parsePES(b)
	if !ok || len(data) == 0 || x.probed && s.index < 0 {
		x.broken++
		return nil
	}
	payload, err := s.decode(data)
	if errors.Is(err, errChanged) {
		return err
	}
	if err != nil || len(payload) == 0 {
		x.broken++
		return nil
	}
	if !x.begun {
		at := dts
		if x.near >= 0 {
			at += turns(x.near - dts)
		}
		x.begun, x.first, x.start = true, at, at
	}
	at := x.first + x.clock.Decode(dts)
	// PTS - DTS is small; 33 bits are enough to tell it, even across the wrap.
	ahead := (pts - dts) & clockMask
	if ahead > clockMask/2 {
		ahead -= clockMask + 1
	}
	x.ready = append(x.ready, item{from: s, pts: at + ahead, dts: at, payload: payload})
	if x.probed {
		x.in.limit = x.in.consumed + quietBytes
	}
	return nil
}
