package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/logging"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v5/packetio"
)

// pipe is the net.PacketConn of one viewer's DTLS: in from the viewer's goroutine, out to the socket.
type pipe struct {
	in *packetio.Buffer // 32 packets; full: dropped, DTLS sends them again
	s  *whepSession
	to netip.AddrPort
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, _, err := p.in.Read(b, nil)
	return n, p.addr(), err
}

func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	return p.s.conn.WriteToUDPAddrPort(b, p.to)
}
func (p *pipe) addr() net.Addr                    { return net.UDPAddrFromAddrPort(p.to) }
func (p *pipe) Close() error                      { return p.in.Close() }
func (p *pipe) LocalAddr() net.Addr               { return p.s.conn.LocalAddr() }
func (p *pipe) SetDeadline(t time.Time) error     { return p.in.SetReadDeadline(t) }
func (p *pipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(time.Time) error  { return nil }

// srtpKeys opens what comes and seals what goes.
type srtpKeys struct {
	in, out *srtp.Context
}

// secure shakes hands and gives the keys to the viewer's goroutine. It reads on, for the server's
// goodbye, until the pipe closes.
func (s *whepSession) secure(p *pipe) error {
	conn, err := s.shakeHands(p)
	if err != nil {
		return fmt.Errorf("DTLS handshake: %w", err)
	}
	k, err := newKeys(conn, s.agent.remote.passive)
	if err != nil {
		conn.Close() //nolint:errcheck // it failed already
		return err
	}
	s.dtls.Store(conn)
	s.keys.Store(k)
	s.conn.SetReadDeadline(time.Now()) //nolint:errcheck // wakes the viewer's goroutine: packets may wait
	var buf [2048]byte
	for {
		if _, err := conn.Read(buf[:]); errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if s.closed.Load() {
			return nil
		}
	}
}

func (s *whepSession) shakeHands(p *pipe) (*dtls.Conn, error) {
	// The order of profiles is that of pion/webrtc, so that a server gets from us what it gets from
	// that library.
	common := []dtls.Option{
		dtls.WithCertificates(s.api.cert),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithInsecureSkipVerify(true), // the fingerprint says who it is
		dtls.WithLoggerFactory(silent()),
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !strings.EqualFold(fingerprint(raw[0]), s.agent.remote.fingerprint) {
				return errors.New("the certificate is not the one that the answer promised")
			}
			return nil
		}),
	}
	var conn *dtls.Conn
	var err error
	if s.agent.remote.passive {
		opts := make([]dtls.ClientOption, 0, len(common))
		for _, o := range common {
			opts = append(opts, o)
		}
		conn, err = dtls.ClientWithOptions(p, p.addr(), opts...)
	} else {
		opts := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true)}
		for _, o := range common {
			opts = append(opts, o)
		}
		conn, err = dtls.ServerWithOptions(p, p.addr(), opts...)
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		conn.Close() //nolint:errcheck // it failed already
		return nil, err
	}
	return conn, nil
}

// newKeys splits exported keying material (RFC 5764 §4.2): client key, server key, client salt, server salt.
func newKeys(conn *dtls.Conn, client bool) (*srtpKeys, error) {
	profile, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, errors.New("no SRTP profile in common")
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, errors.New("no DTLS connection state")
	}
	p := srtp.ProtectionProfile(profile)
	keyLen, err := p.KeyLen()
	if err != nil {
		return nil, fmt.Errorf("SRTP profile %v: %w", profile, err)
	}
	saltLen, err := p.SaltLen()
	if err != nil {
		return nil, fmt.Errorf("SRTP profile %v: %w", profile, err)
	}
	m, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(keyLen+saltLen))
	if err != nil {
		return nil, fmt.Errorf("export SRTP keys: %w", err)
	}
	ours, theirs := m[:keyLen], m[keyLen:2*keyLen]
	oursSalt, theirsSalt := m[2*keyLen:2*keyLen+saltLen], m[2*keyLen+saltLen:]
	if !client {
		ours, theirs, oursSalt, theirsSalt = theirs, ours, theirsSalt, oursSalt
	}
	k := &srtpKeys{}
	if k.in, err = srtp.CreateContext(theirs, theirsSalt, p); err != nil {
		return nil, fmt.Errorf("SRTP context: %w", err)
	}
	if k.out, err = srtp.CreateContext(ours, oursSalt, p); err != nil {
		return nil, fmt.Errorf("SRTP context: %w", err)
	}
	return k, nil
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	var b strings.Builder
	for i, h := 0, strings.ToUpper(hex.EncodeToString(sum[:])); i < len(h); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(h[i : i+2])
	}
	return b.String()
}

func certificate() (tls.Certificate, error) {
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return c, fmt.Errorf("make a certificate: %w", err)
	}
	return c, nil
}

func silent() logging.LoggerFactory {
	return &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
}
