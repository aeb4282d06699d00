package backup

import (
	"archive/tar"
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
	"os"
	"path"
	"slices"
	"time"
)

// chunk is about how many bytes of a table one entry of the archive has: they are collected in memory, since
// an entry begins with its size.
const chunk = 1 << 20

const (
	headName = "head.json"
	endName  = "end.json"
)

// Write writes an archive. The database first: the bytes of a file are there before its row is.
func Write(ctx context.Context, w io.Writer, db Database, folder Folder, now time.Time) (Summary, error) {
	z := gzip.NewWriter(w)
	a := &writer{tar: tar.NewWriter(z), sum: sha256.New(), now: now.UTC().Truncate(time.Second)}
	a.end.Tables = map[string]int64{}
	if err := db.Dump(ctx, a); err != nil {
		return Summary{}, fmt.Errorf("back up the database: %w", err)
	}
	if err := a.files(ctx, folder); err != nil {
		return Summary{}, fmt.Errorf("back up the files: %w", err)
	}
	a.end.SHA256 = hex.EncodeToString(a.sum.Sum(nil))
	if err := a.json(endName, a.end); err != nil {
		return Summary{}, err
	}
	if err := errors.Join(a.tar.Close(), z.Close()); err != nil {
		return Summary{}, fmt.Errorf("end the archive: %w", err)
	}
	return Summary{a.head, a.end}, nil
}

type writer struct {
	tar  *tar.Writer
	sum  hash.Hash
	now  time.Time
	head Head
	end  End

	table  string
	first  []byte       // its columns
	number int          // of its chunk
	lines  bytes.Buffer // of the chunk
}

// Facts implements Sink.
func (a *writer) Facts(f Facts) error {
	a.head = Head{Format: format, Made: a.now, Facts: f}
	return a.json(headName, a.head)
}

// Table implements Sink.
func (a *writer) Table(name string, columns []string) error {
	if err := a.flush(); err != nil {
		return err
	}
	first, err := line(columns)
	if err != nil {
		return fmt.Errorf("columns of %s: %w", name, err)
	}
	a.table, a.first, a.number = name, first, 0
	a.end.Tables[name] += 0
	return nil
}

// Row implements Sink.
func (a *writer) Row(values []any) error {
	out := make([]any, len(values))
	for i, v := range values {
		if b, ok := v.([]byte); ok {
			v = blob{base64.StdEncoding.EncodeToString(b)}
		}
		out[i] = v
	}
	b, err := line(out)
	if err != nil {
		return fmt.Errorf("row of %s: %w", a.table, err)
	}
	a.lines.Write(b)
	a.end.Tables[a.table]++
	if a.lines.Len() < chunk {
		return nil
	}
	return a.flush()
}

// blob is how bytes are written.
type blob struct {
	Base64 string `json:"b64"`
}

func line(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return b.Bytes(), nil
}

// End implements Sink.
func (a *writer) End() error { return a.flush() }

// flush writes what there is of a table as one entry.
func (a *writer) flush() error {
	if a.lines.Len() == 0 {
		return nil
	}
	a.number++
	name := fmt.Sprintf("tables/%s/%06d.jsonl", a.table, a.number)
	err := a.entry(name, int64(len(a.first)+a.lines.Len()), io.MultiReader(bytes.NewReader(a.first), &a.lines))
	a.lines.Reset()
	return err
}

func (a *writer) json(name string, v any) error {
	b, err := line(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return a.entry(name, int64(len(b)), bytes.NewReader(b))
}

func (a *writer) entry(name string, size int64, r io.Reader) error {
	h := &tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: a.now, Typeflag: tar.TypeReg}
	if err := a.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	begin(a.sum, name, size)
	if _, err := io.CopyN(io.MultiWriter(a.tar, a.sum), r, size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// begin puts what an entry's bytes can't be confused by into the sum.
func begin(sum hash.Hash, name string, size int64) {
	fmt.Fprintf(sum, "%d %s %d\n", len(name), name, size)
}

// files writes the folder's parts. A file that goes while it is at it was deleted after its row, and is left
// out.
func (a *writer) files(ctx context.Context, folder Folder) error {
	root, err := os.OpenRoot(folder.Root)
	if err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	defer root.Close() //nolint:errcheck // it was read
	for _, part := range folder.Parts {
		err := fs.WalkDir(root.FS(), part, func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return fmt.Errorf("list the files: %w", err)
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case d.IsDir() && slices.Contains(folder.Leave, name):
				return fs.SkipDir
			case !d.Type().IsRegular():
				return nil
			}
			return a.file(root, name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *writer) file(root *os.Root, name string) error {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open a file: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was read
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("file %s: %w", name, err)
	}
	a.end.Files++
	return a.entry(path.Join("data", name), info.Size(), f)
}
