package mp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Why a file can't be read. What is returned wraps one of these.
var (
	ErrNotMP4    = errors.New("this is not an MP4 file")
	ErrTruncated = errors.New("the file is cut off: part of it is missing")
	ErrDamaged   = errors.New("the file is damaged")
	ErrEncrypted = errors.New("the file is encrypted")
	ErrEdits     = errors.New("the file has a cut list of several pieces, which can't be kept without coding it anew")
)

// Bounds of what is believed. A real file stays far below them.
const (
	maxTracks  = 64
	maxEntries = 16
	maxConfig  = 64 << 10 // bytes of one sample description
	maxEdits   = 1 << 10
	maxDepth   = 12
	maxBoxes   = 4 << 20 // at one level
	maxSamples = 64 << 20
)

// source is the file.
type source struct {
	r    io.ReaderAt
	size int64
}

// at reads exactly len(b) bytes.
func (s *source) at(b []byte, off int64) error {
	if off < 0 || off > s.size-int64(len(b)) {
		return ErrTruncated
	}
	n, err := s.r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return ErrTruncated
	default:
		return fmt.Errorf("read the file: %w", err)
	}
}

// box is one box: its type and where its content lies.
type box struct {
	typ   string
	begin int64 // of the header
	data  int64 // of the content
	end   int64
}

func (b box) len() int64 { return b.end - b.data }

// header reads the box at off, which ends at end the latest (§4.2).
func (s *source) header(off, end int64) (box, error) {
	var h [16]byte
	if end-off < 8 {
		return box{}, ErrTruncated
	}
	if err := s.at(h[:8], off); err != nil {
		return box{}, err
	}
	b := box{typ: string(h[4:8]), begin: off, data: off + 8}
	size := int64(binary.BigEndian.Uint32(h[:4]))
	switch size {
	case 0: // to the end of the file
		b.end = end
		return b, nil
	case 1:
		if end-off < 16 {
			return box{}, ErrTruncated
		}
		if err := s.at(h[8:], off+8); err != nil {
			return box{}, err
		}
		large := binary.BigEndian.Uint64(h[8:])
		if large > 1<<62 {
			return box{}, fmt.Errorf("%w: a box %q of %d bytes", ErrDamaged, b.typ, large)
		}
		size, b.data = int64(large), off+16
	}
	if size < b.data-off {
		return box{}, fmt.Errorf("%w: a box %q of %d bytes", ErrDamaged, b.typ, size)
	}
	if size > end-off {
		if end == s.size {
			return box{}, fmt.Errorf("%w: a box %q ends %d bytes behind it", ErrTruncated, b.typ, size-(end-off))
		}
		return box{}, fmt.Errorf("%w: a box %q is larger than what it is in", ErrDamaged, b.typ)
	}
	b.end = off + size
	return b, nil
}

// each calls fn with the boxes between begin and end, until it returns an error.
func (s *source) each(begin, end int64, fn func(box) error) error {
	for n := 0; end-begin >= 8; n++ { // some writers end with four zero bytes
		if n == maxBoxes {
			return fmt.Errorf("%w: too many boxes", ErrDamaged)
		}
		b, err := s.header(begin, end)
		if err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
		begin = b.end
	}
	return nil
}

// load reads the content of a small box.
func (s *source) load(b box, most int64) ([]byte, error) {
	if b.len() > most {
		return nil, fmt.Errorf("%w: a box %q of %d bytes", ErrDamaged, b.typ, b.len())
	}
	out := make([]byte, b.len())
	return out, s.at(out, b.data)
}

// table is a list of fixed-width entries in the file, read in order through a window.
type table struct {
	src   *source
	off   int64
	width int
	left  uint32
	buf   []byte // what was read and not yet given out
	room  []byte
}

const window = 4 << 10

// newTable returns the table of n entries at off, which must end before end.
func newTable(src *source, off, end int64, n uint32, width int) (table, error) {
	if int64(n)*int64(width) > end-off {
		return table{}, fmt.Errorf("%w: a table of %d entries in %d bytes", ErrDamaged, n, end-off)
	}
	return table{src: src, off: off, width: width, left: n}, nil
}

// fresh returns the table from its beginning, with a window of its own.
func (t table) fresh() *table {
	t.buf, t.room = nil, nil
	return &t
}

// next returns the next entry, valid until the one after; io.EOF after the last.
func (t *table) next() ([]byte, error) {
	if t.left == 0 {
		return nil, io.EOF
	}
	if len(t.buf) == 0 {
		n := min(int64(window/t.width), int64(t.left)) * int64(t.width)
		if t.room == nil {
			t.room = make([]byte, n)
		}
		t.buf = t.room[:n]
		if err := t.src.at(t.buf, t.off); err != nil {
			return nil, err
		}
		t.off += n
	}
	e := t.buf[:t.width]
	t.buf = t.buf[t.width:]
	t.left--
	return e, nil
}
