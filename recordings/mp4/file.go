package mp4

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// Kind is what a track is for.
type Kind uint8

// The kinds of track.
const (
	Other Kind = iota
	Picture
	Sound
)

// File is the structure of an MP4 file.
type File struct {
	Tracks     []*Track
	Fragmented bool

	src   source
	scale uint32 // units per second of the movie
}

// Track is one track.
type Track struct {
	ID      uint32
	Kind    Kind
	Enabled bool
	Scale   uint32 // units per second of its times
	Entries []Entry
	Matrix  [36]byte // how the picture is turned; all zero if unknown

	// Delay is how long after the beginning of the movie the track begins, in units of the movie (MovieScale).
	Delay int64
	// Start is the time, in the track's units, that is shown at Delay; what lies before it is not to be shown.
	Start int64
	// Length is how much is shown from Start on, in units of the movie; 0: all.
	Length int64

	file *File
	// The tables of a file that is not fragmented.
	stts, ctts, stss, stsc, stsz, stco table
	hasSTSS, hasCTTS, hasSTSC, hasSTCO bool
	fixed                              uint32 // size of all samples; 0: in stsz
	bits                               int    // of an entry of stsz
	count                              uint32
	wide                               bool // chunk offsets have 64 bits
	trex                               trex
}

// Entry is one sample description.
type Entry struct {
	Format     string // "avc1", "mp4a", …; what is encrypted has its own name here, as "encv"
	Width      int
	Height     int
	Channels   int
	SampleRate int
	// Config is the content of the box that configures the decoder: avcC, hvcC, av1C, esds, dOps; nil without one.
	Config []byte
}

// trex has the defaults of fragments (§8.8.3).
type trex struct{ entry, dur, size, flags uint32 }

// MovieScale is how many units of Delay and Length make a second.
func (f *File) MovieScale() uint32 { return f.scale }

// beginnings are the boxes that an MP4 file begins with.
var beginnings = []string{"ftyp", "styp", "moov", "mdat", "free", "skip", "wide", "pnot", "uuid", "sidx", "moof"}

// Open reads the structure of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{src: source{r, size}}
	var first [8]byte
	if size < 8 {
		return nil, ErrNotMP4
	}
	if err := f.src.at(first[:], 0); err != nil {
		return nil, err
	}
	if !slices.Contains(beginnings, string(first[4:])) {
		return nil, ErrNotMP4
	}
	var moov box
	media := false
	err := f.src.each(0, size, func(b box) error {
		switch {
		case b.typ == "moov" && moov.end == 0:
			moov = b
		case b.typ == "moof":
			f.Fragmented = true
			if moov.end != 0 {
				return io.EOF // the cursors go on from here
			}
		case b.typ == "mdat":
			media = true
		}
		return nil
	})
	switch {
	case err != nil && err != io.EOF: //nolint:errorlint // our own
		return nil, err
	case moov.end == 0 && (media || f.Fragmented):
		return nil, fmt.Errorf("%w: the list of what is in it (moov) is missing; it was not written to its end", ErrTruncated)
	case moov.end == 0:
		return nil, ErrNotMP4
	}
	if err := f.readMoov(moov); err != nil {
		return nil, err
	}
	if len(f.Tracks) == 0 {
		return nil, fmt.Errorf("%w: there is no track in it", ErrDamaged)
	}
	return f, nil
}

