package rtc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

// SoundProvider gives streams whose sound browsers can't play one that they can.
type SoundProvider interface {
	// Open returns a stream with one Opus track whose units have the programme time and the PTS of
	// s, and a function that gives it back. It must not block for long.
	Open(s *media.Stream) (*media.Stream, func(), error)
}

// Config says how the transport listens. The zero value of a field takes the default.
type Config struct {
	// Address is host:port of the UDP socket. Default ":8189".
	Address string
	// AdvertiseIPs are the addresses that viewers and publishers are told to come to. Default: those
	// of the machine's interfaces. Set it behind a NAT that maps the port.
	AdvertiseIPs []netip.Addr
	// MaxHandshakes bounds the viewers that have an answer but are not connected. Default 1000.
	MaxHandshakes int
	// MaxHandshakesOf bounds those of one IPv4 address or IPv6 network (/64). Default 64.
	MaxHandshakesOf int
	// Sending is the best way to send that is tried. Default: the best that the kernel has.
	Sending datagram.Mode
	// Sound may be nil: streams whose sound is not Opus or G.711 are sent without it.
	Sound SoundProvider
	Log   *slog.Logger
}

const (
	handshakeTime = 10 * time.Second // from the answer to the first media
	consentTime   = 30 * time.Second // RFC 7675 §5.1
	rebindTime    = 5 * time.Second  // silence on the old address before an unnominated one counts
)

// The failures of View beside those of package media.
var (
	ErrOffer = errors.New("the offer can't be used")
)

// Transport owns the WebRTC port and everybody behind it.
type Transport struct {
	cfg         Config
	log         *slog.Logger
	sock        *datagram.Socket
	cert        tls.Certificate
	fingerprint string // of cert, as in SDP
	mux         *ice.UDPMuxDefault
	foreign     *foreignConn
	tcp         *tcpPort      // nil where the port was taken
	rebind      time.Duration // rebindTime; shorter in tests
	began       time.Time     // times of sending and their like count from here
	stop        chan struct{}
	wg          sync.WaitGroup // all goroutines of the package

	demux   demux
	workers []*worker // fixed by Start

	mu        sync.Mutex // guards all below; never held while calling out
	byUfrag   map[string]*Viewer
	byAddr    map[netip.AddrPort]*Viewer
	groups    map[showing][]*Group
	waiting   int                  // viewers that are not connected yet
	waitingOf map[netip.Prefix]int // by source
	closed    bool
	wanted    func(*media.Stream)
}

// New returns a transport that is not listening yet.
func New(cfg Config) *Transport {
	if cfg.Address == "" {
		cfg.Address = ":8189"
	}
	if cfg.MaxHandshakes == 0 {
		cfg.MaxHandshakes = 1000
	}
	if cfg.MaxHandshakesOf == 0 {
		cfg.MaxHandshakesOf = 64
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Transport{
		cfg: cfg, log: cfg.Log, rebind: rebindTime, began: time.Now(), stop: make(chan struct{}),
		byUfrag: map[string]*Viewer{}, byAddr: map[netip.AddrPort]*Viewer{}, groups: map[showing][]*Group{},
		waitingOf: map[netip.Prefix]int{},
	}
}

// Start binds the port and returns once it is listening.
func (t *Transport) Start() error {
	var err error
	if t.cert, err = selfsign.GenerateSelfSigned(); err != nil {
		return fmt.Errorf("WebRTC certificate: %w", err)
	}
	t.fingerprint = fingerprint(t.cert.Certificate[0])
	if t.sock, err = datagram.Listen(t.cfg.Address); err != nil {
		return err
	}
	if t.cfg.Sending != "" {
		t.sock.Limit(t.cfg.Sending)
	}
	t.foreign = newForeignConn(t.sock)
	t.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: t.foreign, Logger: quiet{}})
	t.tcp = openTCP(t, t.sock.Local())
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		w := newWorker(t.sock)
		t.workers = append(t.workers, w)
		t.wg.Go(func() { w.run(t.stop) })
	}
	t.wg.Add(2)
	// Receive ends when Close closes the socket, watch and the workers when it closes stop; Close waits
	// for all.
	go func() {
		defer t.wg.Done()
		t.sock.Receive(t.handle)
	}()
	go t.watch()
	t.log.Info("WebRTC listens", "address", t.sock.Local().String(), "sending", string(t.sock.Mode()))
	return nil
}

// elapsed is the time since the transport was made: monotonic, as short as reports need it.
func (t *Transport) elapsed() time.Duration { return time.Since(t.began) }

// Addr is the address of the UDP socket. Call it after Start.
func (t *Transport) Addr() net.Addr { return t.sock.Conn().LocalAddr() }

// Refused is how many datagrams the kernel would not send. Call it after Start.
func (t *Transport) Refused() uint64 { return t.sock.Refused() }

// UDPMux is the port for PeerConnections of pion (publishers). Call it after Start.
func (t *Transport) UDPMux() ice.UDPMux { return t.mux }

// TCPMux is the same port number over TCP for PeerConnections, or nil where it was taken.
func (t *Transport) TCPMux() ice.TCPMux {
	if t.tcp == nil {
		return nil
	}
	return t.tcp.mux
}

