package hls

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"xianfeng/media"
)

// Config says how streams are cut and served. The zero value of a field takes the default.
type Config struct {
	// OnDemand: a stream is cut from the first request on, instead of from its beginning. It saves
	// processor time where most streams have no HLS viewers; the first viewer waits longer.
	OnDemand bool
	// PartDuration is what parts aim at. Default 200 ms.
	PartDuration time.Duration
	// SegmentDuration is what segments last at least; they end with a group of pictures. Default 1 s.
	SegmentDuration time.Duration
	// Segments is how many segments are listed at least. Default 7.
	Segments int
	// MaxViewers bounds the viewers counted at once. More are served, but not counted. Default 20000.
	MaxViewers int
	// MaxWaiting bounds the requests that wait at once for what is not there yet. Those beyond are answered
	// with 503 at once. Default 20000.
	MaxWaiting int
	// ReadyTimeout is how long a request waits for a stream that just begins. Default 10 s.
	ReadyTimeout time.Duration
	// KeyFrom returns the key that a request carries, for the gate. It looks at the Authorization and Cookie
	// headers and the query only: [Server.Answer] takes a request without these for one without a key.
	// Default: the bearer token.
	KeyFrom func(r *http.Request, name string) string
}

// Server makes HLS of the hub's streams and answers requests for it. Package web mounts it.
type Server struct {
	hub  *media.Hub
	gate media.Gate
	cfg  Config
	zip  compressor
	mark atomic.Pointer[[32]byte] // signs the cookies of viewers

	counted atomic.Int64 // viewers of all feeds
	waits   waits

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // feeds and the janitor

	mu    sync.RWMutex // guards feeds, closed
	feeds map[string]*feed
	done  bool
}

// New returns a server that cuts every stream of the hub from its beginning on. Call it before the
// first publisher comes; Close ends it.
func New(hub *media.Hub, gate media.Gate, cfg Config) *Server {
	if cfg.PartDuration <= 0 {
		cfg.PartDuration = 200 * time.Millisecond
	}
	if cfg.SegmentDuration <= 0 {
		cfg.SegmentDuration = time.Second
	}
	if cfg.Segments <= 0 {
		cfg.Segments = 7
	}
	if cfg.MaxViewers <= 0 {
		cfg.MaxViewers = 20000
	}
	if cfg.MaxWaiting <= 0 {
		cfg.MaxWaiting = 20000
	}
	if cfg.ReadyTimeout <= 0 {
		cfg.ReadyTimeout = 10 * time.Second
	}
	if cfg.KeyFrom == nil {
		cfg.KeyFrom = bearer
	}
	s := &Server{hub: hub, gate: gate, cfg: cfg, feeds: map[string]*feed{}}
	s.waits.limit = int64(cfg.MaxWaiting)
	s.Forget()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Add(1)
	go s.janitor() // ends with s.ctx; Close waits for it
	if !cfg.OnDemand {
		hub.OnStream(func(x *media.Stream) { s.feed(x) })
	}
	return s
}

// Close ends all playlists, lets waiting requests go and waits for all goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	s.done = true
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

// janitor takes viewers off their streams that do not ask any more.
func (s *Server) janitor() {
	defer s.wg.Done()
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-t.C:
			s.mu.RLock()
			for _, f := range s.feeds {
				f.viewers.sweep(now, f.timeout())
			}
			s.mu.RUnlock()
		}
	}
}

// lookup returns what is being served under a name, or nil.
func (s *Server) lookup(name string) *feed {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.feeds[name]
}

// feed returns the feed of a stream, starting it if there is none; nil once the server is closed.
func (s *Server) feed(x *media.Stream) *feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.feeds[x.Name()]
	if s.done || old != nil && old.stream == x {
		return old
	}
	f := newFeed(s, x, old)
	s.feeds[x.Name()] = f
	s.wg.Add(1)
	go f.run() // ends some time after its stream does, or with s.ctx; Close waits for it
	return f
}

// drop forgets a feed, unless another one has taken its name already.
func (s *Server) drop(f *feed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.feeds[f.stream.Name()] == f {
		delete(s.feeds, f.stream.Name())
	}
}

// bearer returns the bearer token of a request.
func bearer(r *http.Request, _ string) string {
	const scheme = "Bearer "
	if a := r.Header.Get("Authorization"); len(a) > len(scheme) && a[:len(scheme)] == scheme {
		return a[len(scheme):]
	}
	return ""
}

// newID returns 72 random bits, fit for a file name.
func newID() string {
	var b [9]byte
	rand.Read(b[:]) //nolint:errcheck // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
