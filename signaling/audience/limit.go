package audience

import (
	"sync"
	"time"
)

// maxSources bounds how many sources a limiter tells apart. Full: it begins anew, which forgives those who were
// counted, and so gives at most twice as many.
const maxSources = 10_000

// limiter counts what happens in windows of time.
type limiter struct {
	most   int
	window time.Duration

	mu    sync.Mutex // guards began, count
	began time.Time
	count map[string]int
}

func newLimiter(most int, window time.Duration) *limiter {
	return &limiter{most: most, window: window, count: map[string]int{}}
}

// may reports whether there is room for one more.
func (l *limiter) may(source string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turnLocked(now)
	return l.count[source] < l.most
}

// note counts one.
func (l *limiter) note(source string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turnLocked(now)
	l.noteLocked(source)
}

// take is may and note at once.
func (l *limiter) take(source string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turnLocked(now)
	if l.count[source] >= l.most {
		return false
	}
	l.noteLocked(source)
	return true
}

func (l *limiter) noteLocked(source string) {
	if _, known := l.count[source]; !known && len(l.count) >= maxSources {
		clear(l.count)
	}
	l.count[source]++
}

func (l *limiter) turnLocked(now time.Time) {
	if now.Sub(l.began) >= l.window || now.Before(l.began) {
		l.began = now
		clear(l.count)
	}
}
