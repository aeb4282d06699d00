package rtc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"xianfeng/media/datagram"
)

// inFrames is what goes over TCP for some datagrams.
func inFrames(all ...[]byte) (out []byte) {
	for _, b := range all {
		out = binary.BigEndian.AppendUint16(out, uint16(len(b)))
		out = append(out, b...)
	}
	return out
}

func TestUnframe(t *testing.T) {
	long := bytes.Repeat([]byte{7}, datagram.MaxReceive)
	for name, x := range map[string]struct {
		in   []byte
		want [][]byte
		end  error
	}{
		"nothing":           {nil, nil, io.EOF},
		"some":              {inFrames([]byte("one"), long, []byte("3"), long), [][]byte{[]byte("one"), long, []byte("3"), long}, io.EOF},
		"empty ones":        {inFrames(nil, nil, []byte("one"), nil), [][]byte{[]byte("one")}, io.EOF},
		"half a length":     {append(inFrames([]byte("one")), 0), [][]byte{[]byte("one")}, io.EOF},
		"half a frame":      {inFrames([]byte("one"), long)[:100], [][]byte{[]byte("one")}, io.EOF},
		"too long":          {append(inFrames([]byte("one")), 0x08, 0x01, 1, 2, 3), [][]byte{[]byte("one")}, errFrame},
		"as long as can be": {[]byte{0xff, 0xff, 1, 2, 3}, nil, errFrame},
	} {
		for how, r := range map[string]io.Reader{
			"at once":         bytes.NewReader(x.in),
			"byte by byte":    iotest.OneByteReader(bytes.NewReader(x.in)),
			"error with data": iotest.DataErrReader(bytes.NewReader(x.in)),
		} {
			u := &unframer{r: r}
			for i, want := range x.want {
				got, err := u.next()
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s, %s: datagram %d: got %d bytes, %v; want %d", name, how, i, len(got), err, len(want))
				}
			}
			if got, err := u.next(); !errors.Is(err, x.end) {
				t.Errorf("%s, %s: at the end: got %q, %v; want %v", name, how, got, err, x.end)
			}
		}
	}
}

func TestUnreadGivesBackWhatWasRead(t *testing.T) {
	in := append(inFrames(nil, []byte("first"), []byte("second")), 0, 9, 'h')
	u := &unframer{r: bytes.NewReader(in)}
	first, err := u.next()
	if err != nil {
		t.Fatal(err)
	}
	if got := u.unread(first); !bytes.Equal(got, in[2:]) {
		t.Errorf("got %q, want %q", got, in[2:])
	}
}

// FuzzUnframe reads a stream in pieces of some length.
func FuzzUnframe(f *testing.F) {
	f.Add(inFrames([]byte("one"), nil, []byte("two")), 1)
	f.Add([]byte{0xff, 0xff, 1}, 3)
	f.Add([]byte{0x08, 0x00, 1}, 3)
	f.Add([]byte{0, 0, 0}, 2)
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		u := &unframer{r: &pieceReader{in, max(1, piece)}}
		rest := in
		for {
			b, err := u.next()
			for len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
				rest = rest[2:]
			}
			if err != nil {
				whole := len(rest) >= 2 && len(rest) >= 2+int(binary.BigEndian.Uint16(rest))
				if tooLong := len(rest) >= 2 && binary.BigEndian.Uint16(rest) > datagram.MaxReceive; tooLong != errors.Is(err, errFrame) || whole && !tooLong {
					t.Fatalf("got %v with %d bytes left: %x", err, len(rest), rest[:min(2, len(rest))])
				}
				return
			}
			if !bytes.Equal(inFrames(b), rest[:2+len(b)]) || len(b) == 0 {
				t.Fatalf("got %x, want the beginning of %x", b, rest)
			}
			rest = rest[2+len(b):]
		}
	})
}

type pieceReader struct {
	b []byte
	n int
}

func (r *pieceReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:min(r.n, len(r.b))])
	r.b = r.b[n:]
	return n, nil
}
