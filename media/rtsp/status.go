package rtsp

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"

	"xianfeng/media"
)

// maxReason bounds the reason phrase of a status line, which clients read into small buffers.
const maxReason = 160

var errBadRequest = errors.New("bad request")

// statusOf translates errors into RTSP status codes (RFC 2326 §11).
func statusOf(err error) base.StatusCode {
	switch {
	case errors.Is(err, media.ErrDenied):
		return base.StatusUnauthorized
	case errors.Is(err, media.ErrBadName), errors.Is(err, errBadRequest):
		return base.StatusBadRequest
	case errors.Is(err, media.ErrBadTracks), errors.Is(err, media.ErrCodec):
		return base.StatusUnsupportedMediaType
	case errors.Is(err, media.ErrBusy):
		return base.StatusForbidden // RTSP has no 409
	case errors.Is(err, media.ErrLimit):
		return base.StatusNotEnoughBandwidth
	case errors.Is(err, context.Canceled): // the server stops
		return base.StatusServiceUnavailable
	case errors.Is(err, media.ErrNotFound), errors.Is(err, media.ErrEnded), errors.Is(err, media.ErrKicked),
		errors.Is(err, media.ErrReplaced), errors.Is(err, context.DeadlineExceeded):
		return base.StatusNotFound
	default:
		return base.StatusInternalServerError
	}
}

// refuse logs why a request is refused and returns the response that says so.
func (s *Server) refuse(c *gortsplib.ServerConn, req *base.Request, err error) *base.Response {
	res := &base.Response{StatusCode: statusOf(err), StatusMessage: reason(err)}
	path := ""
	if req.URL != nil {
		path = req.URL.Path
	}
	path = path[:min(len(path), maxReason)]
	if res.StatusCode == base.StatusUnauthorized {
		// Who holds a key but put it nowhere may send it as a password.
		res.Header = base.Header{"WWW-Authenticate": base.HeaderValue{`Basic realm="stream key"`}}
	}
	s.log.Warn("request refused", "method", string(req.Method), "path", path, "remote", remote(c), "status", int(res.StatusCode), "error", err)
	return res
}

// reason makes a reason phrase of err: one line of printable ASCII.
func reason(err error) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, err.Error())
	return text[:min(len(text), maxReason)]
}

func ok() *base.Response { return &base.Response{StatusCode: base.StatusOK} }

func remote(c *gortsplib.ServerConn) string { return c.NetConn().RemoteAddr().String() }

// allow asks the gate about a request and returns the stream's name. The key is the query's, or the
// password of Basic authentication.
func (s *Server) allow(action media.Action, c *gortsplib.ServerConn, req *base.Request, path, query string) (string, error) {
	name, err := media.NameFromPath(path)
	if err != nil {
		return "", err //nolint:wrapcheck // says it all
	}
	return name, s.gate.Allow(media.Access{Action: action, Stream: name, Protocol: protocol, Remote: remote(c), Key: key(req, query)}) //nolint:wrapcheck // says it all
}

func key(req *base.Request, query string) string {
	if q, err := url.ParseQuery(query); err == nil && q.Get("key") != "" {
		return q.Get("key")
	}
	if h := req.Header["Authorization"]; len(h) == 1 {
		if b64, found := strings.CutPrefix(h[0], "Basic "); found {
			if b, err := base64.StdEncoding.DecodeString(b64); err == nil {
				_, pass, _ := strings.Cut(string(b), ":")
				return pass
			}
		}
	}
	return ""
}
