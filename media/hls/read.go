package hls

import (
	"context"
	"errors"
	"net/http"
	"time"

	"xianfeng/media"
)

// The two names under a stream that are not made by fileName.
const (
	fileMaster = "index.m3u8"
	fileMedia  = "media.m3u8"
)

// ServeHTTP answers GET, HEAD and OPTIONS for one file of one stream; the route's pattern names them "name"
// and "file".
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		preflight(w)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		fail(w, http.StatusMethodNotAllowed, "GET, HEAD or OPTIONS")
		return
	}
	name, file := r.PathValue("name"), r.PathValue("file")
	switch file {
	case fileMaster:
		s.serveMaster(w, r, name)
	case fileMedia:
		s.serveMedia(w, r, name)
	default:
		s.serveFile(w, r, name, file)
	}
}

// preflight lets pages of other sites play (Fetch §3.2.2).
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Range, If-None-Match, If-Range")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers a request that fails, and logs it. Most failures are players that ask for what has ended.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, name string, err error) {
	status := statusOf(err)
	if r.Context().Err() == nil {
		log := s.hub.Log().Debug
		if errors.Is(err, media.ErrDenied) || errors.Is(err, media.ErrBadName) {
			log = s.hub.Log().Warn
		}
		log("viewer refused", "stream", short(name), "protocol", "hls", "remote", r.RemoteAddr, "error", err)
	}
	fail(w, status, err.Error())
}

func short(name string) string { return name[:min(len(name), 80)] }

// allow asks the gate.
func (s *Server) allow(r *http.Request, name string) error {
	return s.gate.Allow(media.Access{
		Action: media.Read, Stream: name, Protocol: "hls", Remote: r.RemoteAddr, Key: s.cfg.KeyFrom(r, name),
	})
}

// public reports whether anybody may read the stream, so that caches may keep what one viewer got.
func (s *Server) public(name, remote string) bool {
	return s.gate.Allow(media.Access{Action: media.Read, Stream: name, Protocol: "hls", Remote: remote}) == nil
}

// open finds the feed of a stream, starting what is started on demand.
func (s *Server) open(ctx context.Context, name string) (*feed, error) {
	if f := s.lookup(name); f != nil && f.stream.Ended() == nil {
		return f, nil // one that has ended is for those who watched it
	}
	x, err := s.hub.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	if f := s.feed(x); f != nil {
		return f, nil
	}
	return nil, media.ErrEnded // the server stops
}

// Not of media's kinds: the stream is there, only the part asked for is not.
var (
	errNotReady = errors.New("the stream is just beginning; try again")
	errTooFar   = errors.New("that part lies too far in the future")
	errCrowded  = errors.New("too many requests wait; try again")
)

// serveMaster answers with the multivariant playlist as soon as there is a first part.
func (s *Server) serveMaster(w http.ResponseWriter, r *http.Request, name string) {
	if err := media.CheckName(name); err != nil {
		s.refuse(w, r, name, err)
		return
	}
	if err := s.allow(r, name); err != nil {
		s.refuse(w, r, name, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.ReadyTimeout)
	defer cancel()
	f, err := s.open(ctx, name)
	if err == nil && f.mux == nil {
		err = media.ErrCodec
	}
	if err != nil {
		s.refuse(w, r, name, err)
		return
	}
	snap, _ := f.await(ctx.Done(), s.cfg.ReadyTimeout, func(x *snapshot) bool { return x.master != nil || x.ended })
	if snap.master == nil {
		if snap.ended {
			err = media.ErrEnded
		} else {
			err = errNotReady
		}
		s.refuse(w, r, name, err)
		return
	}
	if c := clientOf(r); !f.issued(&c) {
		http.SetCookie(w, s.newCookie(name, r.TLS != nil))
	}
	b, zipped := &snap.master.plain, takesGzip(r.Header["Accept-Encoding"])
	if zipped {
		b = snap.master.gzip()
	}
	sendPage(w, r, b, zipped, cacheNever)
}

// serveMedia answers with the media playlist, if asked so once it has got as far as the request says.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request, name string) {
	if err := media.CheckName(name); err != nil {
		s.refuse(w, r, name, err)
		return
	}
	q, err := parseReload(r.URL.RawQuery)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	f := s.lookup(name)
	key, ours, c := "", false, clientOf(r)
	if f != nil {
		key, ours = f.viewerKey(&c)
	}
	if !ours { // the cookie shows that the gate was asked already
		if err := s.allow(r, name); err != nil {
			s.refuse(w, r, name, err)
			return
		}
	}
	if f == nil {
		ctx, cancel := context.WithTimeout(r.Context(), s.cfg.ReadyTimeout)
		f, err = s.open(ctx, name)
		cancel()
		if err != nil {
			s.refuse(w, r, name, err)
			return
		}
		key, _ = f.viewerKey(&c)
	}
	if f.mux == nil {
		s.refuse(w, r, name, media.ErrCodec)
		return
	}
	v := f.viewers.enter(key, r.RemoteAddr)
	if v == nil && f.viewers.refuses(key) {
		fail(w, http.StatusForbidden, media.ErrKicked.Error())
		return
	}
	sent := 0
	defer func() { v.leave(sent) }()
	snap, cache, err := f.reload(r.Context().Done(), q)
	if err != nil {
		fail(w, statusOf(err), err.Error())
		return
	}
	if &cache[0] == &cacheMoment[0] && !s.public(name, r.RemoteAddr) {
		cache = cacheOwn
	}
	zipped := takesGzip(r.Header["Accept-Encoding"])
	p := snap.ask(q.skip, zipped)
	sent = sendPage(w, r, &p.blob, zipped, cache)
}

