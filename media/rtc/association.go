package rtc

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/ciphersuite"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol"
	"github.com/pion/dtls/v3/pkg/protocol/alert"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
)

// association is what stays of a viewer's DTLS after the handshake: enough to send our last flight again
// when it was lost (RFC 6347 §4.2.4), to believe a goodbye and to say one. It has no goroutine and some
// 200 bytes, a sixtieth of a connection of pion's. It does not change.
type association struct {
	clientKey, serverKey [16]byte // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	clientIV, serverIV   [4]byte
	next                 uint64 // sequence number of our next record, which is our last
	flight               []byte // our last flight, one datagram
}

// Content types (RFC 5246 §6.2.1).
const (
	recordChange    = 20
	recordAlert     = 21
	recordHandshake = 22
	recordHeader    = 13 // RFC 6347 §4.1
	maxRecords      = 4  // encrypted ones in a datagram that are looked at; honest ones have one
)

// newAssociation takes over from a connection that sends nothing any more.
func newAssociation(s *dtls.State, flight []byte) (*association, error) {
	b, err := s.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("export the DTLS state: %w", err)
	}
	var x struct {
		MasterSecret              []byte
		LocalRandom, RemoteRandom [handshake.RandomLength]byte
		SequenceNumber            uint64
	}
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&x); err != nil {
		return nil, fmt.Errorf("read the DTLS state: %w", err)
	}
	if len(x.MasterSecret) == 0 {
		return nil, errors.New("the DTLS state has no secret")
	}
	k, err := prf.GenerateEncryptionKeys(x.MasterSecret, x.RemoteRandom[:], x.LocalRandom[:], 0, 16, 4, sha256.New)
	if err != nil {
		return nil, fmt.Errorf("derive the DTLS keys: %w", err)
	}
	a := &association{next: x.SequenceNumber, flight: flight}
	copy(a.clientKey[:], k.ClientWriteKey)
	copy(a.serverKey[:], k.ServerWriteKey)
	copy(a.clientIV[:], k.ClientWriteIV)
	copy(a.serverIV[:], k.ServerWriteIV)
	return a, nil
}

// cipher is made for each use: there are few, and it is larger than all the rest.
func (a *association) cipher() (*ciphersuite.GCM, error) {
	return ciphersuite.NewGCM(a.serverKey[:], a.serverIV[:], a.clientKey[:], a.clientIV[:])
}

// wish is what a viewer's records ask for.
type wish int

const (
	wishNothing wish = iota
	wishFlight       // our last flight again
	wishEnd
)

// hear reads a datagram, and overwrites it. Records that are not authentic say nothing (RFC 6347 §4.1.2.7).
func (a *association) hear(b []byte) wish {
	var c *ciphersuite.GCM
	said := wishNothing
	for left := maxRecords; left > 0 && len(b) >= recordHeader; {
		n := recordHeader + int(binary.BigEndian.Uint16(b[11:]))
		if n > len(b) {
			break
		}
		r := b[:n:n]
		b = b[n:]
		if r[0] != recordAlert && r[0] != recordHandshake || binary.BigEndian.Uint16(r[3:]) != 1 { // epoch
			continue
		}
		left--
		if c == nil {
			var err error
			if c, err = a.cipher(); err != nil {
				break
			}
		}
		p, err := c.Decrypt(recordlayer.Header{}, r)
		if err != nil || len(p) < recordHeader+2 {
			continue
		}
		kind, p := p[0], p[recordHeader:]
		switch {
		case kind == recordAlert && (alert.Level(p[0]) == alert.Fatal || alert.Description(p[1]) == alert.CloseNotify):
			return wishEnd
		case kind == recordHandshake && handshake.Type(p[0]) == handshake.TypeFinished:
			said = wishFlight
		}
	}
	return said
}

// goodbye is a close_notify. Only one may be made: a second one would be sealed with the same nonce.
func (a *association) goodbye() []byte {
	r := &recordlayer.RecordLayer{
		Header:  recordlayer.Header{Version: protocol.Version1_2, Epoch: 1, SequenceNumber: a.next},
		Content: &alert.Alert{Level: alert.Warning, Description: alert.CloseNotify},
	}
	raw, err := r.Marshal()
	if err != nil {
		return nil
	}
	c, err := a.cipher()
	if err != nil {
		return nil
	}
	out, err := c.Encrypt(r, raw)
	if err != nil {
		return nil
	}
	return out
}
