package rtc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"xianfeng/media/datagram"
)

const (
	stallTime  = 10 * time.Second // a connection that takes nothing for so long is closed
	lingerTime = time.Second      // for our goodbye to arrive
	unsent     = 64 << 10         // bytes that the kernel may hold and not have sent: no more delay than that
	// What waits for the kernel: a slice of a burst. Full: media is dropped, whole datagrams; checks and DTLS have
	// some room more, so that a viewer on a slow line is not given up.
	outMedia = 88 << 10
	outAll   = outMedia + 8<<10
)

// A slice fits into an empty box: a viewer who waits for that loses nothing.
var _ [outMedia - catchUpSlice*(frameHeader+maxDatagram)]byte

var errStalled = errors.New("the viewer took nothing over TCP for too long")

// framed is a viewer's connection over TCP: datagrams, each with its length before it (RFC 4571 §2).
// One goroutine reads it (tcpPort.greet); any may send.
type framed struct {
	*tcpConn
	p     *tcpPort
	from  netip.AddrPort
	peer  *datagram.Peer // the connection as something to send to
	write rawWriter
	once  writeFunc // write.once
	demux demux     // the reader's

	viewer *Viewer // whose it is, from the first good check on; guarded by Transport.mu

	mu      sync.Mutex // guards all below and write; nothing is taken under it
	out     *outbox    // what the socket has not taken yet, drain's; nil: nothing waits
	dropped uint64     // datagrams
	failure error      // of sending
	ending  bool       // the read deadline is the last one
}

// outbox is memory for frames that wait. Connections have one only while something does.
type outbox struct {
	from, to int
	b        [outAll]byte
}

// add appends a frame if it fits below limit.
func (o *outbox) add(b []byte, limit int) bool {
	if o.to+frameHeader+len(b) > limit && o.from > 0 {
		o.from, o.to = 0, copy(o.b[:], o.b[o.from:o.to])
	}
	if o.to+frameHeader+len(b) > limit {
		return false
	}
	binary.BigEndian.PutUint16(o.b[o.to:], uint16(len(b))) //nolint:gosec // below limit
	o.to += frameHeader + copy(o.b[o.to+frameHeader:], b)
	return true
}

func newFramed(p *tcpPort, c *tcpConn) (*framed, error) {
	a, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return nil, fmt.Errorf("address of a viewer: %w", err)
	}
	f := &framed{tcpConn: c, p: p, from: netip.AddrPortFrom(a.Addr().Unmap(), a.Port())}
	if err := f.write.init(c.Conn); err != nil {
		return nil, fmt.Errorf("connection of %v: %w", a, err)
	}
	f.once = f.write.once
	f.peer = datagram.PeerVia(f.from, f)
	return f, nil
}

// serve reads until the connection ends.
func (c *framed) serve(in *unframer) {
	var b []byte
	var err error
	for err == nil {
		if b, err = in.next(); err == nil {
			c.handle(b)
		}
	}
	c.mu.Lock()
	if c.failure == nil {
		c.failure = err
	}
	why, dropped := c.failure, c.dropped
	c.releaseLocked()
	c.mu.Unlock()
	if errors.Is(why, errStalled) {
		if x, ok := c.Conn.(*net.TCPConn); ok {
			x.SetLinger(0) //nolint:errcheck // lets go of what the kernel holds
		}
	}
	c.Close() //nolint:errcheck // it ended
	c.p.t.hungUp(c, why, dropped)
}

// handle takes one datagram (RFC 7983 §7).
func (c *framed) handle(b []byte) {
	if len(b) < 2 {
		return
	}
	first := b[0]
	if first <= 3 {
		if c.demux.read(b) == request {
			c.check()
		}
		return
	}
	v := c.viewer // only this goroutine sets it
	switch {
	case v == nil:
	case isDTLS(first):
		v.handleDTLS(b)
	case isRTCP(first, b[1]):
		v.ears.hear(b)
	}
}

// check takes the request that demux has read, and reports whether it names a viewer. A good one keeps
// the connection open for as long as consent lasts.
func (c *framed) check() bool {
	known, good := c.p.t.binding(&c.demux, way{from: c.from, conn: c})
	if good {
		c.settle(false)
		c.mu.Lock()
		if !c.ending {
			c.Conn.SetReadDeadline(time.Now().Add(consentTime)) //nolint:errcheck // a closed connection ends by itself
		}
		c.mu.Unlock()
	}
	return known
}

// end lets the reader end the connection.
func (c *framed) end(in time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(in)
}

func (c *framed) endLocked(in time.Duration) {
	if !c.ending {
		c.ending = true
		c.Conn.SetReadDeadline(time.Now().Add(in)) //nolint:errcheck // a closed connection ends by itself
	}
}

// Send implements datagram.Via: media. 0 allocs: TestSendingOverTCPDoesNotAllocate.
func (c *framed) Send(b []byte, seg int) { c.send(b, seg, outMedia) }

// say sends one datagram that is not media.
func (c *framed) say(b []byte) { c.send(b, len(b), outAll) }

func (c *framed) send(b []byte, seg, limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return
	}
	waits := c.out != nil
	if !waits {
		c.out = c.p.boxes.Get().(*outbox) //nolint:forcetypeassert // the pool has nothing else
	}
	for len(b) > 0 {
		n := min(seg, len(b))
		if !c.out.add(b[:n], limit) {
			c.dropped++
		}
		b = b[n:]
	}
	if !waits && !c.flushLocked(c.once) {
		c.write.expire(c.p.stall)
		c.p.wg.Add(1) // greet holds one as long as nothing has failed
		// drain ends when nothing waits or the connection has ended; tcpPort.close waits for it.
		go c.drain()
	}
}

// Full implements datagram.Via.
func (c *framed) Full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure != nil || c.out != nil
}

// drain writes what waits whenever the socket has room. Meanwhile nobody else writes.
func (c *framed) drain() {
	defer c.p.wg.Done()
	err := c.write.whenever(func(write writeFunc) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.flushLocked(write)
	})
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(err)
}

// writeFunc writes what the socket takes without waiting.
type writeFunc func(b []byte) (int, error)

// flushLocked gives the socket what it takes. It reports whether nothing is left to be done.
func (c *framed) flushLocked(write writeFunc) bool {
	if c.failure != nil {
		return true
	}
	n, err := write(c.out.b[c.out.from:c.out.to])
	c.out.from += n
	switch {
	case err != nil:
		c.failLocked(err)
		return true
	case c.out.from == c.out.to:
		c.releaseLocked()
		return true
	case n > 0:
		c.write.expire(c.p.stall)
	}
	return false
}

// failLocked lets the reader end the connection.
func (c *framed) failLocked(err error) {
	if c.failure != nil {
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errStalled
	}
	c.failure = err
	c.releaseLocked()
	c.ending = false // at once, even if it is to end soon
	c.endLocked(0)
}

func (c *framed) releaseLocked() {
	if c.out != nil {
		c.out.from, c.out.to = 0, 0
		c.p.boxes.Put(c.out)
		c.out = nil
		c.write.expire(0)
	}
}
