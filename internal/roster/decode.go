package roster

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"xianfeng/internal/errs"
)

// maxBytes bounds a list: 20,000 sites take about two million.
const maxBytes = 64 << 20

// The encodings, as they are told.
const (
	utf8Name  = "UTF-8"
	utf16Name = "UTF-16"
	gbName    = "GB18030"
)

// text is a decoded list. What can't be decoded is utf8.RuneError in it: the reader tells the line.
type text struct {
	bytes    []byte
	encoding string
}

// decode reads all of r and makes UTF-8 of it.
func decode(r io.Reader) (text, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return text{}, fmt.Errorf("read the list: %w", err)
	}
	if len(b) > maxBytes {
		return text{}, fmt.Errorf("a list of more than %d MB: %w", maxBytes>>20, errs.TooLarge)
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return text{b[3:], utf8Name}, nil
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return text{fromUTF16(b[2:], binary.LittleEndian), utf16Name}, nil
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return text{fromUTF16(b[2:], binary.BigEndian), utf16Name}, nil
	case 16*bytes.Count(b[:min(len(b), 512)], []byte{0}) > min(len(b), 512):
		// UTF-16 without its mark, or no text at all (a workbook that was only renamed).
		return text{}, errs.Problems{{Code: "encoding"}}
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("\xd0\xcf\x11\xe0")):
		return text{}, errs.Problems{{Code: "workbook"}}
	case mostlyUTF8(b):
		return text{b, utf8Name}, nil
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil {
		return text{}, errs.Problems{{Code: "encoding"}}
	}
	return text{out, gbName}, nil
}

// mostlyUTF8 reports whether most lines with other than ASCII in them are UTF-8. A damaged line must not turn
// a whole list into other characters: it is told as a bad line.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for line := range bytes.Lines(b) {
		switch {
		case isASCII(line):
		case utf8.Valid(line):
			good++
		default:
			bad++
		}
	}
	return bad == 0 || good > bad
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// fromUTF16 decodes; half a character at the end and lone surrogates become utf8.RuneError.
func fromUTF16(b []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(b))
	for len(b) >= 2 {
		r := rune(order.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(b) >= 2 {
				low = rune(order.Uint16(b))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				b = b[2:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
	if len(b) > 0 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}
