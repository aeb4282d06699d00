package ws

import (
	"encoding/json"
	"errors"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/signaling"
)

// flush writes to a socket what it is to have. One writer at a time is at a socket.
func (s *Server) flush(k *socket) {
	k.mu.Lock()
	marks, ping, bye, closing := k.marks, k.ping, k.bye, k.closing
	k.marks, k.ping = nil, false
	for _, x := range marks {
		x.marked = false
	}
	k.mu.Unlock()
	if closing {
		return
	}
	if bye != nil {
		k.tell(bye.Code, bye.Text)
		return
	}
	for _, x := range marks {
		if !k.bring(x) {
			return
		}
	}
	if ping {
		if err := k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(k.server.writeTime)); err != nil {
			k.broken(err)
		}
	}
}

// bring writes a topic's newest value, if the page has not got it. It reports whether the socket still works.
func (k *socket) bring(x *sub) bool {
	t := x.topic
	k.mu.Lock()
	gone, follows := x.gone, k.follows[t.name] == x
	k.mu.Unlock()
	if gone != "" {
		b, err := json.Marshal(signaling.GoneReply{Type: signaling.Gone, Topic: t.name, Why: gone})
		if err != nil { // strings
			return true
		}
		k.write.Lock()
		defer k.write.Unlock()
		return k.textLocked(b)
	}
	if !follows {
		return true // left in the meantime
	}
	v := t.value.Load()
	if t.appends {
		var err error
		if v, err = t.since(k.server, x.sent); err != nil {
			k.server.again(t, err)
			return true
		}
	}
	if v == nil || x.has && v.version == x.sent {
		return true
	}
	x.has, x.sent = true, v.version
	k.server.figures.sent.Add(1)
	k.write.Lock()
	defer k.write.Unlock()
	k.conn.SetWriteDeadline(time.Now().Add(k.server.writeTime)) //nolint:errcheck // the write tells
	k.conn.EnableWriteCompression(v.long)
	if err := k.conn.WritePreparedMessage(v.message); err != nil {
		k.broken(err)
		return false
	}
	return true
}

// again has a topic tried later.
func (s *Server) again(t *topic, err error) {
	if s.ctx.Err() != nil {
		return
	}
	s.log.Warn("lines of a topic", "topic", t.name, "error", err)
	s.mu.Lock()
	t.failed = time.Now()
	s.mu.Unlock()
}

// broken ends a socket that can't be written to. A page that does not read what it is sent is one of them.
func (k *socket) broken(err error) {
	if e := net.Error(nil); errors.As(err, &e) && e.Timeout() { // gorilla hides what it was
		k.server.figures.slow.Add(1)
		k.server.log.Debug("socket too slow", "remote", k.visitor.Remote)
	}
	k.mu.Lock()
	k.closing = true
	k.mu.Unlock()
	k.conn.NetConn().Close() // the reader ends
}
