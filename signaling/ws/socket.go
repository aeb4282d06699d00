package ws

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/signaling"
)

// socket is one page.
type socket struct {
	job    // of the writers
	server *Server
	conn   *websocket.Conn
	opened time.Time
	seen   atomic.Int64 // when something came last, in Unix milliseconds
	pinged atomic.Int64

	visitor *signaling.Visitor // not changed after hello; its reader's until then
	session *session           // nil before hello; guarded by Server.mu

	// write guards the socket's writing side. It is held over a write of writeTime at most: the reader's answers
	// and what a writer sends take turns.
	write sync.Mutex

	mu      sync.Mutex // guards the rest
	follows map[string]*sub
	marks   []*sub // of which there may be something newer, each once: as many as it follows, at most
	ping    bool
	bye     *websocket.CloseError // why it is to be closed
	closing bool                  // it was told

	// These belong to the reader.
	greeted  bool
	rate     bucket
	commands bucket
}

// sub is a topic that a socket follows.
type sub struct {
	topic  *topic
	marked bool // guarded by socket.mu
	gone   string

	// These belong to the writer that is at the socket.
	has  bool // the page has a value, that of version sent
	sent uint64
}

// open takes over a connection.
func (s *Server) open(conn *websocket.Conn, v *signaling.Visitor) {
	now := time.Now()
	k := &socket{server: s, conn: conn, visitor: v, opened: now}
	k.seen.Store(now.UnixMilli())
	conn.SetReadLimit(signaling.MaxMessage)
	conn.SetPingHandler(k.control(func(data string) error {
		err := conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(closeTime))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	}))
	conn.SetPongHandler(k.control(func(string) error { return nil }))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.releaseLocked(v.Remote)
		conn.NetConn().Close()
		return
	}
	s.sockets[k] = struct{}{}
	if v.SignedIn() {
		if s.accounts[v.Who.Account] == nil {
			s.accounts[v.Who.Account] = map[*socket]struct{}{}
		}
		s.accounts[v.Who.Account][k] = struct{}{}
	}
	s.figures.opened.Add(1)
	if v.Foreign {
		s.figures.foreign.Add(1)
	}
	s.readers.Go(k.read) // ends with the connection; Close waits for it
}

var errTooMany = errors.New("too many messages")

// control counts pings and pongs like messages: gorilla answers them while it waits for the next one.
func (k *socket) control(fn func(data string) error) func(data string) error {
	return func(data string) error {
		now := time.Now()
		if !k.rate.take(now, messageRate, messageBurst) {
			return errTooMany
		}
		k.seen.Store(now.UnixMilli())
		return fn(data)
	}
}

// messages are buffers for what pages send: between messages a socket has none.
var messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads until the connection ends.
func (k *socket) read() {
	defer k.server.over(k)
	for {
		kind, r, err := k.conn.NextReader()
		if err != nil {
			k.lost(err)
			return
		}
		received := time.Now()
		k.seen.Store(received.UnixMilli())
		if !k.one(kind, r, received) {
			k.drain()
			return
		}
	}
}

// one reads a message and acts on it. It reports whether there may be another.
func (k *socket) one(kind int, r io.Reader, received time.Time) bool {
	b := messages.Get().(*bytes.Buffer) //nolint:forcetypeassert // there is nothing else in it
	defer func() {
		if b.Cap() <= signaling.MaxMessage+bytes.MinRead {
			b.Reset()
			messages.Put(b)
		}
	}()
	n, err := b.ReadFrom(io.LimitReader(r, signaling.MaxMessage+1)) // of what is compressed, only this tells
	k.server.figures.messages.Add(1)
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		k.abuse(websocket.CloseMessageTooBig, "message too long") // the page has been told
		return false
	case err != nil:
		k.lost(err)
		return false
	case n > signaling.MaxMessage:
		k.abuse(websocket.CloseMessageTooBig, "message too long")
		return false
	case kind != websocket.TextMessage:
		k.abuse(websocket.CloseUnsupportedData, "messages are text")
		return false
	case !k.rate.take(received, messageRate, messageBurst):
		k.abuse(signaling.CloseTooMany, "too many messages")
		return false
	}
	m, err := signaling.Parse(b.Bytes())
	if err != nil {
		k.abuse(signaling.CloseShape, err.Error())
		return false
	}
	return k.handle(m, received)
}

// lost notes why nothing comes any more.
func (k *socket) lost(err error) {
	switch {
	case errors.Is(err, errTooMany):
		k.abuse(signaling.CloseTooMany, "too many messages")
		k.drain()
	case errors.Is(err, websocket.ErrReadLimit):
		k.server.figures.abused.Add(1)
		k.drain()
	default:
		k.server.log.Debug("socket lost", "remote", k.visitor.Remote, "error", err)
	}
}

// abuse ends a socket from its own reader.
func (k *socket) abuse(code int, why string) {
	k.server.figures.abused.Add(1)
	k.server.log.Debug("socket closed", "remote", k.visitor.Remote, "code", code, "why", why)
	k.tell(code, why)
}

// tell sends a closing frame, once. What it waits for is bounded by closeTime.
func (k *socket) tell(code int, why string) {
	k.mu.Lock()
	told := k.closing
	k.closing = true
	k.mu.Unlock()
	if told {
		return
	}
	const most = 120 // RFC 6455 §5.5: 125 bytes with the code
	if len(why) > most {
		why = why[:most]
	}
	end := time.Now().Add(closeTime)
	if err := k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), end); err != nil {
		k.conn.NetConn().Close()
	}
	k.conn.SetReadDeadline(end) //nolint:errcheck // the page has this long to answer; then the reader ends
}

// drain reads on for a moment, so that the page learns why instead of of a reset.
func (k *socket) drain() {
	k.conn.SetReadDeadline(time.Now().Add(closeTime))               //nolint:errcheck // the read tells
	io.CopyN(io.Discard, k.conn.NetConn(), 16*signaling.MaxMessage) //nolint:errcheck // that is all there is to do
}

// end has a writer close the socket; it never blocks.
func (k *socket) end(code int, why string) {
	k.mu.Lock()
	if k.bye == nil {
		k.bye = &websocket.CloseError{Code: code, Text: why}
	}
	k.mu.Unlock()
	k.server.writers.push(k)
}

// over forgets a socket.
func (s *Server) over(k *socket) {
	k.conn.NetConn().Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k)
	s.releaseLocked(k.visitor.Remote)
	if of := s.accounts[k.visitor.Who.Account]; of != nil {
		if delete(of, k); len(of) == 0 {
			delete(s.accounts, k.visitor.Who.Account)
		}
	}
	s.sessions.lose(k.session, k, time.Now())
	k.mu.Lock()
	follows := k.follows
	k.follows, k.marks = nil, nil
	k.mu.Unlock()
	for _, x := range follows {
		s.leaveLocked(k, x.topic)
	}
}
