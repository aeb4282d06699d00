package lane

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tick is how long requests that follow one another closely wait for each other, so that they are answered in one go.
// Viewers get a part at the same instant and ask for the next within milliseconds; to be woken for each of
// them cost more than half of what they cost.
const tick = time.Millisecond

const (
	eventsAtOnce = 512
	silence      = 5 * time.Millisecond // after which a new burst begins
	crowd        = 4                    // sockets that took turns without a silence, from which on they wait for each other
)

// poller waits for all sockets of a listener. Its goroutine ends when done was called and the last socket has left.
//
// The sockets are in an epoll of its own, inner, since the runtime's would wake the scheduler for each of them.
// Another one, outer, has inner in it, one-shot, and is itself watched by the runtime: it wakes the
// goroutine at the first request after a silence, and is then mute until the goroutine asks it again.
type poller struct {
	inner int
	outer *os.File
	raw   syscall.RawConn

	mu    sync.Mutex // guards socks, over
	socks map[int32]*sock
	over  bool

	rearm   func(fd uintptr)      // asks outer to tell of inner once more
	look    func(fd uintptr) bool // whether it has told
	rearmed error
	event   unix.EpollEvent

	// For run alone: who was ready last, when, and how often it was somebody else than before.
	last   int32
	lastAt time.Time
	turns  int
}

func newPoller() (*poller, error) {
	inner, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	outer, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		err = unix.EpollCtl(outer, unix.EPOLL_CTL_ADD, inner, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT})
	}
	if err == nil {
		err = unix.SetNonblock(outer, true) // or package os does not let the runtime watch it
	}
	p := &poller{inner: inner, socks: map[int32]*sock{}, event: unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT}}
	p.callbacks()
	if err == nil {
		p.outer = os.NewFile(uintptr(outer), "epoll")
		p.raw, err = p.outer.SyscallConn()
	}
	if err == nil {
		err = p.outer.SetReadDeadline(time.Time{}) // fails if the runtime does not watch it
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch epoll: %w", err), unix.Close(inner))
	}
	go p.run()
	return p, nil
}

// done lets the poller end when its last socket has left.
func (p *poller) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.endLocked()
}

func (p *poller) endLocked() {
	if p.over && len(p.socks) == 0 {
		p.outer.Close() //nolint:errcheck // run sees it
	}
}

func (p *poller) add(s *sock) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return os.ErrClosed
	}
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(s.fd)}
	if err := unix.EpollCtl(p.inner, unix.EPOLL_CTL_ADD, s.fd, &e); err != nil {
		return fmt.Errorf("add socket to epoll: %w", err)
	}
	p.socks[e.Fd] = s
	return nil
}

func (p *poller) remove(s *sock) {
	p.mu.Lock()
	defer p.mu.Unlock()
	unix.EpollCtl(p.inner, unix.EPOLL_CTL_DEL, s.fd, nil) //nolint:errcheck // it is there
	delete(p.socks, int32(s.fd))
	p.endLocked()
}

func (p *poller) run() {
	defer unix.Close(p.inner) //nolint:errcheck // nothing depends on it
	events := make([]unix.EpollEvent, eventsAtOnce)
	for p.await() {
		for p.crowded(p.wake(events), &events[0]) {
			time.Sleep(tick)
		}
	}
}

// crowded reports whether more requests are likely to come within a tick, from others than whoever is being
// answered: a single client that asks for one thing after another does not wait for anybody.
func (p *poller) crowded(ready int, first *unix.EpollEvent) bool {
	if ready == 0 {
		return false
	}
	now := time.Now()
	if now.Sub(p.lastAt) > silence {
		p.turns = 0
	}
	switch {
	case ready > 1 || first.Fd != p.last:
		p.turns = min(p.turns+ready, 2*crowd)
	default:
		p.turns = max(p.turns-1, 0)
	}
	p.last, p.lastAt = first.Fd, now
	return p.turns >= crowd
}

// await returns when a socket is ready, and reports false when the poller ends.
func (p *poller) await() bool {
	return p.raw.Control(p.rearm) == nil && p.rearmed == nil && p.raw.Read(p.look) == nil
}

// callbacks are made once, so that waiting allocates nothing.
func (p *poller) callbacks() {
	p.rearm = func(fd uintptr) {
		p.rearmed = unix.EpollCtl(int(fd), unix.EPOLL_CTL_MOD, p.inner, &p.event)
	}
	one := make([]unix.EpollEvent, 1)
	p.look = func(fd uintptr) bool {
		n, err := unix.EpollWait(int(fd), one, 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	}
}

// wake wakes whoever waits for a socket that is ready, and returns how many there are.
func (p *poller) wake(events []unix.EpollEvent) int {
	total := 0
	for {
		n, err := unix.EpollWait(p.inner, events, 0)
		if err != nil || n <= 0 {
			return total
		}
		p.mu.Lock()
		for i := range n {
			if s := p.socks[events[i].Fd]; s != nil {
				s.nudge()
			}
		}
		p.mu.Unlock()
		if total += n; n < len(events) {
			return total
		}
	}
}
