package files

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"xianfeng/web/kit"
)

func (s *Server) give(w http.ResponseWriter, r *http.Request) {
	id, name := r.PathValue("id"), r.PathValue("name")
	f, err := s.cfg.Service.Open(r.Context(), id, name)
	if err != nil {
		if kit.WantsPage(r) {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
		s.fail(w, r, err)
		return
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable") // an id is never given to other bytes
	h.Set("ETag", `"`+id+"."+url.PathEscape(f.Name)+`"`)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // partners' pages show our columns with their pictures
	if !f.Picture {
		h.Set("Content-Disposition", disposition(f.Name))
	}
	http.ServeContent(&giver{w, http.NewResponseController(w)}, r, "", time.Time{}, f)
}

// giver gives each piece of an answer its time.
type giver struct {
	http.ResponseWriter
	conn *http.ResponseController
}

func (g *giver) Write(b []byte) (int, error) {
	g.conn.SetWriteDeadline(time.Now().Add(patience)) //nolint:errcheck // then the server's own holds
	return g.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (g *giver) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// disposition has a file saved under its name (RFC 6266): in ASCII for old programs, and whole.
func disposition(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	// RFC 8187: what PathEscape leaves of the characters that may not stand there as they are.
	whole := strings.NewReplacer(":", "%3A", "=", "%3D", "@", "%40", "&", "%26", "+", "%2B", "$", "%24", ";", "%3B", ",", "%2C", "'", "%27", "(", "%28", ")", "%29", "*", "%2A").Replace(url.PathEscape(name))
	return `attachment; filename="` + ascii + `"; filename*=UTF-8''` + whole
}
