package rtc

import (
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/stun/v4"
)

// demux is the memory that the receive loop reuses.
type demux struct {
	in, out stun.Message
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
	case first >= 20 && first <= 63: // DTLS
		if v := t.from(from); v != nil {
			v.handleDTLS(b)
		} else {
			t.foreign.push(b, from)
		}
	case first >= 128 && first <= 191:
		if v := t.from(from); v == nil {
			t.foreign.push(b, from)
		} else if b[1] >= 192 && b[1] <= 223 { // RFC 5761 §4: RTCP; viewers have no RTP for us
			v.ears.hear(b)
		}
	}
}

func (t *Transport) from(a netip.AddrPort) *Viewer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byAddr[a]
}

// handleSTUN answers binding requests with a viewer's credentials. Nothing else is answered here.
func (t *Transport) handleSTUN(b []byte, from netip.AddrPort) {
	m := &t.demux.in
	m.Raw = append(m.Raw[:0], b...)
	if err := m.Decode(); err != nil {
		return
	}
	user, err := m.Get(stun.AttrUsername)
	if err != nil || m.Type != stun.BindingRequest {
		t.foreign.push(b, from) // answers to pion's own checks
		return
	}
	// RFC 8445 §7.2.2: the receiver's fragment, a colon, the sender's.
	ours, theirs, ok := strings.Cut(string(user), ":")
	if !ok {
		return
	}
	integrity, known := t.check(m, ours, theirs, from)
	if !known {
		t.foreign.push(b, from)
		return
	}
	if integrity == nil {
		return
	}
	t.answer(m, from, integrity)
}

// check reports whether ours is a viewer's name, and if the request proves to come from it, notes
// where it came from and returns the key to answer with.
func (t *Transport) check(m *stun.Message, ours, theirs string, from netip.AddrPort) (key stun.MessageIntegrity, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.byUfrag[ours]
	if v == nil {
		return nil, false
	}
	if theirs != v.remoteUfrag || v.integrity.Check(m) != nil {
		return nil, true
	}
	now := time.Now()
	v.heard = now
	v.listenLocked(from)
	to := v.to.Load()
	switch fresh := v.recent.fresh(m.TransactionID); {
	case to == nil:
		v.to.Store(t.sock.Peer(from))
		v.moved = now
	case to.AddrPort == from:
		v.moved = now
	case fresh && (m.Contains(stun.AttrUseCandidate) || now.Sub(v.moved) > t.rebind):
		// Nominated, or a NAT gave the viewer another port and the old one fell silent.
		v.to.Store(t.sock.Peer(from))
		v.moved = now
	}
	return v.integrity, true
}

func (t *Transport) answer(m *stun.Message, from netip.AddrPort, key stun.MessageIntegrity) {
	out := &t.demux.out
	setters := []stun.Setter{stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, nil, key, stun.Fingerprint}
	if m.Contains(stun.AttrICEControlled) {
		// RFC 8445 §7.3.1.1: a lite agent is always the controlled one.
		setters[1] = stun.NewType(stun.MethodBinding, stun.ClassErrorResponse)
		setters[2] = stun.CodeRoleConflict
	} else {
		setters[2] = &stun.XORMappedAddress{IP: net.IP(from.Addr().AsSlice()), Port: int(from.Port())}
	}
	if err := out.Build(setters...); err != nil {
		return
	}
	t.sock.Write(out.Raw, from) //nolint:errcheck // the viewer asks again
}
