package rtc

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v5/packetio"
)

// pipe is the net.PacketConn that a viewer's DTLS runs over: packets in from the receive loop, packets
// out through the socket to wherever the viewer is.
type pipe struct {
	in *packetio.Buffer // 32 packets; full: dropped, DTLS sends them again
	v  *Viewer
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
	a := p.v.to.Load()
	if a == nil {
		return 0, net.ErrClosed
	}
	if c, ok := a.Via().(*framed); ok {
		c.say(b)
		return len(b), nil
	}
	return p.v.t.sock.Write(b, a.AddrPort)
}

func (p *pipe) Close() error                      { return p.in.Close() }
func (p *pipe) LocalAddr() net.Addr               { return p.v.t.sock.Conn().LocalAddr() }
func (p *pipe) SetDeadline(t time.Time) error     { return p.in.SetReadDeadline(t) }
func (p *pipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(time.Time) error  { return nil }

// handleDTLS gives a packet to the viewer's DTLS; the first one starts it.
func (v *Viewer) handleDTLS(b []byte) {
	v.t.mu.Lock()
	if v.pipe == nil && v.admitted {
		v.pipe = newPipe(v)
		v.wg.Add(1)
		// runDTLS ends with the viewer; Transport.Close waits for it.
		go v.runDTLS(v.pipe)
	}
	p := v.pipe
	v.t.mu.Unlock()
	if p != nil {
		p.in.Write(b, nil) //nolint:errcheck // full or closed: as if lost on the way
	}
}

var (
	errFingerprint = errors.New("the certificate is not the one that the offer promised")
	errGoodbye     = errors.New("the viewer said goodbye")
)

// runDTLS shakes hands, lets the viewer join its group, and then sleeps until one of the sides ends it.
func (v *Viewer) runDTLS(p *pipe) {
	defer v.wg.Done()
	defer p.Close() //nolint:errcheck // a buffer
	conn, err := v.shakeHands(p)
	if err != nil {
		v.Close(fmt.Errorf("DTLS handshake: %w", err))
		v.t.log.Warn("viewer failed", "stream", v.g.s.Name(), "protocol", v.session.Protocol, "remote", v.session.Remote, "error", v.Err())
		return
	}
	v.wg.Add(1)
	stop := context.AfterFunc(v.ctx, func() {
		defer v.wg.Done()
		conn.Close() //nolint:errcheck // says goodbye, once, and ends the loop below
	})
	v.connect()
	var buf [2048]byte
	for {
		// Nothing but alerts can come; garbage does not end the connection (RFC 6347 §4.1.2.7).
		if _, err := conn.Read(buf[:]); errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || v.ctx.Err() != nil {
			break
		}
	}
	v.Close(errGoodbye)
	if stop() {
		v.wg.Done()
	}
	conn.Close() //nolint:errcheck // already closed
	v.t.log.Info("viewer left", "stream", v.g.s.Name(), "protocol", v.session.Protocol, "remote", v.session.Remote, "error", v.Err())
}

func (v *Viewer) shakeHands(p *pipe) (*dtls.Conn, error) {
	conn, err := dtls.ServerWithOptions(p, p.remote(),
		dtls.WithCertificates(v.t.cert),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
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
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.ctx, handshakeTime)
	defer cancel()
	err = conn.HandshakeContext(ctx)
	if err == nil {
		err = v.adopt(conn)
	}
	if err != nil {
		conn.Close() //nolint:errcheck // it failed already
		return nil, err
	}
	return conn, nil
}

// adopt takes the SRTP keys of a finished handshake.
func (v *Viewer) adopt(conn *dtls.Conn) error {
	profile, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return errors.New("no SRTP profile in common")
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return errors.New("no connection state")
	}
	k, err := newKeys(profile, state.ExportKeyingMaterial)
	if err != nil {
		return err
	}
	v.keys.Store(k)
	return nil
}

// connect lets the viewer join its group.
func (v *Viewer) connect() {
	v.t.mu.Lock()
	if !v.admitted {
		v.t.mu.Unlock()
		return
	}
	v.connected = true
	v.t.waitedLocked(v)
	v.t.mu.Unlock()
	v.t.log.Info("viewer came", "stream", v.g.s.Name(), "protocol", v.session.Protocol, "remote", v.session.Remote, "srtp", v.Profile())
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
