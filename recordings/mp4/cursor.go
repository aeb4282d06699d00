package mp4

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Sample is where one sample lies and when it is due, in the track's units, before the edit list.
type Sample struct {
	Entry    int // index into Track.Entries
	DTS, PTS int64
	Dur      uint32
	Offset   int64
	Size     uint32
	Sync     bool // decoding can begin here, the file says
}

// Cursor goes through the samples of one track in order of decoding.
type Cursor interface {
	// Next returns the next sample, and io.EOF after the last.
	Next() (Sample, error)
}

// Marked reports whether the file says which samples decoding can begin with. Where it does not, all may be such.
func (t *Track) Marked() bool { return t.hasSTSS || t.file.Fragmented }

// Samples returns a cursor at the first sample.
func (t *Track) Samples() Cursor {
	if t.file.Fragmented {
		return &fragments{t: t, first: t.plain()}
	}
	return t.plain()
}

// plain goes through the tables in moov.
func (t *Track) plain() Cursor {
	c := &tables{t: t, stts: t.stts.fresh(), ctts: t.ctts.fresh(), stss: t.stss.fresh(), stsc: t.stsc.fresh(), stsz: t.stsz.fresh(), stco: t.stco.fresh()}
	return c
}

// tables is the cursor of a file that is not fragmented.
type tables struct {
	t                                  *Track
	stts, ctts, stss, stsc, stsz, stco *table

	n         uint32 // samples given out
	dts       int64
	durLeft   uint32
	dur       uint32
	ptsLeft   uint32
	pts       int32
	sync      uint32 // number of the next sample to begin with
	chunk     uint32 // number of the chunk, from 1
	chunkLeft uint32
	perChunk  uint32
	entry     uint32
	nextFirst uint32 // the chunk with which the next entry of stsc begins
	nextPer   uint32
	nextEntry uint32
	offset    int64
	bytes     int64 // of all samples given out
}

func (c *tables) Next() (Sample, error) {
	if c.n >= c.t.count {
		return Sample{}, io.EOF
	}
	s := Sample{DTS: c.dts}
	for _, step := range []func(*Sample) error{c.time, c.order, c.key, c.place, c.size} {
		if err := step(&s); err != nil {
			return Sample{}, fmt.Errorf("sample %d of track %d: %w", c.n+1, c.t.ID, ended(err))
		}
	}
	if err := c.t.file.check(&s, &c.bytes); err != nil {
		return Sample{}, fmt.Errorf("sample %d of track %d: %w", c.n+1, c.t.ID, err)
	}
	c.offset += int64(s.Size)
	c.chunkLeft--
	c.dts += int64(s.Dur)
	c.n++
	return s, nil
}

// ended makes the end of a table in the middle of the samples damage.
func ended(err error) error {
	if err == io.EOF { //nolint:errorlint // our own
		return fmt.Errorf("%w: a table is too short", ErrDamaged)
	}
	return err
}

// check refuses samples that are not in the file, and files that show the same bytes over and over.
func (f *File) check(s *Sample, sum *int64) error {
	if s.Offset < 0 || s.Offset > f.src.size-int64(s.Size) {
		return ErrTruncated
	}
	if *sum += int64(s.Size); *sum > f.src.size {
		return fmt.Errorf("%w: samples overlap", ErrDamaged)
	}
	if s.DTS < 0 || s.DTS > 1<<56 {
		return fmt.Errorf("%w: times", ErrDamaged)
	}
	return nil
}

func (c *tables) time(s *Sample) error {
	for c.durLeft == 0 {
		e, err := c.stts.next()
		if err != nil {
			return err
		}
		c.durLeft, c.dur = be(e), be(e[4:])
	}
	c.durLeft--
	s.Dur = c.dur
	return nil
}

func (c *tables) order(s *Sample) error {
	s.PTS = s.DTS
	if !c.t.hasCTTS {
		return nil
	}
	for c.ptsLeft == 0 {
		e, err := c.ctts.next()
		if err == io.EOF { //nolint:errorlint // our own
			return nil // some writers leave out the last
		}
		if err != nil {
			return err
		}
		c.ptsLeft, c.pts = be(e), int32(be(e[4:])) // version 0 has no sign, but nobody needs 2³¹
	}
	c.ptsLeft--
	s.PTS += int64(c.pts)
	return nil
}

func (c *tables) key(s *Sample) error {
	s.Sync = !c.t.hasSTSS
	for c.t.hasSTSS && c.sync <= c.n {
		e, err := c.stss.next()
		if err == io.EOF { //nolint:errorlint // our own
			c.sync = maxSamples + 1
			return nil
		}
		if err != nil {
			return err
		}
		c.sync = be(e)
	}
	s.Sync = s.Sync || c.sync == c.n+1
	return nil
}

// place finds the chunk (§8.7.4).
func (c *tables) place(s *Sample) error {
	for c.chunkLeft == 0 {
		if err := c.nextChunk(); err != nil {
			return err
		}
	}
	if c.entry == 0 || int(c.entry) > len(c.t.Entries) {
		return fmt.Errorf("%w: sample description %d", ErrDamaged, c.entry)
	}
	s.Entry, s.Offset = int(c.entry)-1, c.offset
	return nil
}

func (c *tables) nextChunk() error {
	e, err := c.stco.next()
	if err != nil {
		return err
	}
	if c.offset = int64(be(e)); c.t.wide {
		c.offset = int64(binary.BigEndian.Uint64(e))
	}
	c.chunk++
	if c.chunk == 1 {
		if err := c.ahead(); err != nil {
			return err
		}
		if c.nextFirst != 1 {
			return fmt.Errorf("%w: stsc", ErrDamaged)
		}
	}
	for c.nextFirst != 0 && c.chunk >= c.nextFirst {
		first := c.nextFirst
		c.perChunk, c.entry = c.nextPer, c.nextEntry
		if err := c.ahead(); err != nil {
			return err
		}
		if c.nextFirst != 0 && c.nextFirst <= first {
			return fmt.Errorf("%w: stsc", ErrDamaged)
		}
	}
	c.chunkLeft = c.perChunk
	return nil
}

// ahead reads the next entry of stsc; nextFirst is 0 after the last.
func (c *tables) ahead() error {
	e, err := c.stsc.next()
	if err == io.EOF { //nolint:errorlint // our own
		c.nextFirst = 0
		return nil
	}
	if err != nil {
		return err
	}
	c.nextFirst, c.nextPer, c.nextEntry = be(e), be(e[4:]), be(e[8:])
	return nil
}

func (c *tables) size(s *Sample) error {
	if s.Size = c.t.fixed; s.Size != 0 {
		return nil
	}
	e, err := c.stsz.next()
	if err != nil {
		return err
	}
	for _, b := range e {
		s.Size = s.Size<<8 | uint32(b)
	}
	return nil
}
