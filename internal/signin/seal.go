package signin

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// errSealed says that a sealed text is not ours, was changed, is for something else or is over.
var errSealed = errors.New("it was not sealed here, or not for this, or it is too old")

const maxSealed = 4096 // longer than any of ours, and what browsers keep

// Key seals what is kept outside the database (cookies) and what must be of no use to who reads the database
// (secrets of second factors). Whoever loses it loses the second factors.
type Key struct {
	aead cipher.AEAD
	mac  [sha256.Size]byte
}

// LoadKey reads the key from a file, and makes one at the first start. Only its owner may read it.
func LoadKey(file string) (*Key, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		b, err = makeKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("key of signing in: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("key of signing in: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		return nil, fmt.Errorf("key of signing in: %s may be read by others than its owner: chmod 600", file)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(raw) != chacha20poly1305.KeySize {
		return nil, fmt.Errorf("key of signing in: %s has no key in it", file)
	}
	return NewKey([32]byte(raw)), nil
}

// makeKey writes a new key whole or not at all; of two processes one makes it and both read it.
func makeKey(file string) ([]byte, error) {
	var raw [chacha20poly1305.KeySize]byte
	rand.Read(raw[:]) //nolint:errcheck // it never fails: crypto/rand
	f, err := os.CreateTemp(filepath.Dir(file), ".key-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it was linked under its name, or is of no use
	_, err = f.WriteString(hex.EncodeToString(raw[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(file)
}

// NewKey makes a Key of 32 random bytes.
func NewKey(raw [32]byte) *Key {
	aead, err := chacha20poly1305.NewX(raw[:])
	if err != nil {
		panic(err) // the length is a type
	}
	return &Key{aead: aead, mac: sha256.Sum256(append([]byte("names:"), raw[:]...))}
}

// seal encrypts. Only open with the same purpose opens it.
func (k *Key) seal(purpose string, plain []byte) []byte {
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	rand.Read(nonce) //nolint:errcheck // it never fails: crypto/rand
	return k.aead.Seal(nonce, nonce, plain, []byte(purpose))
}

func (k *Key) open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < chacha20poly1305.NonceSizeX {
		return nil, errSealed
	}
	plain, err := k.aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], []byte(purpose))
	if err != nil {
		return nil, errSealed // what is wrong with it is nobody's business
	}
	return plain, nil
}

// ticket is what a sealed text carries.
type ticket struct {
	Until int64           `json:"u"` // Unix ms
	Value json.RawMessage `json:"v"`
}

// sealText seals a value into a text for a cookie, good until a time.
func (k *Key) sealText(purpose string, until time.Time, value any) (string, error) {
	v, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", purpose, err)
	}
	b, err := json.Marshal(ticket{Until: until.UnixMilli(), Value: v})
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", purpose, err)
	}
	return base64.RawURLEncoding.EncodeToString(k.seal(purpose, b)), nil
}

// openText is the way back.
func (k *Key) openText(purpose, text string, now time.Time, value any) error {
	if len(text) > maxSealed {
		return errSealed
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return errSealed
	}
	plain, err := k.open(purpose, sealed)
	if err != nil {
		return err
	}
	var t ticket
	if err := json.Unmarshal(plain, &t); err != nil {
		return errSealed
	}
	if now.UnixMilli() >= t.Until {
		return errSealed
	}
	if err := json.Unmarshal(t.Value, value); err != nil {
		return errSealed
	}
	return nil
}

// name makes of its parts a name that says nothing to who reads it.
func (k *Key) name(parts ...string) string {
	h := hmac.New(sha256.New, k.mac[:])
	for _, p := range parts {
		var n [8]byte
		for i, l := 0, len(p); i < 8; i, l = i+1, l>>8 {
			n[i] = byte(l)
		}
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
