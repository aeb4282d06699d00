package ws

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
)

// The limits that nobody has asked to set.
const (
	maxTopics    = 64 // that one socket follows
	messageRate  = 20 // a second, of one socket; more: it is closed
	messageBurst = 120
	commandRate  = 4 // a second, of one socket; more: they fail
	commandBurst = 20

	helloTime   = 10 * time.Second // for the first message
	pingAfter   = 25 * time.Second // of silence
	silentAfter = 75 * time.Second // of silence a socket is closed
	writeTime   = 5 * time.Second  // for one message; a socket that takes longer is closed
	closeTime   = time.Second      // for a page to hear that its socket is closed
	valueTime   = 5 * time.Second  // for a provider to answer
	commandTime = 10 * time.Second
	retryEvery  = 5 * time.Second // a value that could not be made
	resumeTime  = time.Minute     // after a socket is lost

	compressFrom = 1 << 10 // bytes
)

// Config is what a Server needs. The zero value is usable.
type Config struct {
	// Max is how many sockets there may be, MaxPerAddress how many from one address (of IPv6: from one network of 64 bits).
	Max, MaxPerAddress int
	// Account says who asks; it is not asked about pages of other origins. nil: nobody is signed in.
	Account func(*http.Request) signaling.Account
	// Remote is the address of who asks; nil: that of the connection.
	Remote func(*http.Request) string
	// Lang is the language of who asks.
	Lang func(*http.Request) string
	// TLS says whether the visitor's own connection is encrypted; nil: whether the server's is.
	TLS func(*http.Request) bool
	Log *slog.Logger
}

// Provider answers for the topics with one prefix. It is asked by several goroutines at once.
type Provider interface {
	// Open says on which tags the topic's value depends, or why this visitor may not have it (errs.NotFound,
	// errs.Denied). It is asked again when one of the tags was touched.
	Open(ctx context.Context, v *signaling.Visitor, topic string) (tags []string, err error)
	// Value returns the topic's value as JSON. Version 0 leaves it to the server to tell values apart, by their bytes.
	// It is asked once for all who follow the topic, with since 0, unless it is an [Appender].
	Value(ctx context.Context, topic string, since uint64) (body []byte, version uint64, err error)
}

// Appender is a Provider with topics that are lines after one another: their Value is what is newer than version
// since, as far as the provider gives it at once, and its version that of the newest line in it.
type Appender interface {
	Provider
	Appends(topic string) bool
}

// Handler carries out a command. Its reply becomes JSON.
type Handler func(ctx context.Context, v *signaling.Visitor, body json.RawMessage) (reply any, err error)

type command struct {
	run     Handler
	foreign bool
}

// Server has the sockets.
type Server struct {
	cfg      Config
	log      *slog.Logger
	upgrader websocket.Upgrader
	commands map[string]command
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	writers  *pool[*socket]
	makers   *pool[*topic]
	sweeps   chan struct{} // closed when the sweeper has ended
	// writeTime is the constant; a test has less of it.
	writeTime time.Duration
	figures   figures

	mu        sync.Mutex // guards the rest; taken before socket.mu and the pools' locks
	providers map[string]Provider
	sockets   map[*socket]struct{}
	addresses map[netip.Prefix]int // handshakes and sockets
	total     int
	accounts  map[site.AccountID]map[*socket]struct{}
	topics    map[string]*topic
	tags      map[string]map[*topic]struct{}
	sessions  sessions
	closed    bool
	readers   sync.WaitGroup
}

type figures struct {
	opened, refused, slow, abused, foreign, messages, commands, values, sent atomic.Uint64
}

// Figures count since the start, but for the first two.
type Figures struct {
	Sockets, Topics                                                          int
	Opened, Refused, Slow, Abused, Foreign, Messages, Commands, Values, Sent uint64
}

// New returns a server; Close ends it.
func New(cfg Config) *Server {
	if cfg.Max == 0 {
		cfg.Max = 20_000
	}
	if cfg.MaxPerAddress == 0 {
		cfg.MaxPerAddress = 2_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg: cfg, log: cfg.Log, commands: map[string]command{}, providers: map[string]Provider{},
		sockets: map[*socket]struct{}{}, addresses: map[netip.Prefix]int{}, accounts: map[site.AccountID]map[*socket]struct{}{},
		topics: map[string]*topic{}, tags: map[string]map[*topic]struct{}{}, sessions: newSessions(cfg.Max),
		sweeps: make(chan struct{}), writeTime: writeTime,
	}
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: writeTime, ReadBufferSize: 512, WriteBufferPool: &sync.Pool{}, WriteBufferSize: 2 << 10,
		Subprotocols: []string{signaling.Protocol}, EnableCompression: true,
		CheckOrigin: func(*http.Request) bool { return true }, // other origins come in as nobody
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.writers = newPool(2*runtime.GOMAXPROCS(0), 256, s.flush)
	s.makers = newPool(runtime.GOMAXPROCS(0), 32, s.make)
	go s.sweep() // ends with s.ctx; Close waits for it
	return s
}

