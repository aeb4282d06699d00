package signintest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Authenticator holds one passkey, as a telephone does.
type Authenticator struct {
	Origin string // the page that it believes to be on
	RPID   string
	Count  uint32 // of signatures; 0: it does not count
	Shy    bool   // it does not ask its holder who they are

	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// question is what the tests need of a ceremony's options.
type question struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

func (a *Authenticator) clientData(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return b
}

// data is the authenticator's data, WebAuthn §6.1.
func (a *Authenticator) data(attested []byte) []byte {
	flags := byte(0x01) // a person is there
	if !a.Shy {
		flags |= 0x04 // and is known
	}
	if attested != nil {
		flags |= 0x40
	}
	hash := sha256.Sum256([]byte(a.RPID))
	b := append(hash[:], flags)
	b = binary.BigEndian.AppendUint32(b, a.Count)
	return append(b, attested...)
}

// Create answers a question for a new passkey.
func (a *Authenticator) Create(options []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(options, &q); err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	a.id = []byte(rand.Text())
	if a.handle, err = base64.RawURLEncoding.DecodeString(q.PublicKey.User.ID); err != nil {
		return nil, fmt.Errorf("user handle: %w", err)
	}
	point, err := a.key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		return nil, err
	}
	// COSE: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: X, -3: Y}
	cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, point[1:33]...)
	cose = append(append(cose, 0x22, 0x58, 0x20), point[33:]...)
	attested := make([]byte, 16) // of no known make
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(a.id)))
	attested = append(append(attested, a.id...), cose...)
	data := a.data(attested)
	// CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
	object := []byte{0xa3, 0x63, 'f', 'm', 't', 0x64, 'n', 'o', 'n', 'e', 0x67, 'a', 't', 't', 'S', 't', 'm', 't', 0xa0, 0x68, 'a', 'u', 't', 'h', 'D', 'a', 't', 'a', 0x59}
	object = binary.BigEndian.AppendUint16(object, uint16(len(data)))
	object = append(object, data...)
	return json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": map[string]any{
			"clientDataJSON": b64(a.clientData("webauthn.create", q.PublicKey.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"},
		},
	})
}

// Get answers a question for the passkey.
func (a *Authenticator) Get(options []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(options, &q); err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	if a.Count > 0 {
		a.Count++
	}
	client, data := a.clientData("webauthn.get", q.PublicKey.Challenge), a.data(nil)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": map[string]any{
			"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.handle),
		},
	})
}
