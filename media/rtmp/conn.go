package rtmp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortmplib/pkg/bytecounter"
	"github.com/bluenviron/gortmplib/pkg/handshake"
	"github.com/bluenviron/gortmplib/pkg/message"
	"github.com/bluenviron/gortmplib/pkg/rawmessage"
)

const (
	// strangerBytes is what somebody may send before publishing: the handshake (3 KiB) and a handful of
	// commands.
	strangerBytes = 64 << 10
	// ackWindow is after how many bytes the peers acknowledge (RTMP 1.0 §5.4.4).
	ackWindow = 2500000
	// farewell is how long the last words to a client may take.
	farewell = 500 * time.Millisecond
)

var (
	errGone    = errors.New("the client left")
	errTimeout = errors.New("timed out")
	errChatter = errors.New("the client sends more than anybody needs to say who does not publish")
)

// conn is one connection. Its goroutine, serve, reads and writes; a player has a second one that reads.
type conn struct {
	srv    *Server
	nc     net.Conn
	remote string
	origin netip.Prefix

	counted *bytecounter.Reader
	budget  *budget
	in      *chunkReader
	ack     struct {
		window uint32 // as the client wishes; 0: never
		last   uint32 // the count acknowledged last
	}

	through   bool // it publishes or plays, or has
	greeted   bool // connect has been answered; set by negotiate
	enhanced  bool // the client lists enhanced codecs; set by negotiate
	announced bool // the log has a player's coming, and wants its leaving

	ctx  context.Context // ends with stop; its cause says why
	mu   sync.Mutex      // guards the deadlines of nc against stop
	quit context.CancelCauseFunc

	wmu   sync.Mutex // guards out, media, torn; mu may be taken under it
	out   *message.Writer
	media chunkWriter
	torn  bool // a write failed: what follows would not be understood
}

// budget is a reader that fails after so many bytes. Publishers are freed of it. For players it grows
// with what they are sent, far beyond the acknowledgements that they owe: they need no right to send.
type budget struct {
	r    io.Reader
	left atomic.Int64
	free bool
}

const sentPerByte = 256 // bytes sent to a player that let it send one more

func (b *budget) Read(p []byte) (int, error) {
	if b.free {
		return b.r.Read(p)
	}
	left := b.left.Load()
	if left <= 0 {
		return 0, errChatter
	}
	n, err := b.r.Read(p[:min(int64(len(p)), left)])
	b.left.Add(-int64(n))
	return n, err
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{srv: s, nc: nc, remote: nc.RemoteAddr().String(), origin: origin(nc.RemoteAddr()), budget: &budget{r: nc}}
	c.budget.left.Store(strangerBytes)
	c.counted = bytecounter.NewReader(c.budget)
	c.out = message.NewWriter(nc, bytecounter.NewWriter(nc), false)
	c.media.w = nc
	c.ctx, c.quit = context.WithCancelCause(context.Background())
	return c
}

// stop ends the connection because of err, from any goroutine, without blocking. Who reads wakes at
// once; who writes may end what was begun, or the client would not understand the last words.
func (c *conn) stop(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return
	}
	c.quit(err)
	c.nc.SetReadDeadline(time.Unix(1, 0))           //nolint:errcheck // it is over anyway
	c.nc.SetWriteDeadline(time.Now().Add(farewell)) //nolint:errcheck // it is over anyway
}

// why returns the reason of stop, if that is what made err, and else err.
func (c *conn) why(err error) error {
	if cause := context.Cause(c.ctx); cause != nil {
		return cause
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTimeout
	}
	return err
}

// readWithin sets the time for the next read; 0 is for ever.
func (c *conn) readWithin(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return
	}
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	c.nc.SetReadDeadline(t) //nolint:errcheck // then the read fails
}

func (c *conn) writeWithin(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() == nil {
		c.nc.SetWriteDeadline(time.Now().Add(d)) //nolint:errcheck // then the write fails
	}
}

