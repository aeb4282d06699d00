package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Source brings a stream from somewhere else: an RTSP camera, an HLS address, a TS group. Run connects,
// calls publish once it knows the tracks, writes until the source ends or ctx does, and returns why.
type Source interface {
	Run(ctx context.Context, publish func([]Track) (*Publisher, error)) error
}

// Trusted is a source whose capture times are believed though they are older than others' may be.
type Trusted interface {
	Source
	Trust() time.Duration // see PublishRequest.Trust
}

const (
	pullBackoffMin = time.Second
	pullBackoffMax = 30 * time.Second
	pullIdle       = 10 * time.Second // an on-demand source without readers is let go
	pullDemand     = 10 * time.Second // how long a reader waits for one to start
)

// Puller keeps one pulled source going: always, or while somebody reads. It reconnects after 1 s, 2 s,
// 4 s, ... 30 s, each with up to a quarter of chance, and begins anew at 1 s once a run lasted 30 s.
type Puller struct {
	hub      *Hub
	name     string
	remote   string
	source   Source
	onDemand bool

	cancel context.CancelFunc
	done   chan struct{}
	wanted chan struct{} // capacity 1: somebody asks for the stream; full: it is being asked for already

	mu      sync.Mutex // guards failure
	failure error      // of the last run
}

// Pull starts pulling source into the stream name. remote is shown as the publisher's address and must
// hold no secret. The goroutine ends with Puller.Close.
func (h *Hub) Pull(name, remote string, onDemand bool, source Source) (*Puller, error) {
	if err := CheckName(name); err != nil {
		return nil, fmt.Errorf("pull %.80q: %w", name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.demand[name] != nil {
		return nil, fmt.Errorf("pull %q: %w", name, ErrBusy)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Puller{hub: h, name: name, remote: remote, source: source, onDemand: onDemand, cancel: cancel, done: make(chan struct{}), wanted: make(chan struct{}, 1)}
	h.demand[name] = p
	go p.run(ctx)
	return p, nil
}

// Close stops pulling and waits for the source to be let go. The stream stays for its grace time.
func (p *Puller) Close() {
	p.hub.mu.Lock()
	if p.hub.demand[p.name] == p {
		delete(p.hub.demand, p.name)
	}
	p.hub.mu.Unlock()
	p.cancel()
	<-p.done
}

// Failure returns why the last run of the source ended, or nil.
func (p *Puller) Failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

// Name returns the name of the stream that p pulls.
func (p *Puller) Name() string { return p.name }

// Remote returns the address that p pulls from.
func (p *Puller) Remote() string { return p.remote }

// OnDemand reports whether p runs only while somebody reads.
func (p *Puller) OnDemand() bool { return p.onDemand }

// run is the puller's goroutine; it ends when ctx does.
func (p *Puller) run(ctx context.Context) {
	defer close(p.done)
	wait := pullBackoffMin
	for ctx.Err() == nil {
		if p.onDemand {
			select {
			case <-p.wanted:
			case <-ctx.Done():
				return
			}
		}
		began := time.Now()
		err := p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		p.mu.Lock()
		p.failure = err
		p.mu.Unlock()
		if errors.Is(err, errIdle) {
			wait = pullBackoffMin
			continue
		}
		if time.Since(began) > pullBackoffMax {
			wait = pullBackoffMin
		}
		p.hub.log.Warn("pulled source failed", "stream", p.name, "remote", p.remote, "error", err, "again_in", wait)
		select {
		case <-time.After(wait + rand.N(wait/4)):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, pullBackoffMax)
		if p.onDemand && p.hasReaders() {
			p.ask()
		}
	}
}

var errIdle = errors.New("nobody reads")

// once runs the source until it fails or, on demand, nobody has read for a while.
func (p *Puller) once(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var pub *Publisher
	defer func() {
		if pub != nil {
			pub.Close()
		}
	}()
	if p.onDemand {
		// watch ends with ctx, which ends when once returns.
		go p.watch(ctx, cancel)
	}
	r := PublishRequest{Name: p.name, Protocol: "pull", Remote: p.remote, Close: func(err error) { cancel(err) }}
	if x, ok := p.source.(Trusted); ok {
		r.Trust = x.Trust()
	}
	err := p.source.Run(ctx, func(tracks []Track) (*Publisher, error) {
		var err error
		r.Tracks = tracks
		pub, err = p.hub.Publish(r)
		return pub, err
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err == nil {
		err = ErrEnded
	}
	return err
}

// watch cancels an on-demand run when nobody has read for a while.
func (p *Puller) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	began := time.Now()
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if time.Since(began) > pullDemand && !p.hasReaders() {
			cancel(errIdle)
			return
		}
	}
}

func (p *Puller) hasReaders() bool {
	s, err := p.hub.Lookup(p.name)
	return err == nil && s.idleFor() < pullIdle
}

func (p *Puller) ask() {
	select {
	case p.wanted <- struct{}{}:
	default: // full: asked for already
	}
}

// demand starts an on-demand source if need be and waits for its stream to begin.
func (p *Puller) demand(ctx context.Context) (*Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, pullDemand)
	defer cancel()
	p.ask()
	// The hub has no event for a name that does not exist yet; this runs once per cold start.
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		if s, err := p.hub.Lookup(p.name); err == nil {
			return s, nil
		}
		select {
		case <-ctx.Done():
			if err := p.Failure(); err != nil && !errors.Is(err, errIdle) {
				return nil, fmt.Errorf("%w: the source fails: %v", ErrNotFound, err) //nolint:errorlint // one kind is enough
			}
			return nil, fmt.Errorf("%w: the source does not answer", ErrNotFound)
		case <-t.C:
		}
	}
}
