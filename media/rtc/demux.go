package rtc

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pion/stun/v4"

	"xianfeng/media/datagram"
)

// way is how a datagram came, and how what answers it goes back.
type way struct {
	from netip.AddrPort
	conn *framed // nil: the socket
}

// is reports whether what is sent to p goes that way.
func (w way) is(p *datagram.Peer) bool {
	if w.conn != nil {
		return p == w.conn.peer
	}
	return p != nil && p.Via() == nil && p.AddrPort == w.from
}

func (t *Transport) peer(w way) *datagram.Peer {
	if w.conn != nil {
		return w.conn.peer
	}
	return t.sock.Peer(w.from)
}

// handle takes one datagram from the receive loop (RFC 7983 §7). Whatever is not for a viewer of ours
// goes to pion's mux.
func (t *Transport) handle(b []byte, from netip.AddrPort) {
	if len(b) < 2 {
		return
	}
	switch first := b[0]; {
	case first <= 3:
		t.handleSTUN(b, from)
	case isDTLS(first):
		if v := t.from(from); v != nil {
			v.handleDTLS(b)
		} else {
			t.foreign.push(b, from)
		}
	case first >= 128 && first <= 191:
		if v := t.from(from); v == nil {
			t.foreign.push(b, from)
		} else if isRTCP(first, b[1]) { // viewers have no RTP for us
			v.ears.hear(b)
		}
	}
}

func isDTLS(first byte) bool { return first >= 20 && first <= 63 }

// isRTCP tells RTCP from RTP (RFC 5761 §4).
func isRTCP(first, second byte) bool {
	return first >= 128 && first <= 191 && second >= 192 && second <= 223
}

func (t *Transport) from(a netip.AddrPort) *Viewer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byAddr[a]
}

// handleSTUN takes a STUN message from the socket.
func (t *Transport) handleSTUN(b []byte, from netip.AddrPort) {
	switch t.demux.read(b) {
	case garbage:
		return
	case request:
		if known, _ := t.binding(&t.demux, way{from: from}); known {
			return
		}
	}
	t.foreign.push(b, from)
}

// demux is the memory that reading STUN reuses; one for each goroutine that reads.
type demux struct {
	in, out      stun.Message
	ours, theirs string // of the request in in: the fragments that it names
}

// kind is what a STUN message is to us.
type kind int

const (
	garbage kind = iota
	request      // a binding request with a user name
	other        // answers to pion's own checks
)

// read takes a message. It copies b.
func (d *demux) read(b []byte) kind {
	m := &d.in
	m.Raw = append(m.Raw[:0], b...)
	if err := m.Decode(); err != nil {
		return garbage
	}
	user, err := m.Get(stun.AttrUsername)
	if err != nil || m.Type != stun.BindingRequest {
		return other
	}
	// RFC 8445 §7.2.2: the receiver's fragment, a colon, the sender's.
	var ok bool
	if d.ours, d.theirs, ok = strings.Cut(string(user), ":"); !ok {
		return garbage
	}
	return request
}

// binding answers the request that d has read if it has a viewer's credentials; nothing else is answered
// here. It reports whether the user name is a viewer's, and whether the request was good.
func (t *Transport) binding(d *demux, w way) (known, good bool) {
	key, evicted, known := t.check(&d.in, d.ours, d.theirs, w)
	if evicted != nil {
		evicted.end(0)
	}
	if key == nil {
		return known, false
	}
	t.answer(d, w, key)
	return true, true
}

// check reports whether ours is a viewer's name, and if the request proves to come from it, notes
// which way it came and returns the key to answer with. evicted is a connection too many.
func (t *Transport) check(m *stun.Message, ours, theirs string, w way) (key stun.MessageIntegrity, evicted *framed, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.byUfrag[ours]
	if v == nil {
		return nil, nil, false
	}
	if theirs != v.remoteUfrag || v.integrity.Check(m) != nil {
		return nil, nil, true
	}
	fresh := v.recent.fresh(m.TransactionID)
	switch {
	case w.conn == nil:
		v.listenLocked(w.from)
	case w.conn.viewer == nil && fresh:
		evicted = v.holdLocked(w.conn)
	case w.conn.viewer != v: // a connection is one viewer's, and none's by a check that was overheard
		return nil, nil, true
	}
	if !fresh {
		return v.integrity, nil, true // our answer was lost, or somebody repeats what was overheard
	}
	now := time.Now()
	v.heard = now
	to := v.to.Load()
	switch {
	case to != nil && w.is(to):
		v.moved = now
	case to == nil || m.Contains(stun.AttrUseCandidate) || now.Sub(v.moved) > t.rebind:
		// The first, or nominated, or a NAT gave the viewer another port and the old one fell silent.
		v.to.Store(t.peer(w))
		v.moved = now
	}
	return v.integrity, evicted, true
}

// holdLocked makes a connection v's. It returns one that v has too many, if any: the oldest that media
// does not take.
func (v *Viewer) holdLocked(c *framed) (evicted *framed) {
	c.viewer = v
	v.conns = append(v.conns, c)
	if len(v.conns) <= maxAddrs {
		return nil
	}
	to := v.to.Load()
	i := slices.IndexFunc(v.conns, func(x *framed) bool { return x.peer != to })
	evicted = v.conns[i]
	v.conns = slices.Delete(v.conns, i, i+1)
	return evicted
}

// hungUp notes that a connection has ended. If media took it, that stops until a check comes another way.
func (t *Transport) hungUp(c *framed, why error, dropped uint64) {
	t.mu.Lock()
	v := c.viewer
	if v == nil {
		t.mu.Unlock()
		return
	}
	v.conns = slices.DeleteFunc(v.conns, func(x *framed) bool { return x == c })
	used := v.to.Load() == c.peer
	if used {
		v.moved = time.Time{}
	}
	stays := v.admitted
	t.mu.Unlock()
	if used && (stays || dropped > 0) {
		t.log.Info("viewer's connection ended", "stream", v.g.s.Name(), "protocol", v.session.Protocol, "remote", c.from.String(), "dropped", dropped, "error", why)
	}
	if used && errors.Is(why, errStalled) {
		v.Close(errStalled)
	}
}

func (t *Transport) answer(d *demux, w way, key stun.MessageIntegrity) {
	m, out := &d.in, &d.out
	setters := []stun.Setter{stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, nil, key, stun.Fingerprint}
	if m.Contains(stun.AttrICEControlled) {
		// RFC 8445 §7.3.1.1: a lite agent is always the controlled one.
		setters[1] = stun.NewType(stun.MethodBinding, stun.ClassErrorResponse)
		setters[2] = stun.CodeRoleConflict
	} else {
		setters[2] = &stun.XORMappedAddress{IP: net.IP(w.from.Addr().AsSlice()), Port: int(w.from.Port())}
	}
	if err := out.Build(setters...); err != nil {
		return
	}
	if w.conn != nil {
		w.conn.say(out.Raw)
		return
	}
	t.sock.Write(out.Raw, w.from) //nolint:errcheck // the viewer asks again
}
