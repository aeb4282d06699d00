package rtc

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// maxTag is the most that sealing adds to a packet.
const maxTag = 16

// sealer protects RTP packets to one viewer. It belongs to the group's worker.
type sealer interface {
	// seal completes the packet whose header is the first n bytes of dst, which has room for
	// n+len(payload)+maxTag bytes, and returns its length. nonce is scratch memory.
	seal(dst []byte, n int, payload []byte, index uint64, ssrc uint32, nonce *[12]byte) (int, error)
}

// gcmSealer is AEAD_AES_128_GCM (RFC 7714). 0 allocs: TestSealDoesNotAllocate.
type gcmSealer struct {
	aead cipher.AEAD
	salt [12]byte
}

func (g *gcmSealer) seal(dst []byte, n int, payload []byte, index uint64, ssrc uint32, nonce *[12]byte) (int, error) {
	// RFC 7714 §8.1: 00 00 ‖ SSRC ‖ ROC ‖ SEQ, xor salt.
	*nonce = g.salt
	xor32(nonce[2:], ssrc)
	xor32(nonce[6:], uint32(index>>16)) //nolint:gosec // 48 bits by RFC 3711 §3.3.1
	nonce[10] ^= byte(index >> 8)
	nonce[11] ^= byte(index)
	g.aead.Seal(dst[n:n], nonce[:], payload, dst[:n])
	return n + len(payload) + maxTag, nil
}

func xor32(b []byte, v uint32) {
	binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)^v)
}

// pionSealer is any other profile, by pion's code.
type pionSealer struct {
	c *srtp.Context
	h rtp.Header
}

func (s *pionSealer) seal(dst []byte, n int, payload []byte, _ uint64, _ uint32, _ *[12]byte) (int, error) {
	n += copy(dst[n:], payload)
	// The context follows the rollover counter by the sequence numbers it is given. It works in place.
	out, err := s.c.EncryptRTP(dst[:0], dst[:n], &s.h)
	if err != nil {
		return 0, fmt.Errorf("seal: %w", err)
	}
	return len(out), nil
}

// keys is what a DTLS handshake yields.
type keys struct {
	profile string
	seal    sealer
	out     *srtp.Context // SRTCP to the viewer; the worker's
	in      *srtp.Context // SRTCP from the viewer; guarded by ears.mu
}

// newKeys splits exported keying material (RFC 5764 §4.2): client key, server key, client salt,
// server salt. We are the server.
func newKeys(profile dtls.SRTPProtectionProfile, export func(label string, context []byte, n int) ([]byte, error)) (*keys, error) {
	p := srtp.ProtectionProfile(profile)
	keyLen, err := p.KeyLen()
	if err != nil {
		return nil, fmt.Errorf("SRTP profile %v: %w", profile, err)
	}
	saltLen, err := p.SaltLen()
	if err != nil {
		return nil, fmt.Errorf("SRTP profile %v: %w", profile, err)
	}
	m, err := export("EXTRACTOR-dtls_srtp", nil, 2*(keyLen+saltLen))
	if err != nil {
		return nil, fmt.Errorf("export SRTP keys: %w", err)
	}
	clientKey, serverKey := m[:keyLen], m[keyLen:2*keyLen]
	clientSalt, serverSalt := m[2*keyLen:2*keyLen+saltLen], m[2*keyLen+saltLen:]

	k := &keys{profile: p.String()}
	if k.out, err = srtp.CreateContext(serverKey, serverSalt, p); err != nil {
		return nil, fmt.Errorf("SRTP context: %w", err)
	}
	if k.in, err = srtp.CreateContext(clientKey, clientSalt, p, srtp.SRTCPReplayProtection(64)); err != nil {
		return nil, fmt.Errorf("SRTP context: %w", err)
	}
	k.seal = &pionSealer{c: k.out}
	if profile == dtls.SRTP_AEAD_AES_128_GCM {
		if k.seal, err = newGCMSealer(serverKey, serverSalt); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func newGCMSealer(masterKey, masterSalt []byte) (*gcmSealer, error) {
	key, err := derive(masterKey, masterSalt, 0, 16)
	if err != nil {
		return nil, err
	}
	salt, err := derive(masterKey, masterSalt, 2, 12)
	if err != nil {
		return nil, err
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("SRTP session key: %w", err)
	}
	g := &gcmSealer{}
	if g.aead, err = cipher.NewGCM(b); err != nil {
		return nil, fmt.Errorf("SRTP session key: %w", err)
	}
	copy(g.salt[:], salt)
	return g, nil
}

// derive is the key derivation of RFC 3711 §4.3 with a derivation rate of zero; RFC 7714 §11 keeps it,
// with the 96-bit salt in front of 16 zero bits.
func derive(masterKey, masterSalt []byte, label byte, n int) ([]byte, error) {
	b, err := aes.NewCipher(masterKey)
	if err != nil {
		return nil, fmt.Errorf("SRTP master key: %w", err)
	}
	var x [16]byte
	copy(x[:14], masterSalt)
	x[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(b, x[:]).XORKeyStream(out, out)
	return out, nil
}