// Provide has p answer for the topics that begin with prefix, which ends in a colon. It is called before Serve.
func (s *Server) Provide(prefix string, p Provider) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.providers[prefix] = p
}

// Command has fn carry out commands of a kind, given by pages of this origin. It is called before the first page comes.
func (s *Server) Command(kind string, fn func(ctx context.Context, v *signaling.Visitor, body json.RawMessage) (reply any, err error)) {
	s.commands[kind] = command{run: fn}
}

// Report is Command for those by which a page only reports: they are taken from pages of other origins, too.
func (s *Server) Report(kind string, fn func(ctx context.Context, v *signaling.Visitor, body json.RawMessage) (reply any, err error)) {
	s.commands[kind] = command{run: fn, foreign: true}
}

// Figures returns the figures.
func (s *Server) Figures() Figures {
	s.mu.Lock()
	n, topics := len(s.sockets), len(s.topics)
	s.mu.Unlock()
	f := &s.figures
	return Figures{n, topics, f.opened.Load(), f.refused.Load(), f.slow.Load(), f.abused.Load(), f.foreign.Load(), f.messages.Load(), f.commands.Load(), f.values.Load(), f.sent.Load()}
}

// ServeHTTP opens a socket.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this address speaks WebSocket only", http.StatusUpgradeRequired)
		return
	}
	if !speaks(r) {
		http.Error(w, "the subprotocol has to be "+signaling.Protocol, http.StatusBadRequest)
		return
	}
	v := s.visitor(r)
	if err := s.admit(v.Remote); err != nil {
		s.figures.refused.Add(1)
		w.Header().Set("Retry-After", "30")
		status := http.StatusServiceUnavailable
		if errors.Is(err, errs.TooMany) {
			status = http.StatusTooManyRequests
		}
		http.Error(w, "too many sockets", status)
		return
	}
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil { // it has answered
		s.release(v.Remote)
		s.log.Debug("socket not opened", "remote", v.Remote, "error", err)
		return
	}
	s.open(conn, v)
}

func speaks(r *http.Request) bool {
	for _, p := range websocket.Subprotocols(r) {
		if p == signaling.Protocol {
			return true
		}
	}
	return false
}

// visitor says who asks, without an ID.
func (s *Server) visitor(r *http.Request) *signaling.Visitor {
	v := &signaling.Visitor{Foreign: s.foreign(r)}
	if s.cfg.Account != nil && !v.Foreign {
		v.Account = s.cfg.Account(r)
	}
	if s.cfg.Lang != nil {
		v.Lang = strings.Clone(s.cfg.Lang(r)) // the request's head must not be kept for it
	}
	remote := r.RemoteAddr
	if s.cfg.Remote != nil {
		remote = s.cfg.Remote(r)
	}
	v.Remote = network(remote)
	return v
}

// network is what counts as one address; the zero value where there is none.
func network(remote string) netip.Prefix {
	a, err := netip.ParseAddr(remote)
	if err != nil {
		p, err := netip.ParseAddrPort(remote)
		if err != nil {
			return netip.Prefix{}
		}
		a = p.Addr()
	}
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// foreign reports whether a page of another origin asks. Programs that are no browser have no Origin, and no cookies
// but those that they were given.
func (s *Server) foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	if err != nil || !strings.EqualFold(u.Host, r.Host) {
		return true
	}
	tls := r.TLS != nil
	if s.cfg.TLS != nil {
		tls = s.cfg.TLS(r)
	}
	return tls && u.Scheme != "https" // a page that somebody on the way may have written
}

// admit counts one more from an address.
func (s *Server) admit(from netip.Prefix) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed || s.total >= s.cfg.Max:
		return errs.Full
	case s.addresses[from] >= s.cfg.MaxPerAddress:
		return errs.TooMany
	}
	s.total++
	s.addresses[from]++
	return nil
}

func (s *Server) release(from netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releaseLocked(from)
}

func (s *Server) releaseLocked(from netip.Prefix) {
	s.total--
	if s.addresses[from]--; s.addresses[from] <= 0 {
		delete(s.addresses, from)
	}
}

// Close tells all pages that the server goes away, and waits until all is over.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	all := make([]*socket, 0, len(s.sockets))
	for k := range s.sockets {
		all = append(all, k)
	}
	s.mu.Unlock()
	s.cancel()
	<-s.sweeps
	s.makers.close()
	for _, k := range all {
		k.end(websocket.CloseGoingAway, "the server stops")
	}
	over := make(chan struct{})
	go func() { // ends with the last reader, of which all are closed below
		s.readers.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(closeTime + closeTime/2):
	}
	for _, k := range all {
		k.conn.NetConn().Close()
	}
	<-over
	s.writers.close()
}
