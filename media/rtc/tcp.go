package rtc

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
)

const silentTime = 10 * time.Second // for a connection to authenticate

// tcpPort is the port over TCP (RFC 6544), for viewers and publishers without UDP. The first frame of a
// connection tells whose it is: a viewer's stays here, any other goes to pion's mux.
type tcpPort struct {
	t     *Transport
	l     *listener
	mux   *ice.TCPMuxDefault
	stall time.Duration // stallTime; shorter in tests
	boxes sync.Pool     // of *outbox
	wg    sync.WaitGroup
}

// openTCP listens on the same address as the UDP socket. There is no TCP where that is taken.
func openTCP(t *Transport, a netip.AddrPort) *tcpPort {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(a))
	if err != nil {
		t.log.Warn("WebRTC does without TCP", "address", a.String(), "error", err)
		return nil
	}
	return newTCPPort(t, l, t.log)
}

func newTCPPort(t *Transport, inner net.Listener, log *slog.Logger) *tcpPort {
	p := &tcpPort{t: t, l: newListener(inner, log), stall: stallTime, boxes: sync.Pool{New: func() any { return new(outbox) }}}
	others := &handover{l: p.l, conns: make(chan net.Conn)}
	p.mux = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: others, Logger: quiet{}, ReadBufferSize: 64, WriteBufferSize: 1 << 20,
		FirstStunBindTimeout: silentTime, AliveDurationForConnFromStun: silentTime,
	})
	p.wg.Add(1)
	// accept ends when close closes the listener; close waits for it.
	go p.accept(others)
	return p
}

func (p *tcpPort) accept(others *handover) {
	defer p.wg.Done()
	for {
		c, err := p.l.Accept()
		if err != nil {
			return
		}
		p.wg.Add(1)
		// greet ends with the connection, or when the mux has it; close closes all and waits.
		go p.greet(c, others)
	}
}

// greet reads the first frame of a connection, and serves it as long as it lasts if it is a viewer's.
func (p *tcpPort) greet(c *tcpConn, others *handover) {
	defer p.wg.Done()
	in := &unframer{r: c}
	first, err := in.next()
	if err != nil {
		c.Close() //nolint:errcheck // it never was anybody's
		return
	}
	f, err := newFramed(p, c)
	if err != nil || f.demux.read(first) != request {
		c.Close() //nolint:errcheck // the same
		return
	}
	if f.check() {
		f.serve(in)
		return
	}
	c.head = in.unread(first)
	select {
	case others.conns <- c:
	case <-p.l.stop:
		c.Close() //nolint:errcheck // the listener's Close may have been before
	}
}

// close closes the connections first: the mux waits for each until it has said something.
func (p *tcpPort) close() {
	p.l.Close()   //nolint:errcheck // nothing to be done
	p.mux.Close() //nolint:errcheck // nothing to be done
	p.wg.Wait()
}

// handover is the port as pion's mux sees it: the connections that are not our viewers'.
type handover struct {
	l     *listener
	conns chan net.Conn // no capacity: who brings one waits until the mux takes it
}

// Accept implements net.Listener.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.l.stop:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handover) Close() error { return h.l.Close() }

// Addr implements net.Listener.
func (h *handover) Addr() net.Addr { return h.l.Addr() }
