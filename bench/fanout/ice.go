package main

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// agent is the controlling side of ICE with one socket. The viewer's goroutine owns it.
type agent struct {
	localUfrag, localPwd string
	remote               *answerSDP
	write                func([]byte, netip.AddrPort)

	chosen netip.AddrPort // valid once a check was answered
	next   time.Time      // of the next check
}

// randomText returns n characters that ICE allows in names and passwords.
func randomText(n int) string { return rand.Text()[:n] }

// tick sends the checks that are due: to every candidate until one answers, then to that one, which
// keeps the server's consent to send fresh (RFC 7675 §5.1).
func (a *agent) tick(now time.Time) {
	if now.Before(a.next) {
		return
	}
	if a.chosen.IsValid() {
		a.next = now.Add(3 * time.Second)
		a.check(a.chosen)
		return
	}
	a.next = now.Add(200 * time.Millisecond)
	for _, c := range a.remote.candidates {
		a.check(c)
	}
}

func (a *agent) check(to netip.AddrPort) {
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID,
		stun.NewUsername(a.remote.ufrag+":"+a.localUfrag),
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: []byte{0, 0, 0, 0, 0, 0, 0, 1}},
		stun.RawAttribute{Type: stun.AttrPriority, Value: binary.BigEndian.AppendUint32(nil, 1862270975)},
		stun.RawAttribute{Type: stun.AttrUseCandidate},
		stun.NewShortTermIntegrity(a.remote.pwd), stun.Fingerprint)
	if err == nil {
		a.write(m.Raw, to)
	}
}

// packet takes a STUN message. It reports whether the server has answered a check for the first time.
func (a *agent) packet(b []byte, from netip.AddrPort) bool {
	m := &stun.Message{Raw: append([]byte(nil), b...)}
	if m.Decode() != nil {
		return false
	}
	switch m.Type {
	case stun.BindingRequest:
		key := stun.NewShortTermIntegrity(a.localPwd)
		if key.Check(m) != nil {
			return false
		}
		addr := from.Addr().As4()
		out, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
			&stun.XORMappedAddress{IP: addr[:], Port: int(from.Port())}, key, stun.Fingerprint)
		if err == nil {
			a.write(out.Raw, from)
		}
	case stun.BindingSuccess:
		if !a.chosen.IsValid() && stun.NewShortTermIntegrity(a.remote.pwd).Check(m) == nil {
			a.chosen = from
			return true
		}
	}
	return false
}
