package mp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// fragments is the cursor of a fragmented file (§8.8): first what moov has, then what each moof has of the track.
type fragments struct {
	t     *Track
	first Cursor // nil: it is through
	top   int64  // where the next box of the file is looked for
	boxes int
	moof  box
	in    int64 // where the next box of moof is looked for; 0: no moof is open
	traf  box
	trafs int64 // where the next box of traf is looked for; 0: no traf is open

	entry, dur, size, flags uint32 // of the traf
	base                    int64
	dts                     int64

	run       *table
	runFlags  uint32
	firstFlag uint32
	hasFirst  bool
	offset    int64
	bytes     int64
	empty     int
}

// Flags of tfhd and trun (§8.8.7, §8.8.8).
const (
	tfhdBase     = 0x01
	tfhdEntry    = 0x02
	tfhdDur      = 0x08
	tfhdSize     = 0x10
	tfhdFlags    = 0x20
	trunOffset   = 0x001
	trunFirst    = 0x004
	trunDur      = 0x100
	trunSize     = 0x200
	trunFlags    = 0x400
	trunCTS      = 0x800
	flagsNonSync = 0x10000
)

func (c *fragments) Next() (Sample, error) {
	if c.first != nil {
		s, err := c.first.Next()
		if err == nil {
			c.dts = s.DTS + int64(s.Dur)
			return s, nil
		}
		if !errors.Is(err, io.EOF) {
			return Sample{}, err
		}
		c.first = nil
	}
	for {
		if c.run != nil && c.run.left > 0 {
			return c.sample()
		}
		c.run = nil
		if err := c.advance(); err != nil {
			return Sample{}, err
		}
	}
}

// advance looks for the next trun.
func (c *fragments) advance() error {
	src := &c.t.file.src
	switch {
	case c.trafs != 0: // in a traf of the track
		if c.traf.end-c.trafs < 8 {
			c.trafs = 0
			return nil
		}
		b, err := src.header(c.trafs, c.traf.end)
		if err != nil {
			return err
		}
		c.trafs = b.end
		switch b.typ {
		case "tfdt":
			return c.readTfdt(b)
		case "trun":
			return c.readTrun(b)
		}
		return nil
	case c.in != 0: // in a moof
		if c.moof.end-c.in < 8 {
			c.in = 0
			return nil
		}
		b, err := src.header(c.in, c.moof.end)
		if err != nil {
			return err
		}
		c.in = b.end
		if b.typ == "traf" {
			return c.enter(b)
		}
		return nil
	default:
		if src.size-c.top < 8 {
			return io.EOF
		}
		if c.boxes++; c.boxes > maxBoxes {
			return fmt.Errorf("%w: too many boxes", ErrDamaged)
		}
		b, err := src.header(c.top, src.size)
		if err != nil {
			return err
		}
		c.top = b.end
		if b.typ == "moof" {
			c.moof, c.in = b, b.data
		}
		return nil
	}
}

// enter opens a traf if it is one of the track.
func (c *fragments) enter(b box) error {
	src := &c.t.file.src
	h, err := src.header(b.data, b.end)
	if err != nil {
		return err
	}
	if h.typ != "tfhd" { // it comes first in every file that was seen
		return fmt.Errorf("%w: traf", ErrDamaged)
	}
	p, err := src.load(h, 64)
	if err != nil || len(p) < 8 {
		return orDamaged(err, "tfhd")
	}
	if be(p[4:]) != c.t.ID {
		return nil
	}
	flags, rest := be(p)&0xffffff, p[8:]
	c.entry, c.dur, c.size, c.flags, c.base = c.t.trex.entry, c.t.trex.dur, c.t.trex.size, c.t.trex.flags, c.moof.begin
	if flags&tfhdBase != 0 {
		if len(rest) < 8 {
			return orDamaged(nil, "tfhd")
		}
		c.base, rest = int64(binary.BigEndian.Uint64(rest)), rest[8:]
	}
	for _, f := range []struct {
		flag uint32
		to   *uint32
	}{{tfhdEntry, &c.entry}, {tfhdDur, &c.dur}, {tfhdSize, &c.size}, {tfhdFlags, &c.flags}} {
		if flags&f.flag == 0 {
			continue
		}
		if len(rest) < 4 {
			return orDamaged(nil, "tfhd")
		}
		*f.to, rest = be(rest), rest[4:]
	}
	if c.base < 0 || c.base > src.size {
		return ErrTruncated
	}
	c.traf, c.trafs, c.offset = b, h.end, c.base
	return nil
}