// handshake does the plain handshake (RTMP 1.0 §5.2).
func (c *conn) handshake() error {
	c.readWithin(c.srv.cfg.Timeout)
	c.writeWithin(c.srv.cfg.Timeout)
	var version [1]byte
	if _, err := io.ReadFull(c.counted, version[:]); err != nil {
		return err
	}
	if version[0] != 3 {
		return fmt.Errorf("handshake: version %d, want 3", version[0])
	}
	rw := struct {
		io.Reader
		io.Writer
	}{io.MultiReader(&once{b: version[0]}, c.counted), c.nc}
	if _, _, err := handshake.DoServer(rw, false); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	c.in = newChunkReader(c.counted, c.acknowledge)
	return nil
}

// acknowledge tells the client how much has come, as often as it wishes (RTMP 1.0 §5.4.3).
func (c *conn) acknowledge() error {
	count := uint32(c.counted.Count())
	if c.ack.window == 0 || count-c.ack.last <= c.ack.window {
		return nil
	}
	c.ack.last = count
	return c.send(&message.Acknowledge{Value: count})
}

// once reads as a single byte.
type once struct {
	b    byte
	done bool
}

func (o *once) Read(p []byte) (int, error) {
	if o.done || len(p) == 0 {
		return 0, io.EOF
	}
	p[0], o.done = o.b, true
	return 1, nil
}

// read returns the next message that is not about the connection itself. The caller owns its body.
func (c *conn) read() (*rawmessage.Message, error) {
	for {
		m, err := c.in.read()
		if err != nil {
			return nil, err
		}
		switch message.Type(m.Type) {
		case message.TypeSetChunkSize:
			if len(m.Body) < 4 {
				return nil, errors.New("set chunk size: too short")
			}
			if err := c.in.setChunkSize(binary.BigEndian.Uint32(m.Body)); err != nil {
				return nil, err
			}
		case message.TypeAbortMessage:
			if len(m.Body) >= 4 {
				c.in.abort(binary.BigEndian.Uint32(m.Body))
			}
		case message.TypeSetWindowAckSize:
			if len(m.Body) >= 4 {
				c.ack.window = binary.BigEndian.Uint32(m.Body)
			}
		case message.TypeUserControl:
			// RTMP 1.0 §7.1.7: a ping is answered with its own time stamp.
			if len(m.Body) >= 6 && binary.BigEndian.Uint16(m.Body) == uint16(message.UserControlTypePingRequest) {
				err := c.send(&message.UserControlPingResponse{ServerTime: binary.BigEndian.Uint32(m.Body[2:])})
				if err != nil {
					return nil, err
				}
			}
		case message.TypeAudio, message.TypeVideo, message.TypeDataAMF0, message.TypeDataAMF3, message.TypeCommandAMF0, message.TypeCommandAMF3:
			return m, nil
		}
	}
}

// send writes messages, in the time of one write.
func (c *conn) send(messages ...message.Message) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.writeWithin(c.srv.cfg.Timeout)
	for _, m := range messages {
		if err := c.out.Write(m); err != nil {
			c.torn = true
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// hangUp says last, unless it is nil or nobody could understand it any more, and closes.
func (c *conn) hangUp(last ...message.Message) {
	defer c.nc.Close() //nolint:errcheck // nothing to do about it
	c.stop(errGone)    // no other deadline any more
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.torn || len(last) == 0 {
		return
	}
	c.nc.SetDeadline(time.Now().Add(farewell)) //nolint:errcheck // then nothing is said
	for _, m := range last {
		if c.out.Write(m) != nil {
			return
		}
	}
	// Closing with bytes unread resets the connection, and the client would lose what was said.
	if t, ok := c.nc.(*net.TCPConn); ok && t.CloseWrite() == nil {
		io.CopyN(io.Discard, t, 4<<20) //nolint:errcheck // until the client closes, or farewell is over
	}
}
