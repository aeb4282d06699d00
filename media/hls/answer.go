package hls

import (
	"strings"
)

// Request is a GET for one file of a stream, taken apart by whoever read it. A header that was not sent is
// empty; one that was sent twice does not fit in here.
type Request struct {
	Name, File, Query string
	Remote            string // address of the client
	UserAgent         string
	Cookie            string
	AcceptEncoding    string
	IfNoneMatch       string
	Authorized        bool // there is an Authorization header
	Gone              <-chan struct{}
}

// Answer is a status with header lines and a body of bytes that never change. The lines are all but those that
// depend on the connection (Date, Connection). It can be used again once Done was called.
type Answer struct {
	Status int // 200 or 304
	Lines  []byte
	Body   [][]byte

	viewer  *viewer
	cookies [1]string
	match   [1]string
	accept  [1]string
}

// Done says how many bytes of the body went out.
func (a *Answer) Done(sent int) {
	a.viewer.leave(sent)
	a.viewer = nil
	clear(a.Body) // parts must not live on because a connection does
	a.Body = a.Body[:0]
}

// Answer makes the same answer as [Server.ServeHTTP] to what players ask for all the time: the media playlist,
// parts, segments. Where it reports true, Done must follow. It waits for what is announced and not there yet, at
// most for a quarter of what a viewer may be silent, or until q.Gone is closed.
//
// It reports false, and nothing was answered, wherever anything else would be due: a failure, a cookie, a
// question to the gate that takes a key, a stream that just begins. ServeHTTP is for that.
func (s *Server) Answer(q *Request, a *Answer) bool {
	f := s.lookup(q.Name) // a name that is in use is a good one
	if f == nil || f.mux == nil {
		return false
	}
	a.Status, a.Lines, a.Body, a.viewer = 200, a.Lines[:0], a.Body[:0], nil
	a.cookies[0], a.match[0], a.accept[0] = q.Cookie, q.IfNoneMatch, q.AcceptEncoding
	c := client{a.cookies[:], q.Remote, q.UserAgent}
	switch q.File {
	case fileMaster:
		return false
	case fileMedia:
		return s.answerMedia(f, &c, q, a)
	default:
		return q.Query == "" && s.answerFile(f, &c, q, a)
	}
}

func (s *Server) answerMedia(f *feed, c *client, q *Request, a *Answer) bool {
	ask, err := parseReload(q.Query)
	if err != nil || strings.Contains(q.Query, "key=") || strings.ContainsAny(q.Query, "%;+") {
		return false
	}
	key, ours := f.viewerKey(c)
	if !ours { // the gate has to be asked; here it can be for those without a key
		if q.Authorized || q.Cookie != "" || !s.public(q.Name, q.Remote) {
			return false
		}
	}
	if !f.mux.now.Load().ready() {
		return false
	}
	v := f.viewers.enter(key, q.Remote)
	if v == nil && f.viewers.refuses(key) {
		return false
	}
	snap, cache, err := f.reload(q.Gone, ask)
	if err != nil {
		v.leave(0)
		return false
	}
	if &cache[0] == &cacheMoment[0] && !s.public(q.Name, q.Remote) {
		cache = cacheOwn
	}
	zipped := takesGzip(a.accept[:])
	p := snap.ask(ask.skip, zipped)
	a.viewer = v
	a.line("Access-Control-Allow-Origin", anyOrigin)
	a.line("Cache-Control", cache)
	a.line("Vary", varyEncoding)
	a.line("Etag", p.etag)
	if q.IfNoneMatch != "" && matches(a.match[:], p.etag[0]) {
		a.Status = 304
		return true
	}
	a.line("Content-Type", typePlaylist)
	a.line("Content-Length", p.length)
	if zipped {
		a.line("Content-Encoding", encodingGzip)
	}
	a.Body = append(a.Body, p.body)
	return true
}

func (s *Server) answerFile(f *feed, c *client, q *Request, a *Answer) bool {
	snap := f.mux.now.Load()
	kind, num, ok := parseFile(snap.id, q.File)
	if !ok {
		return false
	}
	v := f.knownViewer(c)
	if v != nil {
		v.asking.Add(1)
	}
	etag, length, ok := f.collect(snap, kind, num, q.Gone, a)
	if !ok {
		v.leave(0)
		return false
	}
	a.viewer = v
	a.line("Access-Control-Allow-Origin", anyOrigin)
	a.line("Cache-Control", cacheForever)
	a.line("Etag", etag)
	a.line("Accept-Ranges", acceptBytes)
	if q.IfNoneMatch != "" && matches(a.match[:], etag[0]) {
		a.Status, a.Body = 304, a.Body[:0]
		return true
	}
	a.line("Content-Type", f.contentType())
	a.line("Content-Length", length)
	return true
}

// collect puts the bytes of a file into a.Body.
func (f *feed) collect(snap *snapshot, kind byte, num uint64, gone <-chan struct{}, a *Answer) (etag, length []string, ok bool) {
	switch kind {
	case 'i':
		if x, ok := snap.findInit(num); ok {
			a.Body = append(a.Body, x.body)
			return x.etag, x.length, true
		}
	case 'p':
		if x, ok, _ := f.awaitPart(gone, f.patience(), snap, num); ok {
			a.Body = append(a.Body, x.body)
			return x.etag, x.length, true
		}
	case 's':
		if x, ok := snap.findSegment(num); ok {
			for _, p := range x.parts {
				a.Body = append(a.Body, p.body)
			}
			return x.etag, x.length, true
		}
	}
	return nil, nil, false
}

func (a *Answer) line(name string, value []string) {
	a.Lines = append(a.Lines, name...)
	a.Lines = append(a.Lines, ": "...)
	a.Lines = append(a.Lines, value[0]...)
	a.Lines = append(a.Lines, "\r\n"...)
}
