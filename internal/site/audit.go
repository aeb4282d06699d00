package site

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// ErrBroken says that the audit log is not what was written.
var ErrBroken = errors.New("the audit log was changed")

// Entry is a line of the audit log. Lines are only ever added; each one has the hash of the line before in
// its own, so that a line that is changed, taken out or put in between breaks the chain from there on.
type Entry struct {
	Seq    int64 // 1, 2, 3, … without gaps
	At     time.Time
	By     AccountID
	Remote string // address of the visitor; "": not over the network
	Site   ID     // 0: the whole network
	Action string // "article.publish", "account.grant", …
	Object string // what it was done to: "article:17"
	Detail string // JSON; no secrets

	Hash [sha256.Size]byte
}

// Seal numbers e and sets its hash, as the line after prev. prev is the zero Entry for the first line.
func (e *Entry) Seal(prev *Entry) {
	e.Seq = prev.Seq + 1
	e.At = e.At.UTC().Truncate(time.Millisecond) // what stores keep
	e.Hash = e.sum(prev.Hash)
}

// Check reports whether e is the line that was written after prev.
func (e *Entry) Check(prev *Entry) error {
	if e.Seq != prev.Seq+1 {
		return fmt.Errorf("line %d follows line %d: %w", e.Seq, prev.Seq, ErrBroken)
	}
	if e.sum(prev.Hash) != e.Hash {
		return fmt.Errorf("line %d: %w", e.Seq, ErrBroken)
	}
	return nil
}

// sum hashes every field with its length in front, so that no two lines have the same bytes.
func (e *Entry) sum(prev [sha256.Size]byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(prev[:])
	for _, n := range []int64{e.Seq, e.At.UnixMilli(), int64(e.By), int64(e.Site)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	for _, s := range []string{e.Remote, e.Action, e.Object, e.Detail} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	var out [sha256.Size]byte
	h.Sum(out[:0])
	return out
}

// HashText is the hash as it is exported.
func (e *Entry) HashText() string { return hex.EncodeToString(e.Hash[:]) }
