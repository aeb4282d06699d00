package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"xianfeng/media"
	"xianfeng/web/kit"
)

const (
	keyCookie = "xf_key"
	maxKey    = 512 // bytes; longer ones are nobody's
)

// KeyFrom returns the key that a request brings for the stream name: a bearer token, else the cookie
// that /live/NAME?key= was exchanged for, else ?key= itself in a GET. It is "" where there is none.
func KeyFrom(r *http.Request, name string) string {
	if k, ok := bearer(r); ok {
		return k
	}
	// The browser sends the cookie only below /live/NAME; another client may send what it likes, it
	// is a key to be checked like any other.
	if c, err := r.Cookie(keyCookie); err == nil && strings.HasPrefix(r.URL.Path, "/live/"+name) {
		if b, err := base64.RawURLEncoding.DecodeString(c.Value); err == nil && len(b) <= maxKey {
			return string(b)
		}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if k := r.URL.Query().Get("key"); len(k) <= maxKey {
			return k
		}
	}
	return ""
}

func bearer(r *http.Request) (string, bool) {
	scheme, k, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(k), ok && strings.EqualFold(scheme, "Bearer") && len(k) <= maxKey
}

// mayRead asks the gate whether the request may read the stream name with key.
func (s *Server) mayRead(r *http.Request, name, key string) error {
	return s.cfg.Gate.Allow(media.Access{Action: media.Read, Stream: name, Protocol: "http", Remote: r.RemoteAddr, Key: key})
}

func setKeyCookie(w http.ResponseWriter, r *http.Request, name, key string) {
	http.SetCookie(w, &http.Cookie{
		Name: keyCookie, Value: base64.RawURLEncoding.EncodeToString([]byte(key)), Path: "/live/" + name,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: kit.OverTLS(r),
	})
}

// exchangeKey answers a page request that has the key in its address: the key becomes a cookie that
// scripts can't read and other streams don't get, and the visitor goes on to the address without it,
// so that the key is not in bookmarks, screen shots and Referer headers. It reports whether it answered.
func (s *Server) exchangeKey(w http.ResponseWriter, r *http.Request, name string) bool {
	q := r.URL.Query()
	if !q.Has("key") {
		return false
	}
	key := q.Get("key")
	q.Del("key")
	if len(key) <= maxKey && s.mayRead(r, name, key) == nil {
		setKeyCookie(w, r, name, key)
	}
	to := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
	return true
}

// takeKey is where the player brings a key that the visitor typed.
func (s *Server) takeKey(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if err := media.CheckName(name); err != nil {
		s.failJSON(w, r, http.StatusNotFound, err.Error())
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	key := r.PostFormValue("key")
	if key == "" || len(key) > maxKey {
		s.failJSON(w, r, http.StatusBadRequest, "the form must have a key of at most 512 bytes")
		return
	}
	if err := s.mayRead(r, name, key); err != nil {
		s.log.Warn("key refused", "stream", name, "protocol", "http", "remote", r.RemoteAddr, "error", err)
		s.failJSON(w, r, http.StatusUnauthorized, "the key is wrong")
		return
	}
	setKeyCookie(w, r, name, key)
	w.WriteHeader(http.StatusNoContent)
}

// keepKey turns ?key= on a playlist's address into the cookie, for players such as VLC that are given
// that address only: what the playlist names carries no key, so that caches can keep it.
func (s *Server) keepKey(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if strings.HasSuffix(r.PathValue("file"), ".m3u8") && strings.Contains(r.URL.RawQuery, "key=") && media.CheckName(name) == nil {
			if k := r.URL.Query().Get("key"); k != "" && len(k) <= maxKey && s.mayRead(r, name, k) == nil {
				setKeyCookie(w, r, name, k)
			}
		}
		h.ServeHTTP(w, r)
	})
}

var (
	errNoKey    = errors.New("this needs the operator's key, as a bearer token")
	errWrongKey = errors.New("the operator's key is wrong")
	errNoAPIKey = errors.New("no operator's key is configured")
)

// operator returns nil if the request comes from the operator of the server.
func (s *Server) operator(r *http.Request) error {
	// In the open mode the Host header is looked at as well: a page of another site whose name was
	// made to point at this machine (DNS rebinding) is same-origin to the browser.
	if s.cfg.Open && loopback(r.RemoteAddr) && loopback(r.Host) {
		return nil
	}
	if s.cfg.APIKey == "" {
		return errNoAPIKey
	}
	k, ok := bearer(r)
	if !ok {
		return errNoKey
	}
	sum := sha256.Sum256([]byte(k))
	if subtle.ConstantTimeCompare(sum[:], s.apiKey[:]) != 1 {
		return errWrongKey
	}
	return nil
}

// needOperator answers requests of everybody but the operator and reports whether it may go on.
func (s *Server) needOperator(w http.ResponseWriter, r *http.Request) bool {
	err := s.operator(r)
	if err == nil {
		return true
	}
	status := http.StatusForbidden
	if errors.Is(err, errNoKey) {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	s.log.Warn("operator's request refused", "method", r.Method, "path", kit.Clip(r.URL.Path), "remote", r.RemoteAddr, "error", err)
	s.failJSON(w, r, status, err.Error())
	return false
}

// fromHere reports whether a request in the open mode comes from a page or program of this machine. No
// key protects anything there, so a page of another site that its user has open must not get in: not
// by its own name (Origin), nor by one that was made to point at this machine (Host).
func fromHere(host, origin string) bool {
	if !loopback(host) {
		return false
	}
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && loopback(u.Host)
}

// loopback reports whether host, with or without a port, names this machine.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
