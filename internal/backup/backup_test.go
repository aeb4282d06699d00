package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/errs"
)

var at = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// shelf is a Database in memory.
type shelf struct {
	facts Facts
	names []string
	rows  map[string][][]any
	fail  error // of the end
}

func (s *shelf) Dump(_ context.Context, to Sink) error {
	err := to.Facts(s.facts)
	for _, name := range s.names {
		err = errors.Join(err, to.Table(name, []string{"a", "b"}))
		for _, r := range s.rows[name] {
			err = errors.Join(err, to.Row(r))
		}
	}
	return errors.Join(err, to.End())
}

func (s *shelf) Load(_ context.Context, fill func(Sink) error) error {
	if s.rows != nil {
		return errs.Exists
	}
	s.rows = map[string][][]any{}
	err := fill(s)
	if err != nil {
		s.rows = nil
	}
	return err
}

func (s *shelf) Facts(f Facts) error { s.facts = f; return nil }
func (s *shelf) End() error          { return s.fail }

func (s *shelf) Table(name string, _ []string) error {
	s.names = append(s.names, name)
	return nil
}

func (s *shelf) Row(values []any) error {
	name := s.names[len(s.names)-1]
	s.rows[name] = append(s.rows[name], values)
	return nil
}

func folder(t *testing.T) Folder {
	t.Helper()
	return Folder{Root: t.TempDir(), Parts: []string{"files", "key"}, Leave: []string{"files/spool"}}
}

