package rtmp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"xianfeng/media"
)

// Protocol is the name under which publishers and readers of this package are listed.
const Protocol = "rtmp"

// Config says where and how to serve. The zero value of a field takes the default.
type Config struct {
	// Address to listen on. Default ":1935".
	Address string
	// MaxConns bounds the connections at once; what comes beyond is closed at once. Default 1000.
	MaxConns int
	// MaxWaiting bounds those of one IP address (IPv6: of one /64) that neither publish nor play yet;
	// what comes beyond is closed at once. Default 64.
	MaxWaiting int
	// Timeout is how long a client may take from connecting to publishing or playing, a publisher may
	// be silent, a player may wait for the first key frame, and a write may take. Default 10 s.
	Timeout time.Duration
}

// Server is the RTMP side of a hub.
type Server struct {
	hub  *media.Hub
	gate media.Gate
	cfg  Config
	log  *slog.Logger

	listener net.Listener
	running  sync.WaitGroup // accept and all connections

	mu      sync.Mutex // guards conns, waiting, conn.through, closed
	conns   map[*conn]struct{}
	waiting crowd
	closed  bool
}

// New returns a server that has not started.
func New(hub *media.Hub, gate media.Gate, cfg Config) *Server {
	if cfg.Address == "" {
		cfg.Address = ":1935"
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 1000
	}
	if cfg.MaxWaiting == 0 {
		cfg.MaxWaiting = 64
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	return &Server{
		hub: hub, gate: gate, cfg: cfg, log: hub.Log().With("protocol", Protocol),
		conns:   map[*conn]struct{}{},
		waiting: crowd{most: cfg.MaxWaiting, by: map[netip.Prefix]*queue{}},
	}
}

// Start listens, and returns once it does.
func (s *Server) Start() error {
	l, err := net.Listen("tcp", s.cfg.Address)
	if err != nil {
		return fmt.Errorf("start RTMP on %q: %w", s.cfg.Address, err)
	}
	s.listener = l
	s.running.Add(1)
	go s.accept() // ends when Close closes the listener; Close waits for it
	return nil
}

// Addr returns the address listened on, after Start.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close stops listening, closes all connections and waits for their goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.stop(errStopping)
	}
	s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close() //nolint:errcheck // nothing to do about it
	}
	s.running.Wait()
}

var errStopping = fmt.Errorf("%w: the server stops", media.ErrEnded)

func (s *Server) accept() {
	defer s.running.Done()
	const longest = time.Second
	wait := 5 * time.Millisecond
	for {
		nc, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Out of file descriptors, most likely: others closing will help.
			s.log.Warn("can't accept connections", "error", err)
			time.Sleep(wait)
			wait = min(2*wait, longest)
			continue
		}
		wait = 5 * time.Millisecond
		c := newConn(s, nc)
		if level, err := s.add(c); err != nil {
			s.log.Log(context.Background(), level, "connection refused", "remote", c.remote, "error", err)
			nc.Close() //nolint:errcheck // refused
			continue
		}
		go s.run(c) // ends with its connection; Close stops it and waits
	}
}

// add takes c on, or says why not and how loudly that is to be logged.
func (s *Server) add(c *conn) (slog.Level, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return slog.LevelDebug, errStopping
	}
	if len(s.conns) >= s.cfg.MaxConns {
		return slog.LevelWarn, fmt.Errorf("%w connections: %d", media.ErrLimit, len(s.conns))
	}
	if level, err := s.waiting.enter(c.origin); err != nil {
		return level, err
	}
	s.conns[c] = struct{}{}
	s.running.Add(1)
	return 0, nil
}

// letThrough takes c, which publishes or plays now, out of the crowd of its address.
func (s *Server) letThrough(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letThroughLocked(c)
}

func (s *Server) letThroughLocked(c *conn) {
	if !c.through {
		c.through = true
		s.waiting.leave(c.origin)
	}
}

func (s *Server) run(c *conn) {
	defer s.running.Done()
	c.serve()
	s.mu.Lock()
	s.letThroughLocked(c)
	delete(s.conns, c)
	s.mu.Unlock()
}
