package files_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/files/disk"
	"xianfeng/internal/picture"
	"xianfeng/internal/site"
	webfiles "xianfeng/web/files"
	"xianfeng/web/kit"
)

// rows is files.Rows in memory.
type rows struct{ sync.Map }

func (r *rows) AddFile(_ context.Context, f files.File, _ ...site.Entry) error {
	r.Store(f.ID, f)
	return nil
}

func (r *rows) File(_ context.Context, id string) (files.File, error) {
	if f, ok := r.Load(id); ok {
		return f.(files.File), nil
	}
	return files.File{}, errs.NotFound
}

func (r *rows) DropFile(_ context.Context, id string, _ ...site.Entry) error {
	r.Delete(id)
	return nil
}

func (r *rows) KnownFiles(_ context.Context, ids []string) ([]string, error) { return ids, nil }

// serve starts a server that takes the login from a header.
func serve(t *testing.T, change func(*http.Server)) *httptest.Server {
	t.Helper()
	tree, err := site.NewTree([]site.Site{{ID: 1, Code: "51", Level: site.Province, Name: "省"}, {ID: 2, Code: "52", Level: site.Province, Name: "外省"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	maker, err := picture.NewMaker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { maker.Close(context.Background()) }) //nolint:usetesting // the test's is over
	d, err := disk.Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	service := files.New(files.Config{Store: d, Rows: &rows{}, Pictures: maker, Tree: func() *site.Tree { return tree }, Spool: d.Spool()})
	k, err := kit.New(kit.Config{Session: func(r *http.Request) kit.Visitor {
		if r.Header.Get("Test-Login") == "" {
			return kit.Visitor{}
		}
		return kit.Visitor{Who: site.Who{Account: 5, Grants: []site.Grant{{Role: site.Author, Site: 1}}}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	webfiles.New(webfiles.Config{Kit: k, Service: service}).Routes(k.Router(mux))
	s := httptest.NewUnstartedServer(mux)
	if change != nil {
		change(s.Config)
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

type answer struct {
	Status int
	Header http.Header
	Body   []byte

	ID, URL, Name, Kind, Detail string
	Width, Height               int
	Variants                    []struct{ Name, URL string }
	Errors                      []struct{ Field, Code, Value string }
}

func do(t *testing.T, method, address string, body io.Reader, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Test-Login", "yes")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{Status: res.StatusCode, Header: res.Header}
	if a.Body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.Body, &a); err != nil {
			t.Fatalf("%s: %v", a.Body, err)
		}
	}
	return a
}

func form(t *testing.T, name string, data []byte, fields ...string) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", map[string]string{"name": "file", "filename": name})}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b, w.FormDataContentType()
}

func drawing(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictureComesAndGoes(t *testing.T) {
	s := serve(t, nil)
	body, kind := form(t, "梨花.png", drawing(t, 1200, 800), "site", "1", "alt", "梨花开了")
	a := do(t, "POST", s.URL+"/files", body, "Content-Type", kind)
	if a.Status != http.StatusCreated || a.Kind != "picture" || a.Width != 1200 || a.Height != 800 || a.Name != "梨花.png" || len(a.Variants) != 6 || !strings.HasSuffix(a.URL, "/w960.webp") {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	for _, v := range a.Variants {
		got := do(t, "GET", s.URL+v.URL, nil, "Test-Login", "")
		if got.Status != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "image/") || got.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: got %d %v", v.Name, got.Status, got.Header)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin",
			"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", v.Name, name, got.Header.Get(name), want)
			}
		}
		if again := do(t, "GET", s.URL+v.URL, nil, "If-None-Match", got.Header.Get("ETag")); again.Status != http.StatusNotModified {
			t.Errorf("%s again: got %d", v.Name, again.Status)
		}
	}
	if got := do(t, "DELETE", s.URL+"/files/"+a.ID, nil, "Test-Login", ""); got.Status != http.StatusUnauthorized {
		t.Errorf("a visitor deletes: got %d", got.Status)
	}
	if got := do(t, "DELETE", s.URL+"/files/"+a.ID, nil); got.Status != http.StatusNoContent {
		t.Errorf("delete: got %d %s", got.Status, got.Body)
	}
	if got := do(t, "GET", s.URL+a.URL, nil); got.Status != http.StatusNotFound || got.Detail == "" {
		t.Errorf("deleted: got %d %s", got.Status, got.Body)
	}
}

func TestAttachmentIsSaved(t *testing.T) {
	s := serve(t, nil)
	pdf := []byte("%PDF-1.7\n" + strings.Repeat("0123456789", 5000))
	a := do(t, "POST", s.URL+"/files?site=1&name=%E6%94%B6%E6%94%AF%20(%E4%B8%89%E5%AD%A3%E5%BA%A6).pdf", bytes.NewReader(pdf), "Content-Type", "application/octet-stream")
	if a.Status != http.StatusCreated || a.Kind != "attachment" || a.Name != "收支 (三季度).pdf" {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	got := do(t, "GET", s.URL+a.URL, nil, "Range", "bytes=0-8")
	if got.Status != http.StatusPartialContent || string(got.Body) != "%PDF-1.7\n" || got.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("a part: got %d %q %v", got.Status, got.Body, got.Header)
	}
	want := `attachment; filename="__ (___).pdf"; filename*=UTF-8''%E6%94%B6%E6%94%AF%20%28%E4%B8%89%E5%AD%A3%E5%BA%A6%29.pdf`
	if d := got.Header.Get("Content-Disposition"); d != want {
		t.Errorf("got  %s\nwant %s", d, want)
	}
	if _, params, err := mime.ParseMediaType(want); err != nil || params["filename"] != "收支 (三季度).pdf" {
		t.Errorf("read back: got %q, %v", params, err)
	}
	if all := do(t, "GET", s.URL+a.URL, nil); !bytes.Equal(all.Body, pdf) {
		t.Errorf("got %d bytes, want %d", len(all.Body), len(pdf))
	}
	if other := do(t, "GET", s.URL+"/files/"+a.ID+"/other.pdf", nil, "Accept", "text/html"); other.Status != http.StatusNotFound || !strings.Contains(other.Header.Get("Content-Type"), "text/html") {
		t.Errorf("another name: got %d %v", other.Status, other.Header)
	}
}

// endless is a body that says how large it is and should not be read.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestRefused(t *testing.T) {
	s := serve(t, nil)
	for _, tt := range []struct {
		name, address, body string
		status              int
		code, value         string
		words               string
		header              []string
	}{
		{"nobody", "?site=1&name=a.txt", "x", http.StatusUnauthorized, "", "", "登录", []string{"Test-Login", ""}},
		{"another's site", "?site=2&name=a.txt", "x", http.StatusForbidden, "", "", "权限", nil},
		{"no site", "?name=a.txt", "x", http.StatusUnprocessableEntity, files.CodeMissing, "", "", nil},
		{"a site that is no number", "?site=x&name=a.txt", "x", http.StatusUnprocessableEntity, files.CodeMissing, "", "", nil},
		{"a zip as .jpg", "?site=1&name=a.jpg", "PK\x03\x04", http.StatusUnprocessableEntity, files.CodeDiffers, ".jpg", ".jpg", nil},
		{"a zip as .jpg, in English", "?site=1&name=a.jpg&lang=en", "PK\x03\x04", http.StatusUnprocessableEntity, files.CodeDiffers, ".jpg", "not what its ending .jpg says", nil},
		{"SVG", "?site=1&name=a.svg", "<svg onload=alert(1)>", http.StatusUnprocessableEntity, picture.SVG, "", "SVG", nil},
		{"HEIC", "?site=1&name=a.heic", "\x00\x00\x00\x18ftypheic\x00\x00", http.StatusUnprocessableEntity, picture.HEIC, "", "JPEG", nil},
		{"an exe", "?site=1&name=a.exe", "MZ", http.StatusUnprocessableEntity, files.CodeKind, ".exe", ".ofd", nil},
		{"a form without a file", "?site=1", "--x\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\ny\r\n--x--\r\n", http.StatusUnprocessableEntity, files.CodeMissing, "", "", []string{"Content-Type", "multipart/form-data; boundary=x"}},
		{"no form", "?site=1", "hello", http.StatusUnprocessableEntity, files.CodeMissing, "", "", []string{"Content-Type", "multipart/form-data; boundary=x"}},
		{"a page of another site", "?site=1&name=a.txt", "x", http.StatusForbidden, "", "", "", []string{"Sec-Fetch-Site", "cross-site"}},
	} {
		a := do(t, "POST", s.URL+"/files"+tt.address, strings.NewReader(tt.body), tt.header...)
		if a.Status != tt.status || !strings.Contains(a.Detail, tt.words) || a.Detail == "" || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %s", tt.name, a.Status, a.Body)
		}
		if tt.code != "" && (len(a.Errors) != 1 || a.Errors[0].Code != tt.code || a.Errors[0].Value != tt.value) {
			t.Errorf("%s: got %s", tt.name, a.Body)
		}
	}
}

func TestTwoHundredMegabytesAreRefusedEarly(t *testing.T) {
	s := serve(t, nil)
	for name, length := range map[string]int64{"announced": 200 << 20, "not announced": -1} {
		body := &endless{}
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/files?site=1&name=a.txt", io.LimitReader(io.MultiReader(strings.NewReader(strings.Repeat("x", 4096)), zeros{body}), 200<<20))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		r.Header.Set("Test-Login", "yes")
		r.Header.Set("Expect", "100-continue") // and so the client waits for what the server says
		client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		client.CloseIdleConnections()
		if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(text), "100 MB") {
			t.Errorf("%s: got %d %s, %v", name, res.StatusCode, text, err)
		}
		if name == "announced" && body.read > 0 {
			t.Errorf("%d bytes were read of what was refused", body.read)
		}
	}
}

