package rtsp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

const protocol = "rtsp"

// openTimeout is how long a viewer waits for a stream to begin.
const openTimeout = 10 * time.Second

// Config says where and how the server listens. The zero value of a field takes the default.
type Config struct {
	Address     string        // RTSP over TCP; default ":8554"
	RTPAddress  string        // UDP, an even port, or ":0" for any; default ":8000"
	RTCPAddress string        // UDP, the port after RTPAddress's; default that
	NoUDP       bool          // offer TCP only
	Sending     datagram.Mode // the best way to send over UDP that is tried; default the kernel's best
	Idle        time.Duration // silence after which a connection that neither reads nor publishes is closed; default 10 s
	Stalled     time.Duration // how long a peer may take nothing, or a publisher send nothing; default 10 s
	MaxConns    int           // connections at once; more are closed at the door; default 4096
}

// Server serves RTSP for the streams of a hub.
type Server struct {
	hub  *media.Hub
	gate media.Gate
	cfg  Config
	log  *slog.Logger

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	g      *gortsplib.Server
	ln     *listener
	rtp    *net.UDPConn // nil without UDP
	rtcp   *net.UDPConn
	out    *datagram.Socket // of rtp
	wg     sync.WaitGroup   // pumps and senders

	conns atomic.Int64

	mu       sync.Mutex // guards egresses and egress.refs
	egresses map[*media.Stream]*egress
}

// Refused is how many datagrams the kernel would not send. Call it after Start.
func (s *Server) Refused() uint64 {
	if s.out == nil {
		return 0
	}
	return s.out.Refused()
}

// New returns a server that is not listening yet.
func New(hub *media.Hub, gate media.Gate, cfg Config) *Server {
	if cfg.Address == "" {
		cfg.Address = ":8554"
	}
	if cfg.RTPAddress == "" {
		cfg.RTPAddress = ":8000"
	}
	if cfg.Idle == 0 {
		cfg.Idle = 10 * time.Second
	}
	if cfg.Stalled == 0 {
		cfg.Stalled = 10 * time.Second
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 4096
	}
	s := &Server{hub: hub, gate: gate, cfg: cfg, log: hub.Log().With("protocol", protocol), egresses: map[*media.Stream]*egress{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Start binds the addresses and begins to serve. Close ends it.
func (s *Server) Start() error {
	tcp, err := net.Listen("tcp", s.cfg.Address)
	if err != nil {
		return fmt.Errorf("rtsp: listen: %w", err)
	}
	s.ln = &listener{Listener: tcp, s: s}
	s.g = &gortsplib.Server{
		RTSPAddress:  s.cfg.Address,
		ReadTimeout:  s.cfg.Stalled,
		WriteTimeout: s.cfg.Stalled,
		// Nothing but RTCP of ours would go through gortsplib's queues; see the package's doc.
		WriteQueueSize:           8,
		DisableRTCPSenderReports: true,
		Handler:                  &handler{s},
		Listen:                   func(string, string) (net.Listener, error) { return s.ln, nil },
	}
	if !s.cfg.NoUDP {
		if s.rtp, s.rtcp, err = listenPair(s.cfg.RTPAddress, s.cfg.RTCPAddress); err != nil {
			tcp.Close() //nolint:errcheck // the other error is the one to tell
			return fmt.Errorf("rtsp: listen: %w", err)
		}
		if s.out, err = datagram.New(s.rtp); err != nil {
			return errors.Join(fmt.Errorf("rtsp: %w", err), tcp.Close(), s.rtp.Close(), s.rtcp.Close())
		}
		if s.cfg.Sending != "" {
			s.out.Limit(s.cfg.Sending)
		}
		s.g.UDPRTPAddress, s.g.UDPRTCPAddress = s.rtp.LocalAddr().String(), s.rtcp.LocalAddr().String()
		s.g.ListenPacket = func(_, address string) (net.PacketConn, error) {
			if address == s.g.UDPRTPAddress {
				return s.rtp, nil
			}
			return s.rtcp, nil
		}
	}
	if err := s.g.Start(); err != nil {
		tcp.Close() //nolint:errcheck // the other error is the one to tell
		if s.rtp != nil {
			s.rtp.Close()  //nolint:errcheck // the same
			s.rtcp.Close() //nolint:errcheck // the same
		}
		return fmt.Errorf("rtsp: start: %w", err)
	}
	// tell ends when gortsplib's server does; Close waits for it.
	s.wg.Add(1)
	go s.tell()
	return nil
}

// tell logs an end of the server that nobody asked for.
func (s *Server) tell() {
	defer s.wg.Done()
	if err := s.g.Wait(); err != nil && s.ctx.Err() == nil {
		s.log.Error("server stopped", "error", err)
	}
}

// Addr returns the address that the server listens on, after Start.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Close stops listening, closes all connections and waits for everything the server started.
func (s *Server) Close() {
	s.cancel() // first: requests that wait for a stream give up
	if s.g != nil {
		s.g.Close()
	}
	s.wg.Wait()
}
