package cache

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// overhead is roughly what an entry costs beside its bytes and tags.
const overhead = 1 << 10

// entry is a finished page. All but its atomic fields and place is immutable.
type entry struct {
	key    string
	status int
	fixed  []field // of every answer with this page
	plain  form
	zipped form // body nil: not worth it
	tags   []string
	began  uint64 // epoch
	until  time.Time
	size   int64

	checked atomic.Uint64 // the epoch at which it was good last
	visited atomic.Bool   // since sieve's hand came by
	spoilt  atomic.Int64  // Unix ns, when it was first found that no better one can be made; 0: not yet
	place   *list.Element // guarded by Cache.mu
}

// field is a line of the header, in canonical form. values is shared by all answers and has no room to grow.
type field struct {
	name   string
	values []string
}

// form is a page in one encoding.
type form struct {
	body   []byte
	etag   string
	fields []field
}

func newEntry(key string, p *Page, d *Deps, began uint64) (*entry, error) {
	e := &entry{key: key, status: p.Status, tags: d.tags, began: began, until: d.until}
	e.checked.Store(began)
	for name, values := range p.Header {
		e.fixed = append(e.fixed, field{http.CanonicalHeaderKey(name), values[:len(values):len(values)]})
	}
	sum := sha256.Sum256(p.Body)
	tag := base64.RawURLEncoding.EncodeToString(sum[:12])
	e.plain = newForm(p.Body, `"`+tag+`"`, "")
	e.size = overhead + int64(len(p.Body))
	for _, t := range d.tags {
		e.size += int64(len(t)) + 16
	}
	if len(p.Body) < 512 {
		return e, nil
	}
	z, err := zip(p.Body)
	if err != nil {
		return nil, fmt.Errorf("compress the page %s: %w", key, err)
	}
	if len(z) < len(p.Body)*9/10 {
		e.zipped = newForm(z, `"`+tag+`-z"`, "gzip")
		e.size += int64(len(z))
	}
	return e, nil
}

func newForm(body []byte, etag, encoding string) form {
	f := form{body: body, etag: etag, fields: []field{{"Etag", []string{etag}}, {"Content-Length", []string{strconv.Itoa(len(body))}}}}
	if encoding != "" {
		f.fields = append(f.fields, field{"Content-Encoding", []string{encoding}})
	}
	return f
}

// zippers are reused: one holds about half a megabyte. Every browser takes gzip; a second encoding would be a
// third copy of each page, for pages of a few kilobytes.
var zippers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, 6)
	if err != nil {
		panic(err) // the level is one
	}
	return z
}}

func zip(b []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(b) / 4)
	z := zippers.Get().(*gzip.Writer) //nolint:forcetypeassert,errcheck // nothing else is in it
	defer zippers.Put(z)
	z.Reset(&out)
	if _, err := z.Write(b); err != nil {
		return nil, err //nolint:wrapcheck // the caller wraps
	}
	if err := z.Close(); err != nil {
		return nil, err //nolint:wrapcheck // the caller wraps
	}
	return bytes.Clone(out.Bytes()), nil
}

func (e *entry) visit() {
	if !e.visited.Load() { // a line of memory that is only read is shared by all cores
		e.visited.Store(true)
	}
}

// write answers with the page, or with 304 where the visitor has it.
func (e *entry) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for i := range e.fixed {
		h[e.fixed[i].name] = e.fixed[i].values
	}
	f := &e.plain
	if e.zipped.body != nil && acceptsGzip(r.Header["Accept-Encoding"]) {
		f = &e.zipped
	}
	if known := r.Header["If-None-Match"]; len(known) > 0 && e.status == http.StatusOK && e.has(known) {
		h["Etag"] = f.fields[0].values
		delete(h, "Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	for i := range f.fields {
		h[f.fields[i].name] = f.fields[i].values
	}
	if e.status != http.StatusOK {
		w.WriteHeader(e.status)
	}
	if r.Method != http.MethodHead {
		w.Write(f.body) //nolint:errcheck // the visitor left
	}
}

// has reports whether one of the tags that a visitor has is the page's, in either encoding (RFC 9110 §13.1.2).
func (e *entry) has(known []string) bool {
	for _, line := range known {
		for line != "" {
			var one string
			one, line, _ = strings.Cut(line, ",")
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == "*" || one == e.plain.etag || (e.zipped.body != nil && one == e.zipped.etag) {
				return true
			}
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3) as far as gzip is concerned.
func acceptsGzip(lines []string) bool {
	for _, line := range lines {
		for line != "" {
			var one string
			one, line, _ = strings.Cut(line, ",")
			name, q, _ := strings.Cut(one, ";")
			name = strings.TrimSpace(name)
			if name != "*" && !strings.EqualFold(name, "gzip") {
				continue
			}
			return !zero(q)
		}
	}
	return false
}

// zero reports whether a weight is q=0 in one of its spellings.
func zero(q string) bool {
	q = strings.TrimSpace(q)
	if len(q) < 3 || (q[0] != 'q' && q[0] != 'Q') {
		return false
	}
	value := strings.TrimLeft(strings.TrimSpace(q[1:]), "= ")
	return value != "" && strings.Trim(value, "0.") == ""
}
