package files_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/files/disk"
	"xianfeng/internal/picture"
	"xianfeng/internal/site"
)

// rows is files.Rows in memory.
type rows struct {
	mu      sync.Mutex // guards all below
	files   map[string]files.File
	entries []site.Entry
	fail    error
}

func (r *rows) AddFile(_ context.Context, f files.File, entries ...site.Entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	r.files[f.ID] = f
	r.entries = append(r.entries, entries...)
	return nil
}

func (r *rows) File(_ context.Context, id string) (files.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.files[id]
	if !ok {
		return f, errs.NotFound
	}
	return f, nil
}

func (r *rows) DropFile(_ context.Context, id string, entries ...site.Entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.files, id)
	r.entries = append(r.entries, entries...)
	return nil
}

func (r *rows) KnownFiles(_ context.Context, ids []string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, ok := r.files[id]; return !ok }), nil
}

// settings are one for all sites.
type settings map[string]string

func (s settings) Setting(_ context.Context, _ []site.ID, name string) (json.RawMessage, error) {
	v, ok := s[name]
	if !ok {
		return nil, errs.NotFound
	}
	return json.RawMessage(v), nil
}

type bench struct {
	*files.Service
	rows  *rows
	disk  *disk.Store
	root  string
	limit settings
	now   time.Time
}

var (
	clerk    = site.Who{Account: 5, Grants: []site.Grant{{Role: site.Author, Site: 2}}}
	editor   = site.Who{Account: 6, Grants: []site.Grant{{Role: site.Editor, Site: 1}}}
	stranger = site.Who{Account: 7, Grants: []site.Grant{{Role: site.Editor, Site: 3}}}
)

