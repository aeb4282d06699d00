// Package keys owns stream keys: which key may publish or read which streams. It is the media.Gate of
// a server whose rights come from the configuration.
//
// It refuses people, sessions and sites: it sees a key and a stream's name, nothing else.
package keys

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"path"
	"sync/atomic"

	"xianfeng/media"
)

// Rule is one key and what it opens. Patterns are those of path.Match over stream names.
type Rule struct {
	Key     string
	Publish []string
	Read    []string
}

// Ring is a set of keys that can be changed while it is asked. The zero Ring allows nothing.
type Ring struct {
	rules atomic.Pointer[ruleSet]
}

type ruleSet struct {
	anybody []string // streams that need no key to read
	keys    []hashed
}

// hashed keeps a key as its digest, so that comparing takes the same time for any two keys.
type hashed struct {
	sum           [sha256.Size]byte
	publish, read []string
}

// Set replaces all rules. anybody lists the patterns of streams that are read without a key.
func (r *Ring) Set(anybody []string, rules []Rule) {
	s := &ruleSet{anybody: anybody}
	for _, x := range rules {
		s.keys = append(s.keys, hashed{sum: sha256.Sum256([]byte(x.Key)), publish: x.Publish, read: x.Read})
	}
	r.rules.Store(s)
}

// Allow answers media.Gate.
func (r *Ring) Allow(a media.Access) error {
	s := r.rules.Load()
	if s == nil {
		return fmt.Errorf("%w: no rules", media.ErrDenied)
	}
	if a.Action == media.Read && matches(s.anybody, a.Stream) {
		return nil
	}
	if a.Key == "" {
		return fmt.Errorf("%w: a key is needed to %s %s", media.ErrDenied, a.Action, a.Stream)
	}
	sum := sha256.Sum256([]byte(a.Key))
	for i := range s.keys {
		k := &s.keys[i]
		if subtle.ConstantTimeCompare(sum[:], k.sum[:]) != 1 {
			continue
		}
		patterns := k.read
		if a.Action == media.Publish {
			patterns = k.publish
		}
		if matches(patterns, a.Stream) {
			return nil
		}
	}
	return fmt.Errorf("%w: the key does not open %s for %s", media.ErrDenied, a.Stream, a.Action)
}

func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, name); ok && err == nil {
			return true
		}
	}
	return false
}
