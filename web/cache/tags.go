package cache

import (
	"sync"
	"sync/atomic"
)

// maxTags bounds the tags that are remembered. Past it, all pages of before are taken for old, once.
const maxTags = 1 << 19

// everything is the tag that all pages depend on.
const everything = "network"

// ledger knows when each tag was bumped last.
type ledger struct {
	epoch atomic.Uint64 // written under mu

	mu     sync.RWMutex // guards bumped, floor; taken before nothing
	bumped map[string]uint64
	floor  uint64 // pages that began earlier are old, whatever their tags
}

func (l *ledger) now() uint64 { return l.epoch.Load() }

// bump notes that what the tags stand for has changed.
func (l *ledger) bump(tags []string) {
	if len(tags) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.epoch.Load() + 1
	if len(l.bumped)+len(tags) > maxTags {
		clear(l.bumped)
		l.floor = next
	}
	for _, t := range tags {
		if t == everything {
			l.floor = next
			continue
		}
		l.bumped[t] = next
	}
	l.epoch.Store(next)
}

// unchanged reports whether nothing of what the tags stand for has changed since an epoch. It returns the
// epoch at which that was so.
func (l *ledger) unchanged(tags []string, since uint64) (at uint64, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	at = l.epoch.Load()
	if since < l.floor {
		return at, false
	}
	for _, t := range tags {
		if l.bumped[t] > since {
			return at, false
		}
	}
	return at, true
}
