package media

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Session is one reader of a stream as people see it: counted, listed and closed as one, whatever
// carries its data.
type Session struct {
	ID       string
	Protocol string // "rtsp", "rtmp", "srt", "hls", "whep"
	Remote   string // address of the peer
	Since    time.Time

	Sent atomic.Uint64 // bytes
	Lost atomic.Uint64 // packets that the reader reports lost, or that were never sent to it

	s     *Stream
	close func(error)
	once  sync.Once
}

// NewSession registers a reader. closeFn, which may be nil, is called at most once, on another
// goroutine's time: when the stream ends or somebody kicks the reader; it must not block.
// It fails with the stream's end, after which closeFn is not called.
func (s *Stream) NewSession(protocol, remote string, closeFn func(error)) (*Session, error) {
	x := &Session{ID: newID(), Protocol: protocol, Remote: remote, Since: time.Now(), s: s, close: closeFn}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return nil, s.ended
	}
	s.sessions[x] = struct{}{}
	s.totals.came(protocol)
	return x, nil
}

// Leave takes the session off the stream. It may be called more than once.
func (x *Session) Leave() {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if _, there := x.s.sessions[x]; !there {
		return
	}
	delete(x.s.sessions, x)
	x.s.totals.session(x)
	if len(x.s.sessions) == 0 {
		x.s.sessions = map[*Session]struct{}{} // a map keeps the room of a crowd
		x.s.idle = time.Now()
	}
}

// Kick asks whoever made the session to close it, because of err.
func (x *Session) Kick(err error) {
	if x.close != nil {
		x.once.Do(func() { x.close(err) })
	}
}

// KickSession closes one reader, because of err. It fails with ErrNotFound.
func (s *Stream) KickSession(id string, err error) error {
	s.mu.Lock()
	var found *Session
	for x := range s.sessions {
		if x.ID == id {
			found = x
		}
	}
	s.mu.Unlock()
	if found == nil {
		return fmt.Errorf("session %.40q of stream %q: %w", id, s.name, ErrNotFound)
	}
	found.Kick(err)
	return nil
}

// idleFor returns how long the stream has had no session.
func (s *Stream) idleFor() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sessions) > 0 {
		return 0
	}
	return time.Since(s.idle)
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) //nolint:errcheck // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
