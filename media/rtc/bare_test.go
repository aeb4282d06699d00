package rtc

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
)

// bare is a viewer without a PeerConnection: one STUN check, DTLS, and a count of the media. It is what
// many of are cheap, and what a bad network can be put before.
type bare struct {
	w    *world
	v    *Viewer
	sock *net.UDPConn
	dtls *dtls.Conn
	keys *srtp.Context           // for its SRTCP
	out  func(b []byte) [][]byte // what becomes of a DTLS datagram to the port; nil: it itself
	in   func(b []byte) [][]byte // and from it

	mu    sync.Mutex // guards all below
	late  [][]byte   // from the port, read and not given to DTLS yet
	media int
}

// newBare asks for the stream and proves its address. Its certificate may be another's: what DTLS does
// with it is the same for all.
func newBare(t testing.TB, w *world, cert *tls.Certificate) *bare {
	t.Helper()
	offer := []rune(shortOffer)
	i := strings.Index(shortOffer, "a=fingerprint:sha-256 ") + len("a=fingerprint:sha-256 ")
	copy(offer[i:], []rune(fingerprint(cert.Certificate[0])))
	v, _, err := w.rtc.View(w.stream(), []byte(string(offer)), Request{Protocol: "whep", Remote: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bare{w: w, v: v}
	if b.sock, err = net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(w.rtc.sock.Local())); err != nil {
		t.Fatal(err)
	}
	b.check(t)
	return b
}

func testCertificate(t testing.TB) *tls.Certificate {
	t.Helper()
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// check proves the address, and nominates it.
func (b *bare) check(t testing.TB) {
	t.Helper()
	b.w.rtc.mu.Lock()
	user, pwd := b.v.ufrag+":"+b.v.remoteUfrag, string(b.v.integrity)
	b.w.rtc.mu.Unlock()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(user), stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	for deadline := time.Now().Add(patience); ; {
		if time.Now().After(deadline) {
			t.Fatal("a check was not answered")
		}
		if _, err := b.sock.Write(m.Raw); err != nil {
			t.Fatal(err)
		}
		if err := b.sock.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := b.sock.Read(buf); err == nil && n > 0 && buf[0] <= 3 {
			break
		}
	}
	if err := b.sock.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// shake shakes hands, sending its flights again after 30 ms.
func (b *bare) shake(cert *tls.Certificate) error {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	conn, err := dtls.ClientWithOptions(b, b.sock.RemoteAddr(),
		dtls.WithCertificates(*cert), dtls.WithInsecureSkipVerify(true), dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM), dtls.WithFlightInterval(30*time.Millisecond),
		dtls.WithDisableRetransmitBackoff(true), dtls.WithLoggerFactory(quietFactory{}), dtls.WithMTU(400))
	if err != nil {
		return err
	}
	b.dtls = conn
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return errors.New("no state")
	}
	m, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(16+12))
	if err != nil {
		return err
	}
	b.keys, err = srtp.CreateContext(m[:16], m[32:44], srtp.ProtectionProfileAeadAes128Gcm)
	return err
}

// close lets go of the client's side, with a goodbye if there is a connection.
func (b *bare) close() {
	if b.dtls != nil {
		b.dtls.Close() //nolint:errcheck // a test's end
	}
	b.sock.Close() //nolint:errcheck // a test's end
}

// ReadFrom implements net.PacketConn for DTLS: it counts and leaves out all else.
func (b *bare) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		b.mu.Lock()
		if len(b.late) > 0 {
			n := copy(p, b.late[0])
			b.late = b.late[1:]
			b.mu.Unlock()
			return n, b.sock.RemoteAddr(), nil
		}
		b.mu.Unlock()
		n, err := b.sock.Read(p)
		if err != nil {
			return 0, nil, err
		}
		b.mu.Lock()
		switch {
		case n == 0:
		case p[0] >= 128:
			b.media++
		case isDTLS(p[0]) && b.in == nil:
			b.late = append(b.late, append([]byte(nil), p[:n]...))
		case isDTLS(p[0]):
			b.late = append(b.late, b.in(append([]byte(nil), p[:n]...))...)
		}
		b.mu.Unlock()
	}
}

// WriteTo implements net.PacketConn for DTLS.
func (b *bare) WriteTo(p []byte, _ net.Addr) (int, error) {
	all := [][]byte{p}
	if b.out != nil {
		all = b.out(append([]byte(nil), p...))
	}
	for _, x := range all {
		if _, err := b.sock.Write(x); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Close implements net.PacketConn. The socket is closed by close.
func (b *bare) Close() error                       { return nil }
func (b *bare) LocalAddr() net.Addr                { return b.sock.LocalAddr() }
func (b *bare) SetDeadline(t time.Time) error      { return b.sock.SetDeadline(t) }
func (b *bare) SetReadDeadline(t time.Time) error  { return b.sock.SetReadDeadline(t) }
func (b *bare) SetWriteDeadline(t time.Time) error { return b.sock.SetWriteDeadline(t) }

// connected waits for the port's side of the handshake.
func connected(t *testing.T, v *Viewer) {
	t.Helper()
	eventually(t, "the viewer is connected", func() bool { return v.keys.Load() != nil })
}

// eventually waits until ok reports true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: did not happen", what)
		}
	}
}