func newBench(t *testing.T) *bench {
	t.Helper()
	tree, err := site.NewTree([]site.Site{
		{ID: 1, Code: "51", Level: site.Province, Name: "省"}, {ID: 2, Parent: 1, Code: "5101", Level: site.City, Name: "甲市"}, {ID: 3, Parent: 1, Code: "5102", Level: site.City, Name: "乙市"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	maker, err := picture.NewMaker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := maker.Close(context.Background()); err != nil { //nolint:usetesting // the test's is over
			t.Error(err)
		}
	})
	b := &bench{rows: &rows{files: map[string]files.File{}}, root: filepath.Join(t.TempDir(), "files"), limit: settings{}, now: time.Now()}
	if b.disk, err = disk.Open(b.root); err != nil {
		t.Fatal(err)
	}
	b.Service = files.New(files.Config{
		Store: b.disk, Rows: b.rows, Pictures: maker, Tree: func() *site.Tree { return tree }, Settings: b.limit, Spool: b.disk.Spool(), Now: func() time.Time { return b.now },
	})
	return b
}

// onDisk counts the files below the folder.
func (b *bench) onDisk(t *testing.T) int {
	t.Helper()
	n := 0
	if err := filepath.WalkDir(b.root, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func upload(name, body string) files.Upload {
	return files.Upload{Site: 2, Name: name, Size: int64(len(body)), Remote: "192.0.2.1", Body: strings.NewReader(body)}
}

func photo(t *testing.T, w, h int) string {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPicture(t *testing.T) {
	b := newBench(t)
	f, pieces, err := b.Bring(t.Context(), clerk, upload(`C:\相册\梨 花.JPG`, photo(t, 1000, 500)))
	if err != nil {
		t.Fatal(err)
	}
	if f.Kind != files.Picture || f.Name != "梨 花.JPG" || f.Width != 1000 || f.Height != 500 || f.Owner != 5 || f.Type != "image/jpeg" {
		t.Errorf("got %+v", f)
	}
	if want := []string{"w480.webp", "w480.jpg", "w960.webp", "w960.jpg", "w1600.webp", "w1600.jpg"}; !slices.Equal(pieces, want) {
		t.Errorf("pieces: got %q, want %q", pieces, want)
	}
	for name, want := range map[string]string{"w960.webp": "image/webp", "w1600.jpg": "image/jpeg"} {
		o, err := b.Open(t.Context(), f.ID, name)
		if err != nil {
			t.Fatal(err)
		}
		if o.Type != want || !o.Picture || o.Size() == 0 {
			t.Errorf("%s: got %s, %d bytes", name, o.Type, o.Size())
		}
		o.Close()
	}
	for _, name := range []string{"w1600.png", "w961.webp", "w480.gif", "file", "梨 花.JPG", "w99999999999999999999.webp"} {
		if _, err := b.Open(t.Context(), f.ID, name); !errors.Is(err, errs.NotFound) {
			t.Errorf("open %s: got %v, want %v", name, err, errs.NotFound)
		}
	}
	if len(b.rows.entries) != 1 || b.rows.entries[0].Action != "file.add" || b.rows.entries[0].Remote != "192.0.2.1" {
		t.Errorf("log: got %+v", b.rows.entries)
	}
	small, pieces, err := b.Bring(t.Context(), clerk, upload("图", photo(t, 30, 20)))
	if err != nil || len(pieces) != 2 || files.Shown(small.ID, pieces) != "/files/"+small.ID+"/w480.webp" {
		t.Fatalf("a small picture: got %q, %v", pieces, err)
	}
	o, err := b.Open(t.Context(), small.ID, "w1600.webp")
	if err != nil || o.Name != "w480.webp" {
		t.Errorf("a small picture, asked for large: got %+v, %v", o, err)
	}
	o.Close()
}

func TestAttachment(t *testing.T) {
	b := newBench(t)
	f, _, err := b.Bring(t.Context(), editor, upload("2026年 收支公示.pdf", "%PDF-1.7\n…"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := b.Open(t.Context(), f.ID, f.Name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(o)
	if o.Close(); err != nil || string(text) != "%PDF-1.7\n…" || o.Type != "application/pdf" || o.Picture || o.Name != "2026年 收支公示.pdf" {
		t.Errorf("got %+v, %q, %v", o, text, err)
	}
	for _, at := range [][2]string{{f.ID, "other.pdf"}, {strings.Repeat("a", 26), f.Name}, {"../../etc", "passwd"}, {strings.ToUpper(f.ID), f.Name}} {
		if _, err := b.Open(t.Context(), at[0], at[1]); !errors.Is(err, errs.NotFound) {
			t.Errorf("open %q: got %v, want %v", at, err, errs.NotFound)
		}
	}
	if err := b.Delete(t.Context(), stranger, "", f.ID); !errors.Is(err, errs.Denied) {
		t.Errorf("a stranger deletes: got %v, want %v", err, errs.Denied)
	}
	if err := b.Delete(t.Context(), clerk, "", f.ID); !errors.Is(err, errs.Denied) {
		t.Errorf("an author deletes an editor's: got %v, want %v", err, errs.Denied)
	}
	if err := b.Delete(t.Context(), editor, "", f.ID); err != nil || b.onDisk(t) != 0 {
		t.Errorf("delete: %v, %d files left", err, b.onDisk(t))
	}
}

func TestKinds(t *testing.T) {
	b := newBench(t)
	good := map[string]string{
		"a.doc": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1…", "a.DOCX": "PK\x03\x04…", "a.wps": "PK\x03\x04…", "b.wps": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1…", "a.ofd": "PK\x03\x04…",
		"a.txt": "通知\r\n", "gbk.csv": "\xb4\xe5\xc3\xfb,\xbd\xf0\xb6\xee\r\n", "a.zip": "PK\x05\x06…", "a.mp3": "ID3\x04…", "b.mp3": "\xff\xfb\x90\x00", "a.mp4": "\x00\x00\x00\x18ftypisom\x00\x00",
	}
	for name, body := range good {
		if _, _, err := b.Bring(t.Context(), editor, upload(name, body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := b.onDisk(t); n != len(good) {
		t.Errorf("%d files on the disk, want %d", n, len(good))
	}
	for name, bad := range map[string]struct{ body, code string }{
		"photo.jpg":   {"PK\x03\x04…", files.CodeDiffers},
		"scan.JPEG":   {"%PDF-1.4", files.CodeDiffers},
		"report.pdf":  {"MZ\x90\x00\x03", files.CodeDiffers},
		"list.csv":    {"MZ\x90\x00\x03", files.CodeDiffers},
		"a.docx":      {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", files.CodeDiffers},
		"setup.exe":   {"MZ\x90\x00\x03", files.CodeKind},
		"page.html":   {"<!DOCTYPE html>", files.CodeKind},
		"a.pdf.exe":   {"%PDF-1.4", files.CodeKind},
		"noending":    {"hello", files.CodeKind},
		"empty.pdf":   {"", files.CodeEmpty},
		"d.svg":       {"<svg xmlns='http://www.w3.org/2000/svg'/>", picture.SVG},
		"d.pdf":       {"<svg onload=alert(1)>", picture.SVG},
		"p.heic":      {"\x00\x00\x00\x18ftypheic\x00\x00", picture.HEIC},
		"cut-off.jpg": {photo(t, 300, 300)[:200], picture.Broken},
	} {
		_, _, err := b.Bring(t.Context(), editor, upload(name, bad.body))
		var p errs.Problems
		if !errors.As(err, &p) || p[0].Code != bad.code {
			t.Errorf("%s: got %v, want %s", name, err, bad.code)
		}
	}
	if n := b.onDisk(t); n != len(good) {
		t.Errorf("what was refused was left: %d files on the disk, want %d", n, len(good))
	}
}

func TestRightsAndLimits(t *testing.T) {
	b := newBench(t)
	for _, who := range []site.Who{{}, stranger, {Account: 8, Grants: []site.Grant{{Role: site.Viewer, Site: 1}}}} {
		if _, _, err := b.Bring(t.Context(), who, upload("a.txt", "x")); !errors.Is(err, errs.Denied) {
			t.Errorf("%+v: got %v, want %v", who, err, errs.Denied)
		}
	}
	b.limit[files.Setting] = `{"attachment": 3145728, "picture": 2097152}`
	pdf := "%PDF-" + strings.Repeat("x", 4<<20)
	for name, u := range map[string]files.Upload{
		"announced":                      {Site: 2, Name: "a.pdf", Size: int64(len(pdf)), Body: failing{}},
		"not announced":                  {Site: 2, Name: "a.pdf", Size: -1, Body: strings.NewReader(pdf)},
		"announced smaller":              {Site: 2, Name: "a.pdf", Size: 10, Body: strings.NewReader(pdf)},
		"a picture, announced":           {Site: 2, Name: "a.jpg", Size: 5 << 19, Body: strings.NewReader("\xff\xd8\xff" + pdf)},
		"a picture that is one by bytes": {Site: 2, Name: "a.pdf", Size: -1, Body: strings.NewReader("\xff\xd8\xff" + pdf)},
	} {
		_, _, err := b.Bring(t.Context(), editor, u)
		var p errs.Problems
		if !errors.Is(err, errs.TooLarge) || !errors.As(err, &p) || p[0].Code != files.CodeLarge || (p[0].Value != "3" && p[0].Value != "2") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, _, err := b.Bring(t.Context(), editor, upload("a.pdf", pdf[:3<<20])); err != nil {
		t.Errorf("just as large as may be: %v", err)
	}
	if n := b.onDisk(t); n != 1 {
		t.Errorf("%d files on the disk, want 1", n)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("read, though it was refused before") }

func TestNothingHalfDone(t *testing.T) {
	b := newBench(t)
	b.rows.fail = errs.Full
	for _, u := range []files.Upload{upload("a.pdf", "%PDF-"), upload("a.jpg", photo(t, 600, 600))} {
		if _, _, err := b.Bring(t.Context(), editor, u); !errors.Is(err, errs.Full) {
			t.Errorf("%s: got %v, want %v", u.Name, err, errs.Full)
		}
	}
	left := errors.New("the visitor left")
	u := upload("a.pdf", "")
	u.Size, u.Body = -1, io.MultiReader(strings.NewReader("%PDF-"+strings.Repeat("x", 100_000)), readerFunc(func([]byte) (int, error) { return 0, left }))
	if _, _, err := b.Bring(t.Context(), editor, u); !errors.Is(err, left) {
		t.Errorf("got %v, want %v", err, left)
	}
	if n := b.onDisk(t); n != 0 {
		t.Errorf("%d files were left", n)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestSweep(t *testing.T) {
	b := newBench(t)
	kept, _, err := b.Bring(t.Context(), editor, upload("a.pdf", "%PDF-"))
	if err != nil {
		t.Fatal(err)
	}
	const lost = "lostlostlostlostlostlost22" // its process was killed before there was a row
	if _, err := b.disk.Put(t.Context(), lost, "w480.webp", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.disk.Spool(), "picture-1"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("at once: swept %d, %v", n, err)
	}
	b.now = b.now.Add(25 * time.Hour)
	if n, err := b.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("a day later: swept %d, %v", n, err)
	}
	if n := b.onDisk(t); n != 1 {
		t.Errorf("%d files on the disk, want 1", n)
	}
	o, err := b.Open(t.Context(), kept.ID, "a.pdf")
	if err != nil {
		t.Fatalf("what has a row: %v", err)
	}
	o.Close()
}

func TestRunEndsWithItsContext(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }() // it ends with ctx
	cancel()
	<-done
}

func TestFull(t *testing.T) {
	if err := files.Full(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}); !errors.Is(err, errs.Full) {
		t.Errorf("got %v, want %v", err, errs.Full)
	}
	if err := files.Full(io.ErrUnexpectedEOF); errors.Is(err, errs.Full) {
		t.Errorf("got %v", err)
	}
}

func TestEndings(t *testing.T) {
	if got := files.Endings(); len(got) != 15 || !slices.IsSorted(got) || !slices.Contains(got, ".ofd") {
		t.Errorf("got %q", got)
	}
	if got := files.Address("abc", "收支 100%.pdf"); got != "/files/abc/%E6%94%B6%E6%94%AF%20100%25.pdf" {
		t.Errorf("got %s", got)
	}
}
