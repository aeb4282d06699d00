package roster

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"xianfeng/internal/errs"
)

const (
	maxCell   = 64 << 10 // bytes in quotes: what is longer is a quote that was never closed
	maxFields = 64
	maxRows   = 200_000
)

// record is a row of the table as it was read.
type record struct {
	line     int // of its beginning, from 1
	cells    []string
	problems errs.Problems // it can't be read as a row
}

// blank reports whether nothing is in it: lines that spreadsheets leave at the end.
func (r *record) blank() bool {
	for _, c := range r.cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return len(r.problems) == 0
}

// scanner cuts a text into records. After a row that can't be read it goes on with the next line. It looks
// at each byte a bounded number of times.
type scanner struct {
	rest  []byte
	line  int // of the beginning of rest
	comma byte
}

func newScanner(b []byte) *scanner {
	return &scanner{rest: b, line: 1, comma: delimiter(b)}
}

// delimiter is what separates most in the first line: spreadsheets write tabs into UTF-16, and some semicolons.
func delimiter(b []byte) byte {
	first, _ := cutLine(b)
	best, most := byte(','), bytes.Count(first, []byte{','})
	for _, c := range []byte{'\t', ';'} {
		if n := bytes.Count(first, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// next returns the next record, or false at the end.
func (s *scanner) next() (record, bool) {
	if len(s.rest) == 0 {
		return record{}, false
	}
	rec := record{line: s.line}
	begin := s.rest
	for {
		var cell []byte
		var end byte // what ended the cell
		var bad string
		if len(s.rest) > 0 && s.rest[0] == '"' {
			cell, end, bad = s.quoted()
		} else {
			cell, end, bad = s.plain()
		}
		switch {
		case bad == "open":
			// Nothing closes it: the text behind it may be good, so only its own line is lost.
			s.rest, s.line = begin, rec.line
			s.skipLine()
			rec.cells, rec.problems = nil, errs.Problems{{Code: "quotes"}}
			return rec, true
		case bad != "":
			s.skipLine()
			rec.problems.Add("", bad, "")
			return rec, true
		case len(rec.cells) == maxFields:
			if end != '\n' {
				s.skipLine()
			}
			rec.problems.Add("", "fields", "")
			return rec, true
		}
		rec.cells = append(rec.cells, string(cell))
		if end == '\n' {
			if !sound(rec.cells) {
				rec.problems.Add("", "characters", "")
			}
			return rec, true
		}
	}
}

// sound reports whether all characters could be decoded and none is a zero.
func sound(cells []string) bool {
	for _, c := range cells {
		if strings.ContainsAny(c, "\x00\uFFFD") || !utf8.ValidString(c) {
			return false
		}
	}
	return true
}

// plain takes a cell without quotes. end is the delimiter or '\n', also for the end of the text.
func (s *scanner) plain() (cell []byte, end byte, bad string) {
	for i, c := range s.rest {
		switch c {
		case s.comma:
			cell, s.rest = s.rest[:i], s.rest[i+1:]
			return cell, c, ""
		case '\r', '\n':
			cell, s.rest = s.rest[:i], s.rest[i:]
			s.skipLine()
			return cell, '\n', ""
		case '"':
			return nil, 0, "quotes"
		}
	}
	cell, s.rest = s.rest, nil
	return cell, '\n', ""
}

// quoted takes a cell in quotes, in which a quote stands as two.
func (s *scanner) quoted() (cell []byte, end byte, bad string) {
	b := s.rest[1:]
	for len(cell) <= maxCell {
		i := bytes.IndexByte(b[:min(len(b), maxCell+1)], '"')
		if i < 0 {
			return nil, 0, "open"
		}
		cell = append(cell, b[:i]...)
		b = b[i+1:]
		if len(b) > 0 && b[0] == '"' {
			cell, b = append(cell, '"'), b[1:]
			continue
		}
		s.line += lines(cell)
		s.rest = b
		switch {
		case len(b) == 0:
			return cell, '\n', ""
		case b[0] == s.comma:
			s.rest = b[1:]
			return cell, s.comma, ""
		case b[0] == '\n', b[0] == '\r':
			s.skipLine()
			return cell, '\n', ""
		}
		return nil, 0, "quotes"
	}
	return nil, 0, "open"
}

// skipLine goes on behind the end of the line.
func (s *scanner) skipLine() {
	_, s.rest = cutLine(s.rest)
	s.line++
}

// cutLine cuts after the first line, which ends with \n, \r\n or \r.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	rest = b[i+1:]
	if b[i] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	return b[:i], rest
}

// lines counts the ends of lines in a cell.
func lines(cell []byte) int {
	return bytes.Count(cell, []byte{'\n'}) + bytes.Count(cell, []byte{'\r'}) - bytes.Count(cell, []byte("\r\n"))
}
