package ws

import (
	"sync"
	"time"
)

// job is what a pool knows of a thing that it works on. It is guarded by the pool's lock.
type job struct {
	queued, running, again bool
}

func (j *job) state() *job { return j }

type worked interface{ state() *job }

// pool works on things with few goroutines: base of them; one more each time that all were busy with the same for
// a while, up to most. A thing is worked on by one goroutine at a time; pushed while that is so, it is done
// again. The queue holds each thing once, so it is bounded by how many things there are.
type pool[T worked] struct {
	run        func(T)
	base, most int
	stuck      time.Duration // how long nothing is taken from the queue before one more helps

	mu      sync.Mutex // guards the rest, and the jobs
	some    sync.Cond  // something is in the queue, or closed
	queue   []T
	head    int
	workers int
	idle    int
	taken   uint64 // how many were taken from the queue
	watch   bool   // a watchdog is set
	closed  bool
	wg      sync.WaitGroup
}

func newPool[T worked](base, most int, run func(T)) *pool[T] {
	p := &pool[T]{run: run, base: base, most: most, stuck: 25 * time.Millisecond}
	p.some.L = &p.mu
	return p
}

// push has things worked on soon. It never blocks.
func (p *pool[T]) push(things ...T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	n := 0
	for _, x := range things {
		switch j := x.state(); {
		case j.queued:
		case j.running:
			j.again = true
		default:
			j.queued = true
			p.addLocked(x)
			n++
		}
	}
	p.wakeLocked(n)
}

func (p *pool[T]) addLocked(x T) {
	if p.head > 64 && p.head > len(p.queue)/2 { // a queue that never runs empty must not grow for ever
		n := copy(p.queue, p.queue[p.head:])
		clear(p.queue[n:])
		p.queue, p.head = p.queue[:n], 0
	}
	p.queue = append(p.queue, x)
}

// wakeLocked has n more things in the queue looked at.
func (p *pool[T]) wakeLocked(n int) {
	if n == 0 {
		return
	}
	for range min(n, p.idle) {
		p.some.Signal()
	}
	for n -= p.idle; n > 0 && p.workers < p.base; n-- {
		p.startLocked()
	}
	p.watchLocked()
}

func (p *pool[T]) startLocked() {
	p.workers++
	p.wg.Go(p.work) // it ends with the pool, or when it is one too many; close waits for it
}

// watchLocked looks again later whether all workers are stuck.
func (p *pool[T]) watchLocked() {
	if p.watch || p.head == len(p.queue) {
		return
	}
	p.watch = true
	before := p.taken
	time.AfterFunc(p.stuck, func() { // ends by itself
		p.mu.Lock()
		defer p.mu.Unlock()
		p.watch = false
		if p.closed {
			return
		}
		if p.taken == before && p.head < len(p.queue) && p.idle == 0 && p.workers < p.most {
			p.startLocked()
		}
		p.watchLocked()
	})
}

func (p *pool[T]) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for p.head == len(p.queue) && !p.closed {
			if p.workers > p.base {
				p.workers--
				return
			}
			p.idle++
			p.some.Wait()
			p.idle--
		}
		if p.closed {
			p.workers--
			return
		}
		x := p.takeLocked()
		j := x.state()
		j.queued, j.running = false, true
		p.mu.Unlock()
		p.run(x)
		p.mu.Lock()
		j.running = false
		if j.again {
			j.again, j.queued = false, true
			p.addLocked(x)
		}
	}
}

func (p *pool[T]) takeLocked() T {
	var none T
	x := p.queue[p.head]
	p.queue[p.head] = none
	p.head++
	p.taken++
	if p.head == len(p.queue) {
		if p.queue, p.head = p.queue[:0], 0; cap(p.queue) > 1024 {
			p.queue = nil
		}
	}
	return x
}

// close lets the workers finish what they are at, and waits for them. What is in the queue is left.
func (p *pool[T]) close() {
	p.mu.Lock()
	p.closed = true
	p.queue, p.head = nil, 0
	p.some.Broadcast()
	p.mu.Unlock()
	p.wg.Wait()
}
