package library

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"time"

	"xianfeng/web/kit"
)

const (
	playlistName = "index.m3u8"
	typePlaylist = "application/vnd.apple.mpegurl"
	forever      = "public, max-age=31536000, immutable"
	patience     = 30 * time.Second // for each piece of an answer
)

// fail answers a player. What it asks for again is not for caches.
func fail(w http.ResponseWriter, err error) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
	status := kit.StatusOf(err)
	http.Error(w, http.StatusText(status), status)
}

// sendPlaylist answers with a playlist, compressed where it is large enough to matter.
func sendPlaylist(w http.ResponseWriter, r *http.Request, b []byte, etag, cache string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	zip := len(b) > 2048 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	if zip {
		etag = etag[:len(etag)-1] + `z"`
	}
	h.Set("Etag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", typePlaylist)
	if zip {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b) //nolint:errcheck // a bytes.Buffer takes everything
		z.Close()  //nolint:errcheck // as above
		b = out.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	if r.Method != http.MethodHead {
		w.Write(b) //nolint:errcheck // the visitor left
	}
}

// piece gives a segment or an initialization section. Its name is never given to other bytes.
func (s *Server) piece(w http.ResponseWriter, r *http.Request, id, name string) {
	if !strings.HasSuffix(name, ".mp4") {
		s.missing(w)
		return
	}
	c, err := s.cfg.Items.Piece(r.Context(), id, name)
	if err != nil {
		fail(w, err)
		return
	}
	defer c.Close() //nolint:errcheck // it was read
	immutable(w, id+"."+name)
	http.ServeContent(&giver{w, http.NewResponseController(w)}, r, "", time.Time{}, c)
}

func (s *Server) missing(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
}

// immutable says that bytes never change.
func immutable(w http.ResponseWriter, tag string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Content-Length, Content-Range")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "video/mp4")
	h.Set("Cache-Control", forever)
	h.Set("Etag", `"`+tag+`"`)
}

// giver gives each piece of an answer its time.
type giver struct {
	http.ResponseWriter
	conn *http.ResponseController
}

func (g *giver) Write(b []byte) (int, error) {
	g.conn.SetWriteDeadline(time.Now().Add(patience)) //nolint:errcheck // then the server's own holds
	return g.ResponseWriter.Write(b)                  //nolint:wrapcheck // as it is
}

// Unwrap is for http.ResponseController.
func (g *giver) Unwrap() http.ResponseWriter { return g.ResponseWriter }
