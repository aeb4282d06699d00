package whip

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"xianfeng/media"
	"xianfeng/media/rtc"
)

// Config says how the signalling behaves. The zero value of a field takes the default.
type Config struct {
	// KeyFrom finds the key of a request. Default: the bearer token.
	KeyFrom func(r *http.Request, name string) string
	// MaxSessions bounds all sessions. Default 10000.
	MaxSessions int
	// MaxViewers bounds the viewers of one stream. Default 5000.
	MaxViewers int
	// MaxPending bounds the publishers whose stream has not begun. Default 200.
	MaxPending int
	// MaxPendingOf bounds those of one stream. Default 4.
	MaxPendingOf int
	// Delays are by how much viewers may ask to be shown a stream later (?delay=MS). Each that is in use
	// costs what a stream with viewers does. Default: none.
	Delays []time.Duration
	Log    *slog.Logger
}

const (
	maxBody  = 64 << 10
	openTime = 10 * time.Second // a viewer waits that long for a stream's first key frame

	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// Server answers WHIP and WHEP requests.
type Server struct {
	hub  *media.Hub
	gate media.Gate
	rtc  *rtc.Transport
	cfg  Config
	log  *slog.Logger
	wg   sync.WaitGroup // publishers' goroutines

	mu       sync.Mutex // guards all below; taken after publisher.mu
	sessions map[string]*session
	viewers  map[string]int        // by stream
	pubs     map[string]*publisher // by stream, the newest
	waiting  map[string]int        // publishers whose stream has not begun, by stream
	pending  int                   // their sum
	closed   bool
}

// session is one resource that a POST made.
type session struct {
	id       string
	name     string
	protocol string
	etag     string // guarded by Server.mu
	end      peer
}

// peer is the other end of a session.
type peer interface {
	// patch takes an SDP fragment. It returns the fragment to answer with after an ICE restart, or "".
	patch(f *fragment, remote string) (string, error)
	close(err error)
}

// New returns a server on a transport that has been started.
func New(hub *media.Hub, gate media.Gate, transport *rtc.Transport, cfg Config) *Server {
	if cfg.KeyFrom == nil {
		cfg.KeyFrom = bearer
	}
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = 10000
	}
	if cfg.MaxViewers == 0 {
		cfg.MaxViewers = 5000
	}
	if cfg.MaxPending == 0 {
		cfg.MaxPending = 200
	}
	if cfg.MaxPendingOf == 0 {
		cfg.MaxPendingOf = 4
	}
	if cfg.Log == nil {
		cfg.Log = hub.Log()
	}
	s := &Server{
		hub: hub, gate: gate, rtc: transport, cfg: cfg, log: cfg.Log,
		sessions: map[string]*session{}, viewers: map[string]int{}, pubs: map[string]*publisher{}, waiting: map[string]int{},
	}
	transport.OnKeyFrameWanted(s.wantKeyFrame)
	return s
}

// wantKeyFrame asks the stream's publisher, if it is one of ours.
func (s *Server) wantKeyFrame(stream *media.Stream) {
	s.mu.Lock()
	p := s.pubs[stream.Name()]
	s.mu.Unlock()
	if p == nil {
		return
	}
	select {
	case p.keyWanted <- struct{}{}:
	default: // full: asked already
	}
}

func bearer(r *http.Request, _ string) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Close ends all sessions and waits for the publishers' goroutines. The transport is its owner's.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	all := make([]*session, 0, len(s.sessions))
	for _, x := range s.sessions {
		all = append(all, x)
	}
	s.mu.Unlock()
	for _, x := range all {
		x.end.close(fmt.Errorf("%w: the server stops", media.ErrEnded))
	}
	s.wg.Wait()
}

// ServeWHIP answers what concerns publishers.
func (s *Server) ServeWHIP(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, "whip", s.postWHIP)
}

// ServeWHEP answers what concerns viewers.
func (s *Server) ServeWHEP(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, "whep", s.postWHEP)
}

// post makes a session out of an offer.
type post func(r *http.Request, name string, offer []byte) (*session, []byte, error)

func (s *Server) serve(w http.ResponseWriter, r *http.Request, protocol string, post post) {
	allowOrigins(w, r)
	name, id := r.PathValue("name"), r.PathValue("session")
	var err error
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Accept-Post", typeSDP)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost && id == "":
		err = s.create(w, r, protocol, name, post)
	case r.Method == http.MethodPatch && id != "":
		err = s.patch(w, r, protocol, name, id)
	case r.Method == http.MethodDelete && id != "":
		err = s.remove(w, protocol, name, id)
	default:
		allowed := "POST, OPTIONS"
		if id != "" {
			allowed = "PATCH, DELETE, OPTIONS"
		}
		w.Header().Set("Allow", allowed)
		err = errMethod
	}
	if err != nil {
		s.refuse(w, r, protocol, name, err)
	}
}

