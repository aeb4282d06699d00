package mp4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// bx makes a box.
func bx(typ string, parts ...[]byte) []byte {
	b := append([]byte{0, 0, 0, 0}, typ...)
	for _, p := range parts {
		b = append(b, p...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

func u32(v ...uint32) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

// made is a file with one track of samples as the tables say.
func made(tables ...[]byte) []byte {
	entry := bx("avc1", make([]byte, 78), bx("avcC", []byte{1, 66, 0, 30, 255, 225, 0, 0, 1, 0, 0}))
	stbl := append([][]byte{bx("stsd", u32(0, 1), entry)}, tables...)
	trak := bx("trak",
		bx("tkhd", u32(7, 0, 0, 1, 0, 0), make([]byte, 60)),
		bx("mdia", bx("mdhd", u32(0, 0, 0, 25, 100, 0)), bx("hdlr", u32(0, 0), []byte("vide"), make([]byte, 13)), bx("minf", bx("stbl", stbl...))))
	return append(append(bx("ftyp", []byte("isom"), u32(0)), bx("mdat", make([]byte, 64))...), bx("moov", bx("mvhd", u32(0, 0, 0, 1000, 4000), make([]byte, 80)), trak)...)
}

// walk goes through all that a file says, and returns how many samples that were.
func walk(b []byte) (n int, err error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return 0, err
	}
	for _, t := range f.Tracks {
		c := t.Samples()
		for {
			s, err := c.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return n, err
			}
			if s.Offset < 0 || s.Offset+int64(s.Size) > int64(len(b)) || s.Entry >= len(t.Entries) {
				return n, errors.New("a sample that is not in the file was given out")
			}
			n++
		}
	}
	return n, nil
}

func TestTables(t *testing.T) {
	four := [][]byte{
		bx("stts", u32(0, 1, 4, 1)), bx("stss", u32(0, 2, 1, 3)), bx("ctts", u32(0, 2, 2, 1, 2, 0)),
		bx("stsc", u32(0, 2, 1, 3, 1, 2, 1, 1)), bx("stsz", u32(0, 0, 4, 5, 6, 7, 8)), bx("stco", u32(0, 2, 24, 48)),
	}
	f, err := Open(bytes.NewReader(made(four...)), int64(len(made(four...))))
	if err != nil {
		t.Fatal(err)
	}
	c := f.Tracks[0].Samples()
	for i, want := range []Sample{{0, 0, 1, 1, 24, 5, true}, {0, 1, 2, 1, 29, 6, false}, {0, 2, 2, 1, 35, 7, true}, {0, 3, 3, 1, 48, 8, false}} {
		if got, err := c.Next(); got != want || err != nil {
			t.Errorf("sample %d: got %+v, %v, want %+v", i, got, err, want)
		}
	}
	if _, err := c.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last: got %v", err)
	}
}

// Files that lie about sizes and counts are refused, at once and with a few kilobytes.
func TestLies(t *testing.T) {
	ok := func() map[string][]byte {
		return map[string][]byte{
			"stts": u32(0, 1, 4, 1), "stsc": u32(0, 1, 1, 4, 1), "stsz": u32(0, 0, 4, 5, 6, 7, 8), "stco": u32(0, 1, 24),
		}
	}
	for _, x := range []struct {
		name, table string
		content     []byte
		want        error
	}{
		{"four billion entries", "stts", u32(0, 0xffffffff, 4, 1), ErrDamaged},
		{"four billion samples", "stsz", u32(0, 1, 0xffffffff), ErrDamaged},
		{"more samples than times", "stsz", u32(0, 1, 50), ErrDamaged},
		{"samples that are not in the file", "stsz", u32(0, 1<<30, 4), ErrTruncated},
		{"a chunk behind the end", "stco", u32(0, 1, 1<<31), ErrTruncated},
		{"chunks of four billion samples", "stsc", u32(0, 1, 1, 0xffffffff, 1), nil},
		{"chunks of none", "stsc", u32(0, 1, 1, 0, 1), ErrDamaged},
		{"no first chunk", "stsc", u32(0, 1, 9, 4, 1), ErrDamaged},
		{"a description that is not there", "stsc", u32(0, 1, 1, 4, 77), ErrDamaged},
		{"times that go on for ever", "stts", u32(0, 1, 4, 0xffffffff), nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			tables := ok()
			tables[x.table] = x.content
			var list [][]byte
			for _, name := range []string{"stts", "stsc", "stsz", "stco"} {
				list = append(list, bx(name, tables[name]))
			}
			b := made(list...)
			if _, err := walk(b); !errors.Is(err, x.want) {
				t.Errorf("got %v, want %v", err, x.want)
			}
		})
	}
	deep := bx("mdia")
	for range 100 {
		deep = bx("mdia", deep)
	}
	b := append(bx("ftyp"), bx("moov", bx("mvhd", u32(0, 0, 0, 1000, 0, 0), make([]byte, 80)), bx("trak", deep))...)
	if _, err := walk(b); !errors.Is(err, ErrDamaged) {
		t.Errorf("boxes in boxes: got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"plain.mp4", "fragmented.mp4", "last.mp4"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(made(bx("stts", u32(0, 1, 4, 1)), bx("stsc", u32(0, 1, 1, 4, 1)), bx("stsz", u32(0, 0, 4, 5, 6, 7, 8)), bx("co64", u32(0, 1, 0, 24))))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := walk(b)
		if n > len(b)+1<<17 {
			t.Errorf("%d samples in %d bytes", n, len(b))
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrNotMP4) && !errors.Is(err, ErrEdits) {
			t.Errorf("another kind of failure: %v", err)
		}
	})
}