// reload waits for the snapshot that answers q.
func (f *feed) reload(gone <-chan struct{}, q reload) (snap *snapshot, cache []string, err error) {
	snap = f.mux.now.Load()
	if !snap.ready() {
		snap, _ = f.await(gone, f.server.cfg.ReadyTimeout, func(x *snapshot) bool { return x.ready() || x.ended })
		switch {
		case snap.ready():
		case snap.ended:
			return nil, nil, media.ErrEnded
		default:
			return nil, nil, errNotReady
		}
	}
	if !q.blocking {
		return snap, cacheAsk, nil
	}
	if snap.tooFar(q.msn, q.part) {
		return nil, nil, errTooFar
	}
	snap, how := f.await(gone, f.patience(), func(x *snapshot) bool { return x.has(q.msn, q.part) })
	switch how {
	case crowded:
		return nil, nil, errCrowded
	case late:
		return snap, cacheAsk, nil
	default:
		return snap, cacheMoment, nil
	}
}

// serveFile answers with an initialization section, a part or a segment. The gate is not asked: the random
// part of the name was in a playlist that it let out, and caches that keep the file would not ask either.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, name, file string) {
	if err := media.CheckName(name); err != nil {
		s.refuse(w, r, name, err)
		return
	}
	f := s.lookup(name)
	if f == nil || f.mux == nil {
		fail(w, http.StatusNotFound, "no such file")
		return
	}
	snap := f.mux.now.Load()
	kind, num, ok := parseFile(snap.id, file)
	if !ok {
		fail(w, http.StatusNotFound, "no such file")
		return
	}
	c := clientOf(r)
	v := f.knownViewer(&c)
	if v != nil {
		v.asking.Add(1)
	}
	sent := 0
	defer func() { v.leave(sent) }()
	switch kind {
	case 'i':
		if x, ok := snap.findInit(num); ok {
			sent = sendMedia(w, r, f.contentType(), x.etag, x.length, len(x.body), x.body)
			return
		}
	case 'p':
		x, ok, how := f.awaitPart(r.Context().Done(), f.timeout(), snap, num)
		if ok {
			sent = sendMedia(w, r, f.contentType(), x.etag, x.length, len(x.body), x.body)
			return
		}
		if how == crowded {
			fail(w, http.StatusServiceUnavailable, errCrowded.Error())
			return
		}
	case 's':
		if x, ok := snap.findSegment(num); ok {
			body := make([][]byte, len(x.parts))
			for i, p := range x.parts {
				body[i] = p.body
			}
			sent = sendMedia(w, r, f.contentType(), x.etag, x.length, x.size, body...)
			return
		}
	}
	fail(w, http.StatusNotFound, "the file is gone, or not there yet")
}

// awaitPart returns a part, waiting for it if it is the one that the playlist hints at (§6.2.6).
func (f *feed) awaitPart(gone <-chan struct{}, limit time.Duration, snap *snapshot, num uint64) (p *part, ok bool, how outcome) {
	if p, ok = snap.findPart(num); ok {
		return p, true, came
	}
	if num != snap.hint || snap.ended {
		return nil, false, came
	}
	snap, how = f.await(gone, limit, func(x *snapshot) bool { return x.hint > num || x.ended })
	p, ok = snap.findPart(num)
	return p, ok, how
}

var _ http.Handler = (*Server)(nil)