// A browser asks before it sends what is large, and hears in words what it would hear afterwards.
func TestAskedBeforeSending(t *testing.T) {
	s := serve(t, nil)
	for _, tt := range []struct {
		query  string
		status int
		words  string
		header []string
	}{
		{"site=1&name=a.jpg&size=49000000", http.StatusNoContent, "", nil},
		{"site=1&name=a.pdf&size=99000000", http.StatusNoContent, "", nil},
		{"site=1&name=a.JPG&size=209715200", http.StatusRequestEntityTooLarge, "50 MB", nil},
		{"site=1&name=a.pdf&size=209715200", http.StatusRequestEntityTooLarge, "100 MB", nil},
		{"site=1&name=a&size=209715200", http.StatusRequestEntityTooLarge, "100 MB", nil},
		{"site=1&name=a.jpg&size=209715200&lang=en", http.StatusRequestEntityTooLarge, "too large", nil},
		{"site=2&name=a.jpg&size=5", http.StatusForbidden, "权限", nil},
		{"site=1&name=a.jpg&size=5", http.StatusUnauthorized, "登录", []string{"Test-Login", ""}},
		{"site=1&name=a.jpg", http.StatusUnprocessableEntity, "", nil},
		{"name=a.jpg&size=5", http.StatusUnprocessableEntity, "", nil},
	} {
		a := do(t, "GET", s.URL+"/files?"+tt.query, nil, tt.header...)
		if a.Status != tt.status || !strings.Contains(a.Detail, tt.words) {
			t.Errorf("%s: got %d %s, want %d", tt.query, a.Status, a.Body, tt.status)
		}
	}
}

// zeros makes text of whatever a reader leaves.
type zeros struct{ r io.Reader }

func (z zeros) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	for i := range p[:n] {
		p[i] = 'x'
	}
	return n, err
}

// TestSlowLine: the server gives a request one millisecond, and files as long as something comes.
func TestSlowLine(t *testing.T) {
	s := serve(t, func(s *http.Server) {
		s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout = time.Minute, time.Millisecond, time.Millisecond
	})
	r, w := io.Pipe()
	go func() { // it ends when all is written, or the request is over
		for _, piece := range []string{"%PDF-", "1.7", strings.Repeat("x", 5000)} {
			<-time.After(10 * time.Millisecond) // longer than the server's patience with other requests
			if _, err := io.WriteString(w, piece); err != nil {
				return
			}
		}
		w.Close()
	}()
	a := do(t, "POST", s.URL+"/files?site=1&name=a.pdf", r)
	if a.Status != http.StatusCreated {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	if got := do(t, "GET", s.URL+a.URL, nil); len(got.Body) != 5008 {
		t.Errorf("got %d bytes", len(got.Body))
	}
}
