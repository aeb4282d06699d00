package rtc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v5/packetio"
)

// pipe is the net.PacketConn that a viewer's handshake runs over: packets in from the receive loop,
// packets out to wherever the viewer is.
type pipe struct {
	in *packetio.Buffer // 32 packets; full: dropped, DTLS sends them again
	v  *Viewer

	mu     sync.Mutex // guards all below, and is held while sending
	muted  bool
	flight []byte // the newest datagram that is the end of a handshake
}

func newPipe(v *Viewer) *pipe {
	p := &pipe{in: packetio.NewBuffer(), v: v}
	p.in.SetLimitCount(32)
	return p
}

func (p *pipe) remote() net.Addr {
	if a := p.v.to.Load(); a != nil {
		return net.UDPAddrFromAddrPort(a.AddrPort)
	}
	return &net.UDPAddr{}
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, _, err := p.in.Read(b, nil)
	return n, p.remote(), err
}

func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.muted {
		return len(b), nil
	}
	if len(b) > 0 && b[0] == recordChange {
		p.flight = bytes.Clone(b)
	}
	return len(b), p.v.write(b)
}

// mute drops what is written from now on and returns our last flight.
func (p *pipe) mute() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.muted = true
	return p.flight
}

func (p *pipe) Close() error                      { return p.in.Close() }
func (p *pipe) LocalAddr() net.Addr               { return p.v.t.sock.Conn().LocalAddr() }
func (p *pipe) SetDeadline(t time.Time) error     { return p.in.SetReadDeadline(t) }
func (p *pipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(time.Time) error  { return nil }

// write sends one datagram to wherever the viewer is.
func (v *Viewer) write(b []byte) error {
	to := v.to.Load()
	if to == nil {
		return net.ErrClosed
	}
	if c, ok := to.Via().(*framed); ok {
		c.say(b)
		return nil
	}
	_, err := v.t.sock.Write(b, to.AddrPort)
	return err
}

// handleDTLS takes a packet of the viewer's DTLS; the first one starts the handshake.
func (v *Viewer) handleDTLS(b []byte) {
	v.t.mu.Lock()
	a := v.dtls
	if a == nil && v.pipe == nil && v.admitted {
		v.pipe = newPipe(v)
		v.wg.Add(1)
		// shake ends with the handshake or with the viewer; Transport.Close waits for it.
		go v.shake(v.pipe)
	}
	p := v.pipe
	v.t.mu.Unlock()
	switch {
	case a != nil:
		switch a.hear(b) {
		case wishFlight:
			v.write(a.flight) //nolint:errcheck // the viewer asks again
		case wishEnd:
			v.Close(errGoodbye)
		}
	case p != nil:
		p.in.Write(b, nil) //nolint:errcheck // full or closed: as if lost on the way
	}
}

var (
	errFingerprint = errors.New("the certificate is not the one that the offer promised")
	errGoodbye     = errors.New("the viewer said goodbye")
)

// shake shakes hands and lets the viewer join its group.
func (v *Viewer) shake(p *pipe) {
	defer v.wg.Done()
	defer p.Close() //nolint:errcheck // a buffer
	k, a, err := v.shakeHands(p)
	if err != nil {
		v.Close(fmt.Errorf("DTLS handshake: %w", err))
		return
	}
	v.connect(k, a)
}

func (v *Viewer) shakeHands(p *pipe) (*keys, *association, error) {
	conn, err := dtls.ServerWithOptions(p, p.remote(),
		dtls.WithCertificates(v.t.cert),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		// What everybody must have (RFC 8827 §6.5), and what association knows.
		dtls.WithCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
		// The first that both have wins. GCM costs half of what CM with HMAC does.
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithInsecureSkipVerifyHello(true), // the STUN check has proved the way back
		dtls.WithMTU(maxDatagram),
		dtls.WithLoggerFactory(quietFactory{}),
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !v.promised(raw[0]) {
				return errFingerprint
			}
			return nil
		}))
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close() //nolint:errcheck // after the handshake it is mute
	ctx, cancel := context.WithTimeout(v.ctx, handshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	// What the connection seals from here on is not sent: association's only record may have its nonce.
	flight := p.mute()
	profile, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, nil, errors.New("no SRTP profile in common")
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, nil, errors.New("no connection state")
	}
	k, err := newKeys(profile, state.ExportKeyingMaterial)
	if err != nil {
		return nil, nil, err
	}
	a, err := newAssociation(&state, flight)
	return k, a, err
}

// connect lets the viewer join its group.
func (v *Viewer) connect(k *keys, a *association) {
	v.t.mu.Lock()
	v.pipe = nil
	if !v.admitted {
		v.t.mu.Unlock()
		v.write(a.goodbye()) //nolint:errcheck // it is gone anyway
		return
	}
	v.keys.Store(k)
	v.dtls = a
	v.connected = true
	v.t.waitedLocked(v)
	v.t.mu.Unlock()
	v.t.log.Info("viewer came", "stream", v.g.s.Name(), "protocol", v.session.Protocol, "remote", v.session.Remote, "srtp", k.profile)
	v.g.join(v)
}

// promised reports whether the certificate has the fingerprint of the offer (RFC 8122 §5).
func (v *Viewer) promised(der []byte) bool {
	var sum []byte
	switch v.remoteHash {
	case "sha-256":
		s := sha256.Sum256(der)
		sum = s[:]
	case "sha-384":
		s := sha512.Sum384(der)
		sum = s[:]
	case "sha-512":
		s := sha512.Sum512(der)
		sum = s[:]
	default:
		return false
	}
	return subtle.ConstantTimeCompare([]byte(colons(sum)), []byte(v.remoteFinger)) == 1
}

func fingerprint(der []byte) string {
	s := sha256.Sum256(der)
	return colons(s[:])
}

func colons(sum []byte) string {
	var b strings.Builder
	for i, h := 0, strings.ToUpper(hex.EncodeToString(sum)); i < len(h); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(h[i : i+2])
	}
	return b.String()
}