// allowOrigins lets pages from anywhere use the endpoints (RFC 9725 §4.2): what protects them is the
// key, which no browser adds by itself.
func allowOrigins(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Accept-Patch, Retry-After")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "POST, PATCH, DELETE, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
		h.Set("Access-Control-Max-Age", "86400")
	}
}

func (s *Server) create(w http.ResponseWriter, r *http.Request, protocol, name string, post post) error {
	if err := media.CheckName(name); err != nil {
		return err
	}
	action := media.Read
	if protocol == "whip" {
		action = media.Publish
	}
	if err := s.gate.Allow(media.Access{Action: action, Stream: name, Protocol: protocol, Remote: r.RemoteAddr, Key: s.cfg.KeyFrom(r, name)}); err != nil {
		return err
	}
	offer, err := body(w, r, typeSDP)
	if err != nil {
		return err
	}
	x, answer, err := post(r, name, offer)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", typeSDP)
	h.Set("Location", strings.TrimSuffix(r.URL.EscapedPath(), "/")+"/"+x.id)
	h.Set("ETag", x.etag)
	h.Set("Accept-Patch", typeFragment)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	w.Write(answer) //nolint:errcheck // the client is gone; the session expires
	return nil
}

// body reads a request's body of the given type.
func body(w http.ResponseWriter, r *http.Request, want string) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != want {
		return nil, fmt.Errorf("%w: want %s", errType, want)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, errLarge
		}
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	return b, nil
}

// add registers a session; drop takes it off again.
func (s *Server) add(x *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return fmt.Errorf("%w: the server stops", media.ErrEnded)
	case len(s.sessions) >= s.cfg.MaxSessions:
		return fmt.Errorf("%w: %d sessions are open", media.ErrLimit, len(s.sessions))
	case x.protocol == "whep" && s.viewers[x.name] >= s.cfg.MaxViewers:
		return fmt.Errorf("%w: the stream has %d viewers", media.ErrLimit, s.viewers[x.name])
	}
	s.sessions[x.id] = x
	if p, ok := x.end.(*publisher); ok {
		s.pubs[x.name] = p
	} else {
		s.viewers[x.name]++
	}
	return nil
}

func (s *Server) drop(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[x.id] != x {
		return
	}
	if delete(s.sessions, x.id); len(s.sessions) == 0 {
		s.sessions = map[string]*session{} // a map keeps the room of a crowd
	}
	if p, ok := x.end.(*publisher); ok {
		if s.pubs[x.name] == p {
			delete(s.pubs, x.name)
		}
	} else if s.viewers[x.name]--; s.viewers[x.name] == 0 {
		delete(s.viewers, x.name)
	}
}

// reserve takes a place for a publisher whose stream has not begun, and returns what gives it back.
func (s *Server) reserve(name string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.pending >= s.cfg.MaxPending:
		return nil, fmt.Errorf("%w: %d publishers are connecting", media.ErrLimit, s.pending)
	case s.waiting[name] >= s.cfg.MaxPendingOf:
		return nil, fmt.Errorf("%w: %d publishers of this stream are connecting", media.ErrLimit, s.waiting[name])
	}
	s.pending++
	s.waiting[name]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pending--
		if s.waiting[name]--; s.waiting[name] == 0 {
			delete(s.waiting, name)
		}
	}), nil
}

func (s *Server) find(protocol, name, id string) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.sessions[id]; x != nil && x.protocol == protocol && x.name == name {
		return x, nil
	}
	return nil, errSession
}

// patch takes candidates (trickle ICE) or new credentials (ICE restart), RFC 9725 §4.3.
func (s *Server) patch(w http.ResponseWriter, r *http.Request, protocol, name, id string) error {
	x, err := s.find(protocol, name, id)
	if err != nil {
		return err
	}
	b, err := body(w, r, typeFragment)
	if err != nil {
		return err
	}
	s.mu.Lock()
	etag := x.etag
	s.mu.Unlock()
	if m := r.Header.Get("If-Match"); m != "" && m != "*" && m != etag {
		return errMatch
	}
	f, err := parseFragment(b)
	if err != nil {
		return err
	}
	answer, err := x.end.patch(f, r.RemoteAddr)
	if err != nil {
		return err
	}
	if answer == "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	etag = newETag()
	s.mu.Lock()
	x.etag = etag
	s.mu.Unlock()
	w.Header().Set("Content-Type", typeFragment)
	w.Header().Set("ETag", etag)
	w.WriteHeader(http.StatusOK)
	io.WriteString(w, answer) //nolint:errcheck // the client is gone; the session expires
	return nil
}

var errDeleted = errors.New("the client ended the session")

func (s *Server) remove(w http.ResponseWriter, protocol, name, id string) error {
	x, err := s.find(protocol, name, id)
	if err != nil {
		return err
	}
	s.drop(x)
	x.end.close(errDeleted)
	w.WriteHeader(http.StatusOK)
	return nil
}

// newID returns 128 bits that nobody can guess: whoever knows a session's address may end it.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

func newETag() string { return `"` + newID()[:16] + `"` }
