package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"xianfeng/internal/errs"
)

const (
	saltBytes = 16
	hashBytes = 32

	maxArgonMemory = 1 << 20 // KiB; a hash that asks for more was not made here
	maxArgonTime   = 64

	waitingHashes = 64 // full: who comes is told to try again
)

var errHash = errors.New("not a password hash of ours")

// hasher makes and checks password hashes, a few at once: each takes megabytes and milliseconds, so that a flood
// of sign-ins must not take the machine.
type hasher struct {
	slots   chan struct{}
	waiting chan struct{}
}

func newHasher(atOnce int) *hasher {
	return &hasher{slots: make(chan struct{}, atOnce), waiting: make(chan struct{}, atOnce+waitingHashes)}
}

// phc is a password hash taken apart: $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
type phc struct {
	argon      Argon
	salt, hash []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.argon.Memory, p.argon.Time, p.argon.Lanes, b64(p.salt), b64(p.hash))
}

func parsePHC(text string) (phc, error) {
	part := strings.Split(text, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errHash
	}
	set := strings.Split(part[3], ",")
	if len(set) != 3 {
		return phc{}, errHash
	}
	var n [3]uint64
	for i, want := range []string{"m=", "t=", "p="} {
		v, ok := strings.CutPrefix(set[i], want)
		x, err := strconv.ParseUint(v, 10, 32)
		if !ok || err != nil || x == 0 {
			return phc{}, errHash
		}
		n[i] = x
	}
	if n[0] > maxArgonMemory || n[1] > maxArgonTime || n[2] > 255 {
		return phc{}, errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(part[4])
	hash, err2 := base64.RawStdEncoding.DecodeString(part[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(hash) < 16 || len(hash) > 64 {
		return phc{}, errHash
	}
	return phc{Argon{uint32(n[0]), uint32(n[1]), uint8(n[2])}, salt, hash}, nil
}

// smaller reports whether a hash was made with less work than is wanted now.
func (a Argon) smaller(than Argon) bool { return a.Memory < than.Memory || a.Time < than.Time }

// take waits for a slot; give gives it back.
func (h *hasher) take(ctx context.Context) (give func(), err error) {
	select {
	case h.waiting <- struct{}{}:
	default:
		return nil, fmt.Errorf("check a password: %w", errs.TooMany)
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.waiting }, nil
	case <-ctx.Done():
		<-h.waiting
		return nil, fmt.Errorf("check a password: %w", ctx.Err())
	}
}

func (h *hasher) derive(ctx context.Context, password string, salt []byte, a Argon, n int) ([]byte, error) {
	give, err := h.take(ctx)
	if err != nil {
		return nil, err
	}
	defer give()
	// The same characters may be entered composed or decomposed: NIST SP 800-63B §3.1.1.2.
	return argon2.IDKey(norm.NFKC.Bytes([]byte(password)), salt, a.Time, a.Memory, a.Lanes, uint32(n)), nil
}

// hash returns a PHC string.
func (h *hasher) hash(ctx context.Context, password string, a Argon) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) //nolint:errcheck // it never fails: crypto/rand
	sum, err := h.derive(ctx, password, salt, a, hashBytes)
	if err != nil {
		return "", err
	}
	return phc{a, salt, sum}.String(), nil
}

// matches reports whether a password is the one that was hashed. With no hash it does the same work in vain, so
// that nobody learns from the time it takes who has a password.
func (h *hasher) matches(ctx context.Context, text, password string, a Argon) (ok, outdated bool, err error) {
	p, err := parsePHC(text)
	none := err != nil
	if none {
		p = phc{a, make([]byte, saltBytes), make([]byte, hashBytes)}
	}
	sum, err := h.derive(ctx, password, p.salt, p.argon, len(p.hash))
	if err != nil {
		return false, false, err
	}
	same := subtle.ConstantTimeCompare(sum, p.hash) == 1
	return same && !none, p.argon.smaller(a), nil
}
