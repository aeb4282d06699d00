package hls

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"xianfeng/media"
)

const (
	cookieName  = "xf_viewer"
	cookieBytes = 8 // of the random half, and of the signature
)

// viewers counts who watches one stream. HLS has no connection to count, so a viewer is a cookie, or an address with
// a user agent, that has asked within the last three target durations.
type viewers struct {
	server *Server
	stream *media.Stream

	mu    sync.RWMutex // guards byKey, over
	byKey map[string]*viewer
	over  bool
}

type viewer struct {
	session *media.Session
	seen    atomic.Int64 // when it last began or finished asking, Unix nanoseconds
	asking  atomic.Int32 // requests being answered
	kicked  atomic.Bool
}

func (v *viewers) init(s *Server, x *media.Stream) {
	v.server, v.stream, v.byKey = s, x, map[string]*viewer{}
}

// known reports whether key counts at present.
func (v *viewers) known(key string) bool { return v.find(key) != nil }

// find returns the viewer of a key, or nil.
func (v *viewers) find(key string) *viewer {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.byKey[key]
}

// enter notes that the viewer of key asks for something, counting it if it is new. It returns nil for one
// that is not counted: there are too many, or the stream has ended. leave must follow.
func (v *viewers) enter(key, remote string) *viewer {
	x := v.find(key)
	if x == nil {
		if x = v.add(key, remote); x == nil {
			return nil
		}
	}
	if x.kicked.Load() {
		return nil // not noted: it is forgotten, and may come again, some time after it was closed
	}
	x.asking.Add(1)
	x.seen.Store(time.Now().UnixNano())
	return x
}

// refuses reports whether an operator closed the viewer of key. The end of the stream closes all of them too,
// but the playlist is there to say that.
func (v *viewers) refuses(key string) bool {
	x := v.find(key)
	return x != nil && x.kicked.Load() && v.stream.Ended() == nil
}

func (v *viewers) add(key, remote string) *viewer {
	v.mu.Lock()
	defer v.mu.Unlock()
	if x := v.byKey[key]; x != nil || v.over {
		return x
	}
	if v.server.counted.Add(1) > int64(v.server.cfg.MaxViewers) {
		v.server.counted.Add(-1)
		return nil
	}
	x := &viewer{}
	s, err := v.stream.NewSession("hls", remote, func(error) {
		x.kicked.Store(true)
	})
	if err != nil {
		v.server.counted.Add(-1)
		return nil
	}
	x.session = s
	v.byKey[key] = x
	return x
}

// leave notes that a request that entered was answered with n bytes. x may be nil.
func (x *viewer) leave(n int) {
	if x == nil {
		return
	}
	x.session.Sent.Add(uint64(n))
	x.seen.Store(time.Now().UnixNano())
	x.asking.Add(-1)
}

// sweep takes those off that have not asked for the given time.
func (v *viewers) sweep(now time.Time, limit time.Duration) {
	old := now.Add(-limit).UnixNano()
	v.mu.Lock()
	defer v.mu.Unlock()
	for key, x := range v.byKey {
		if x.asking.Load() == 0 && x.seen.Load() < old {
			v.removeLocked(key, x)
		}
	}
}

// clear takes all off; nobody is counted afterwards.
func (v *viewers) clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
	for key, x := range v.byKey {
		v.removeLocked(key, x)
	}
}

func (v *viewers) removeLocked(key string, x *viewer) {
	if delete(v.byKey, key); len(v.byKey) == 0 {
		v.byKey = map[string]*viewer{} // a map keeps the room of a crowd
	}
	x.session.Leave()
	v.server.counted.Add(-1)
}

// newCookie returns a cookie for a new viewer of a stream. Being signed, it shows later that the gate let
// its bearer in: players on iOS ask for the media playlist without the key that they were given in
// the first address, and nobody can make the server count viewers that it never saw.
func (s *Server) newCookie(name string, secure bool) *http.Cookie {
	var b [cookieBytes]byte
	rand.Read(b[:]) //nolint:errcheck // never fails (crypto/rand)
	half := hex.EncodeToString(b[:])
	return &http.Cookie{
		Name: cookieName, Value: half + s.signature(name, half), Path: "/live/" + name,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	}
}

// signed reports whether the cookie was made by newCookie of this server, for this stream.
func (s *Server) signed(name, cookie string) bool {
	if len(cookie) != 4*cookieBytes {
		return false
	}
	return hmac.Equal([]byte(s.signature(name, cookie[:2*cookieBytes])), []byte(cookie[2*cookieBytes:]))
}

func (s *Server) signature(name, half string) string {
	h := hmac.New(sha256.New, s.mark.Load()[:])
	h.Write([]byte(name + "/" + half))
	return hex.EncodeToString(h.Sum(nil)[:cookieBytes])
}

// Forget makes the cookies of all viewers worthless, so that the gate is asked about each of them again:
// for when its rules have changed.
func (s *Server) Forget() {
	var mark [32]byte
	rand.Read(mark[:]) //nolint:errcheck // never fails (crypto/rand)
	s.mark.Store(&mark)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.feeds {
		f.viewers.forget()
	}
}

// forget takes everybody off but those whom an operator closed; who goes on watching comes again.
func (v *viewers) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for key, x := range v.byKey {
		if !x.kicked.Load() {
			v.removeLocked(key, x)
		}
	}
}

// cookieValue finds the viewer's cookie in Cookie headers (RFC 6265 §4.2.1) without taking apart the others.
func cookieValue(headers []string) string {
	for _, h := range headers {
		for h != "" {
			var one string
			one, h, _ = strings.Cut(h, ";")
			if v, ok := strings.CutPrefix(strings.TrimLeft(one, " "), cookieName+"="); ok {
				return v
			}
		}
	}
	return ""
}

// hostOf cuts the port off an address.
func hostOf(addr string) string {
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		return addr[:i]
	}
	return addr
}
