package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"xianfeng/internal/errs"
)

// What is refused in an archive.
const (
	maxLine  = 64 << 20 // bytes of a row
	maxSmall = 1 << 20  // bytes of head.json and end.json
	maxRatio = 500      // bytes that come of one of the archive's: texts that repeat a lot make 100, zeros 1000
	ratioMin = 64 << 20 // bytes that may come of any
)

// ErrDamaged says that an archive is not one, or not as it was written. It is errs.Invalid.
var ErrDamaged = fmt.Errorf("the archive is damaged or not one of ours: %w", errs.Invalid)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", fmt.Errorf(format, args...), ErrDamaged)
}

// reader reads an archive from its beginning to its end, once.
type reader struct {
	parts []string
	tar   *tar.Reader
	in    *counter
	out   int64
	sum   hash.Hash
	seen  map[string]int // chunks of each table so far
	head  Head
	end   End // as it was counted
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err //nolint:wrapcheck // io.EOF
}

// read gives what is in an archive to where it belongs, and returns only after it has seen all of it: until
// then nothing may be kept. file gets files with their names in the data folder; they are in one of parts.
func read(ctx context.Context, r io.Reader, parts []string, to Sink, file func(name string, r io.Reader) error) (Summary, error) {
	a := &reader{parts: parts, in: &counter{r: r}, sum: sha256.New(), seen: map[string]int{}}
	a.end.Tables = map[string]int64{}
	z, err := gzip.NewReader(a.in)
	if err != nil {
		return Summary{}, damaged("begin: %w", err)
	}
	a.tar = tar.NewReader(&limited{z, a})
	ended := false
	for first := true; ; first = false {
		if ctx.Err() != nil {
			return Summary{}, context.Cause(ctx)
		}
		h, err := a.tar.Next()
		switch {
		case errors.Is(err, io.EOF) && ended:
			// What follows the end of the tar file in the compressed one: its check sum among it.
			if n, err := io.Copy(io.Discard, &limited{z, a}); err != nil || n > maxSmall {
				return Summary{}, damaged("after the end: %d bytes, %w", n, cmpErr(err))
			}
			return Summary{a.head, a.end}, nil
		case errors.Is(err, io.EOF):
			return Summary{}, damaged("it stops before its end")
		case err != nil:
			return Summary{}, damaged("%w", err)
		case ended:
			return Summary{}, damaged("%.100q comes after the end", h.Name)
		case first != (h.Name == headName):
			return Summary{}, damaged("%.100q is not where it belongs", h.Name)
		}
		if ended, err = a.entry(h, to, file); err != nil {
			return Summary{}, fmt.Errorf("%.100s: %w", h.Name, err)
		}
	}
}

func cmpErr(err error) error {
	if err == nil {
		return errs.TooLarge
	}
	return err
}

// limited bounds what comes of the compressed bytes.
type limited struct {
	r io.Reader
	a *reader
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.a.out += int64(n)
	if l.a.out > ratioMin && l.a.out/maxRatio > l.a.in.n {
		return 0, fmt.Errorf("%d bytes come of %d: %w", l.a.out, l.a.in.n, errs.TooLarge)
	}
	return n, err //nolint:wrapcheck // io.EOF
}

var tableName = regexp.MustCompile(`^tables/([a-z_]{1,40})/([0-9]{6})\.jsonl$`)

// entry reads one entry, and tells whether it was the last.
func (a *reader) entry(h *tar.Header, to Sink, file func(string, io.Reader) error) (last bool, err error) {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") { // holes: bytes that come of none
			return false, damaged("a file with holes")
		}
	}
	if h.Typeflag != tar.TypeReg || h.Size < 0 {
		return false, damaged("neither a table nor a file")
	}
	if h.Name == endName {
		return true, a.readEnd(h)
	}
	begin(a.sum, h.Name, h.Size)
	bytes := io.TeeReader(a.tar, a.sum)
	switch table := tableName.FindStringSubmatch(h.Name); {
	case h.Name == headName:
		err = a.readHead(h, bytes, to)
	case table != nil:
		err = a.readTable(table[1], table[2], bytes, to)
	case strings.HasPrefix(h.Name, "data/"):
		err = a.readFile(strings.TrimPrefix(h.Name, "data/"), bytes, file)
	default:
		err = damaged("an unknown name")
	}
	if err != nil {
		return false, err
	}
	if _, err := io.Copy(io.Discard, bytes); err != nil {
		return false, damaged("%w", err)
	}
	return false, nil
}

func small(h *tar.Header, r io.Reader, v any) error {
	if h.Size > maxSmall {
		return damaged("%d bytes", h.Size)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return damaged("%w", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return damaged("%w", err)
	}
	return nil
}

func (a *reader) readHead(h *tar.Header, r io.Reader, to Sink) error {
	if err := small(h, r, &a.head); err != nil {
		return err
	}
	if a.head.Format != format {
		return fmt.Errorf("an archive of form %d, this program reads %d: %w", a.head.Format, format, errs.Invalid)
	}
	return to.Facts(a.head.Facts)
}

func (a *reader) readEnd(h *tar.Header) error {
	var want End
	if err := small(h, a.tar, &want); err != nil {
		return err
	}
	a.end.SHA256 = hex.EncodeToString(a.sum.Sum(nil))
	for name, n := range want.Tables { // empty ones have no entry
		if n == 0 {
			a.end.Tables[name] += 0
		}
	}
	if a.end.SHA256 != want.SHA256 || a.end.Files != want.Files || !maps.Equal(a.end.Tables, want.Tables) {
		return damaged("it is not what was written")
	}
	return nil
}

func (a *reader) readTable(name, number string, r io.Reader, to Sink) error {
	if a.seen[name]++; a.seen[name] > 999_999 {
		return damaged("more than there can be")
	}
	if fmt.Sprintf("%06d", a.seen[name]) != number {
		return damaged("it is not where it belongs")
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var columns []string
	for lines.Scan() {
		if columns == nil {
			if err := json.Unmarshal(lines.Bytes(), &columns); err != nil {
				return damaged("columns: %w", err)
			}
			if err := to.Table(name, columns); err != nil {
				return err
			}
			continue
		}
		values, err := parseRow(lines.Bytes())
		if err != nil {
			return err
		}
		if len(values) != len(columns) {
			return damaged("a row of %d values in %d columns", len(values), len(columns))
		}
		if err := to.Row(values); err != nil {
			return err
		}
		a.end.Tables[name]++
	}
	if err := lines.Err(); err != nil {
		return damaged("%w", err)
	}
	return nil
}

func parseRow(text []byte) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var row []any
	if err := d.Decode(&row); err != nil {
		return nil, damaged("row: %w", err)
	}
	if d.More() {
		return nil, damaged("more than a row in a line")
	}
	for i, v := range row {
		switch v := v.(type) {
		case nil, string:
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return nil, damaged("row: %w", err)
			}
			row[i] = n
		case map[string]any:
			text, ok := v["b64"].(string)
			if !ok || len(v) != 1 {
				return nil, damaged("a value that is neither number, text nor bytes")
			}
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, damaged("bytes: %w", err)
			}
			row[i] = b
		default:
			return nil, damaged("a value that is neither number, text nor bytes")
		}
	}
	return row, nil
}

func (a *reader) readFile(name string, r io.Reader, file func(string, io.Reader) error) error {
	part, _, _ := strings.Cut(name, "/")
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\:\x00") || !slices.Contains(a.parts, part) {
		return damaged("a name that leads elsewhere")
	}
	a.end.Files++
	return file(name, r)
}
