package hls

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"xianfeng/media"
)

// Header values, shared by all answers; net/http only reads them.
var (
	typePlaylist = []string{"application/vnd.apple.mpegurl"}
	typeVideo    = []string{"video/mp4"}
	typeSound    = []string{"audio/mp4"}
	anyOrigin    = []string{"*"}
	encodingGzip = []string{"gzip"}
	varyEncoding = []string{"Accept-Encoding"}
	acceptBytes  = []string{"bytes"}
	cacheNever   = []string{"no-store"}
	cacheAsk     = []string{"no-cache"}
	cacheMoment  = []string{"max-age=1"}
	cacheOwn     = []string{"private, max-age=1"} // of a stream that not everybody may read
	cacheForever = []string{"public, max-age=31536000, immutable"}
)

// sendPage answers with a playlist and returns the bytes of its body. Nothing but the headers is made here.
func sendPage(w http.ResponseWriter, r *http.Request, b *blob, zipped bool, cache []string) int {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Cache-Control"] = cache
	h["Vary"] = varyEncoding
	h["Etag"] = b.etag
	if matches(r.Header["If-None-Match"], b.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return 0
	}
	h["Content-Type"] = typePlaylist
	h["Content-Length"] = b.length
	if zipped {
		h["Content-Encoding"] = encodingGzip
	}
	if r.Method == http.MethodHead {
		return 0
	}
	n, _ := w.Write(b.body) // a viewer that is gone is no failure of ours
	return n
}

// sendMedia answers with bytes that never change, given as slices, or with a range of them.
func sendMedia(w http.ResponseWriter, r *http.Request, typ, etag, length []string, size int, body ...[]byte) int {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Cache-Control"] = cacheForever
	h["Etag"] = etag
	h["Accept-Ranges"] = acceptBytes
	if matches(r.Header["If-None-Match"], etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return 0
	}
	from, to, status := 0, size, http.StatusOK
	if x := r.Header.Get("Range"); x != "" && ifRange(r, etag[0]) {
		a, b, ok, err := parseRange(x, size)
		if err != nil {
			h.Set("Content-Range", "bytes */"+strconv.Itoa(size))
			h["Cache-Control"] = cacheNever
			fail(w, http.StatusRequestedRangeNotSatisfiable, err.Error())
			return 0
		}
		if ok {
			from, to, status = a, b, http.StatusPartialContent
			h.Set("Content-Range", "bytes "+strconv.Itoa(a)+"-"+strconv.Itoa(b-1)+"/"+strconv.Itoa(size))
			length = []string{strconv.Itoa(b - a)}
		}
	}
	h["Content-Type"] = typ
	h["Content-Length"] = length
	if status != http.StatusOK {
		w.WriteHeader(status)
	}
	if r.Method == http.MethodHead {
		return 0
	}
	sent := 0
	for _, b := range body {
		lo, hi := min(max(from, 0), len(b)), min(max(to, 0), len(b))
		from, to = from-len(b), to-len(b)
		if lo == hi {
			continue
		}
		n, err := w.Write(b[lo:hi])
		sent += n
		if err != nil {
			break
		}
	}
	return sent
}

// matches reports whether an If-None-Match holds (RFC 9110 §13.1.2: weak comparison).
func matches(headers []string, etag string) bool {
	for _, h := range headers {
		for h != "" {
			var one string
			one, h, _ = strings.Cut(h, ",")
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == etag {
				return true
			}
		}
	}
	return false
}

// ifRange reports whether a range may be answered (RFC 9110 §13.1.5).
func ifRange(r *http.Request, etag string) bool {
	x := r.Header.Get("If-Range")
	return x == "" || x == etag
}

// takesGzip reports whether the client takes gzip (RFC 9110 §12.5.3).
func takesGzip(headers []string) bool {
	for _, h := range headers {
		for h != "" {
			var one string
			one, h, _ = strings.Cut(h, ",")
			name, params, _ := strings.Cut(strings.TrimSpace(one), ";")
			if name = strings.TrimSpace(name); name != "gzip" && name != "*" {
				continue
			}
			q, found := strings.CutPrefix(strings.TrimSpace(params), "q=")
			if v, err := strconv.ParseFloat(q, 64); !found || err != nil || v > 0 {
				return true
			}
		}
	}
	return false
}

// fail answers with a status and one line that says why.
func fail(w http.ResponseWriter, status int, why string) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	if h.Get("Cache-Control") == "" {
		h["Cache-Control"] = cacheNever
	}
	switch status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	}
	http.Error(w, why, status)
}

// statusOf translates the hub's and the gate's failures.
func statusOf(err error) int {
	switch {
	case errors.Is(err, media.ErrBadName), errors.Is(err, errTooFar):
		return http.StatusBadRequest
	case errors.Is(err, media.ErrDenied):
		return http.StatusUnauthorized
	case errors.Is(err, media.ErrNotFound), errors.Is(err, media.ErrEnded), errors.Is(err, media.ErrKicked), errors.Is(err, media.ErrReplaced):
		return http.StatusNotFound
	case errors.Is(err, media.ErrCodec), errors.Is(err, media.ErrBadTracks):
		return http.StatusUnsupportedMediaType
	default:
		return http.StatusServiceUnavailable // ErrLimit, not ready in time, or too many that wait
	}
}