func (c *fragments) readTfdt(b box) error {
	p, err := c.t.file.src.load(b, 32)
	if err != nil || len(p) < 8 || p[0] == 1 && len(p) < 12 {
		return orDamaged(err, "tfdt")
	}
	at := int64(be(p[4:]))
	if p[0] == 1 {
		at = int64(binary.BigEndian.Uint64(p[4:]))
	}
	if at < 0 || at > 1<<56 {
		return orDamaged(nil, "tfdt")
	}
	c.dts = at
	return nil
}

func (c *fragments) readTrun(b box) error {
	src := &c.t.file.src
	if b.len() < 8 {
		return orDamaged(nil, "trun")
	}
	head := make([]byte, min(16, b.len()))
	if err := src.at(head, b.data); err != nil {
		return err
	}
	c.runFlags = be(head) & 0xffffff
	n, rest := be(head[4:]), head[8:]
	for _, f := range []uint32{trunOffset, trunFirst} {
		if c.runFlags&f == 0 {
			continue
		}
		if len(rest) < 4 {
			return orDamaged(nil, "trun")
		}
		if f == trunOffset {
			c.offset = c.base + int64(int32(be(rest)))
		} else {
			c.firstFlag = be(rest)
		}
		rest = rest[4:]
	}
	c.hasFirst = c.runFlags&trunFirst != 0
	width := 0
	for _, f := range []uint32{trunDur, trunSize, trunFlags, trunCTS} {
		if c.runFlags&f != 0 {
			width += 4
		}
	}
	begin := b.data + int64(len(head)-len(rest))
	if width == 0 { // every sample as the defaults say; the table is one of nothing
		if n > maxEmpty {
			return fmt.Errorf("%w: trun", ErrDamaged)
		}
		c.run = &table{left: n}
		return nil
	}
	run, err := newTable(src, begin, b.end, n, width)
	c.run = &run
	return err
}

// maxEmpty bounds the samples that a file can have without a byte that tells of each.
const maxEmpty = 1 << 16

func (c *fragments) sample() (Sample, error) {
	s := Sample{DTS: c.dts, PTS: c.dts, Dur: c.dur, Size: c.size, Offset: c.offset, Entry: max(int(c.entry), 1) - 1}
	flags := c.flags
	if c.hasFirst {
		flags, c.hasFirst = c.firstFlag, false
	}
	if c.run.width == 0 {
		c.run.left--
	} else {
		e, err := c.run.next()
		if err != nil {
			return Sample{}, err
		}
		for _, f := range []struct {
			flag uint32
			to   *uint32
		}{{trunDur, &s.Dur}, {trunSize, &s.Size}, {trunFlags, &flags}} {
			if c.runFlags&f.flag != 0 {
				*f.to, e = be(e), e[4:]
			}
		}
		if c.runFlags&trunCTS != 0 {
			s.PTS += int64(int32(be(e)))
		}
	}
	s.Sync = flags&flagsNonSync == 0
	if s.Entry >= len(c.t.Entries) {
		return Sample{}, fmt.Errorf("%w: sample description %d", ErrDamaged, c.entry)
	}
	if s.Size == 0 {
		if c.empty++; c.empty > maxEmpty {
			return Sample{}, fmt.Errorf("%w: empty samples", ErrDamaged)
		}
	}
	if err := c.t.file.check(&s, &c.bytes); err != nil {
		return Sample{}, fmt.Errorf("a sample of track %d: %w", c.t.ID, err)
	}
	c.offset += int64(s.Size)
	c.dts += int64(s.Dur)
	return s, nil
}