func (f *File) readMoov(moov box) error {
	var extends []box
	err := f.src.each(moov.data, moov.end, func(b box) error {
		switch b.typ {
		case "mvhd":
			scale, err := f.scaleOf(b)
			f.scale = scale
			return err
		case "trak":
			if len(f.Tracks) == maxTracks {
				return fmt.Errorf("%w: too many tracks", ErrDamaged)
			}
			t := &Track{file: f}
			if err := f.readTrak(t, b, 0); err != nil {
				return err
			}
			f.Tracks = append(f.Tracks, t)
		case "mvex":
			f.Fragmented = true
			extends = append(extends, b)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if f.scale == 0 {
		return fmt.Errorf("%w: no time scale", ErrDamaged)
	}
	for _, x := range extends {
		if err := f.src.each(x.data, x.end, f.readTrex); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) readTrex(b box) error {
	if b.typ != "trex" {
		return nil
	}
	p, err := f.src.load(b, 64)
	if err != nil || len(p) < 24 {
		return orDamaged(err, "trex")
	}
	for _, t := range f.Tracks {
		if t.ID == binary.BigEndian.Uint32(p[4:]) {
			t.trex = trex{be(p[8:]), be(p[12:]), be(p[16:]), be(p[20:])}
		}
	}
	return nil
}

func be(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

func orDamaged(err error, what string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", ErrDamaged, what)
}

// scaleOf reads the time scale of an mvhd or mdhd (§8.2.2, §8.4.2).
func (f *File) scaleOf(b box) (uint32, error) {
	p, err := f.src.load(b, 256)
	if err != nil || len(p) < 24 {
		return 0, orDamaged(err, b.typ)
	}
	scale := be(p[12:])
	if p[0] == 1 {
		scale = be(p[20:])
	}
	if scale == 0 || scale > 1e9 {
		return 0, fmt.Errorf("%w: a time scale of %d", ErrDamaged, scale)
	}
	return scale, nil
}

// readTrak reads a trak and what is in it.
func (f *File) readTrak(t *Track, in box, depth int) error {
	if depth == maxDepth {
		return fmt.Errorf("%w: boxes in boxes", ErrDamaged)
	}
	return f.src.each(in.data, in.end, func(b box) error {
		switch b.typ {
		case "mdia", "minf", "stbl", "edts":
			return f.readTrak(t, b, depth+1)
		case "tkhd":
			return t.readTkhd(b)
		case "elst":
			return t.readElst(b)
		case "hdlr":
			p, err := f.src.load(b, 4<<10)
			if err != nil || len(p) < 12 {
				return orDamaged(err, "hdlr")
			}
			if in.typ != "mdia" {
				return nil
			}
			switch string(p[8:12]) {
			case "vide":
				t.Kind = Picture
			case "soun":
				t.Kind = Sound
			}
		case "mdhd":
			scale, err := f.scaleOf(b)
			t.Scale = scale
			return err
		case "stsd":
			return t.readStsd(b)
		case "stts", "ctts", "stss", "stsc", "stsz", "stz2", "stco", "co64":
			return t.readTable(b)
		}
		return nil
	})
}

func (t *Track) readTkhd(b box) error {
	p, err := t.file.src.load(b, 256)
	if err != nil || len(p) < 84 {
		return orDamaged(err, "tkhd")
	}
	t.Enabled = p[3]&1 != 0
	id, matrix := 12, 40
	if p[0] == 1 {
		id, matrix = 20, 52
	}
	if len(p) < matrix+44 {
		return orDamaged(nil, "tkhd")
	}
	t.ID = be(p[id:])
	copy(t.Matrix[:], p[matrix:])
	return nil
}

// readElst reads the edit list (§8.6.6): what of the track is shown when.
func (t *Track) readElst(b box) error {
	p, err := t.file.src.load(b, 16+20*maxEdits)
	if err != nil || len(p) < 8 {
		return orDamaged(err, "elst")
	}
	width := 12
	if p[0] == 1 {
		width = 20
	}
	n := int64(be(p[4:]))
	if n*int64(width) > int64(len(p)-8) {
		return orDamaged(nil, "elst")
	}
	pieces := 0
	for i := range int(n) {
		e := p[8+i*width:]
		var length, start int64
		rate := e[width-4:]
		if width == 20 {
			length, start = int64(binary.BigEndian.Uint64(e)), int64(binary.BigEndian.Uint64(e[8:]))
		} else {
			length, start = int64(be(e)), int64(int32(be(e[4:])))
		}
		switch {
		case length < 0 || length > 1<<50 || start < -1 || start > 1<<50:
			return orDamaged(nil, "elst")
		case start == -1 && pieces == 0:
			t.Delay += length
		case start == -1:
			return ErrEdits
		case rate[0] != 0 || rate[1] != 1:
			return fmt.Errorf("%w: at another speed", ErrEdits)
		default:
			if pieces++; pieces > 1 {
				return ErrEdits
			}
			t.Start, t.Length = start, length
		}
	}
	return nil
}

// readTable notes where a table of the samples lies.
func (t *Track) readTable(b box) (err error) {
	src := &t.file.src
	if b.len() < 8 {
		return orDamaged(nil, b.typ)
	}
	head := make([]byte, min(12, b.len()))
	if err := src.at(head, b.data); err != nil {
		return err
	}
	n := be(head[4:])
	switch b.typ {
	case "stts":
		t.stts, err = newTable(src, b.data+8, b.end, n, 8)
	case "ctts":
		t.hasCTTS = true
		t.ctts, err = newTable(src, b.data+8, b.end, n, 8)
	case "stss":
		t.hasSTSS = true
		t.stss, err = newTable(src, b.data+8, b.end, n, 4)
	case "stsc":
		t.hasSTSC = true
		t.stsc, err = newTable(src, b.data+8, b.end, n, 12)
	case "stco":
		t.hasSTCO = true
		t.stco, err = newTable(src, b.data+8, b.end, n, 4)
	case "co64":
		t.hasSTCO, t.wide = true, true
		t.stco, err = newTable(src, b.data+8, b.end, n, 8)
	case "stsz", "stz2":
		if len(head) < 12 {
			return orDamaged(nil, b.typ)
		}
		t.count, t.bits = be(head[8:]), 32
		if t.count > maxSamples {
			return fmt.Errorf("%w: %d samples", ErrDamaged, t.count)
		}
		if b.typ == "stsz" {
			t.fixed = n
		} else if t.bits = int(head[7]); t.bits != 8 && t.bits != 16 {
			return orDamaged(nil, "stz2")
		}
		if t.fixed == 0 {
			t.stsz, err = newTable(src, b.data+12, b.end, t.count, t.bits/8)
		}
	}
	return err
}