func put(t *testing.T, f Folder, name, text string) {
	t.Helper()
	full := filepath.Join(f.Root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o750), os.WriteFile(full, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// list returns the files of a data folder.
func list(t *testing.T, f Folder) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(f.Root, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		out[strings.TrimPrefix(name, f.Root+"/")] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func full(t *testing.T) (*shelf, Folder, []byte) {
	t.Helper()
	db := &shelf{facts: Facts{Schema: 3, Lines: 7, Hash: "ab"}, names: []string{"empty", "large", "odd"}, rows: map[string][][]any{
		"odd": {{int64(-1 << 63), "<&>\u2028'\""}, {nil, []byte{0, 255}}, {[]byte{}, ""}},
	}}
	for i := range 3000 { // three chunks
		db.rows["large"] = append(db.rows["large"], []any{int64(i), strings.Repeat("长", 300)})
	}
	f := folder(t)
	put(t, f, "files/ab/one", "1")
	put(t, f, "files/two", "")
	put(t, f, "key", "secret")
	put(t, f, "files/spool/part-1", "half")
	put(t, f, "network.db", "not a part")
	var b bytes.Buffer
	s, err := Write(t.Context(), &b, db, f, at)
	if err != nil {
		t.Fatal(err)
	}
	if s.Files != 3 || s.Tables["large"] != 3000 || s.Schema != 3 || !s.Made.Equal(at) {
		t.Errorf("written: got %+v", s)
	}
	return db, f, b.Bytes()
}

func TestRestoreGivesWhatWasWritten(t *testing.T) {
	db, f, archive := full(t)
	got, there := &shelf{}, folder(t)
	if err := os.MkdirAll(filepath.Join(there.Root, "files", "spool"), 0o750); err != nil { // as a server leaves it
		t.Fatal(err)
	}
	put(t, there, unpacked+"123/files/x", "of a restore that was killed")
	s, err := Restore(t.Context(), bytes.NewReader(archive), got, there)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.rows) != len(db.rows) || got.facts != db.facts {
		t.Errorf("rows: got %d tables, %+v", len(got.rows), got.facts)
	}
	for name := range db.rows {
		if !reflect.DeepEqual(got.rows[name], db.rows[name]) {
			t.Errorf("table %s is another", name)
		}
	}
	want := list(t, f)
	delete(want, "files/spool/part-1")
	delete(want, "network.db")
	if files := list(t, there); !reflect.DeepEqual(files, want) {
		t.Errorf("files: got %v, want %v", files, want)
	}
	if s.Files != 3 || s.Tables["empty"] != 0 || s.Tables["odd"] != 3 {
		t.Errorf("restored: got %+v", s)
	}
}

func TestRestoreRefusesWhatIsNotEmpty(t *testing.T) {
	_, _, archive := full(t)
	there := folder(t)
	put(t, there, "key", "another")
	if _, err := Restore(t.Context(), bytes.NewReader(archive), &shelf{}, there); !errors.Is(err, errs.Exists) {
		t.Errorf("a data folder with a key: got %v", err)
	}
	there = folder(t)
	if _, err := Restore(t.Context(), bytes.NewReader(archive), &shelf{rows: map[string][][]any{}}, there); !errors.Is(err, errs.Exists) {
		t.Errorf("a database with something in it: got %v", err)
	}
	if files := list(t, there); len(files) != 0 {
		t.Errorf("files were left: %v", files)
	}
}

func TestRestoreIsWholeOrNothing(t *testing.T) {
	_, _, archive := full(t)
	nothing := func(what string, archive []byte, db *shelf) {
		t.Helper()
		there := folder(t)
		if _, err := Restore(t.Context(), bytes.NewReader(archive), db, there); err == nil {
			t.Errorf("%s: no error", what)
		}
		if files := list(t, there); len(files) != 0 || db.rows != nil {
			t.Errorf("%s: left %v, %d tables", what, files, len(db.rows))
		}
	}
	for n := 0; n < len(archive); n += 1 + len(archive)/12 {
		nothing(fmt.Sprint("cut at ", n), archive[:n], &shelf{})
		spoilt := bytes.Clone(archive)
		spoilt[n] ^= 0x10
		if n != 4 && n != 5 && n != 6 && n != 7 && n != 8 && n != 9 { // the time and kind of system in gzip's head
			nothing(fmt.Sprint("spoilt at ", n), spoilt, &shelf{})
		}
	}
	for n := 1; n <= 12; n++ { // the end: check sum, size
		nothing(fmt.Sprint("without the last ", n), archive[:len(archive)-n], &shelf{})
	}
	nothing("with more behind it", append(bytes.Clone(archive), archive...), &shelf{})
	nothing("the database refuses the end", archive, &shelf{fail: errs.Conflict})
}

// entry is one of an archive of the test's own making.
type entry struct {
	tar.Header
	text string
}

// pack makes an archive with a head and, if wanted, an end that fits.
func pack(t testing.TB, end *End, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	sum := sha256.New()
	add := func(e entry) {
		if e.Typeflag == 0 {
			e.Typeflag = tar.TypeReg
		}
		if e.Typeflag == tar.TypeReg {
			e.Size = int64(len(e.text))
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
		begin(sum, e.Name, e.Size)
		io.WriteString(sum, e.text)
	}
	for _, e := range entries {
		add(e)
	}
	if end != nil {
		end.SHA256 = hex.EncodeToString(sum.Sum(nil))
		text, err := json.Marshal(end)
		if err != nil {
			t.Fatal(err)
		}
		add(named(endName, string(text)))
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func named(name, text string) entry { return entry{tar.Header{Name: name, Mode: 0o777}, text} }

var head = named(headName, `{"format":1}`)

func TestHostileArchivesAreRefused(t *testing.T) {
	rows := func(text string) []entry { return []entry{head, named("tables/sites/000001.jsonl", text)} }
	one := func(e entry) []entry { return []entry{head, e} }
	for name, entries := range map[string][]entry{
		"no head":              {named("data/files/a", "x")},
		"the head later":       {named("data/files/a", "x"), head},
		"two heads":            {head, head},
		"another form":         {named(headName, `{"format":2}`)},
		"a head without sense": {named(headName, `[`)},
		"up and away":          one(named("data/../../etc/passwd", "x")),
		"up inside a part":     one(named("data/files/../../x", "x")),
		"from the root":        one(named("data//etc/passwd", "x")),
		"an absolute name":     one(named("/etc/passwd", "x")),
		"backslashes":          one(named(`data/files\..\..\x`, "x")),
		"a drive":              one(named("data/files/C:x", "x")),
		"another part":         one(named("data/network.db", "x")),
		"a part by half":       one(named("data/filesystem/x", "x")),
		"an unknown name":      one(named("readme.txt", "x")),
		"a link":               one(entry{tar.Header{Name: "data/files/l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, ""}),
		"a hard link":          one(entry{tar.Header{Name: "data/files/l", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, ""}),
		"a device":             one(entry{tar.Header{Name: "data/files/l", Typeflag: tar.TypeChar}, ""}),
		"a folder":             one(entry{tar.Header{Name: "data/files/", Typeflag: tar.TypeDir}, ""}),
		"a file twice":         {head, named("data/files/a", "x"), named("data/files/a", "y")},
		"a file as folder":     {head, named("data/files/a", "x"), named("data/files/a/b", "y")},
		"a table out of order": {head, named("tables/sites/000002.jsonl", "[\"a\"]\n")},
		"a table's bad name":   {head, named("tables/sites; DROP/000001.jsonl", "[\"a\"]\n")},
		"columns of no sense":  rows("{}\n"),
		"a row too short":      rows("[\"a\",\"b\"]\n[1]\n"),
		"a row too long":       rows("[\"a\"]\n[1,2]\n"),
		"a fraction":           rows("[\"a\"]\n[1.5]\n"),
		"a number too large":   rows("[\"a\"]\n[9223372036854775808]\n"),
		"a list in a row":      rows("[\"a\"]\n[[1]]\n"),
		"a truth in a row":     rows("[\"a\"]\n[true]\n"),
		"an object in a row":   rows("[\"a\"]\n[{\"b64\":\"\",\"c\":1}]\n"),
		"bytes of no sense":    rows("[\"a\"]\n[{\"b64\":\"%\"}]\n"),
		"two rows in a line":   rows("[\"a\"]\n[1][2]\n"),
		"no row":               rows("[\"a\"]\nx\n"),
	} {
		there, db := folder(t), &shelf{}
		end := &End{Tables: map[string]int64{}}
		_, err := Restore(t.Context(), bytes.NewReader(pack(t, end, entries...)), db, there)
		if !errors.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
		if files := list(t, there); len(files) != 0 || db.rows != nil {
			t.Errorf("%s: left %v, %d tables", name, files, len(db.rows))
		}
	}
}

func TestEndsThatDoNotFit(t *testing.T) {
	good := []entry{head, named("data/files/a", "x"), named("tables/sites/000001.jsonl", "[\"a\"]\n[1]\n")}
	for name, c := range map[string]struct {
		end  *End
		more []entry
		want bool
	}{
		"as it is":           {&End{Files: 1, Tables: map[string]int64{"sites": 1, "empty": 0}}, nil, true},
		"no end":             {nil, nil, false},
		"a file too many":    {&End{Files: 2, Tables: map[string]int64{"sites": 1}}, nil, false},
		"a row too many":     {&End{Files: 1, Tables: map[string]int64{"sites": 2}}, nil, false},
		"a table too many":   {&End{Files: 1, Tables: map[string]int64{"sites": 1, "more": 1}}, nil, false},
		"a table not told":   {&End{Files: 1}, nil, false},
		"another sum":        {nil, []entry{named(endName, `{"files":1,"tables":{"sites":1},"sha256":"00"}`)}, false},
		"an end of no sense": {nil, []entry{named(endName, `{`)}, false},
	} {
		_, err := Restore(t.Context(), bytes.NewReader(pack(t, c.end, append(good[:3:3], c.more...)...)), &shelf{}, folder(t))
		if (err == nil) != c.want || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestBombsAreRefused(t *testing.T) {
	zeros := strings.Repeat("\x00", 65<<20)
	there := folder(t)
	_, err := Restore(t.Context(), bytes.NewReader(pack(t, &End{Files: 1}, head, named("data/files/a", zeros))), &shelf{}, there)
	if !errors.Is(err, errs.TooLarge) {
		t.Errorf("a file of zeros: got %v", err)
	}
	_, err = Restore(t.Context(), bytes.NewReader(pack(t, &End{}, head, named("tables/a/000001.jsonl", zeros))), &shelf{}, there)
	if !errors.Is(err, errs.Invalid) {
		t.Errorf("a row of zeros: got %v", err)
	}
	_, err = Restore(t.Context(), bytes.NewReader(pack(t, &End{}, head, named(endName, zeros[:2<<20]))), &shelf{}, there)
	if !errors.Is(err, errs.Invalid) {
		t.Errorf("an end of zeros: got %v", err)
	}
}

func TestRestoreCanBeGivenUp(t *testing.T) {
	_, f, archive := full(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errs.TooMany)
	if _, err := Restore(ctx, bytes.NewReader(archive), &shelf{}, folder(t)); !errors.Is(err, errs.TooMany) {
		t.Errorf("restore: got %v", err)
	}
	if _, err := Write(ctx, io.Discard, &shelf{}, f, at); !errors.Is(err, errs.TooMany) {
		t.Errorf("write: got %v", err)
	}
}

func FuzzRestore(f *testing.F) {
	plain := func(archive []byte) []byte {
		z, err := gzip.NewReader(bytes.NewReader(archive))
		if err != nil {
			f.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	f.Add(plain(pack(f, &End{Files: 1, Tables: map[string]int64{"sites": 2}}, head, named("tables/sites/000001.jsonl", "[\"a\",\"b\"]\n[1,\"x\"]\n[null,{\"b64\":\"AA==\"}]\n"),
		named("data/files/ab/c", "x"))))
	f.Add(plain(pack(f, nil, head, named("data/files/../x", "x"))))
	// The tar file is fuzzed without the compression around it, which hides everything from a fuzzer.
	f.Fuzz(func(t *testing.T, text []byte) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		outer := t.TempDir()
		there := Folder{Root: filepath.Join(outer, "data"), Parts: []string{"files"}}
		if err := os.Mkdir(there.Root, 0o700); err != nil {
			t.Fatal(err)
		}
		db := &shelf{}
		_, err := Restore(t.Context(), &b, db, there)
		for name := range list(t, Folder{Root: outer}) {
			if err != nil || !strings.HasPrefix(name, "data/files/") {
				t.Errorf("left %s, %v", name, err)
			}
		}
		if err != nil && db.rows != nil {
			t.Error("rows were left")
		}
	})
}