// OnKeyFrameWanted registers f to be called when a viewer needs a key frame that the ring does not
// have, at most once a second for each stream and worker. f must not block.
func (t *Transport) OnKeyFrameWanted(f func(*media.Stream)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wanted = f
}

// Close ends all viewers, closes the port and waits for all goroutines.
func (t *Transport) Close() {
	t.mu.Lock()
	if t.closed || t.sock == nil {
		t.closed = true
		t.mu.Unlock()
		return
	}
	t.closed = true
	all := make([]*Viewer, 0, len(t.byUfrag))
	for _, v := range t.byUfrag {
		all = append(all, v)
	}
	t.mu.Unlock()
	for _, v := range all {
		v.Close(fmt.Errorf("%w: the server stops", media.ErrEnded))
	}
	for _, v := range all {
		v.wg.Wait() // their DTLS says goodbye over the socket
	}
	close(t.stop)
	t.mux.Close() //nolint:errcheck // closes what is closed below
	if t.tcp != nil {
		t.tcp.close()
	}
	t.sock.Close() //nolint:errcheck // nothing to be done
	t.wg.Wait()
}

// watch closes viewers that did not connect in time or withdrew consent. It ends with stop.
func (t *Transport) watch() {
	defer t.wg.Done()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-tick.C:
		}
		for v, err := range t.overdue(time.Now()) {
			v.Close(err)
		}
	}
}

var (
	errSilent  = errors.New("nothing was heard of the viewer for 30 s")
	errNoStart = errors.New("the viewer did not connect within 10 s")
)

func (t *Transport) overdue(now time.Time) map[*Viewer]error {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[*Viewer]error{}
	for _, v := range t.byUfrag {
		switch {
		case !v.connected && now.Sub(v.since) > handshakeTime:
			out[v] = errNoStart
		case v.connected && now.Sub(v.heard) > consentTime:
			out[v] = errSilent
		}
	}
	return out
}

// Request is what the caller of View knows of the viewer.
type Request struct {
	Protocol string // as sessions show it: "whep"
	Remote   string // host:port of the one who asks
	// Delay: the viewer is shown each unit that long after its programme time, instead of at once.
	// Each delay that anybody asks for costs what a stream does; the caller allows few.
	Delay time.Duration
}

// View makes a viewer of s out of an SDP offer and returns it with the SDP answer. It fails with
// ErrOffer, media.ErrCodec, media.ErrReordered, media.ErrLimit or the stream's end.
func (t *Transport) View(s *media.Stream, offer []byte, r Request) (*Viewer, []byte, error) {
	o, err := parseOffer(offer)
	if err != nil {
		return nil, nil, fmt.Errorf("view %q: %w", s.Name(), err)
	}
	if s.Reordered() {
		return nil, nil, fmt.Errorf("view %q: %w", s.Name(), media.ErrReordered)
	}
	g, err := t.group(s, r.Delay)
	if err != nil {
		return nil, nil, fmt.Errorf("view %q: %w", s.Name(), err)
	}
	a, err := choose(o, g)
	if err != nil {
		t.release(g)
		return nil, nil, fmt.Errorf("view %q: %w", s.Name(), err)
	}
	v := newViewer(t, g, o, a)
	v.source = sourceOf(r.Remote)
	x, err := s.NewSession(r.Protocol, r.Remote, v.ended)
	if err != nil {
		v.cancel(err)
		t.release(g)
		return nil, nil, fmt.Errorf("view %q: %w", s.Name(), err)
	}
	v.session = x
	if err := t.admit(v); err != nil {
		x.Leave()
		v.cancel(err)
		t.release(g)
		return nil, nil, fmt.Errorf("view %q: %w", s.Name(), err)
	}
	if v.ctx.Err() != nil { // the stream ended meanwhile
		v.remove()
		return nil, nil, fmt.Errorf("view %q: %w", s.Name(), context.Cause(v.ctx))
	}
	return v, a.render(v, t.Candidates(r.Remote, true)), nil
}

func (t *Transport) admit(v *Viewer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return fmt.Errorf("%w: the server stops", media.ErrEnded)
	case t.waiting >= t.cfg.MaxHandshakes:
		return fmt.Errorf("%w: %d viewers are connecting", media.ErrLimit, t.waiting)
	case t.waitingOf[v.source] >= t.cfg.MaxHandshakesOf:
		return fmt.Errorf("%w: %d viewers from your address are connecting", media.ErrLimit, t.waitingOf[v.source])
	}
	t.waiting++
	t.waitingOf[v.source]++
	t.byUfrag[v.ufrag] = v
	v.admitted = true
	return nil
}

// waitedLocked notes that a viewer is not waited for any more: it connected or is gone.
func (t *Transport) waitedLocked(v *Viewer) {
	t.waiting--
	if t.waitingOf[v.source]--; t.waitingOf[v.source] == 0 {
		delete(t.waitingOf, v.source)
	}
}

// wantKeyFrame passes a wish on to whoever registered for it.
func (t *Transport) wantKeyFrame(s *media.Stream) {
	t.mu.Lock()
	f := t.wanted
	t.mu.Unlock()
	if f != nil {
		f(s)
	}
}
