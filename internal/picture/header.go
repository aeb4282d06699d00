package picture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Chunks that are looked at before a header is given up, and bytes of EXIF that are read.
const (
	maxChunks = 10_000
	maxEXIF   = 1 << 16
)

// broken keeps failures to read apart from files that end too early.
func broken(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refuse(Broken, "")
	}
	return fmt.Errorf("read a picture: %w", err)
}

// readJPEG walks over the segments up to the frame header. ITU-T T.81 §B.2.
func (i *Info) readJPEG(r io.Reader) error {
	b := bufio.NewReader(r)
	if _, err := b.Discard(2); err != nil {
		return broken(err)
	}
	for range maxChunks {
		c, err := b.ReadByte()
		if err != nil {
			return broken(err)
		}
		if c != 0xff {
			continue // between segments; Go's decoder is as patient
		}
		for c == 0xff {
			if c, err = b.ReadByte(); err != nil {
				return broken(err)
			}
		}
		if c == 0 || c == 1 || c >= 0xd0 && c <= 0xd8 {
			continue // stands alone
		}
		if c == 0xd9 || c == 0xda {
			return refuse(Broken, "") // it ends, or has pixels, before it says how large it is
		}
		var length [2]byte
		if _, err := io.ReadFull(b, length[:]); err != nil {
			return broken(err)
		}
		n := int(binary.BigEndian.Uint16(length[:])) - 2
		if n < 0 {
			return refuse(Broken, "")
		}
		switch {
		case c == 0xe1 && i.orientation == 1:
			data := make([]byte, n)
			if _, err := io.ReadFull(b, data); err != nil {
				return broken(err)
			}
			if len(data) > 6 && string(data[:6]) == "Exif\x00\x00" {
				i.orientation = orientation(data[6:])
			}
		case c >= 0xc0 && c <= 0xcf && c != 0xc4 && c != 0xc8 && c != 0xcc:
			data := make([]byte, n)
			if _, err := io.ReadFull(b, data); err != nil {
				return broken(err)
			}
			return i.frame(data, c == 0xc2)
		default:
			if _, err := b.Discard(n); err != nil {
				return broken(err)
			}
		}
	}
	return refuse(Broken, "")
}

// frame reads a frame header. T.81 §B.2.2.
func (i *Info) frame(d []byte, progressive bool) error {
	if len(d) < 6 || len(d) < 6+3*int(d[5]) {
		return refuse(Broken, "")
	}
	i.Height, i.Width = int(binary.BigEndian.Uint16(d[1:])), int(binary.BigEndian.Uint16(d[3:]))
	pixels, parts := i.Width*i.Height, int(d[5])
	most, sum := 1, 0 // samples of all components, in parts of the most finely sampled one
	for k := range parts {
		area := int(d[7+3*k]>>4) * int(d[7+3*k]&15)
		most, sum = max(most, area), sum+area
	}
	samples := pixels * sum / most
	if i.memory = samples; progressive {
		i.memory += 4 * samples // its coefficients are kept until the last scan
	}
	if parts == 4 {
		i.memory += 4 * pixels
	}
	i.memory += pixels // the first halving
	return nil
}

// pngOrientation looks for an eXIf chunk before the pixels.
func pngOrientation(r io.ReadSeeker) (int, error) {
	if _, err := r.Seek(8, io.SeekStart); err != nil {
		return 1, fmt.Errorf("read a picture: %w", err)
	}
	for range maxChunks {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 1, broken(err)
		}
		n := binary.BigEndian.Uint32(head[:])
		switch string(head[4:]) {
		case "IDAT", "IEND":
			return 1, nil
		case "eXIf":
			data, err := io.ReadAll(io.LimitReader(r, int64(min(n, maxEXIF))))
			if err != nil {
				return 1, broken(err)
			}
			return orientation(data), nil
		}
		if _, err := r.Seek(int64(n)+4, io.SeekCurrent); err != nil {
			return 1, broken(err)
		}
	}
	return 1, refuse(Broken, "")
}

type webpHead struct {
	orientation int
	moving      bool
}

// webpChunks walks over the chunks of a WebP.
func webpChunks(r io.ReadSeeker) (webpHead, error) {
	out := webpHead{orientation: 1}
	if _, err := r.Seek(12, io.SeekStart); err != nil {
		return out, fmt.Errorf("read a picture: %w", err)
	}
	for range maxChunks {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return out, nil
			}
			return out, broken(err)
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		next := n + n&1
		switch string(head[:4]) {
		case "ANIM", "ANMF":
			out.moving = true
			return out, nil
		case "EXIF":
			data, err := io.ReadAll(io.LimitReader(r, min(n, maxEXIF)))
			if err != nil {
				return out, broken(err)
			}
			if len(data) > 6 && string(data[:6]) == "Exif\x00\x00" { // some writers repeat JPEG's
				data = data[6:]
			}
			out.orientation = orientation(data)
			return out, nil
		}
		if _, err := r.Seek(next, io.SeekCurrent); err != nil {
			return out, broken(err)
		}
	}
	return out, nil
}

// gifMoves reports whether a GIF has a second frame. GIF89a appendix A.
func gifMoves(r io.ReadSeeker) (bool, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return false, fmt.Errorf("read a picture: %w", err)
	}
	b := bufio.NewReader(r)
	head := make([]byte, 13)
	if _, err := io.ReadFull(b, head); err != nil {
		return false, broken(err)
	}
	skip := func(n int) bool { _, err := b.Discard(n); return err == nil }
	table := func(flags byte) int {
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	if !skip(table(head[10])) {
		return false, refuse(Broken, "")
	}
	blocks := func() bool { // data in pieces up to an empty one
		for {
			n, err := b.ReadByte()
			if err != nil || !skip(int(n)) {
				return false
			}
			if n == 0 {
				return true
			}
		}
	}
	frames := 0
	for {
		c, err := b.ReadByte()
		if err != nil {
			return false, nil //nolint:nilerr // it ends early: the decoder says whether that matters
		}
		switch c {
		case 0x21: // extension
			if !skip(1) || !blocks() {
				return false, nil
			}
		case 0x2c: // frame
			if frames++; frames > 1 {
				return true, nil
			}
			d := make([]byte, 9)
			if _, err := io.ReadFull(b, d); err != nil {
				return false, nil //nolint:nilerr // as above
			}
			if !skip(table(d[8])+1) || !blocks() {
				return false, nil
			}
		default:
			return false, nil
		}
	}
}

// orientation reads tag 0x0112 of the first directory of EXIF. Everything unexpected is "upright".
func orientation(d []byte) int {
	if len(d) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(d[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(d[4:]))
	if at+2 > uint64(len(d)) {
		return 1
	}
	n := uint64(order.Uint16(d[at:]))
	for k := range n {
		e := at + 2 + 12*k
		if e+12 > uint64(len(d)) {
			return 1
		}
		if order.Uint16(d[e:]) != 0x0112 {
			continue
		}
		if v := int(order.Uint16(d[e+8:])); order.Uint16(d[e+2:]) == 3 && v >= 1 && v <= 8 {
			return v
		}
		return 1
	}
	return 1
}
