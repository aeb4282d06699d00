package srt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"xianfeng/media"
)

const (
	protocol = "srt"
	// socketBuffer is what the kernel may keep for us: a second of 32 Mbit/s. It may give less.
	socketBuffer = 4 << 20
)

// Config configures a Server. Zero values take the defaults.
type Config struct {
	Address    string        // default ":8890"
	Passphrase string        // 10 to 80 characters: all connections must be encrypted with it; empty: none may be
	Latency    time.Duration // least delay for repeating lost packets, both ways; default 120 ms
	PeerIdle   time.Duration // a peer of whom nothing is heard is gone; default 5 s
	Silence    time.Duration // a publisher without picture and sound is closed; default 10 s
	MaxConns   int           // connections and requests at once; more are rejected; default 1000

	quick time.Duration // openQuick, but in tests
}

func (c *Config) fill() {
	if c.Address == "" {
		c.Address = ":8890"
	}
	if c.Latency == 0 {
		c.Latency = 120 * time.Millisecond
	}
	if c.PeerIdle == 0 {
		c.PeerIdle = 5 * time.Second
	}
	if c.Silence == 0 {
		c.Silence = 10 * time.Second
	}
	if c.MaxConns == 0 {
		c.MaxConns = 1000
	}
	if c.quick == 0 {
		c.quick = openQuick
	}
}

// Server is an SRT server.
type Server struct {
	hub  *media.Hub
	gate media.Gate
	cfg  Config
	log  *slog.Logger

	ln     gosrt.Listener
	ctx    context.Context //nolint:containedctx // ends with Close
	cancel context.CancelFunc
	slots  chan struct{} // one taken by each request and connection; full: rejected
	wg     sync.WaitGroup
}

// New returns a server that is not listening yet.
func New(hub *media.Hub, gate media.Gate, cfg Config) *Server {
	cfg.fill()
	s := &Server{hub: hub, gate: gate, cfg: cfg, log: hub.Log(), slots: make(chan struct{}, cfg.MaxConns)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Start listens. It returns once the port is bound.
func (s *Server) Start() error {
	addr, err := net.ResolveUDPAddr("udp", s.cfg.Address) // the library takes no names
	if err != nil {
		return fmt.Errorf("listen for SRT on %s: %w", s.cfg.Address, err)
	}
	cfg := gosrt.DefaultConfig()
	cfg.ReceiverLatency, cfg.PeerLatency = s.cfg.Latency, s.cfg.Latency
	cfg.PeerIdleTimeout = s.cfg.PeerIdle
	cfg.ListenerControl = control
	if n := len(s.cfg.Passphrase); n != 0 && (n < gosrt.MIN_PASSPHRASE_SIZE || n > gosrt.MAX_PASSPHRASE_SIZE) {
		return fmt.Errorf("listen for SRT on %s: the passphrase must have %d to %d characters", s.cfg.Address, gosrt.MIN_PASSPHRASE_SIZE, gosrt.MAX_PASSPHRASE_SIZE)
	}
	if s.ln, err = gosrt.Listen("srt", addr.String(), cfg); err != nil {
		return fmt.Errorf("listen for SRT on %s: %w", s.cfg.Address, err)
	}
	// accept ends when Close closes the listener.
	s.wg.Go(s.accept)
	return nil
}

// control undoes SO_REUSEADDR, which the library sets and with which two servers could share the port,
// each getting some of the packets.
func control(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) { failed = settle(fd) })
	if err != nil {
		return err
	}
	return failed
}

// Addr returns the address listened to.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Close closes all connections and waits until they are gone.
func (s *Server) Close() {
	s.cancel()
	if s.ln != nil {
		s.ln.Close()
	}
	s.wg.Wait()
}

// accept takes requests until the listener is closed. It never waits for one of them.
func (s *Server) accept() {
	for {
		req, err := s.next()
		switch {
		case errors.Is(err, errMalformed):
			s.log.Warn("handshake refused", "protocol", protocol, "error", err)
			continue
		case err != nil:
			if s.ctx.Err() == nil {
				s.log.Error("SRT server failed", "protocol", protocol, "error", err)
			}
			return
		}
		select {
		case s.slots <- struct{}{}:
			// handle ends with the connection, and with s.ctx.
			s.wg.Go(func() {
				defer func() { <-s.slots }()
				s.handle(req)
			})
		default:
			s.refuse(req, "", fmt.Errorf("%w: %d connections", media.ErrLimit, s.cfg.MaxConns))
		}
	}
}

// next returns the next request. The library's parser of handshakes panics where the extensions end
// within a header, which any stranger can send; nothing is locked or kept at that moment.
func (s *Server) next() (req gosrt.ConnRequest, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errMalformed, r)
		}
	}()
	return s.ln.Accept2()
}
