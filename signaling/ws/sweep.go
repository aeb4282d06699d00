package ws

import (
	"time"

	"xianfeng/signaling"
)

// sweep looks after sockets and topics once a second, until the server is closed.
func (s *Server) sweep() {
	defer close(s.sweeps)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-tick.C:
			s.sweepOnce(now)
		}
	}
}

func (s *Server) sweepOnce(now time.Time) {
	type ending struct {
		k    *socket
		code int
		why  string
	}
	var ends []ending
	var pings []*socket
	var retry []*topic
	at := now.UnixMilli()
	s.mu.Lock()
	s.sessions.forget(now)
	for k := range s.sockets {
		silent := time.Duration(at-k.seen.Load()) * time.Millisecond
		switch {
		case k.session == nil && now.Sub(k.opened) > helloTime:
			ends = append(ends, ending{k, signaling.CloseNoHello, "no hello"})
		case silent > silentAfter:
			ends = append(ends, ending{k, signaling.CloseSilent, "silent for too long"})
		case !k.visitor.Until.IsZero() && now.After(k.visitor.Until):
			ends = append(ends, ending{k, signaling.CloseAnew, "the session is over"})
		case silent > pingAfter && at-k.pinged.Load() > pingAfter.Milliseconds():
			k.pinged.Store(at)
			pings = append(pings, k)
		}
	}
	for _, t := range s.topics {
		if !t.failed.IsZero() && now.Sub(t.failed) >= retryEvery {
			t.failed = time.Time{}
			retry = append(retry, t)
		}
	}
	s.mu.Unlock()
	for _, e := range ends {
		e.k.end(e.code, e.why)
	}
	for _, k := range pings {
		k.mu.Lock()
		k.ping = true
		k.mu.Unlock()
	}
	s.writers.push(pings...)
	s.makers.push(retry...)
}
