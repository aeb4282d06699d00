package kit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// assetTypes are the files that are served; all others that are embedded (templates) are not.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// asset is one file, ready to be sent.
type asset struct {
	mime  string
	etag  string
	plain []byte
	gzip  func() []byte // made when it is asked for first; nil: not worth it
}

// assets serves the embedded files under two addresses: /assets/VERSION/PATH never changes and is kept
// for a year, /assets/PATH is for those who put the player into their own page. VERSION hashes all
// files together, so that modules which import each other by relative address are always of one version.
type assets struct {
	version string
	files   map[string]*asset
}

func loadAssets(mounts []Mount) (*assets, error) {
	a := &assets{files: map[string]*asset{}}
	all := sha256.New()
	add := func(name string, b []byte) error {
		if a.files[name] != nil {
			return fmt.Errorf("asset %s: mounted twice", name)
		}
		fmt.Fprintf(all, "%s %d\n", name, len(b))
		all.Write(b)
		sum := sha256.Sum256(b)
		// Weak, because it is the same for both encodings (RFC 9110 §8.8.3.3).
		a.files[name] = &asset{
			mime: assetTypes[path.Ext(name)], plain: b, etag: `W/"` + hex.EncodeToString(sum[:8]) + `"`,
			gzip: sync.OnceValue(func() []byte { return compress(b) }),
		}
		return nil
	}
	for _, m := range mounts {
		err := fs.WalkDir(m.FS, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || assetTypes[path.Ext(name)] == "" {
				return err
			}
			b, err := fs.ReadFile(m.FS, name)
			if err != nil {
				return err
			}
			return add(path.Join(m.Prefix, name), b)
		})
		if err != nil {
			return nil, fmt.Errorf("files of %q: %w", m.Prefix, err)
		}
		for name, parts := range m.Joined {
			var whole []byte
			for _, part := range parts {
				f := a.files[path.Join(m.Prefix, part)]
				if f == nil {
					return nil, fmt.Errorf("%s of %q: no file %s", name, m.Prefix, part)
				}
				whole = append(append(whole, f.plain...), '\n')
			}
			if err := add(path.Join(m.Prefix, name), whole); err != nil {
				return nil, err
			}
		}
	}
	a.version = "v" + hex.EncodeToString(all.Sum(nil)[:6])
	return a, nil
}

// compress returns nil where little is won.
func compress(b []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // there is that level
	}
	_, err = z.Write(b)
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	if out.Len() >= len(b)*9/10 {
		return nil
	}
	return out.Bytes()
}

// url returns the address of a file; templates call it. An unknown file is an error of ours.
func (a *assets) url(name string) (string, error) {
	if a.files[name] == nil {
		return "", fmt.Errorf("asset %q: not embedded", name)
	}
	return "/assets/" + a.version + "/" + name, nil
}

// ServeHTTP serves GET /assets/{path...}.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	version, rest, ok := strings.Cut(name, "/")
	if ok && version == a.version {
		a.serve(w, r, rest, true)
		return
	}
	// A page of an older version of the program asks for its own; what there is now serves it best.
	if ok && len(version) == len(a.version) && version[0] == 'v' && a.files[rest] != nil {
		name = rest
	}
	a.serve(w, r, name, false)
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request, name string, immutable bool) {
	f := a.files[name]
	if f == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	// Pages of other sites may use the player; there is no secret in it.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if strings.HasSuffix(name, ".svg") {
		h.Set("Content-Security-Policy", string(DataPolicy)+"; style-src 'none'; sandbox")
	}
	cache := "no-cache"
	if immutable {
		cache = "public, max-age=31536000, immutable"
	}
	h.Set("Cache-Control", cache)
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		if z := f.gzip(); z != nil {
			h.Set("Content-Encoding", "gzip")
			body = z
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	w.Write(body) //nolint:errcheck // the visitor left
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(part, ";")
		name = strings.TrimSpace(name)
		if (name == "gzip" || name == "*") && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
