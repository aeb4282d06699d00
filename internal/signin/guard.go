package signin

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"xianfeng/internal/errs"
)

// Wait says that somebody has to wait before the next try. It is errs.TooMany.
type Wait struct{ For time.Duration }

func (w *Wait) Error() string {
	return fmt.Sprintf("too many tries: wait %s", w.For.Round(time.Second))
}

// Is makes a Wait a kind of TooMany.
func (w *Wait) Is(target error) bool { return target == errs.TooMany } //nolint:errorlint // a sentinel

// guard slows down who guesses. What fails is counted in the store, so that a restart forgives nobody; how fast
// one address may try is counted here.
type guard struct {
	rate  limiter
	turns turns
}

// suspect is under which keys a try is counted.
type suspect struct {
	near string // this account from this address, or from this known browser
	all  string // this account from anywhere; "": the browser is known, and what others do must not keep it out
}

// suspect names a try. kind keeps passwords and codes apart; device is "" unless the browser is known.
func (s *Service) suspect(kind, who, remote, device string) suspect {
	if device != "" {
		return suspect{near: s.cfg.Key.name(kind, "device", who, device)}
	}
	return suspect{
		near: s.cfg.Key.name(kind, "address", who, neighbourhood(remote)),
		all:  s.cfg.Key.name(kind, "anywhere", who),
	}
}

func (u suspect) keys() []string {
	if u.all == "" {
		return []string{u.near}
	}
	return []string{u.near, u.all}
}

// admit waits for the turn of a suspect and reports whether it may try. done ends the turn.
func (s *Service) admit(ctx context.Context, u suspect) (done func(), err error) {
	done, err = s.guard.turns.take(ctx, u.near)
	if err != nil {
		return nil, err
	}
	failures, err := s.cfg.Store.Failures(ctx, u.keys()...)
	if err != nil {
		done()
		return nil, fmt.Errorf("look for failures: %w", err)
	}
	if wait := s.Rules().Lock.wait(failures, s.now()); wait > 0 {
		done()
		return nil, &Wait{wait}
	}
	return done, nil
}

// wait returns how long from now a suspect has to wait.
func (l LockRules) wait(failures []Failure, now time.Time) time.Duration {
	var wait time.Duration
	for i, f := range failures {
		if now.Sub(f.Last) >= l.Forget {
			continue
		}
		var delay time.Duration
		if i == 0 {
			delay = grow(l.Wait, l.MaxWait, f.N-l.Tries)
		} else {
			delay = grow(time.Second, l.MaxAll, f.N-l.Anywhere)
		}
		wait = max(wait, delay-now.Sub(f.Last))
	}
	return wait
}

// grow doubles first for each failure past the limit.
func grow(first, most time.Duration, past int) time.Duration {
	if past < 0 {
		return 0
	}
	for ; past > 0 && first < most; past-- {
		first *= 2
	}
	return min(first, most)
}

// neighbourhood is what one subscriber may choose among: an address, or with IPv6 a /64.
func neighbourhood(remote string) string {
	a, err := netip.ParseAddr(remote)
	if err != nil {
		return remote
	}
	if a = a.Unmap(); a.Is6() {
		p, _ := a.WithZone("").Prefix(64) //nolint:errcheck // 64 fits
		return p.String()
	}
	return a.String()
}

// limiter lets each address do so much a minute.
type limiter struct {
	mu   sync.Mutex // guards seen
	seen map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// addresses is how many the limiter remembers. Full: those that are not in debt are forgotten, and if all are,
// the newcomer is let through without being counted: what it does to accounts is still counted in the store.
const addresses = 1 << 16

// take returns how long an address has to wait; 0: it may try, and that is counted.
func (l *limiter) take(address string, perMinute int, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.seen[address]
	if b == nil {
		if len(l.seen) >= addresses {
			l.sweepLocked(perMinute, now)
		}
		if len(l.seen) >= addresses {
			return 0
		}
		if l.seen == nil {
			l.seen = map[string]*bucket{}
		}
		b = &bucket{left: float64(perMinute), at: now}
		l.seen[address] = b
	}
	b.left = min(float64(perMinute), b.left+now.Sub(b.at).Minutes()*float64(perMinute))
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) / float64(perMinute) * float64(time.Minute))
	}
	b.left--
	return 0
}

func (l *limiter) sweepLocked(perMinute int, now time.Time) {
	for a, b := range l.seen {
		if b.left+now.Sub(b.at).Minutes()*float64(perMinute) >= float64(perMinute) {
			delete(l.seen, a)
		}
	}
}

// turns lets tries under one key come one after another: many at once would all be checked before the first
// failure is counted.
type turns struct {
	mu sync.Mutex // guards by, and turn.n
	by map[string]*turn
}

type turn struct {
	free chan struct{} // holds one token while nobody has the turn
	n    int           // who has it or waits for it
}

const waitingTurns = 8 // full: who comes has to wait and try again

func (t *turns) take(ctx context.Context, key string) (done func(), err error) {
	t.mu.Lock()
	x := t.by[key]
	if x == nil {
		x = &turn{free: make(chan struct{}, 1)}
		x.free <- struct{}{}
		if t.by == nil {
			t.by = map[string]*turn{}
		}
		t.by[key] = x
	}
	if x.n >= waitingTurns {
		t.mu.Unlock()
		return nil, &Wait{time.Second}
	}
	x.n++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if x.n--; x.n == 0 {
			delete(t.by, key)
		}
	}
	select {
	case <-x.free:
		return func() { x.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, fmt.Errorf("wait for a turn: %w", ctx.Err())
	}
}
